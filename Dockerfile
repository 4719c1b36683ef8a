# The same steps as make setup, which the tests run. Debian 12 (bookworm) is the release that has OpenJDK 17.
FROM python:3.11-slim-bookworm

# Spark's scripts call ps, which procps brings.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 moovitamix \
    && mkdir -p /app/data/lake \
    && chown -R moovitamix /app
WORKDIR /app
USER moovitamix
# make, called in the image, sets up no more than this.
ENV PIP_NO_CACHE_DIR=1 \
    SETUP=--run-only \
    PATH=/app/.venv/bin:$PATH

# Packages first, then Delta's jars: they change less often than the code. The project is installed editable: its code
# is taken from here when it runs.
COPY --chown=moovitamix requirements.txt setup.py pyproject.toml ./
COPY --chown=moovitamix bin/setup bin/
COPY --chown=moovitamix conf/deploy/spark/delta-jars.sha256 conf/deploy/spark/
RUN bin/setup --run-only

COPY --chown=moovitamix conf conf
COPY --chown=moovitamix tasks/__init__.py tasks/
COPY --chown=moovitamix tasks/run/__init__.py tasks/run/jars.py tasks/run/
RUN python -m tasks.run.jars

COPY --chown=moovitamix . .
RUN python -m tasks.run.archive
# For a lake in a bucket: docker build --build-arg S3=yes
ARG S3=
RUN test -z "$S3" || bin/setup-s3

# luigi.cfg keeps the lake and the registry here.
VOLUME /app/data
CMD ["luigi", "--module", "tasks.daily", "DailyPipeline", "--help"]

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
ENV PIP_NO_CACHE_DIR=1 \
    PATH=/app/.venv/bin:$PATH

# Packages first: they change less often than the code. The project is installed editable, which asks for the
# package folders that setup.py names; their code is taken from there when it runs.
COPY --chown=moovitamix requirements.txt setup.py pyproject.toml ./
COPY --chown=moovitamix bin/setup bin/setup
RUN mkdir app cli conf demo_api jobs lake tasks \
    && touch app/__init__.py cli/__init__.py conf/__init__.py demo_api/__init__.py jobs/__init__.py lake/__init__.py tasks/__init__.py \
    && bin/setup

COPY --chown=moovitamix . .
RUN python -m tasks.run.archive
# For a lake in a bucket: docker build --build-arg S3=yes
ARG S3=
RUN test -z "$S3" || bin/setup-s3

# luigi.cfg keeps the lake and the registry here.
VOLUME /app/data
CMD ["luigi", "--module", "tasks.daily", "DailyPipeline", "--help"]

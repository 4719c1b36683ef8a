# The same steps as make setup, which the tests run.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 moovitamix \
    && mkdir -p /app/data \
    && chown -R moovitamix /app
WORKDIR /app
USER moovitamix

# Packages first: they change less often than the code. setup.py needs the folders that it names.
COPY --chown=moovitamix requirements.txt setup.py ./
COPY --chown=moovitamix bin/setup bin/setup
RUN mkdir tasks jobs conf demo_api && PYTHON=python3.11 bin/setup

COPY --chown=moovitamix . .
ENV PATH=/app/.venv/bin:$PATH
VOLUME /app/data
CMD ["luigi", "--module", "tasks.daily", "DailyPipeline", "--help"]

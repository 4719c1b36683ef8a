# make help lists what there is.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*##.*/\1/p' $(MAKEFILE_LIST))
unexport PYTHONDONTWRITEBYTECODE

export VENV ?= .venv
V := $(VENV)/bin
DEMO := data/demo
DAYS ?= 2
# The demo's lake and registry; of another lake (ROOT=folder) the registry is luigi.cfg's, or REGISTRY=uri.
MODELS = $(if $(ROOT),--lake-root $(ROOT) $(if $(REGISTRY),--registry-uri $(REGISTRY)),--lake-root $(DEMO)/lake --registry-uri sqlite:///$(DEMO)/mlflow.db)

PROFILES ?= demo spark mart registry watch
COMPOSE = $(if $(filter spark,$(PROFILES)),SPARK_REMOTE=sc://spark-connect:15002) \
  $(if $(filter mart,$(PROFILES)),POSTGRES_URL=postgresql://moovitamix@postgres:5432/moovitamix) \
  $(if $(filter registry,$(PROFILES)),REGISTRY_URI=http://mlflow:5000) \
  docker compose $(addprefix --profile ,$(PROFILES))

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: ## make .venv with pinned packages and Delta's jars (every other target does it by itself; PYTHON=python3.13 for another than 3.11)
	@bin/setup $(SETUP)

setup-s3: setup ## what Spark needs besides for a lake on S3, [lake] root = s3a://bucket/prefix
	@bin/setup-s3

run: setup ## run the last two whole days on the demo API and show what came of it (DAYS=3 for more)
	@$(V)/python -m tasks.run.demo --days $(DAYS) --root $(DEMO)

app: setup ## serve the lists to listeners, as an API and a page, until Ctrl-C (ROOT=folder for another lake, PORT=8080)
	@$(V)/python -m app $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) $(if $(PORT),--app-port $(PORT))

status: setup ## the last day done, the champion, what is missing (ROOT=folder for another lake)
	@$(V)/python -m jobs status $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

health: setup ## whether a day is well and what to do, recorded and printed (DATE=yesterday, ROOT=folder for another lake)
	@$(V)/python -m jobs health $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $(or $(DATE),$$(date -u -d yesterday +%F))

# A query reaches the command as it was typed, whatever quotes it holds.
sql: export QUERY := $(value Q)
sql: setup ## Spark SQL over the tables and views: a prompt, or Q="SELECT …" (FORMAT=csv or json, ROOT=folder, REMOTE=sc://host:port)
	@$(V)/python -m tasks.run.sql_prompt $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) $(if $(REMOTE),--spark-remote $(REMOTE)) $(if $(FORMAT),--format $(FORMAT)) $(if $(value Q),--query "$$QUERY")

models: setup ## the versions of the model, their figures and aliases (ROOT=folder for another lake)
	@$(V)/python -m jobs models $(MODELS)

rollback: setup ## put the model of before back into production, or VERSION=n (BECAUSE='why', ROOT=folder)
	@$(V)/python -m jobs rollback $(if $(DATE),--date $(DATE)) $(if $(VERSION),--to $(VERSION)) $(if $(BECAUSE),--because '$(BECAUSE)') $(MODELS)

mlflow: setup ## open the registry's page until Ctrl-C (PORT=5000, ROOT=folder)
	@$(V)/python -m jobs mlflow_page $(if $(PORT),--port $(PORT)) $(MODELS)

check-lake: setup ## check keys, references, ranges and the accounting of every table (ROOT=folder for another lake)
	@$(V)/python -m jobs check $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

forget: setup ## remove a person who asks for it from everything, for good (USER=17, ROOT=folder, REGISTRY=uri; docs/operations.md)
	@test "$(origin USER)" = "command line" || { echo "make forget: whom? USER=17" >&2; exit 2; }
	@$(V)/python -m jobs forget --user $(USER) $(MODELS)

metrics: setup ## serve the figures of health to Prometheus until Ctrl-C (PORT=9464, ROOT=folder for another lake)
	@$(V)/python -m jobs exporter $(if $(PORT),--metrics-port $(PORT)) $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake)

trend: setup ## how the lists did day by day beside popularity, and what was decided (ROOT=folder for another lake)
	@$(V)/python -m jobs trend $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

demo-drift: setup ## half of the demo's listeners change their taste: it is noticed, a new model is trained and promoted
	@$(V)/python -m tasks.run.demo_drift

report: setup ## write the report of a day anew and print where it is (DATE=yesterday, ROOT=folder for another lake)
	@$(V)/python -m jobs report $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $(or $(DATE),$$(date -u -d yesterday +%F))

demo-health: setup ## ten demo days with faults that the reports name, and where to read them
	@$(V)/python -m tasks.run.demo_health

up: ## start the services as containers (PROFILES='demo' for the least with an API; docker-compose.yml tells which there are)
	@command -v docker >/dev/null || { echo "make up: docker is not installed; make up-local starts the services as plain processes" >&2; exit 1; }
	@bin/secrets data/secrets
	@$(COMPOSE) up --detach --build --wait
	@echo "passwords are in data/secrets; pages: http://127.0.0.1:8080 (application), :8082 (luigid), docker-compose.yml has the rest"

down: ## stop the containers; what they wrote stays
	@$(COMPOSE) down

up-local: setup ## start the services as plain processes, those that are installed (UP=data/up)
	@$(V)/python -m tasks.run.services up $(if $(UP),--root $(UP))

down-local: setup ## stop them; what they wrote stays
	@$(V)/python -m tasks.run.services down $(if $(UP),--root $(UP))

status-local: setup ## which of them run
	@$(V)/python -m tasks.run.services status $(if $(UP),--root $(UP))

mail-check: setup ## send a test mail with the settings of luigi.cfg and say what happened
	@$(V)/python -m jobs notify --test

# With another folder's tools (V=folder/bin) nothing is set up: neither Java nor Delta's jars are needed.
quick: $(if $(filter .venv/bin,$(V)),setup) ## at every save: lint, format, types, and the tests that start no JVM (V=folder/bin)
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/mypy
	@$(V)/python -m pytest --quick -q -n 2 --dist loadfile

test: setup ## every test that needs no installed server
	@$(V)/python -m pytest

test-services: setup-s3 ## the tests that need servers: PostgreSQL, Prometheus, Chromium, wrk (bin/install-servers)
	@$(V)/python -m pytest -m "services and not long"

test-long: setup-s3 ## minutes of benches and of make demo-health, whose parts the other tests hold (bin/install-servers)
	@$(V)/python -m pytest -m long

test-kill: setup ## the long form of the tests that kill a step at random moments
	@$(V)/python -m pytest -m chaos

chaos: setup ## ten minutes of days with faults at random moments, held against a quiet run (SECONDS=600, SEED=n to repeat one)
	@$(V)/python -m tests.chaos.run --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

bench-clean: setup ## cleaning 5 and 10 million plays beside polars with deltalake, and a day with little new
	@$(V)/python -m bench.bench_clean

bench-fetch: setup ## fetching beside a bare loop of requests: pace and memory
	@$(V)/python -m bench.bench_fetch

bench-score: setup ## lists for 100,000 users beside implicit's recommend
	@$(V)/python -m bench.bench_score

bench-als: setup ## fitting 8.83 million pairs beside implicit, at rank 64 and 512
	@$(V)/python -m bench.bench_als

bench-als-series: setup ## one series about fitting (SERIES=table, quality, memory, pairs, cluster or profiles)
	@$(V)/python -m bench.als_series $(or $(SERIES),--help)

bench-quality: setup ## NDCG with parameters that our search finds, beside popularity and implicit (DATA=pairs.tsv for other listens)
	@$(V)/python -m bench.bench_quality $(if $(DATA),--data $(DATA))

bench-app: setup ## requests a second of the application by wrk, 100,000 users, also while a day is published
	@$(V)/python -m bench.bench_app

bench-publish: setup ## publishing 5 million rows in PostgreSQL beside a bare COPY of them
	@$(V)/python -m bench.bench_publish

bench-scaling: setup ## what a day's steps cost with 1, 2 and 4 million users, and how it grows (USERS='50000 100000', ROOT=folder to keep)
	@$(V)/python -m bench.bench_scaling $(if $(USERS),--users $(USERS)) $(if $(ROOT),--root $(ROOT))

cov: setup ## the same, with the share of lines covered
	@$(V)/python -m pytest --cov=conf --cov=lake --cov=tasks --cov=jobs --cov=demo_api --cov=app --cov-report=term

lint: setup ## rules of style and security
	@$(V)/ruff check .

types: setup ## check the types
	@$(V)/mypy

format-check: setup ## whether the code is formatted
	@$(V)/ruff format --check .

format-apply: setup ## format the code
	@$(V)/ruff format .
	@$(V)/ruff check --fix .

check: lint format-check types test ## all of the checks

tree: ## the folders and files
	@git ls-files | awk -F/ '{ for (i = 1; i < NF; i++) if ($$i != seen[i]) { printf "%*s%s/\n", 2 * i, "", $$i; seen[i] = $$i; delete seen[i + 1] } printf "%*s%s\n", 2 * NF, "", $$NF }'

clean: ## remove what is built and the demo's data, not .venv
	@rm -rf $(DEMO) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis spark-warehouse
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# One lock for every Python: a line that is of one alone says so. What is locked stays, unless UPGRADE is set.
RESOLVE = UV_CUSTOM_COMPILE_COMMAND='make lock' $(V)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links setup.py --extra build

lock: setup ## resolve setup.py into requirements.txt (what runs) and requirements-dev.txt (development too) again (UPGRADE=yes)
	@$(RESOLVE) --extra dev -o requirements-dev.txt >/dev/null
	@$(RESOLVE) -c requirements-dev.txt -o requirements.txt >/dev/null

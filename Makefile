# make help lists what there is.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z][a-z0-9-]*\):.*##.*/\1/p' $(MAKEFILE_LIST))
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME

export VENV ?= .venv
V := $(VENV)/bin
DEMO := data/demo
MOOVITAMIX := $(V)/moovitamix
# The demo's lake and registry; of another lake (ROOT=folder) the registry is luigi.cfg's, or REGISTRY=uri.
LAKE = --lake-root=$(or $(ROOT),$(DEMO)/lake)
MODELS = $(LAKE) $(if $(ROOT),$(if $(REGISTRY),--registry-uri=$(REGISTRY)),--registry-uri=sqlite:///$(DEMO)/mlflow.db)

PROFILES ?= demo spark mart registry watch
COMPOSE = $(if $(filter spark,$(PROFILES)),SPARK_REMOTE=sc://spark-connect:15002) \
  $(if $(filter mart,$(PROFILES)),POSTGRES_URL=postgresql://moovitamix@postgres:5432/moovitamix) \
  $(if $(filter registry,$(PROFILES)),REGISTRY_URI=http://mlflow:5000) \
  docker compose $(addprefix --profile ,$(PROFILES))

##@ Begin

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z][a-z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv: pinned packages, Delta's jars (PYTHON=python3.13 for that)
	@bin/setup $(SETUP)

setup-s3: setup ## what Spark needs besides for a lake in an S3 bucket
	@bin/setup-s3

run: setup ## run the last two whole days on the demo API and show them (DAYS=3 for more)
	@$(MOOVITAMIX) demo --days=$(or $(DAYS),2) --root=$(DEMO)

app: setup ## serve the lists as an API and a page (ROOT=folder, PORT=8080)
	@$(MOOVITAMIX) app $(LAKE) $(if $(PORT),--app-port=$(PORT))

##@ Look

status: setup ## the last day done, the champion, what is missing (ROOT=folder)
	@$(MOOVITAMIX) status $(LAKE)

health: setup ## whether a day is well and what to do (DATE=2026-11-22, ROOT=folder)
	@$(MOOVITAMIX) health $(LAKE) $(if $(DATE),--date=$(DATE))

report: setup ## write the report of a day anew (DATE=2026-11-22, ROOT=folder)
	@$(MOOVITAMIX) report $(LAKE) $(if $(DATE),--date=$(DATE))

trend: setup ## how the lists did day by day, and what was decided (ROOT=folder)
	@$(MOOVITAMIX) trend $(LAKE)

# A query reaches the command as it was typed, whatever quotes it holds.
sql: export QUERY := $(value Q)
sql: setup ## a prompt, or Q="SELECT …" (FORMAT=csv, ROOT=folder, REMOTE=sc://host:port)
	@$(MOOVITAMIX) sql $(LAKE) $(if $(REMOTE),--spark-remote=$(REMOTE)) $(if $(FORMAT),--format=$(FORMAT)) $(if $(value Q),--query="$$QUERY")

settings: setup ## each setting, its value and source (ONLY=api or api.page_size)
	@$(MOOVITAMIX) settings $(ONLY)

##@ Models

models: setup ## the versions of the model, their figures and aliases (ROOT=folder)
	@$(MOOVITAMIX) models $(MODELS)

rollback: setup ## restore the previous model (VERSION=n, DATE=today, BECAUSE='why')
	@$(MOOVITAMIX) rollback $(if $(DATE),--date=$(DATE)) $(if $(VERSION),--to=$(VERSION)) $(if $(BECAUSE),--because='$(BECAUSE)') $(MODELS)

mlflow: setup ## serve the registry's page until Ctrl-C (PORT=5000, ROOT=folder)
	@$(MOOVITAMIX) mlflow $(if $(PORT),--port=$(PORT)) $(MODELS)

##@ Keep in order

check-lake: setup ## check checksums, keys, references and accounting (ROOT=folder)
	@$(MOOVITAMIX) check $(LAKE)

forget: setup ## remove a user from everything, for good (USER=17, ROOT=folder)
	@test "$(origin USER)" = "command line" || { echo "error: make forget: whom? USER=17" >&2; exit 2; }
	@$(MOOVITAMIX) forget --user=$(USER) $(MODELS)

mail-check: setup ## send a test mail with the settings of luigi.cfg and say what happened
	@$(MOOVITAMIX) mail --test

##@ Services

metrics: setup ## serve the figures of health to Prometheus (PORT=9464, ROOT=folder)
	@$(MOOVITAMIX) metrics $(if $(PORT),--metrics-port=$(PORT)) $(LAKE)

up-local: setup ## start the installed services as plain processes (UP=data/up)
	@$(MOOVITAMIX) services up $(if $(UP),--root=$(UP))

down-local: setup ## stop them; what they wrote stays (UP=data/up)
	@$(MOOVITAMIX) services down $(if $(UP),--root=$(UP))

status-local: setup ## which of them run (UP=data/up)
	@$(MOOVITAMIX) services status $(if $(UP),--root=$(UP))

up: ## start the services as containers (PROFILES='demo' for the least)
	@command -v docker >/dev/null || { echo "error: make up: docker is not installed; make up-local starts the services as plain processes" >&2; exit 1; }
	@bin/secrets data/secrets
	@$(COMPOSE) up --detach --build --wait
	@echo "passwords are in data/secrets; pages: http://127.0.0.1:8080 (application), :8082 (luigid), docker-compose.yml has the rest"

down: ## stop the containers; what they wrote stays
	@$(COMPOSE) down

##@ Show what can go wrong

demo-drift: setup ## half of the demo's listeners change their taste: a new model follows
	@$(MOOVITAMIX) demo-drift

demo-health: setup ## ten demo days with faults that the reports name
	@$(MOOVITAMIX) demo-health

chaos: setup ## days with faults at random moments (SECONDS=600, SEED=n to repeat)
	@$(V)/python -m tests.chaos.run --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

odd-days: setup ## nights on which the API's data are odd, against the rules (SEED=n, DAYS=30)
	@$(V)/python -m tests.odd_days.run --days $(or $(DAYS),30) $(if $(SEED),--seed $(SEED))

##@ Test

# With another folder's tools (V=folder/bin) nothing is set up: neither Java nor Delta's jars are needed.
quick: $(if $(filter .venv/bin,$(V)),setup) ## at every save: lint, format, types, and the tests that start no JVM
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/mypy
	@$(V)/python -m pytest --quick -q -n 2 --dist loadfile

test: setup ## every test that needs no installed server
	@$(V)/python -m pytest

test-services: setup-s3 ## the tests that need servers (bin/install-servers installs them)
	@$(V)/python -m pytest -m "services and not long"

test-long: setup-s3 ## minutes of benches and of make demo-health, whose parts others test
	@$(V)/python -m pytest -m long

test-kill: setup ## the long form of the tests that kill a step at random moments
	@$(V)/python -m pytest -m chaos

cov: setup ## make test with the share of lines covered
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

##@ Measure

bench-clean: setup ## cleaning 5 and 10 million plays beside polars with deltalake
	@$(V)/python -m bench.bench_clean

bench-fetch: setup ## fetching beside a bare loop of requests: pace and memory
	@$(V)/python -m bench.bench_fetch

bench-score: setup ## lists for 100,000 users beside implicit's recommend
	@$(V)/python -m bench.bench_score

bench-als: setup ## fitting 8.83 million pairs beside implicit, at rank 64 and 512
	@$(V)/python -m bench.bench_als

bench-als-series: setup ## one series about fitting (SERIES=table, quality, memory, pairs, …)
	@$(V)/python -m bench.als_series $(or $(SERIES),--help)

bench-quality: setup ## NDCG beside popularity and implicit (DATA=pairs.tsv for other listens)
	@$(V)/python -m bench.bench_quality $(if $(DATA),--data $(DATA))

bench-app: setup ## requests a second of the application, 100,000 users, by wrk
	@$(V)/python -m bench.bench_app

bench-publish: setup ## publishing 5 million rows in PostgreSQL beside a bare COPY of them
	@$(V)/python -m bench.bench_publish

bench-scaling: setup ## a day's steps with 1, 2 and 4 million users (USERS='50000', ROOT=folder)
	@$(V)/python -m bench.bench_scaling $(if $(USERS),--users $(USERS)) $(if $(ROOT),--root $(ROOT))

##@ The project

site: setup ## the documents as a site in site/, every link checked
	@NO_MKDOCS_2_WARNING=1 $(V)/mkdocs build --strict --quiet

tree: ## the folders and files
	@git ls-files | awk -F/ '{ for (i = 1; i < NF; i++) if ($$i != seen[i]) { printf "%*s%s/\n", 2 * i, "", $$i; seen[i] = $$i; delete seen[i + 1] } printf "%*s%s\n", 2 * NF, "", $$NF }'

clean: ## remove what is built and the demo's data, not .venv
	@rm -rf $(DEMO) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis spark-warehouse
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# One lock for every Python: a line that is of one alone says so. What is locked stays, unless UPGRADE is set.
RESOLVE = UV_CUSTOM_COMPILE_COMMAND='make lock' $(V)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links setup.py --extra build

lock: setup ## resolve setup.py into the two requirements files (UPGRADE=yes)
	@$(RESOLVE) --extra dev -o requirements-dev.txt >/dev/null
	@$(RESOLVE) -c requirements-dev.txt -o requirements.txt >/dev/null

# A mistyped target.
.DEFAULT:
	@bin/nearest-target $@

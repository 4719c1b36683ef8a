# make help lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup run status trend models rollback mlflow check-lake demo-drift test test-services test-kill bench-clean bench-fetch bench-score bench-als bench-als-series bench-quality cov lint format-check format-apply types check tree clean lock
export PYTHON ?= python3.11
unexport PYTHONDONTWRITEBYTECODE

V := .venv/bin
DEMO := data/demo
DAYS ?= 2
# The demo's lake and registry; of another lake (ROOT=folder) the registry is luigi.cfg's, or REGISTRY=uri.
MODELS = $(if $(ROOT),--lake-root $(ROOT) $(if $(REGISTRY),--registry-uri $(REGISTRY)),--lake-root $(DEMO)/lake --registry-uri sqlite:///$(DEMO)/mlflow.db)

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: ## make .venv with pinned packages and Delta's jars (every other target does it by itself)
	@bin/setup

run: setup ## run the last two whole days on the demo API and show what came of it (DAYS=3 for more)
	@$(V)/python -m tasks.demo --days $(DAYS) --root $(DEMO)

status: setup ## the last day done, the champion, what is missing (ROOT=folder for another lake)
	@$(V)/python -m jobs status $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

models: setup ## the versions of the model, their figures and aliases (ROOT=folder for another lake)
	@$(V)/python -m jobs models $(MODELS)

rollback: setup ## put the model of before back into production, or VERSION=n (BECAUSE='why', ROOT=folder)
	@$(V)/python -m jobs rollback $(if $(DATE),--date $(DATE)) $(if $(VERSION),--to $(VERSION)) $(if $(BECAUSE),--because '$(BECAUSE)') $(MODELS)

mlflow: setup ## open the registry's page until Ctrl-C (PORT=5000, ROOT=folder)
	@$(V)/python -m jobs mlflow_page $(if $(PORT),--port $(PORT)) $(MODELS)

check-lake: setup ## check keys, references, ranges and the accounting of every table (ROOT=folder for another lake)
	@$(V)/python -m jobs check $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

trend: setup ## how the lists did day by day beside popularity, and what was decided (ROOT=folder for another lake)
	@$(V)/python -m jobs trend $(if $(ROOT),--lake-root $(ROOT),--lake-root $(DEMO)/lake) --date $$(date -u -d yesterday +%F)

demo-drift: setup ## half of the demo's listeners change their taste: it is noticed, a new model is trained and promoted
	@$(V)/python -m tasks.demo_drift

test: setup ## every test that needs no installed server
	@$(V)/python -m pytest

test-services: setup ## the tests that need servers: PostgreSQL, Prometheus, Chromium, wrk (bin/install-servers)
	@$(V)/python -m pytest -m services

test-kill: setup ## the long form of the tests that kill a step at random moments
	@$(V)/python -m pytest -m chaos

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

cov: setup ## the same, with the share of lines covered
	@$(V)/python -m pytest --cov=conf --cov=tasks --cov=jobs --cov=demo_api --cov-report=term

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

lock: setup ## resolve setup.py into requirements.txt again
	@$(V)/pip-compile --quiet --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe -o requirements.txt setup.py

# One door for people and for CI. Everything installs itself into .venv on the first call.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help demo serve test check format bench fuzz soak lock sample-patients docs pages

help: ## what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/runtime.stamp: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned requirements into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/develop.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	@echo "installing the development requirements ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/runtime.stamp ## start the service with sample patients and show one ready call
	@$(BIN)/recurrence-cds demo $(DEMO_ARGS)

serve: $(VENV)/runtime.stamp ## start the service with the settings of the environment
	@$(BIN)/recurrence-cds serve $(SERVE_ARGS)

check: $(VENV)/develop.stamp ## format, lint, types, direction of imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/develop.stamp ## put every file into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: chromium
chromium: ## Chromium for the browser tests, where Debian packages may be installed
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo "installing Chromium for the browser tests ..." && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || true

test: check chromium ## every check and every test, with branch coverage
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term-missing:skip-covered $(PYTEST_ARGS)

lock: $(VENV)/develop.stamp ## pin the newest releases that the ranges allow
	@$(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock

sample-patients: $(VENV)/develop.stamp ## write the sample patients anew from their description
	@$(BIN)/python -m tests.sample_patients

pages: $(VENV)/develop.stamp ## write what the guideline pages show of the vignettes, and the kept copy of this version
	@$(BIN)/python -m tests.guideline_pages

# One door for people and for CI. Everything installs itself into .venv on the first call.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help demo serve test check format bench fuzz soak audit sbom wheel lock sample-patients docs pages

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

$(VENV)/release.stamp: requirements-release.lock $(VENV)/develop.stamp
	@echo "installing what fuzzing and releases need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.lock
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

.PHONY: parts
parts: ## what some tests need beside PyPI, where Debian packages may be installed: Chromium, PostgreSQL
	@wanted=""; command -v chromium >/dev/null || wanted="chromium fonts-dejavu-core"; \
	command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$$wanted postgresql"; \
	if [ -n "$$wanted" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing $$wanted for the tests ..."; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $$wanted >/dev/null; } || true; \
	fi

test: check parts ## every check and every test, with branch coverage
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term-missing:skip-covered $(PYTEST_ARGS)

bench: $(VENV)/develop.stamp ## what a call costs against one that only parses it (BENCH_ARGS=--quick: a first look)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

MUTANTS ?= 10000
SEED ?= 1
FUZZ_SECONDS ?= 60

fuzz: $(VENV)/release.stamp ## 10,000 mutants of valid calls, then each strict reader for a minute
	@$(BIN)/python -m tests.fuzz.requests_under_fire --mutants $(MUTANTS) --seed $(SEED)
	@mkdir -p build
	@for target in strict-json request feedback token token-parts; do \
		echo "fuzzing $$target for $(FUZZ_SECONDS) s ..."; \
		$(BIN)/python -m tests.fuzz.readers $$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			-artifact_prefix=build/fuzz- || exit 1; done

SOAK_SECONDS ?= 600

soak: $(VENV)/develop.stamp ## ten minutes of calls with a faulty FHIR server: memory, files, threads, times
	@$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS)

audit: $(VENV)/release.stamp ## known vulnerabilities of the pinned requirements, and a control that one can be found
	@$(BIN)/python -m tests.audit_requirements requirements-image.lock

sbom: $(VENV)/release.stamp ## a CycloneDX list of what the image holds, in dist/
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements requirements-image.lock --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o dist/recurrence-cds.cdx.json
	@echo dist/recurrence-cds.cdx.json

wheel: $(VENV)/develop.stamp ## the wheel, built twice: the same input has to give the same file
	@rm -rf build dist/first dist/second
	@for place in first second; do SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m pip wheel --quiet \
		--disable-pip-version-check --no-deps --wheel-dir dist/$$place . && rm -rf build; done
	@cmp dist/first/*.whl dist/second/*.whl && mv dist/first/*.whl dist/ && rm -r dist/first dist/second && ls dist/*.whl

# The header of a lock names this target in place of the whole command.
PIN = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --strip-extras --generate-hashes \
	--allow-unsafe --no-emit-options

lock: $(VENV)/develop.stamp ## pin the newest releases that the ranges allow
	@$(PIN) --output-file requirements.lock pyproject.toml
	@$(PIN) --extra dev --extra fast --extra postgres --extra report --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml
	@$(PIN) --extra postgres --constraint requirements.lock --output-file requirements-image.lock pyproject.toml
	@$(PIN) --extra release --constraint requirements-dev.lock --output-file requirements-release.lock pyproject.toml

sample-patients: $(VENV)/develop.stamp ## write the sample patients anew from their description
	@$(BIN)/python -m tests.sample_patients

pages: $(VENV)/develop.stamp ## write what the guideline pages show of the vignettes, and the kept copy of this version
	@$(BIN)/python -m tests.guideline_pages

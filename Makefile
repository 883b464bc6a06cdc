# One way to do each thing; people and CI use the same targets. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where it is set, as in many containers, each of the many processes here compiles every module that it imports: half a second each
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup worker deployed spark run docs test mutants lint bench schemas screenshots snapshots lock dist clean
.NOTPARALLEL:
# `make run` installs what it needs; `make setup` and what follows from it all, and then `make run` keeps to that
LOOP := $(if $(wildcard .venv/.dev),.venv/.dev,.venv/.run)

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

DEPLOYED := .tools/deployed/bin/python
# What runs on Azure, and depends on the Python there; a minute on two cores. `make test` covers all on the Python of the clone.
ON_DEPLOYED := tests/function_app tests/training/serving tests/training/tasks tests/training/test_model_file.py tests/training/test_pipeline.py

setup: .venv/.dev .tools/.ready ## Virtual environment and Azurite, in this folder only

worker: .venv/.dev ## Azure's own worker code on Python 3.13, for the tests that drive the app through it
	@sh requirements/worker.sh

deployed: .venv/.dev ## The Python that is deployed: an environment of it, and the tests of what is deployed (needs that Python)
	@sh requirements/deployed.sh
	@! test -x $(DEPLOYED) || $(DEPLOYED) -m pytest -n auto --dist loadfile -m "not slow" --without azurite $(ON_DEPLOYED) $(ARGS)

spark: .venv/.dev ## Spark in .tools, for the tests of profiles on Spark (needs Java 17)
	@sh requirements/spark.sh

run: $(LOOP) .tools/.ready ## The whole loop on this machine: drift, retrain, deploy (MODEL=NAME: a folder in models/; ARGS=--keep leaves the endpoint serving)
	@python -m sandbox $(if $(MODEL),--model $(MODEL)) $(ARGS)

test: setup ## All tests (ARGS="-k name" picks some)
	@python -m pytest -n auto --dist loadfile $(ARGS)

mutants: setup ## Which small faults the tests let pass (ARGS="driftloop/ledger --count 60 --seed 1")
	@python -m tests.mutation $(ARGS)

lint: setup ## ruff, mypy, and the workflow linters
	ruff check .
	ruff format --check .
	mypy
	zizmor --offline --no-progress .github workflows action.yml
	actionlint

bench: setup ## What docs/benchmarks.md says; writes out/benchmarks/
	@python -m benchmarks $(ARGS)

docs: .venv/.dev ## The documentation, for reading offline: out/docs/index.html
	@python -m sphinx -q -W --keep-going -b html docs out/docs

screenshots: setup ## The pictures of docs/pictures/, from a loop that is played for them (needs Chromium with its driver)
	@python -m tests.docs.screenshots docs/pictures

schemas: .venv/.dev ## Write docs/schemas/ and docs/configuration.md again, from the code that reads those files
	@python -m driftloop.json_schemas docs/schemas
	@python -m docs.configuration_page docs/configuration.md

snapshots: setup ## What infra/ would deploy, written into tests/infra/deployments (needs Bicep)
	@python -m tests.infra.bicep_compiler

lock: .venv/.dev ## Write the pinned requirements again, from pyproject.toml
	@PATH="$(CURDIR)/.tools/uv/bin:$$PATH" sh requirements/lock.sh

dist: ## Wheel and source distribution of the engine, in dist/ (needs setuptools: `make setup`, or requirements/build.txt)
	@rm -rf build dist
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) python -c "from setuptools import build_meta as build; build.build_sdist('dist'); build.build_wheel('dist')" >/dev/null
	@ls dist

clean: ## Remove everything that was set up or written
	rm -rf .venv .tools out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.run: requirements/run.txt
	@echo "Setting up .venv for the loop (seconds, once)"
	@sh requirements/install.sh $(PYTHON) $<
	@touch $@

# what the loop needs is a part of it
.venv/.dev: requirements/dev.txt
	@echo "Setting up .venv (seconds, once)"
	@sh requirements/install.sh $(PYTHON) $<
	@touch .venv/.run $@

.tools/.ready: sandbox/package-lock.json | $(LOOP)
	@echo "Setting up Azurite in .tools"
	@mkdir -p .tools && cp sandbox/package.json sandbox/package-lock.json .tools/
	@npm ci --prefix .tools --silent --no-audit --no-fund --ignore-scripts
	@touch $@

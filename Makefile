# One way to do each thing; people and CI use the same targets. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
.DEFAULT_GOAL := help
.PHONY: help setup run test mutants lint bench lock clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.ready .tools/.ready ## Virtual environment and Azurite, in this folder only

run: setup ## The whole loop on this machine: drift, retrain, deploy (ARGS=--keep leaves the endpoint serving)
	@python -m sandbox $(ARGS)

test: setup ## All tests (ARGS="-k name" picks some)
	@python -m pytest -n auto --dist loadfile $(ARGS)

mutants: setup ## Which small faults the tests let pass (ARGS="driftloop/ledger.py --count 60 --seed 1")
	@python -m tests.mutation $(ARGS)

lint: setup ## ruff, mypy, and the workflow linters
	ruff check .
	ruff format --check .
	mypy
	zizmor --offline --no-progress .github workflows
	actionlint

bench: setup ## What the README's numbers come from; writes out/benchmarks/
	@python -m benchmarks $(ARGS)

lock: .venv/.ready ## Write the pinned requirements anew from pyproject.toml
	python -m pip install -q uv
	sh requirements/lock.sh

clean: ## Remove everything that was set up or written
	rm -rf .venv .tools out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.ready: requirements/dev.txt
	@echo "Setting up .venv (a minute or two, once)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"Driftloop needs Python 3.11, found {sys.version.split()[0]}: install it, or name it with make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv --clear .venv
	@python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.tools/.ready: .venv/.ready sandbox/package-lock.json
	@echo "Setting up Azurite in .tools"
	@mkdir -p .tools && cp sandbox/package.json sandbox/package-lock.json .tools/
	@npm ci --prefix .tools --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# The few verbs of this project. Each makes .venv first if it is missing; only python3 >= 3.11 and make are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
# Twice the cores: half of a test's time it waits for processes that start and stop.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

.DEFAULT_GOAL := help
.PHONY: help setup up test check bench shots clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# The stamp comes last: what was interrupted half-way is made anew.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "meshdev needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	@echo "making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Two stamps: `make up` must not wait for the test tools.
$(VENV)/.run: pyproject.toml | $(VENV)/.made
	@echo "installing meshdev and what the shop needs ..."
	@$(PIP) install -e '.[nats,shop]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo "installing meshdev and its development tools ..."
	@$(PIP) install -e '.[dev]'
	@touch $@ $(VENV)/.run

# Byte code, so that no start compiles our modules: Python writes none itself where PYTHONDONTWRITEBYTECODE is set.
$(VENV)/.compiled: $(shell find src sample_system -name '*.py') | $(VENV)/.run
	@$(BIN)/python -m compileall -q src sample_system
	@touch $@

setup: $(VENV)/.dev $(VENV)/.compiled  ## make .venv with everything in it

up: $(VENV)/.run $(VENV)/.compiled  ## start the sample system in the dashboard
	@$(BIN)/meshdev up

test: $(VENV)/.dev $(VENV)/.compiled  ## all tests
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: $(VENV)/.dev  ## style, types, contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.dev $(VENV)/.compiled  ## the benchmarks, side by side with the peers (docs/benchmarks.md)
	@$(PIP) install -e '.[dev,bench]'
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks mesh
	@$(BIN)/python -m benchmarks faults
	@$(BIN)/python -m benchmarks protocols
	@$(BIN)/python -m benchmarks recording

shots: $(VENV)/.dev $(VENV)/.compiled  ## pictures of the dashboard over the running shop (docs/images)
	@$(BIN)/python docs/shots.py

clean:  ## remove what the other verbs made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* .import_linter_cache

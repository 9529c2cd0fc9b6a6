# `make help` lists the targets. Nothing but Python 3.11 and make is needed.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# What Python compiles is kept, whatever the environment says: a run of the tests starts a thousand processes.
export PYTHONDONTWRITEBYTECODE :=

# Most tests wait for servers most of the time; the tests of one file share theirs. The long files come first, in the
# order of tests/conftest.py.
SIDE_BY_SIDE := -n 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install demo test run-tests test-full check bench docs up clean story-change chaos soak seeded-bugs

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: '$(PYTHON)' was not found. Set PYTHON=/path/to/python3.11."; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(VENV)/.installed ## the program and its tools in .venv

demo: install ## 830 real orders from capture to invoice; KEEP=1 keeps serving
	$(BIN)/ordito demo $(if $(KEEP),--keep)

up: install ## the whole stack in this terminal, until Ctrl-C
	$(BIN)/ordito up

story-change: install ## a quantity is raised while the order waits for shipment; told by HTTP, then by a raw signal
	$(BIN)/python -m stories.change
	$(BIN)/python -m stories.change --signal

test: install ## checks and tests on a real Temporal server and PostgreSQL
	$(MAKE) --jobs 2 --keep-going check run-tests

run-tests: install
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE)

test-full: install ## the same with the large counts
	ORDITO_TEST_SCALE=full $(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --timeout 1200

check: install ## ruff, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## ratios against floors measured in the same run
	$(BIN)/python -m bench

chaos: install ## orders are changed while every part is killed; then all is healed and audited; SEED= repeats one
	$(BIN)/python -m chaos $(if $(SEED),--seed $(SEED))

soak: install ## five million steps of the decider's state machine, on all cores; SEED= goes on from a seed
	$(BIN)/python -m tests.process.soak $(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS))

seeded-bugs: install ## bugs planted into the decider, and what finds each; RECORD=1 keeps that
	$(BIN)/python -m tests.process.seeded_bugs $(if $(RECORD),--record)

docs: install ## the generated pages of docs/reference
	$(BIN)/python -m tools.docs
	$(BIN)/python -m api.reference

clean: ## forget the local data
	rm -rf .ordito

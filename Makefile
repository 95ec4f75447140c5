# Two commands do everything: `make run` and `make test`. What only root can do is said with its command.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test test-platforms lint types pytest demo bench bench-matching soak fuzz-decoder requirements pictures clean

run:
	@scripts/environment run
	@exec $(VENV)/bin/answerable serve --sample --demo-data

test:
	@scripts/environment dev
	@scripts/system-packages postgresql chromium
	@scripts/synapse
	@$(MAKE) --no-print-directory lint types
	$(PYTHON) -m tests.both

# Real platforms, installed and started, the story replayed on each: a Matrix homeserver, and the AT Protocol's own
# programs (some minutes).
test-platforms:
	@scripts/environment dev
	@scripts/system-packages postgresql redis-server
	@scripts/synapse
	@scripts/atproto
	ANSWERABLE_TEST_DATABASE=sqlite $(PYTHON) -m pytest -m synapse tests/platforms/synapse
	ANSWERABLE_TEST_DATABASE=sqlite $(PYTHON) -m pytest -m atproto tests/platforms/atproto

lint:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

types:
	$(VENV)/bin/mypy

demo:
	@scripts/environment run
	@$(VENV)/bin/answerable demo

bench:
	@scripts/environment dev
	@scripts/system-packages postgresql
	@$(PYTHON) -m bench

# Searching, hashing and screening beside their peers, in one run: about twenty minutes and 14 GB of memory.
bench-matching:
	@scripts/environment dev
	@scripts/environment bench
	@$(PYTHON) -m bench.search
	@$(PYTHON) -m bench.hashing
	@$(PYTHON) -m bench.matching
	@$(PYTHON) -m bench.lookups
	@$(PYTHON) -m bench.charts

# Hours of kills, and of events in any order, each run with a seed of its own. KILLS=500 TREE_KILLS=50 STORIES=100 for
# a shorter one.
KILLS ?= 10000
TREE_KILLS ?= 500
STORIES ?= 1000
soak:
	@scripts/environment dev
	@scripts/system-packages postgresql
	@for database in sqlite postgresql; do \
	  ANSWERABLE_TEST_DATABASE=$$database ANSWERABLE_SEED=$${ANSWERABLE_SEED:-$$RANDOM} \
	  ANSWERABLE_SOAK_KILLS=$(KILLS) ANSWERABLE_SOAK_TREE_KILLS=$(TREE_KILLS) \
	  ANSWERABLE_SOAK_STORIES=$(STORIES) \
	  $(PYTHON) -m pytest -s tests/crash tests/cases/test_any_order.py tests/demo/test_drill.py || exit 1; \
	done

# A million mutated images through the decoder's process, about an hour. FUZZ=20000 for a shorter one.
FUZZ ?= 1000000
fuzz-decoder:
	@scripts/environment dev
	ANSWERABLE_TEST_DATABASE=sqlite ANSWERABLE_SEED=$${ANSWERABLE_SEED:-$$RANDOM} \
	  ANSWERABLE_FUZZ_DECODER=$(FUZZ) $(PYTHON) -m pytest -s tests/media/test_fuzz.py

# Resolve the pinned requirements again. The index comes from your own pip or uv configuration.
requirements:
	@scripts/environment dev
	$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  pyproject.toml requirements/build.in -o requirements/run.txt
	$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev -c requirements/run.txt pyproject.toml requirements/build.in -o requirements/dev.txt
	$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev --extra bench -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/bench.txt
	$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  requirements/synapse.in -o requirements/synapse.txt
	$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  requirements/atproto/node.in -o requirements/atproto/node.txt

clean:
	rm -rf $(VENV) .venv-synapse .platforms .mypy_cache .ruff_cache .pytest_cache .hypothesis build src/*.egg-info

# The pictures that the documents show, taken by the end-to-end tests.
pictures:
	@scripts/environment dev
	ANSWERABLE_PICTURES=docs/pictures $(PYTHON) -m pytest -q tests/e2e

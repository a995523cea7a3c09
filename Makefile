# Two targets do all the set-up on a machine that has Python 3.11+ and make:
# `make run` (the daemon) and `make test` (everything CI checks). Without a network: WHEELS=directory, which
# `make wheels` fills on a machine that has one (docs/installing.md).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
INSTALL = $(BIN)/python tools/install.py $(if $(WHEELS),--wheels $(WHEELS))

.DELETE_ON_ERROR: # a virtual environment that could not be finished is made anew
.PHONY: run extras test test-peers bench bench-packs bench-signals torture torture-replies month soak screenshots lint lock wheels clean

run: $(VENV)/.run
	$(BIN)/outcare run

# Most tests wait for processes, so more of them at a time than there are cores: `make test JOBS=1` is one after the other.
JOBS ?= 4
test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# The same on real servers, which are installed into .cache/peers first (CONTRIBUTING.md): no part of `make test`.
# `make test-peers PEERS=mastodon`: on these alone.
test-peers: $(VENV)/.dev
	$(BIN)/python -m tests.peers $(PEERS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# How quiet the starter packs are (docs/packs.md): `make bench-packs OUTCARE_DATA=directory`.
bench-packs: $(VENV)/.run
	OUTCARE_DATA="$(OUTCARE_DATA)" $(BIN)/python -m benchmarks.packs

# How good the signals are, on the data that OUTCARE_DATA names (docs/triage-quality.md).
bench-signals: $(VENV)/.dev
	$(BIN)/python -m benchmarks.signals --write

# Faults under load, audited (docs/faults.md): `make torture N=500`, `make torture SEED=17 ONLY=kill,full`.
N ?= 100
torture: $(VENV)/.dev
	$(BIN)/python -m tests.faults --runs $(N) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

# Answers in public, with a fault at every step of each (docs/faults.md): `make torture-replies N=1000`.
torture-replies: $(VENV)/.dev
	$(BIN)/python -m tests.faults.replies --runs $(N) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.faults.race --rounds $$(( $(N) * 10 ))

# A simulated month of clocks, people and breaks, audited (docs/faults.md): `make month DAYS=7 SEED=17`.
DAYS ?= 31
month: $(VENV)/.dev
	$(BIN)/python -m tests.month --days $(DAYS) $(if $(SEED),--seed $(SEED))

# The whole network for an hour, patterns swapped every minute (docs/performance.md): `make soak SECONDS=600`.
SECONDS ?= 3600
soak: $(VENV)/.bench
	$(BIN)/python -m benchmarks.soak --seconds $(SECONDS)

# The pictures of the README, of the demo in a browser; needs Chromium.
screenshots: $(VENV)/.dev
	$(BIN)/python docs/images/shoot.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Outcare needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The build back-end is locked too, so that the editable install fetches nothing unpinned.
$(VENV)/.run: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	@$(INSTALL) requirements.txt requirements-build.txt --here
	@touch $@

# Slack, e-mail, public holidays, Apprise: what not everybody needs (docs/installing.md).
extras: $(VENV)/.run
	@$(INSTALL) requirements-extras.txt

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(INSTALL) requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	@$(INSTALL) requirements-bench.txt
	@touch $@

# Needs `uv`. --no-header and the missing --emit-index-url keep machine and registry names out.
LOCK = uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --quiet
lock:
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --group build -o requirements-build.txt
	$(LOCK) pyproject.toml --group dev --group build -c requirements.txt -o requirements-dev.txt
	$(LOCK) --group bench -c requirements-dev.txt -o requirements-bench.txt
	$(LOCK) pyproject.toml --all-extras -c requirements-dev.txt -o requirements-extras.txt

# For a machine without a network: everything that `make run` and `make test` install, for this Python.
wheels: $(VENV)/bin/python
	$(BIN)/python -m pip download --disable-pip-version-check --require-hashes -d $(or $(WHEELS),wheels) -r requirements-dev.txt

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

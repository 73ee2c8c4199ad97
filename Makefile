# Two commands do everything: `make run` shows the main job live, `make test` checks all that CI checks.
# Both make a virtual environment in .venv first, once; after that no network is needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CODE   := mcastdist tests fuzz bench

# The same inputs each time, so that CI says something about a change and not about chance; a search for
# new ones is `python -m fuzz --seconds 600`, with a seed of its own.
FUZZ_SECONDS ?= 10
FUZZ_SEED    ?= 1

.PHONY: run test lint unit lab portable portable-all fuzz audit bench-peers clean

run: $(STAMP)
	@$(BIN)/mcastdist demo

# Every step is run, also after one has failed; a table at the end says what came of each.
test: $(STAMP)
	@.ci/steps lint unit lab portable fuzz

lint: $(STAMP)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/mypy -p bench -p fuzz
	$(BIN)/lint-imports --no-cache

unit: $(STAMP)
	$(BIN)/python -m pytest -q -m "not lab"

# Without network namespaces the lab is skipped, and says why; where CI is set it fails instead. Real
# processes share real cores: what failed is tried once more by itself, and fails if it fails again.
LAB      := $(BIN)/python -m pytest -q -m lab -rs
PORTABLE := LAB_PORTABLE=1 $(LAB)
MAIN_JOB := tests/lab/test_lab_main_job.py
AGAIN    := --last-failed --last-failed-no-failures none

lab: $(STAMP)
	$(LAB) tests/lab || $(LAB) tests/lab $(AGAIN)

# The main job by the portable path, as on systems that segment and coalesce nothing; then all of it.
portable: $(STAMP)
	$(PORTABLE) $(MAIN_JOB) || $(PORTABLE) $(MAIN_JOB) $(AGAIN)

portable-all: $(STAMP)
	$(PORTABLE) tests/lab || $(PORTABLE) tests/lab $(AGAIN)

fuzz: $(STAMP)
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

# Known weaknesses of what we depend on. Asks the network, so it is not part of `make test`.
audit: $(STAMP)
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/python -m pip freeze --exclude-editable > $(VENV)/audit/frozen.txt
	$(VENV)/audit/bin/pip-audit --requirement $(VENV)/audit/frozen.txt --no-deps --disable-pip

# The programs that `python -m bench` compares ours with, and what its lab stands on (Debian, Ubuntu).
bench-peers:
	apt-get install -y --no-install-recommends uftp udpcast aria2 wget libnorm-dev libnorm-doc \
	    g++ nginx-light iproute2 nftables ethtool util-linux

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "mcastdist needs \
	Python 3.11 or newer, and $(PYTHON) is older: try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

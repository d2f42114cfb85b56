# make run     start the explorer (PORT=8501, ADDRESS=127.0.0.1)
# make test    every check: style, types, tests, browser tests
# make bench   measure tracing, layout and first paint on this machine
# make format  bring the code into house style

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN_READY := .venv/ready-to-run
TEST_READY := .venv/ready-to-test
# The resolver's notices about a local package index say nothing to a reader.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test bench format chromium
.DEFAULT_GOAL := run

run: $(RUN_READY)
	@exec $(BIN)/python -m explorer.ui.serve $(if $(PORT),--server.port=$(PORT)) \
	  $(if $(ADDRESS),--server.address=$(ADDRESS))

test: $(TEST_READY) chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: $(TEST_READY) chromium
	$(BIN)/python bench/run.py

format: $(TEST_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "The explorer needs Python 3.11 or newer; none was found on PATH."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "The explorer needs Python 3.11 or newer; $(PYTHON) is older. Name another one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps keep pip out of every start but the first: resolving pinned requirements takes seconds.
$(RUN_READY): requirements.txt | $(BIN)/python
	@echo "Installing the explorer's requirements into .venv"
	$(PIP) install -r requirements.txt
	@touch $@

$(TEST_READY): requirements-dev.txt $(RUN_READY)
	@echo "Installing what the tests need into .venv"
	$(PIP) install -r requirements-dev.txt
	@touch $@

chromium:
	@if [ -n "$$CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	    || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium)," \
	    "or name one with CHROMIUM=/path/to/chromium."; exit 1; \
	fi

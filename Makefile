# `make demo` and `make test` work on a bare machine with Python 3.11, make and git; the rest is for those who change Metes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ACCOUNTS ?= 20000
PORT   ?= 8420
# Browsers, databases and killed processes let a core idle between: three share two.
WORKERS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check format bench bench-peers soak audit clean
help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Metes needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.base: pyproject.toml package-lock.json hatch_build.py $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.full: pyproject.toml package-lock.json hatch_build.py $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[postgresql,spark]' --group test --group check
	touch $@ $(VENV)/.base

$(VENV)/.peers: $(VENV)/.full
	$(BIN)/python -m pip install --quiet --group peers
	touch $@

$(VENV)/.audit: $(VENV)/.full
	$(BIN)/python -m pip install --quiet --group audit
	touch $@

demo: $(VENV)/.base ## a believable company, loaded, assigned and served
	$(BIN)/metes --db sqlite:///demo/metes-$(ACCOUNTS).db demo --folder demo/files-$(ACCOUNTS) --accounts $(ACCOUNTS)
	$(BIN)/metes --db sqlite:///demo/metes-$(ACCOUNTS).db serve --port $(PORT)

test: $(VENV)/.full ## the whole test suite, the browser's too
	@sh scripts/need-chromium.sh
	@sh scripts/need-java.sh
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.full ## format, lint, types, import contracts, dependencies, documentation
	$(BIN)/ruff format --check src tests benchmarks examples scripts hatch_build.py
	$(BIN)/ruff check src tests benchmarks examples scripts hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src
	$(BIN)/interrogate --quiet src

format: $(VENV)/.full ## bring the code into its form
	$(BIN)/ruff format src tests benchmarks examples scripts hatch_build.py
	$(BIN)/ruff check --fix src tests benchmarks examples scripts hatch_build.py

bench: $(VENV)/.full ## our figures, each beside its goal
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(VENV)/.peers ## peers on the same sets, each for at most a minute
	$(BIN)/python -m benchmarks.peers $(ARGS)
	$(BIN)/python -m benchmarks.design_peers

soak: $(VENV)/.full ## property tests at length
	METES_SOAK=1 $(BIN)/python -m pytest -q -n $(WORKERS) $(ARGS)

audit: $(VENV)/.audit ## ask advisory sources about every dependency; fails where none answers
	$(BIN)/python scripts/audit.py

clean: ## remove what was built
	rm -rf $(VENV) demo build dist src/metes/web/static/vendor

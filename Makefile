# Everything starts from `python -m` inside .venv, so that the folders beside this file win over any installed package.
# `make` alone lists the targets. Only relative paths: the checkout may lie anywhere, also under a path with spaces.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh

export LC_ALL := C.UTF-8
export PYTHONUTF8 := 1
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH VIRTUAL_ENV

PORT ?= 8300
PY := .venv/bin/python
STAMP := .venv/installed.stamp
HEADER := \# Made by `make lock` from pyproject.toml: every file of every package by its hash, no index address. Do not edit.
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
           --no-emit-find-links --no-header --no-annotate $(UPGRADE)

.PHONY: help setup demo serve test style types imports tests campaign bench openapi lock format clean

help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv and install the locked packages, once for each change of the lock.

$(STAMP): requirements-dev.txt
	@python=; for name in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14 python; do \
	    if "$$name" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; \
	    then python=$$name; break; fi; done; \
	test -n "$$python" || { echo "make: no Python 3.11 to 3.14 with venv found (PYTHON=... names one)" >&2; exit 1; }; \
	test -x $(PY) && $(PY) -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear .venv
	$(PY) -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r requirements-dev.txt
	@touch $(STAMP)

demo: $(STAMP) ## Play the main job, and attacks on it, over HTTP on an embedded PostgreSQL and simulators; print each step.
	$(PY) -m api demo

serve: $(STAMP) ## Migrate, then start API, worker and simulators on 127.0.0.1:8300 (PORT=... for another) until INT or TERM.
	exec $(PY) -m api serve --demo --allow-bearer --port $(PORT) --data-dir .data/serve

test: style types imports tests ## Run every check; this is what CI runs. Prints the slowest 20 tests.

style: $(STAMP) ## Check style and layout (ruff).
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --check --quiet .

types: $(STAMP) ## Check types (mypy, strict).
	$(PY) -m mypy

imports: $(STAMP) ## Check who may import whom (import-linter; it has no `python -m` form).
	@.venv/bin/lint-imports --no-logo --no-cache

tests: $(STAMP) ## Run tests and doctests alone, two at a time; ARGS=... goes to pytest.
	$(PY) -m pytest -q -n 2 --dist worksteal $(ARGS)

campaign: $(STAMP) ## Run the races and crashes with their big counts; a long run.
	GREENLIEN_CAMPAIGN=1 $(PY) -m pytest -m campaign --timeout 0 $(ARGS)

bench: $(STAMP) ## Measure the API beside a bare handler that does the same statements.
	$(PY) -m tests.bench

openapi: $(STAMP) ## Write openapi/greenlien.yaml anew from the routes.
	$(PY) -m api openapi

lock: $(STAMP) ## Resolve pyproject.toml into the two hashed lock files (UPGRADE=--upgrade takes newer versions).
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	@for lock in requirements.txt requirements-dev.txt; do \
	    { echo '$(HEADER)'; grep -v '^#' $$lock; } > $$lock.new && mv $$lock.new $$lock; done

format: $(STAMP) ## Lay out the code and mend what ruff can mend by itself.
	$(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format .

clean: ## Remove .venv, caches and the demo's data; stop `make serve` first.
	rm -rf .venv .data .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

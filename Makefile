# `make demo` and `make test` need only Python 3.11 to 3.13 and make: they run `setup` themselves.
# Another interpreter: make test PYTHON=/path/to/python3.12

SHELL := /bin/sh
PYTHON :=
ARGS :=
PY := .venv/bin/python

# What .venv was made for and from; when either differs, setup runs again.
FOR = { pwd; echo "$(PYTHON)"; }
FROM = cat pyproject.toml requirements.lock | cksum

# uv stops when it cannot write its cache, which lies in $HOME unless one says otherwise.
UV = { [ -n "$$UV_CACHE_DIR$$XDG_CACHE_HOME" ] || [ -w "$$HOME" ] || export UV_NO_CACHE=1; } && $(PY) -m uv

.PHONY: help setup demo test lint types layers check lock clean

help:
	@echo "make setup | demo | test | lint | types | layers | check | lock | clean   (ARGS=... goes to demo, test, lock)"

setup:
	@[ "$$(cat .venv/.made-for 2>/dev/null)" = "$$($(FOR))" ] || $(MAKE) --no-print-directory .venv-new
	@[ "$$(cat .venv/.made-from 2>/dev/null)" = "$$($(FROM))" ] || $(MAKE) --no-print-directory .venv-filled

.PHONY: .venv-new .venv-filled
.venv-new:
	@found=; for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
	  "$$python" -c 'import sys, venv, ensurepip, sqlite3, ssl; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    2>/dev/null && found="$$python" && break; \
	done; \
	[ -n "$$found" ] || { echo "Needed: Python 3.11, 3.12 or 3.13 with venv (on Debian: apt install python3-venv)." >&2; exit 1; }; \
	echo "Setting up .venv with $$("$$found" -V) …"; \
	"$$found" -m venv --clear .venv
	@$(FOR) > .venv/.made-for

.venv-filled:
	@if $(PY) -m pip install -q --disable-pip-version-check uv \
	  && $(UV) pip sync -q --compile-bytecode --python $(PY) --require-hashes requirements.lock \
	  && $(UV) pip install -q --python $(PY) --no-deps -e .; then :; \
	else \
	  echo "uv is of no use here; going on with pip, which takes a little longer." >&2; \
	  $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock \
	  && $(PY) -m pip install -q --disable-pip-version-check --no-deps -e .; \
	fi
	@$(FROM) > .venv/.made-from

demo: setup
	@.venv/bin/blup demo $(ARGS)

test: setup
	@$(PY) -m pytest -n 3 --dist worksteal $(ARGS)

lint: setup
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check

types: setup
	@$(PY) -m mypy

layers: setup
	@.venv/bin/lint-imports

check: lint types layers test

# Keeps the locked versions that still fit; ARGS=--upgrade takes the newest.
lock: setup
	@$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --all-extras --group dev $(ARGS) pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis dist build

# Every verb of the project. `make demo` and `make test` need nothing but python3 (3.9+), make and the package registries.
# PYTHONDONTWRITEBYTECODE would make every start of the worker compile msgraph-sdk again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python

.PHONY: demo test dev lint types bench package lock clean

demo: .venv/.ready
	$(PYTHON) -m dev.demo

dev: .venv/.ready
	$(PYTHON) -m dev.demo --stay

test: lint types .venv/.ready
	$(PYTHON) -m pytest -n auto

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: .venv/.ready
	.venv/bin/mypy

bench: .venv/.ready
	$(PYTHON) -m bench

package: .venv/.ready
	$(PYTHON) -m dev.package

lock:
	python3 dev/bootstrap.py --lock

clean:
	rm -rf .venv .tools .local dev/azurite/node_modules dist

.venv/.ready: requirements-dev.txt dev/azurite/package-lock.json dev/bootstrap.py
	python3 dev/bootstrap.py

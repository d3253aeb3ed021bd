# Every verb of the project. `make demo` and `make test` need nothing but python3 (3.9+), make and the package registries.
# PYTHONDONTWRITEBYTECODE would make every start of the worker compile msgraph-sdk again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python

.PHONY: demo test dev lint audit types mutants bench chaos verify-tenant infra schema package lock clean

demo: .venv/.ready
	$(PYTHON) -m dev.demo

dev: .venv/.ready
	$(PYTHON) -m dev.demo --stay

test: lint types .venv/.judges
	$(PYTHON) -m pytest -n auto --dist worksteal
	@$(PYTHON) -m dev.infra --compiler

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive function_app.py shared operator_cli

# Asks a vulnerability service, so it is no part of `make test`. What the service does not know fails too (--strict).
audit: .venv/.ready
	.tools/uv/bin/uv tool run --python $(PYTHON) pip-audit==2.10.1 --strict --disable-pip --require-hashes $(foreach file,requirements.txt requirements-dev.txt,--requirement $(file))

types: .venv/.judges
	.venv/bin/mypy

# Deletes guards one by one; 1 where a survivor has no argument in tests/survivors.toml.
mutants: .venv/.judges
	.venv/bin/mutmut run --max-children 2
	$(PYTHON) -m dev.mutants

bench: .venv/.ready
	$(PYTHON) -m bench

# A quarter of an hour of faults and killed hosts, then everybody is judged. No part of `make test`, which has a short one.
# `make chaos SEED=2` for another story; the seed is printed, and tells the same people, edits, kills and faults again.
chaos: .venv/.ready
	$(PYTHON) -m dev.chaos $(if $(SEED),--seed $(SEED))

# Settles what is assumed about Graph against a real tenant; without ARGS it only says how. See docs/verify-tenant.md.
# `make verify-tenant ARGS="--credential interactive"`
verify-tenant: .venv/.ready
	@$(PYTHON) -m dev.verify_tenant $(ARGS)

# Compiles infra/ anew; what comes out is kept in git beside its tests. Needs the Bicep compiler (docs/deployment.md).
infra: .venv/.ready
	$(PYTHON) -m dev.infra

# Reads Microsoft's generated models anew: what the simulator and the tests hold every body against. After an update of an SDK.
schema: .venv/.judges
	$(PYTHON) -m dev.graph_schema.extract

package: .venv/.ready
	$(PYTHON) -m dev.package

lock:
	python3 dev/bootstrap.py --lock

clean:
	rm -rf .venv .tools .local dev/azurite/node_modules dist

.venv/.ready: requirements-dev.txt dev/azurite/package-lock.json dev/bootstrap.py
	python3 dev/bootstrap.py

.venv/.judges: .venv/.ready requirements-judges.txt
	python3 dev/bootstrap.py --judges

# Needs Python 3.11 or newer, make and a package registry; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
INSTALLED := .venv/.installed
NOTEBOOKS := $(wildcard notebooks/[0-9]*.ipynb)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: report test check lab bench recovery attack notebooks lock clean

report: $(INSTALLED)  ## run the report notebooks, rehearse every programme; outputs/index.html
	@$(PY) -m evalkit report --examples --word --to outputs

test: $(INSTALLED)  ## every test, the notebooks included
	@$(PY) -m pytest -n auto --dist worksteal tests evalkit
	@$(PY) -m pytest --nbval-lax --nbval-current-env $(NOTEBOOKS)

check: $(INSTALLED)  ## style, types, layers, docstrings, contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PY) -m pytest -q tests/contract

lab: $(INSTALLED)  ## open JupyterLab
	@$(BIN)/jupyter lab --notebook-dir notebooks

bench: $(INSTALLED)  ## side-by-side timings
	@for script in benchmarks/bench_*.py; do $(PY) $$script || exit 1; done

recovery: $(INSTALLED)  ## the recovery studies whose code has changed: three quarters of an hour when all have
	@cd tests && ../$(PY) -m recovery.study
	@cd tests && ../$(PY) -m recovery.programmes_study
	@cd tests && ../$(PY) -m recovery.coverage_tables

attack: $(INSTALLED)  ## attack what protect releases, ten thousand random tables: about twenty minutes
	@cd tests && ../$(PY) -m attack.ten_thousand

notebooks: $(INSTALLED)  ## run the notebooks and keep only their checked outputs
	@$(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level WARN $(NOTEBOOKS)
	@$(BIN)/nbstripout --keep-count $(NOTEBOOKS)

lock: $(INSTALLED)  ## make requirements.lock again from pyproject.toml
	@$(PY) -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev pyproject.toml --output-file requirements.lock

clean:  ## remove what the other targets made
	@rm -rf .venv outputs build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/browser/node_modules

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "evalkit needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Installing into .venv (once; about two minutes)"
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --require-hashes --requirement requirements.lock
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Every target but clean sets up .venv from pyproject.toml and constraints.txt first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all check coverage docs clean

demo: .venv/installed
	$(BIN)/crossvox demo runs/demo

test: .venv/installed
	$(BIN)/pytest -n 2 -q

test-all: .venv/installed
	$(BIN)/pytest -n 2 -q -m ""

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: .venv/installed
	$(BIN)/pytest -n 2 -q --cov --cov-report=term-missing:skip-covered

docs: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	$(BIN)/sphinx-build -q -W -b html docs docs/_build

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,export,benchmark]'
	touch $@

clean:
	rm -rf .venv runs build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

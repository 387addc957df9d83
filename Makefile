# Each target does all its own set-up, says what it does, and installs nothing twice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

.PHONY: help demo serve test check lint bench lock messages pictures clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo ## the whole loop on a practice city, in under a minute
	@$(BIN)/tlsec doctor --get-fonts
	@$(BIN)/tlsec demo

serve: $(VENV)/.demo ## run the plans of a workspace (WORKSPACE=dir) on their cadence
	@$(BIN)/tlsec $(if $(WORKSPACE),--workspace $(WORKSPACE)) serve

test: $(VENV)/.dev ## all tests; real servers come from the distribution's packages
	@tests/get-servers
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

check: lint test ## everything that CI runs

lint: $(VENV)/.dev ## style, types, floors, content
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/tlsec policy lint
	@$(BIN)/tlsec policy test

bench: $(VENV)/.dev ## ratios against peers installed beside it
	@$(BIN)/python -m benchmarks

lock: $(VENV)/.dev ## make the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml --extra pdf --extra range --extra build -o requirements/demo.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml --extra pdf --extra range --extra build --extra dev -o requirements/dev.txt

messages: $(VENV)/.dev ## bring the English catalogue up to date with the texts in the code
	@$(BIN)/python tests/messages.py update

pictures: $(VENV)/.dev ## draw the pictures of docs/ anew from a real run
	@$(BIN)/python docs/pictures/draw.py

clean: ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	@echo "建立 Python 环境 $(VENV) / making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "需要 Python 3.11 或更新 / Python 3.11 or newer is needed"; exit 3; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "缺少 venv，请安装：apt install python3-venv / venv is missing, install python3-venv"; exit 3; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 3; }

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	@echo "安装 tlsec 与依赖（约一分钟，只做一次） / installing tlsec, once"
	@$(PIP) install --require-hashes -r requirements/demo.txt || { echo "安装未完成：请检查网络或软件源后重试 / not installed: check the network or the package index, then try again"; exit 3; }
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.demo
	@echo "安装测试工具（只做一次） / installing the test tools, once"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

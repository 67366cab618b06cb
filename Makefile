SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := redis-server prometheus prometheus-alertmanager chromium chromium-driver kubernetes-client
DATA ?=
ONLY ?=

##@ Start
setup: $(VENV)/.ready ## Make .venv with watchkeeper in it
demo: setup ## Break a small simulated world and watch it being healed
	@$(BIN)/watchkeeper demo
servers: ## Install the real servers the tests use (asks first; YES=1 does not)
	@$(PYTHON) scripts/servers.py $(if $(YES),--yes) $(PACKAGES)

##@ Work
test: setup ## Unit, integration and end-to-end tests
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/unit tests/contracts tests/fuzz
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/integration
	@$(BIN)/pytest -n 2 --dist load -m "not slow" tests/e2e
check: setup ## Style, types, import floors, lock file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache >/tmp/watchkeeper-imports.txt || { cat /tmp/watchkeeper-imports.txt; exit 1; }
	@echo "check: style, types and floors hold"
fix: setup ## Mend style where a machine can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
docs: setup ## Make the generated reference pages anew
	@$(BIN)/python scripts/reference.py
site: setup docs ## The documentation as a site, in site/
	@VIRTUAL_ENV= $(BIN)/uv run --quiet --locked --group docs zensical build --clean
pictures: setup ## Draw the pictures of the docs anew
	@VIRTUAL_ENV= $(BIN)/uv run --quiet --locked --group pictures python scripts/pictures.py
	@$(BIN)/python scripts/console_pictures.py
migration: setup ## Make a new migration: make migration name="add x"
	@$(BIN)/python scripts/migration.py "$(name)"
new-analyzer: ; @$(MAKE) --no-print-directory plugin kind=analyzer ## Begin an analyzer and its test: make new-analyzer name=queue_waits
new-action: ; @$(MAKE) --no-print-directory plugin kind=action ## Begin a repair and its test
new-source: ; @$(MAKE) --no-print-directory plugin kind=source ## Begin a source of telemetry and its test
new-page: ; @$(MAKE) --no-print-directory plugin kind=page ## Begin a page of the console and its test
new-job: ; @$(MAKE) --no-print-directory plugin kind=job ## Begin a periodic job and its test
plugin: setup
	@$(BIN)/python scripts/new_plugin.py "$(kind)" "$(name)"
dev: setup ## The demo world with the console at port 8123; starts anew whenever a file of src/ changes
	@$(BIN)/python scripts/dev.py

##@ Measure
bench: setup ## Scored runs on public data: make bench DATA=DIR [ONLY=name]
	@test -n "$(DATA)" || { echo "make bench DATA=DIR: the folder with rca/, logs/, … (docs/how-to/benchmarks.md says how to get it)"; exit 2; }
	@$(BIN)/python benchmarks/run.py "$(DATA)" $(if $(ONLY),--only $(ONLY))
soak: setup ## Load, kills, faults and fuzzers for longer than a test may take (WATCHKEEPER_SOAK_MINUTES, WATCHKEEPER_FUZZ_SECONDS)
	@VIRTUAL_ENV= $(BIN)/uv sync --locked --inexact --quiet --group fuzz
	@$(BIN)/pytest -m slow --timeout 3600 -s tests

$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"watchkeeper needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]} (set PYTHON=)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV= $(BIN)/uv sync --locked --inexact --quiet
	@touch $@

help: ## This list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*##/ {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup demo servers test check fix docs site pictures migration plugin new-analyzer new-action new-source new-page new-job dev bench soak help

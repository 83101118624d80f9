# Everything a developer does here begins with make; `make` alone lists it.

PYTHON ?= python3
ARGS ?=
WORKERS ?= auto

BIN := .venv/bin

# One environment, two depths: running needs the first lock, developing the second, which holds it.
RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed
NATIVE := .venv/.native-installed
REPLAY := .venv/.replay-installed
THIRD_PARTY_PROTOS := build/third_party/.complete

export PYTHON

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Environment

$(RUNTIME): requirements/runtime.lock pyproject.toml tools/setup_environment.sh
	@tools/setup_environment.sh runtime
	@touch $@

$(DEVELOPMENT): requirements/dev.lock pyproject.toml tools/setup_environment.sh
	@tools/setup_environment.sh dev
	@touch $(RUNTIME) $@

$(NATIVE): $(RUNTIME) requirements/native.lock
	@tools/setup_environment.sh native
	@touch $@

$(REPLAY): $(RUNTIME) requirements/replay.lock
	@tools/setup_environment.sh replay
	@touch $@

.PHONY: setup
setup: $(DEVELOPMENT) ## Make .venv with everything for developing (PYTHON=python3.12 to choose)

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock'

.PHONY: native
native: $(NATIVE) ## Install the faster gRPC server, for HUTONG_GRPC_SERVER=native

.PHONY: real-baskets
real-baskets: $(REPLAY) ## Install the public data set that `make replay` sells

.PHONY: lock
lock: $(DEVELOPMENT) ## Renew the locks from requirements/*.in (ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) --output-file requirements/runtime.lock requirements/runtime.in
	$(LOCK) $(ARGS) --output-file requirements/dev.lock requirements/dev.in
	$(LOCK) $(ARGS) --output-file requirements/native.lock requirements/native.in
	$(LOCK) $(ARGS) --no-deps --output-file requirements/replay.lock requirements/replay.in

# Contracts

$(THIRD_PARTY_PROTOS): $(DEVELOPMENT) tools/gen_protos.py
	@$(BIN)/python tools/gen_protos.py third-party

.PHONY: proto
proto: $(THIRD_PARTY_PROTOS) ## Generate gen/ from proto/
	@$(BIN)/python tools/gen_protos.py generate

.PHONY: proto-check
proto-check: $(THIRD_PARTY_PROTOS) ## Fail if gen/ is not what proto/ generates
	@$(BIN)/python tools/gen_protos.py check

.PHONY: proto-baseline
proto-baseline: $(THIRD_PARTY_PROTOS) ## Accept today's contracts as those that must not break
	$(BIN)/buf build proto --exclude-source-info \
		--output proto/baseline.binpb

# Quality

.PHONY: fmt
fmt: $(THIRD_PARTY_PROTOS) ## Format Python and proto files
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format --write proto

.PHONY: lint
lint: proto-check ## Check style, import rules and contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/buf lint proto
	$(BIN)/buf format --diff --exit-code proto
	$(BIN)/buf breaking proto --against proto/baseline.binpb

.PHONY: types
types: $(DEVELOPMENT) ## Check types with mypy
	$(BIN)/mypy

# Modules in their order: the long ones come early, and the short ones of tests/unit fill the end.
.PHONY: test
test: $(DEVELOPMENT) ## Run the tests (ARGS='-k reservation', WORKERS=4)
	$(BIN)/pytest -n $(WORKERS) --maxprocesses $$((2 * $$(getconf _NPROCESSORS_ONLN))) \
		--dist loadscope --no-loadscope-reorder $(ARGS)

MINUTES ?= 2
SEED ?=

.PHONY: simulate
simulate: $(DEVELOPMENT) ## Load with faults, then the invariants (MINUTES=10, SEED=7 plays one again)
	@$(BIN)/python -m tests.simulation --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: check
check: lint types test ## Everything that must hold before a change is merged

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure, and write build/bench.json (ARGS='find_stores' for one)
	@tools/install_load_generator.sh
	-@$(MAKE) --no-print-directory real-baskets
	$(BIN)/python -m tests.bench $(ARGS)

# Running

# exec: the platform is the child that the terminal's Ctrl-C reaches, with no shell in between.
.PHONY: run
run: $(RUNTIME) ## Run the whole platform here; Ctrl-C stops it
	@exec $(BIN)/hutong run $(ARGS)

.PHONY: cluster
cluster: $(RUNTIME) ## Run it as a process for each service here; Ctrl-C stops it
	@exec $(BIN)/hutong cluster $(ARGS)

.PHONY: migrate seed token status verify events backup restore
migrate: $(RUNTIME) ## Bring the databases to the newest schema
seed: $(RUNTIME) ## Fill a running platform with demo data
token: $(RUNTIME) ## Print an access token (ARGS for whom)
status: $(RUNTIME) ## Show what runs, and where
verify: $(RUNTIME) ## Check the books: stock, money and orders agree
events: $(RUNTIME) ## Show what happens on a running platform (ARGS='--service orders')
backup: $(RUNTIME) ## Back up a platform, also while it sells (ARGS='--to FOLDER')
restore: $(RUNTIME) ## Restore a back-up into a new home (ARGS='--from FOLDER')

migrate seed token status verify events backup restore:
	@exec $(BIN)/hutong $@ $(ARGS)

.PHONY: replay
replay: $(REPLAY) ## Sell a day of real baskets and check the books (DAYS=30, BASKETS=100)
	@exec $(BIN)/hutong replay $(if $(DAYS),--days $(DAYS)) $(if $(BASKETS),--baskets $(BASKETS)) $(ARGS)

.PHONY: clean
clean: ## Remove what can be made again; .venv and the data in .hutong stay
	rm -rf build dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

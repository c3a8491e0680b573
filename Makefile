# Thin: every line is a command a person could type. `make` lists the targets.
SHELL  := bash
.SHELLFLAGS := -o pipefail -c
CORES  ?= all
STUDY  ?= mini
PYTHON ?= python3
VENV   ?= .venv
BASES  := small medium large
# cpu, or cuda for NVIDIA GPUs: what was installed last, unless said otherwise.
TORCH  ?= $(shell cat $(VENV)/torch 2>/dev/null || echo cpu)
ifeq ($(filter cpu cuda,$(TORCH)),)
$(error TORCH=$(TORCH): not one of cpu, cuda)
endif

BIN       := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake
# The rules call `python -m scripts...`: of this environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TOKENIZERS_PARALLELISM := false

# test.lock holds all of cpu.lock, and gpu.lock all that the tests need: see envs/install.sh.
INSTALLED      := $(if $(filter cuda,$(TORCH)),gpu,$(if $(wildcard $(VENV)/test.installed),test,cpu))
INSTALLED_TEST := $(if $(filter cuda,$(TORCH)),gpu,test)

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo smoke plan verify reference bases test check format lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo "  with CORES=2, STUDY=smoke (plan), TORCH=cuda, PYTHON=python3.12 where wanted"

setup: $(VENV)/$(INSTALLED).installed  ## install the locked environment into .venv

setup-test: $(VENV)/$(INSTALLED_TEST).installed  ## the same, and what the tests and checks need

$(VENV)/%.installed: envs/install.sh $(wildcard envs/*.lock)
	VENV=$(VENV) PYTHON=$(PYTHON) envs/install.sh $*

demo: setup  ## the whole study in miniature, from raw problems to tables, figures and report
	$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml 2>&1 | $(BIN)/python -m scripts.follow --seconds reference/mini/seconds.json
	[ -f figures/mini/report.html ] && ! find results/mini/tables figures/mini -type f -newer figures/mini/report.html | grep -q . || \
		$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml --report figures/mini/report.html --quiet
	$(BIN)/python -m scripts.show_main --table results/mini/tables/main.md --figures figures/mini --report figures/mini/report.html

smoke: setup  ## every stage on pico models and real problems, in minutes (DATA=folder: from local copies)
	$(SNAKEMAKE) --cores $(CORES) --configfile config/smoke.yaml $(if $(DATA),--config data_folder=$(DATA))

plan: setup  ## what a study would run (STUDY=mini)
	$(SNAKEMAKE) --dry-run --cores $(CORES) --configfile config/$(STUDY).yaml

verify: setup  ## compare the miniature's results with reference/mini
	$(BIN)/python -m scripts.verify --fresh results/mini/tables --reference reference/mini/tables

reference: setup  ## make the miniature's last results the reference
	rm -rf reference/mini/tables reference/mini/figures && mkdir -p reference/mini
	cp -r results/mini/tables reference/mini/tables
	mkdir reference/mini/figures && cp figures/mini/*.png reference/mini/figures/
	$(BIN)/python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json > reference/mini/cost.md
	$(BIN)/python -m scripts.readme --readme README.md --block main=reference/mini/tables/main.md cost=reference/mini/cost.md

bases: setup  ## pre-train the miniature's base models from scratch, into reference/mini/bases
	$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml --config study=mini_bases from_scratch=True \
		$(foreach base,$(BASES),results/mini_bases/models/$(base))
	rm -rf $(foreach base,$(BASES),reference/mini/bases/$(base)) && mkdir -p reference/mini/bases
	cp -r $(foreach base,$(BASES),results/mini_bases/models/$(base)) reference/mini/bases/
	rm -f reference/mini/bases/*/.snakemake_timestamp

test: setup-test  ## run the tests
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest

check: setup-test  ## ruff, mypy, snakefmt and Snakemake's linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint --configfile config/mini.yaml

format: setup-test  ## put the code into the form that check asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile rules

lock: setup  ## compile the locks and conda environments from envs/*.in
	envs/lock.sh

clean:  ## remove every result and figure
	find results figures -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

# Thin: every line is a command a person could type. `make` lists the targets.
SHELL  := bash
.SHELLFLAGS := -o pipefail -c
CORES  ?= all
STUDY  ?= mini
VENV   ?= .venv
NAME   ?= scored
SHARE  ?= 0.01
COMMA  := ,
BASES  := tiny small medium large
# The confirmation run is laid over the miniature; SEEDS=[101] runs one of its seeds, FROM_SCRATCH=True pre-trains too.
LAYERS  = config/mini.yaml config/study.yaml
FILES   = $(if $(filter study controls,$(STUDY)),$(LAYERS) $(filter config/controls.yaml,config/$(STUDY).yaml),config/$(STUDY).yaml)
CONFIRM = --configfile $(LAYERS) --config from_scratch=$(or $(FROM_SCRATCH),False) $(if $(SEEDS),seeds='$(SEEDS)')
# What students wait for goes before what only tables do: most jobs come after it. (Snakemake's other scheduler, ilp,
# cannot reckon with a target's priority: it is infinite.)
FIRST = --scheduler greedy --prioritize results/$(if $(filter demo,$@),mini,$@)/corpora/mid.jsonl
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

# The rules that read nothing but the per-sample logs, and those that take seconds without them.
FROM_LOGS := load_problems clean_problems check_gold manifest \
             $(addprefix table_,main published scores gold claims assistants corpora alignment lengths sizes contamination) \
             $(addprefix figure_,accuracy claims merge lengths alignment yield sizes)

# test.lock holds all of cpu.lock, and gpu.lock all that the tests need: see envs/install.sh.
# Where tests are asked for too, one installation does for both.
TESTED         := $(filter setup-test test test-slurm check format,$(MAKECMDGOALS))
INSTALLED      := $(if $(filter cuda,$(TORCH)),gpu,$(if $(TESTED)$(wildcard $(VENV)/test.installed),test,cpu))
INSTALLED_TEST := $(if $(filter cuda,$(TORCH)),gpu,test)

.DEFAULT_GOAL := help
.PHONY: help setup setup-test named-python demo study controls tables archive power score regrade reevaluate smoke plan preflight pilot pin deviations verify reference study-reference bases test test-slurm test-cuda-build check format lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo "  with CORES=2, STUDY=smoke (plan), TORCH=cuda, PYTHON=python3.12 where wanted"

setup: $(VENV)/$(INSTALLED).installed  ## install the locked environment into .venv

setup-test: $(VENV)/$(INSTALLED_TEST).installed  ## the same, and what the tests and checks need

# A Python that is named (PYTHON=python3.12) is held against that of .venv each time.
$(VENV)/%.installed: envs/install.sh envs/settings.sh $(wildcard envs/*.lock) $(if $(PYTHON),named-python)
	VENV=$(VENV) PYTHON=$(PYTHON) bash envs/install.sh $*

demo: setup  ## the whole study in miniature, from raw problems to tables, figures and report
	$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml $(FIRST) 2>&1 | $(BIN)/python -m scripts.follow --seconds reference/mini/seconds.json
	[ -f figures/mini/report.html ] && ! find results/mini/tables figures/mini -type f -newer figures/mini/report.html | grep -q . || \
		$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml --report figures/mini/report.html --quiet
	$(BIN)/python -m scripts.show_main --table results/mini/tables/main.md --figures figures/mini --report figures/mini/report.html

study: setup  ## the confirmation run: all seeds and student sizes, fresh problems, verdicts (hours; SEEDS=[101]: one seed)
	$(SNAKEMAKE) --cores $(CORES) $(CONFIRM) $(FIRST) 2>&1 | $(BIN)/python -m scripts.follow

controls: LAYERS += config/controls.yaml
controls: setup  ## what else could explain the study's results: equal tokens, other teachers, other masks, variance budget
	$(SNAKEMAKE) --cores $(CORES) $(CONFIRM) $(FIRST) 2>&1 | $(BIN)/python -m scripts.follow

tables: setup  ## every table and figure of the confirmation run again, from its committed per-sample logs (a minute)
	rm -rf results/archived figures/archived
	$(BIN)/python -m scripts.logs unpack --archive reference/study/logs.tar.xz --results results/archived
	$(SNAKEMAKE) --cores $(CORES) $(CONFIRM) study=archived --quiet --allowed-rules all $(FROM_LOGS)
	$(BIN)/python -m scripts.same_tables --fresh results/archived/tables --reference reference/study/tables

archive:  ## one checksummed bundle of the committed project, logs and bases included, ready for a DOI (results/micota.tar.xz)
	@git diff --quiet HEAD || { echo "error: commit or stash your changes first; the bundle is of what is committed"; exit 2; }
	git ls-files -z | xargs -0 sha256sum > results/SHA256SUMS
	git archive --prefix=micota/ --add-file=results/SHA256SUMS HEAD | xz > results/micota.tar.xz.tmp
	mv results/micota.tar.xz.tmp results/micota.tar.xz && rm results/SHA256SUMS
	cd results && sha256sum micota.tar.xz | tee micota.tar.xz.sha256

power: setup  ## how many problems and seeds a study needs to see 2, 4 and 6 points
	$(BIN)/python -m scripts.power --claims reference/study/tables/claims.csv --out-stem results/power
	cat results/power.md

smoke: setup  ## every stage on pico models and real problems, in minutes (DATA=folder: from local copies)
	$(SNAKEMAKE) --cores $(CORES) --configfile config/smoke.yaml $(if $(DATA),--config data_folder=$(DATA))

plan: setup  ## jobs, GPU-hours, wall time, disk, memory and downloads of a study (STUDY=paper GPUS=8 PILOT=results/paper_pilot)
	$(SNAKEMAKE) --dag --cores 1 --configfile $(FILES) $(if $(DATA),--config data_folder=$(DATA)) | $(BIN)/python -m scripts.plan \
		--configs $(FILES) --cores $(CORES) $(if $(GPUS),--gpus $(GPUS)) $(if $(PILOT),--pilot $(PILOT)) $(if $(ASSUME),--assume $(ASSUME))

pilot: setup  ## a small share of a study, by whose timings `make plan` is calibrated (STUDY=paper SHARE=0.01)
	$(BIN)/python -m scripts.pilot --configs $(FILES) --share $(SHARE) --out results/$(STUDY)_pilot.yaml
	$(SNAKEMAKE) --cores $(CORES) --configfile $(FILES) results/$(STUDY)_pilot.yaml $(if $(DATA),--config data_folder=$(DATA))
	$(MAKE) plan STUDY=$(STUDY) PILOT=results/$(STUDY)_pilot

pin: setup  ## put today's commits in the place of `revision: unresolved` (STUDY=paper; needs the hub)
	$(BIN)/python -m scripts.pin --config config/$(STUDY).yaml
	$(if $(filter paper,$(STUDY)),$(BIN)/python -m scripts.deviations)

# Several files of CONFIG are laid over each other, as Snakemake does it.
preflight: setup  ## look a study over before any GPU is asked for (CONFIG="config/mine.yaml" or STUDY=paper; GPU_GB=80 DATA=folder PROFILE=profiles/slurm)
	$(BIN)/python -m scripts.preflight --config $(or $(CONFIG),$(FILES)) $(if $(GPU_GB),--gpu-gb $(GPU_GB)) \
		$(if $(DATA),--data-folder $(DATA)) $(if $(PROFILE),--profile $(PROFILE))

deviations: setup  ## make docs/deviations.md and docs/provenance.md from config/paper.yaml and docs/deviations.yaml
	$(BIN)/python -m scripts.deviations

score: setup  ## score a model trained elsewhere in a study's tables (MODEL=folder, or hub repository with REVISION=commit)
	@[ -n "$(MODEL)" ] || { echo "error: say which model: make score MODEL=folder-or-repository STUDY=$(STUDY)"; exit 2; }
	$(SNAKEMAKE) --cores $(CORES) results/$(STUDY)/tables/main.md figures/$(STUDY)/accuracy.png --configfile $(FILES) \
		--config scored='{$(NAME): {source: $(if $(wildcard $(MODEL)),local$(COMMA) path: "$(MODEL)",hub$(COMMA) repo: "$(MODEL)"$(COMMA) revision: "$(REVISION)")}}'
	cat results/$(STUDY)/tables/main.md

# Both work on a copy, so that the study's own corpora and models are not older than what they were made from.
regrade: setup  ## grade a study's completions again, and make its tables and figures again: the same ones (STUDY=mini)
	$(call again,regraded,models cot corpora alignment sizes,grade judge)

reevaluate: setup  ## sample again from a study's checkpoints, then as regrade; nothing is trained (STUDY=mini)
	$(call again,reevaluated,models corpora alignment sizes,merge sample grade judge)

# A study's named results under another name, the named rules run on them, and the tables compared.
define again
	rm -rf results/$(1) figures/$(1) && mkdir -p results/$(1)
	for part in $(2); do ln -s ../$(STUDY)/$$part results/$(1)/$$part; done
	cp -a results/$(STUDY)/problems results/$(1)/ && rm -f results/$(1)/problems/gold.json
	$(SNAKEMAKE) --cores $(CORES) --quiet --allowed-rules all $(3) $(FROM_LOGS) --configfile $(FILES) --config study=$(1) \
		$(if $(DATA),data_folder=$(DATA))
	$(BIN)/python -m scripts.same_tables --fresh results/$(1)/tables --reference results/$(STUDY)/tables
endef

verify: setup  ## compare the miniature's results with reference/mini
	$(BIN)/python -m scripts.verify --fresh results/mini/tables --reference reference/mini/tables

reference: setup  ## make the miniature's last results the reference
	rm -rf reference/mini/tables reference/mini/figures && mkdir -p reference/mini
	cp -r results/mini/tables reference/mini/tables
	mkdir reference/mini/figures && cp figures/mini/*.png reference/mini/figures/
	$(BIN)/python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json > reference/mini/cost.md
	$(BIN)/python -m scripts.example --out reference/mini/example.json \
		--corpora $(foreach corpus,short mid long,$(corpus)=results/mini/corpora/$(corpus).jsonl)
	$(BIN)/python -m scripts.readme

study-reference: setup  ## make the last confirmation run the reference: its logs, tables and figures
	rm -rf reference/study && mkdir -p reference/study/figures
	$(BIN)/python -m scripts.logs pack --results results/study --archive reference/study/logs.tar.xz
	cp -r results/study/tables reference/study/tables
	$(BIN)/python -m scripts.figure_front --table results/study/tables/sizes.csv --out-stem figures/study/front
	cp figures/study/*.png reference/study/figures/
	$(BIN)/python -m scripts.cost --benchmarks results/study/benchmarks --seconds reference/study/seconds.json > reference/study/cost.md
	$(BIN)/python -m scripts.readme

bases: setup  ## pre-train the miniature's base models from scratch, into reference/mini/bases
	$(SNAKEMAKE) --cores $(CORES) $(foreach base,$(BASES),results/mini_bases/models/$(base)) \
		--configfile $(LAYERS) --config study=mini_bases from_scratch=True
	rm -rf $(foreach base,$(BASES),reference/mini/bases/$(base)) && mkdir -p reference/mini/bases
	cp -r $(foreach base,$(BASES),results/mini_bases/models/$(base)) reference/mini/bases/
	rm -f reference/mini/bases/*/.snakemake_timestamp

test: setup-test  ## run the tests
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-slurm: setup-test  ## the smoke study through Slurm, two nodes on this machine (installs Debian's slurm-wlm; needs root)
	bash tests/slurm/install.sh
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/slurm

test-cuda-build:  ## what only the CUDA builds can show, on a machine without a GPU (8.5 GB more, into .venv-cuda)
	$(MAKE) setup TORCH=cuda VENV=.venv-cuda
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 .venv-cuda/bin/python -m pytest tests/cuda

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
	bash envs/lock.sh

clean:  ## remove every result and figure
	find results figures -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

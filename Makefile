# Thin: every line is a command a person could type. `make` lists the targets.
SHELL  := bash
.SHELLFLAGS := -o pipefail -c
CORES  ?= all
STUDY  ?= mini
VENV   ?= .venv
NAME   := scored
SHARE  ?= 0.01
BASES  := tiny small medium large
# The confirmation run is laid over the miniature; SEEDS=[101] runs one of its seeds, FROM_SCRATCH=True pre-trains too.
LAYERS  = config/mini.yaml config/study.yaml
FILES   = $(if $(filter study controls,$(STUDY)),$(LAYERS) $(filter config/controls.yaml,config/$(STUDY).yaml),$(if $(filter map rivals,$(STUDY)),config/mini.yaml) config/$(STUDY).yaml)
WITH_DATA = $(if $(DATA),--config data_folder='$(DATA)')
CONFIRM = --configfile $(LAYERS) --config from_scratch=$(or $(FROM_SCRATCH),False) $(if $(SEEDS),seeds='$(SEEDS)') $(if $(CHAINS),only_chains='$(CHAINS)')
# What students wait for goes before what only tables do: most jobs come after it. (Snakemake's other scheduler, ilp,
# cannot reckon with a target's priority: it is infinite.)
# A study with chains has a mid of each, and students of one chain to train while another's corpora are made.
CHAINED = $(shell grep -hE '^chains: *\[ *[0-9]' $(if $(filter demo,$@),config/mini.yaml,$(LAYERS)))
FIRST = --scheduler greedy $(if $(CHAINED),,--prioritize results/$(if $(filter demo,$@),mini,$@)/corpora/mid.jsonl)
# cpu, or cuda for NVIDIA GPUs: what was installed last, unless said otherwise.
TORCH  ?= $(shell cat $(VENV)/torch 2>/dev/null || echo cpu)
ifeq ($(filter cpu cuda,$(TORCH)),)
$(error TORCH=$(TORCH): not one of cpu, cuda)
endif

BIN       := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake
# A line a job; the time left is foretold from what the demo's reference run took.
FOLLOW    := 2>&1 | $(BIN)/python -m scripts.follow --seconds reference/mini/seconds.json
export TOKENIZERS_PARALLELISM := false
# Of the user's settings of Python and Snakemake none reaches a target: they name other packages, profiles and places.
unexport $(filter-out PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX,$(filter PYTHON% SNAKEMAKE%,$(.VARIABLES)))
export PYTHONNOUSERSITE := 1

# Snakemake writes to the user's cache, and where it can't it stops with a traceback. Models in there can still be read.
UNWRITABLE := $(shell d=$${XDG_CACHE_HOME:-$$HOME/.cache}; was=$$d; \
	until [ -e "$$d" ] || [ "$$d" = . ]; do d=$$(dirname "$$d"); done; [ -d "$$d" ] && [ -w "$$d" ] || echo "$$was")
ifneq ($(UNWRITABLE),)
$(warning $(UNWRITABLE): the cache (XDG_CACHE_HOME, or .cache in HOME) can't be written to; taken in its place: .snakemake/cache)
export HF_HOME ?= $(UNWRITABLE)/huggingface
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif

# What each target can be told, beside VENV, PYTHON and TORCH. Anything else on the command line is refused.
KNOWS_demo       := CORES
KNOWS_study      := CORES SEEDS FROM_SCRATCH
KNOWS_controls   := CORES SEEDS FROM_SCRATCH
KNOWS_map        := CORES CHAINS FROM_SCRATCH
KNOWS_rivals     := CORES CHAINS FROM_SCRATCH
KNOWS_tables     := CORES
KNOWS_score      := STUDY CORES DATA MODEL REVISION NAME PUBLISHED
KNOWS_export     := STUDY FORMAT RESULTS
KNOWS_cards      := STUDY
KNOWS_regrade    := STUDY CORES DATA
KNOWS_reevaluate := STUDY CORES DATA
KNOWS_smoke      := CORES DATA
KNOWS_plan       := STUDY CORES DATA GPUS PILOT ASSUME
KNOWS_pilot      := STUDY CORES DATA SHARE
KNOWS_pin        := STUDY
KNOWS_check-results := STUDY
KNOWS_compare    := A B OUT
KNOWS_clean      := STUDY
KNOWS_preflight  := STUDY DATA CONFIG GPU_GB PROFILE
KNOWS_bases      := CORES
KNOWS_draws      := CORES
GOALS := $(basename $(or $(MAKECMDGOALS),help))
KNOWN := $(foreach goal,$(GOALS),$(KNOWS_$(goal)))
TOLD  := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(filter-out VENV PYTHON TORCH $(KNOWN),$(TOLD))
ifneq ($(UNKNOWN),)
$(error $(UNKNOWN): not known to make $(GOALS), which takes: $(or $(strip $(KNOWN)),nothing)$(shell python3 scripts/near.py $(firstword $(UNKNOWN)) '$(KNOWN)' $(foreach name,$(filter KNOWS_%,$(.VARIABLES)),$(addprefix $(name:KNOWS_%=%)=,$($(name)))) 2>/dev/null))
endif
ifeq ($(filter all,$(CORES))$(shell [[ '$(CORES)' =~ ^[1-9][0-9]*$$ ]] && echo number),)
$(error CORES=$(CORES): give a number, or all)
endif
ifneq ($(and $(filter STUDY,$(KNOWN)),$(filter-out clean,$(GOALS))),)
ifeq ($(or $(CONFIG),$(wildcard $(lastword $(FILES)))),)
$(error STUDY=$(STUDY): there is no $(lastword $(FILES)); there are: $(basename $(notdir $(wildcard config/*.yaml))))
endif
endif
ifneq ($(findstring :,$(CURDIR))$(findstring {,$(CURDIR))$(findstring },$(CURDIR)),)
$(error $(CURDIR): the folder's path has one of : { } in it, which PATH and Snakemake would misread: move or rename it)
endif

# Targets that empty a folder and fill it again: one at a time, or the second would take the first one's files away.
ALONE = $(BIN)/python -m scripts.alone --name $@ $(MAKE) --no-print-directory $@.locked
# The last words of a run: its main table, three plain sentences, and where to look.
end = $(BIN)/python -m scripts.show_main --results results/$(1) --figures figures/$(1)
there = [ -e $(1) ] || { echo "error: $(1) is not there: run the study first" >&2; exit 2; }

# The rules that read nothing but the per-sample logs, and those that take seconds without them.
FROM_LOGS := load_problems clean_problems check_gold manifest report_page \
             $(addprefix table_,method main published scores gold claims summary assistants corpora likelihood lengths sizes map rivals filter repetition contamination errors styles predictors) \
             $(addprefix figure_,method accuracy claims merge lengths likelihood yield sizes map rivals predictors)

# test.lock holds all of cpu.lock, and gpu.lock all that the tests need: see envs/install.sh.
# Where tests are asked for too, one installation does for both.
TESTED         := $(filter setup-test test test-report test-slurm check format,$(MAKECMDGOALS))
INSTALLED      := $(if $(filter cuda,$(TORCH)),gpu,$(if $(TESTED)$(wildcard $(VENV)/test.installed),test,cpu))
INSTALLED_TEST := $(if $(filter cuda,$(TORCH)),gpu,test)

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-viewers setup-docs docs named-python demo study controls map rivals tables archive power export cards score regrade reevaluate compare check-results smoke plan preflight pilot pin unlock deviations verify draws reference study-reference bases test test-report test-slurm test-cuda-build check format lock clean

help:  ## list the targets
	@awk -f scripts/help.awk Makefile scripts/help.txt

setup: $(VENV)/$(INSTALLED).installed  ## install the locked environment into .venv

setup-test: $(VENV)/$(INSTALLED_TEST).installed  ## the same, and what the tests and checks need

setup-viewers: $(VENV)-viewers/viewers.installed  ## Inspect's package, in an environment of its own beside .venv (365 MB)

$(VENV)-viewers/viewers.installed: envs/install.sh envs/settings.sh envs/viewers.lock
	VENV=$(VENV)-viewers PYTHON=$(PYTHON) bash envs/install.sh viewers

setup-docs: $(VENV)-docs/docs.installed  ## what `make docs` builds with, in an environment of its own beside .venv (210 MB)

$(VENV)-docs/docs.installed: envs/install.sh envs/settings.sh envs/docs.lock
	VENV=$(VENV)-docs PYTHON=$(PYTHON) bash envs/install.sh docs

# A Python that is named (PYTHON=python3.12) is held against that of .venv each time.
$(VENV)/%.installed: envs/install.sh envs/settings.sh $(wildcard envs/*.lock) $(if $(PYTHON),named-python)
	VENV=$(VENV) PYTHON=$(PYTHON) bash envs/install.sh $*

demo: setup  ## the whole study in miniature, from raw problems to tables, figures and report
	$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml $(FIRST) $(FOLLOW)
	[ -f figures/mini/workflow.html ] && ! find results/mini/tables figures/mini -type f -newer figures/mini/workflow.html | grep -q . || { \
		report=figures/mini/.workflow.$$$$.html; trap 'rm -f $$report' EXIT; \
		$(SNAKEMAKE) --cores $(CORES) --configfile config/mini.yaml --report $$report --quiet && mv $$report figures/mini/workflow.html; }
	@$(call end,mini)

study: setup  ## the confirmation run: all seeds and student sizes, fresh problems, verdicts (SEEDS=[101]: one seed)
controls: LAYERS += config/controls.yaml
controls: setup  ## what else could explain the study's results: equal tokens, other teachers, other masks, variance budget
map: LAYERS = config/mini.yaml config/map.yaml
map: setup  ## accuracy by student size and CoT length, and by the number of traces (CHAINS=[1]: one chain, the others can follow)
rivals: LAYERS = config/mini.yaml config/rivals.yaml
rivals: setup  ## what competes with MiCoTA: other merges, mixtures, pruned traces, no filter (CHAINS=[401]: one chain)
study controls map rivals:
	$(SNAKEMAKE) --cores $(CORES) $(CONFIRM) $(FIRST) $(FOLLOW)
	@$(call end,$@)

tables: setup  ## every table and figure of the confirmation run again, from its committed per-sample logs
	@$(ALONE)
tables.locked:
	rm -rf results/archived figures/archived
	$(BIN)/python -m scripts.logs unpack --archive reference/study/logs.tar.xz --results results/archived
	$(SNAKEMAKE) --cores $(CORES) $(CONFIRM) study=archived --allowed-rules all $(FROM_LOGS) $(FOLLOW)
	@$(call end,archived)
	$(BIN)/python -m scripts.same_tables --fresh results/archived/tables --reference reference/study/tables

# In a container the folder may be another user's, which git refuses unless it is told.
GIT = git -c safe.directory='*'
archive: setup  ## one checksummed bundle of the committed project, logs and bases included, ready for a DOI (results/micota.tar.xz)
	@[ "$$($(GIT) rev-parse --show-toplevel 2>&1)" = "$$(pwd -P)" ] || \
		{ echo "error: this folder is no git repository, and the bundle is of what is committed: archive from a clone" >&2; exit 2; }
	@$(GIT) diff --quiet HEAD || { echo "error: commit or stash your changes first; the bundle is of what is committed" >&2; exit 2; }
	folder=$$(mktemp -d results/.archive.XXXXXX) && trap 'rm -rf "$$folder"' EXIT && \
		$(GIT) archive --prefix=micota/ HEAD | tar -x -C "$$folder" && \
		$(BIN)/python -m scripts.zenodo --citation "$$folder/micota/CITATION.cff" \
			--claims "$$folder"/micota/reference/*/tables/claims.csv --out "$$folder/micota/.zenodo.json" && \
		(cd "$$folder/micota" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) > "$$folder/SHA256SUMS" && \
		$(GIT) archive --prefix=micota/ --add-file="$$folder/micota/.zenodo.json" --add-file="$$folder/SHA256SUMS" HEAD | xz > "$$folder/micota.tar.xz" && \
		mv "$$folder/micota.tar.xz" results/micota.tar.xz
	cd results && sha256sum micota.tar.xz | tee micota.tar.xz.sha256

# Other harnesses' viewers; Inspect's package stands in an environment of its own.
FORMAT  = lm-eval
RESULTS = results/$(STUDY)
export: $(if $(filter inspect,$(FORMAT)),setup-viewers,setup)  ## a study's graded traces for other viewers (FORMAT=lm-eval, or inspect for `inspect view`; RESULTS=results/regraded)
	@$(call there,$(RESULTS)/study.json)
	$(if $(filter inspect,$(FORMAT)),$(VENV)-viewers/bin,$(BIN))/python -m scripts.export --study $(RESULTS)/study.json \
		--results $(RESULTS) --format $(FORMAT) --out $(RESULTS)_$(FORMAT)

cards: setup  ## the cards of a study's models (README.md beside each), with its scores (STUDY=mini)
	$(BIN)/python -m scripts.cards --results results/$(STUDY)

power: setup  ## how many problems and chains a study needs to see 2, 4 and 6 points, and what so many would find
	$(BIN)/python -m scripts.power --claims reference/study/tables/claims.csv --out-stem results/power

smoke: setup  ## every stage on pico models and real problems (DATA=folder: from local copies)
	$(SNAKEMAKE) --cores $(CORES) --configfile config/smoke.yaml $(WITH_DATA) $(FOLLOW)

plan: setup  ## jobs, GPU-hours, wall time, disk, memory and downloads of a study (STUDY=paper GPUS=8 PILOT=results/paper_pilot)
	@$(PLAN)
define PLAN
graph=$$($(SNAKEMAKE) --dag --cores 1 --configfile $(FILES) $(WITH_DATA)) && $(BIN)/python -m scripts.plan --configs $(FILES) --cores $(CORES) \
	$(if $(GPUS),--gpus $(GPUS)) $(if $(PILOT),--pilot $(PILOT)) $(if $(ASSUME),--assume $(ASSUME)) <<< "$$graph"
endef

pilot: setup  ## a small share of a study, by whose timings `make plan` is calibrated (STUDY=paper SHARE=0.01)
	@$(ALONE)
pilot.locked: PILOT = results/$(STUDY)_pilot
pilot.locked:
	$(BIN)/python -m scripts.pilot --configs $(FILES) --share $(SHARE) --out $(PILOT).yaml
	$(SNAKEMAKE) --cores $(CORES) --configfile $(FILES) $(PILOT).yaml $(WITH_DATA) $(FOLLOW)
	@$(PLAN)

pin: setup  ## put today's commits in the place of `revision: unresolved` (STUDY=paper; needs the hub)
	$(BIN)/python -m scripts.pin --config config/$(STUDY).yaml
	$(if $(filter paper,$(STUDY)),$(BIN)/python -m scripts.deviations)

# Several files of CONFIG are laid over each other, as Snakemake does it.
preflight: setup  ## look a study over before any GPU is asked for (CONFIG="config/mine.yaml" or STUDY=paper; GPU_GB=80 DATA=folder PROFILE=profiles/slurm)
	$(BIN)/python -m scripts.preflight --config $(or $(CONFIG),$(FILES)) $(if $(GPU_GB),--gpu-gb $(GPU_GB)) \
		$(if $(DATA),--data-folder '$(DATA)') $(if $(PROFILE),--profile $(PROFILE))

deviations: setup  ## make docs/deviations.md and docs/provenance.md from config/paper.yaml and docs/deviations.yaml
	$(BIN)/python -m scripts.deviations
score: setup  ## score a model trained elsewhere beside a study that has run (MODEL=folder, or hub repository with REVISION=commit; PUBLISHED=row of others' numbers)
	@[ -n "$(MODEL)" ] || { echo "error: say which model: make score MODEL=folder-or-repository STUDY=$(STUDY)" >&2; exit 2; }
	@$(ALONE)
score.locked: SCORED = $(foreach table,main $(if $(PUBLISHED),published),results/$(STUDY)_scored/tables/$(table).md)
score.locked:
	$(BIN)/python -m scripts.score --configs $(FILES) --model '$(MODEL)' --revision '$(REVISION)' --name $(NAME) --out results/$(STUDY)_scored.yaml \
		$(if $(PUBLISHED),--published '$(PUBLISHED)')
	$(BIN)/python -m scripts.offshoot --keep --study $(STUDY) --name $(STUDY)_scored --parts models cot graded problems corpora
	$(SNAKEMAKE) --cores $(CORES) $(SCORED) figures/$(STUDY)_scored/accuracy.png $(WITH_DATA) --configfile $(FILES) results/$(STUDY)_scored.yaml \
		--allowed-rules base_model sample grade table_main table_published table_corpora figure_accuracy $(FOLLOW)
	cat $(SCORED)

# Both work on a copy, so that the study's own corpora and models are not older than what they were made from.
# A study that has not run here is graded again from its committed logs.
LOGS = reference/$(STUDY)/logs.tar.xz
FROM = $(STUDY)
regrade: setup  ## grade a study's completions again, and make its tables and figures again: the same ones (STUDY=mini)
	@$(ALONE)
regrade.locked: FROM = $(STUDY)$(if $(wildcard results/$(STUDY)),,$(if $(wildcard $(LOGS)),_logs))
regrade.locked:
	[ $(FROM) = $(STUDY) ] || { rm -rf results/$(FROM) && \
		$(BIN)/python -m scripts.logs unpack --archive $(LOGS) --results results/$(FROM) && \
		cp -r reference/$(STUDY)/tables results/$(FROM)/tables; }
	$(call again,regraded,cot corpora likelihood problems --also models sizes,grade judge)

reevaluate: setup  ## sample again from a study's checkpoints, then as regrade; nothing is trained (STUDY=mini)
	@$(ALONE)
reevaluate.locked:
	$(call again,reevaluated,models corpora likelihood problems --also sizes,merge sample grade judge)

# A study's named results under another name, the named rules run on them, and the tables compared.
define again
	$(BIN)/python -m scripts.offshoot --study $(FROM) --name $(1) --parts $(2) --but problems/gold.json
	$(SNAKEMAKE) --cores $(CORES) --allowed-rules all $(3) $(FROM_LOGS) --configfile $(FILES) --config study=$(1) \
		$(if $(DATA),data_folder='$(DATA)') $(FOLLOW)
	$(BIN)/python -m scripts.same_tables --fresh results/$(1)/tables --reference results/$(FROM)/tables
endef

compare: setup  ## two studies or runs side by side (A=results/mini B=results/mine, or reference/study; OUT=results/compare.html)
	$(BIN)/python -m scripts.compare --a '$(A)' --b '$(B)' --out '$(or $(OUT),results/compare.html)'

check-results: setup  ## is every result of a study as it was made? (STUDY=mini)
	$(BIN)/python -m scripts.check_results --results results/$(STUDY) --figures figures/$(STUDY)

unlock: setup  ## after a run that ended elsewhere, or otherwise than in order: take Snakemake's locks away, if no run is alive
	$(SNAKEMAKE) --unlock --cores 1 --configfile config/mini.yaml

verify: setup  ## compare the miniature's results with reference/mini
	$(BIN)/python -m scripts.verify --results results/mini --reference reference/mini

DRAWS := 1 2 3 4 5 6
draws: setup  ## the miniature with six other seeds, from whose spread verify judges another kind of CPU
	for number in $(DRAWS); do \
		$(BIN)/python -m scripts.draw --configs config/mini.yaml --number $$number --out results/mini_draw$$number.yaml && \
		$(SNAKEMAKE) --cores $(CORES) --configfile results/mini_draw$$number.yaml $(FOLLOW) || exit; done
	$(BIN)/python -m scripts.draws --reference reference/mini/tables --out reference/mini/draws.csv \
		--draws $(foreach number,$(DRAWS),results/mini_draw$(number)/tables)

reference: setup  ## make the miniature's last results the reference
	@$(call there,results/mini/manifest.json)
	rm -rf reference/mini/tables reference/mini/figures && mkdir -p reference/mini
	cp -r results/mini/tables reference/mini/tables && rm -f reference/mini/tables/summary.md && cp results/mini/study.json reference/mini/
	mkdir reference/mini/figures && cp figures/mini/*.png reference/mini/figures/
	$(BIN)/python -m scripts.fingerprint --manifest results/mini/manifest.json --out reference/mini/fingerprint.json
	$(BIN)/python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json > reference/mini/cost.md
	$(BIN)/python -m scripts.example --out reference/mini/example.json \
		--corpora $(foreach corpus,short mid long,results/mini/corpora/$(corpus).jsonl)
	$(BIN)/python -m scripts.readme

study-reference: setup  ## make the last confirmation run the reference: its logs, tables and figures
	@$(call there,results/study/manifest.json)
	rm -rf reference/study && mkdir -p reference/study/figures
	$(BIN)/python -m scripts.logs pack --results results/study --archive reference/study/logs.tar.xz
	cp -r results/study/tables reference/study/tables && rm -f reference/study/tables/summary.md && cp results/study/study.json reference/study/
	$(BIN)/python -m scripts.figures front --table results/study/tables/sizes.csv --figures figures/study
	cp figures/study/*.png reference/study/figures/
	$(BIN)/python -m scripts.cost --benchmarks results/study/benchmarks > reference/study/cost.md
	$(BIN)/python -m scripts.readme

bases: setup  ## pre-train the miniature's base models from scratch, into reference/mini/bases
	$(SNAKEMAKE) --cores $(CORES) $(foreach base,$(BASES),results/mini_bases/models/$(base)) \
		--configfile $(LAYERS) --config study=mini_bases from_scratch=True $(FOLLOW)
	rm -rf $(foreach base,$(BASES),reference/mini/bases/$(base)) && mkdir -p reference/mini/bases
	cp -r $(foreach base,$(BASES),results/mini_bases/models/$(base)) reference/mini/bases/
	rm -f reference/mini/bases/*/.snakemake_timestamp
	$(BIN)/python -m scripts.cards --models reference/mini/bases/*

# The tests of a file share what they run on: a file is one worker's.
test: setup-test  ## run the tests, on two cores
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slurm: setup-test  ## the smoke study through Slurm, two nodes on this machine (installs Debian's slurm-wlm; needs root)
	bash tests/slurm/install.sh
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/slurm

PLAYWRIGHT := $(VENV)-browser
test-report: setup-test  ## the report in headless Chromium, offline (installs Playwright, and Debian's chromium where it is missing; that needs root)
	bash tests/browser/install.sh $(BIN)/python $(PLAYWRIGHT)
	PYTHONPATH=$(PLAYWRIGHT) HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/browser

test-cuda-build:  ## what only the CUDA builds can show, on a machine without a GPU (8.5 GB more, into .venv-cuda)
	$(MAKE) setup TORCH=cuda VENV=.venv-cuda
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 .venv-cuda/bin/python -m pytest tests/cuda

check: setup-test  ## ruff, mypy, snakefmt and Snakemake's linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow rules
	$(SNAKEMAKE) --lint --configfile config/mini.yaml

format: setup-test  ## put the code into the form that check asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow rules

docs: setup-docs  ## these pages as a site, to be opened from disk: site/index.html; every link is checked
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/python -m mkdocs build --strict

lock: setup  ## compile the locks and conda environments from envs/*.in
	bash envs/lock.sh

clean:  ## remove a study's results and figures (STUDY=mini; STUDY=all: of every study)
	@bash scripts/remove.sh '$(if $(filter command,$(firstword $(origin STUDY))),$(STUDY))'

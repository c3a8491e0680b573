"""What the rules share: the study, where its files lie, and the names they may have. All else is in micota/workflow."""

import sys
from pathlib import Path

# Of this file: the main Snakefile may be another one, which takes the workflow as a module.
PROJECT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(PROJECT))

from micota.common.faults import end_with_line
from micota.common.stages import VERSIONS
from micota.study import tasks
from micota.workflow.patterns import name_patterns
from micota.workflow import reads, resources, shapes, start, tables
from micota.workflow.paths import Paths

PROFILE = resources.read_profile(workflow.resource_settings)

try:
    STUDY = start.enter(workflow, config, PROFILE, PROJECT)
    shell.prefix(start.job_environment(workflow, STUDY, PROJECT))
except Exception as error:  # as a program says it: one line, and status 2
    end_with_line(error)

PATHS = Paths.of_study(STUDY.config.study)
GPUS = resources.Gpus(STUDY)

if "APPTAINER" in start.deployed(workflow):

    container: start.of_project(PROJECT, start.IMAGE)


wildcard_constraints:
    **name_patterns(STUDY),


def on_gpus(gpus, minutes):
    """Resources of a rule whose jobs take `gpus(wildcards)` GPUs and `minutes`."""
    return resources.gpu_resources(PROFILE, gpus, minutes)


def tune(wildcards):
    return STUDY.tunes[wildcards.tuned]


def merged(wildcards):
    return STUDY.merges[wildcards.merged]


def problems_of(wildcards):
    return PATHS.of("problems", tasks.sampled_datasets(STUDY, wildcards.model))


def corpus_reads(wildcards):
    """What a corpus is made from, by the flag of its program: micota/corpora/kinds."""
    return PATHS.below(STUDY.corpus(wildcards.corpus).reads(STUDY.around(wildcards.corpus)))


def shown(path, caption, category, label):
    """A file, and its place in the report if it has a label."""
    place = {"category": category, "labels": {category[:-1].lower(): label}}
    return report(path, caption=f"../report/{caption}.rst", **place) if label else path


def kept(path):
    """With `keep_merged: false` a merged model goes when all that read it are done; --notemp keeps it."""
    return directory(path) if STUDY.config.keep_merged else temp(directory(path))


onstart:
    start.before_first_job(workflow, STUDY)

"""What of a study's settings each rule's output hangs on: a change of it, and of nothing else, runs the rule again.

Every function gives builtin values in one dict: Snakemake drops all other types from what it compares, and two
parameters that swap their values would be no change to it.
"""

from typing import Any

from micota.common.settings import identity
from micota.models.settings import ScratchBase
from micota.problems.datasets import card
from micota.problems.settings import Dataset
from micota.study import tasks
from micota.study.graph import Study

Shape = dict[str, Any]


def arithmetic(study: Study) -> Shape:
    """Of jobs whose numbers it shapes; nothing where it is native."""
    return {} if study.config.arithmetic == "native" else {"arithmetic": study.config.arithmetic}


def problems(study: Study, dataset: str) -> Shape:
    block: Dataset = study.config.datasets[dataset]
    found = {key: value for key, value in identity(block).items() if key not in ("prompt", "stop", "rule")}
    path = tasks.local_copy(study, dataset)
    if path is None:
        return found
    # Read from here, whatever the hub has; its split says how many rows there must be.
    return found | {"path": path, "hub": {"split": block.hub.split} if block.hub else None}


def cleaning(study: Study, dataset: str) -> Shape:
    return identity(study.config.cleaning) | {"whole": dataset in study.config.benchmarks}


def gold(study: Study) -> Shape:
    """The gate asks what the data sets' files know of their golds: a corrected file opens it anew."""
    loaders = {study.config.datasets[name].loader for name in study.config.benchmarks}
    known = {loader: card(loader).model_dump(include={"raw_golds", "misprints"}) for loader in sorted(loaders)}
    return {"rules": study.rules, "timeout": study.config.grading.timeout, "known": known}


def base(study: Study, name: str) -> Shape:
    """A scratch base hangs on its recipe and prompt too."""
    block = study.base_block(name)
    found = identity(block) | arithmetic(study)
    if isinstance(block, ScratchBase):
        found |= {"recipe": recipe(study, block.recipe)}
    return found


def recipe(study: Study, name: str) -> Shape:
    """A recipe by what it says, not by its name, nor its prompt's."""
    return identity(study.recipe(name)) | {"prompt": identity(study.recipe_prompt(name))}


def training(study: Study, model: str) -> Shape:
    tune = study.tunes[model]
    return {"recipe": recipe(study, tune.recipe), "seed": tune.seed} | arithmetic(study)


def merging(study: Study, model: str) -> Shape:
    return identity(study.merges[model].merge) | {"dtype": study.config.merge_dtype}


def sampling(study: Study, model: str) -> Shape:
    return {
        "engine": identity(study.config.sampling.engine),
        "tasks": [identity(task) for task in tasks.tasks(study, model)],
        "shards": study.config.sampling.shards,
    } | arithmetic(study)


def judging(study: Study) -> Shape:
    judge = study.config.grading.judge
    if judge is None:
        return {}
    return identity(judge) | {
        "prompt": identity(study.prompt(judge.prompt)),
        "engine": identity(study.config.sampling.engine),
        "benchmarks": study.judged_benchmarks,
    }


def importing(study: Study, name: str) -> Shape:
    """How rows become traces, and of which rows: which traces are kept is the corpus' affair."""
    found = identity(study.corpus(name))
    shape = {key: found[key] for key in ("columns", "thinking", "solution", "begun") if key in found}
    source = problems(study, study.imports[name])
    return shape | {key: source[key] for key in ("path", "hub") if key in source}


def corpus(study: Study, name: str) -> Shape:
    return dict(identity(study.corpus(name)))


def likelihood(study: Study, base: str) -> Shape:
    block = study.config.likelihood
    asked = {"prompt": identity(study.prompt(block.prompt)), "dtype": study.config.sampling.engine.dtype}
    return {"corpora": study.likely(base)} | asked | arithmetic(study)


def whole(study: Study) -> Shape:
    """All that shapes any result."""
    return dict(identity(study.config))

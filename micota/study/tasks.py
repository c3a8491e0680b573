"""What each model of a study samples, with which prompt and decoding, and which data sets are kept apart."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from micota.common import contracts
from micota.common.contracts import Asked
from micota.common.errors import ConfigurationError
from micota.common.settings import explain
from micota.models.prompts import Prompt
from micota.problems.datasets import card, file_of
from micota.problems.source import Source, completed, source_of
from micota.sampling.engine import Decoding, Task
from micota.study.config import Asking
from micota.study.graph import Study


def sampled_datasets(study: Study, model: str) -> list[str]:
    """The data sets a model samples, training problems first."""
    config = study.config
    names: list[str] = []
    if model in study.corpus_samplers:
        names.append(config.training_problems)
    if config.validation_problems and model in study.validated:
        names.append(config.validation_problems)
    if model in study.evaluated:
        names += config.benchmarks
    if config.variance and model in budgeted(study):
        names.append(config.variance.dataset)
    return names


def budgeted(study: Study) -> list[str]:
    """The students whose variance is budgeted: of a corpus each mask seed, all training seeds."""
    variance = study.config.variance
    if variance is None:
        return []
    return [n for n, tune in study.students.items() if tune.base == variance.base and tune.corpus in variance.corpora]


def training_datasets(study: Study) -> list[str]:
    """The data sets that are learned from: the training problems, and those whose rows hold imported traces."""
    return list(dict.fromkeys([study.config.training_problems, *study.imports.values()]))


def cleaned_datasets(study: Study) -> list[str]:
    """The data sets whose duplicates and overlaps are counted: the training problems first, the benchmarks last."""
    config = study.config
    others = [config.validation_problems, config.variance.dataset if config.variance else None]
    return [*training_datasets(study), *filter(None, others), *config.benchmarks]


def kept_apart(study: Study, dataset: str) -> list[str]:
    """The data sets a data set may share no problem with: benchmarks stay whole, all else gives way to them."""
    config = study.config
    tests = [*config.benchmarks, *([config.variance.dataset] if config.variance else [])]
    if dataset in tests:
        return []
    validation = config.validation_problems
    return [*dict.fromkeys(tests), *([validation] if validation and dataset in training_datasets(study) else [])]


def use(study: Study, dataset: str) -> Literal["sampling", "validation", "evaluation"]:
    """What the traces of a data set are for: a corpus, the sweep, or a score."""
    if dataset == study.config.training_problems:
        return "sampling"
    return "validation" if dataset == study.config.validation_problems else "evaluation"


def local_copy(study: Study, dataset: str) -> str | None:
    """The file a data set is read from, or None where it comes from the hub or from a generator."""
    config, block = study.config, study.config.datasets[dataset]
    if block.path is None or (block.hub and config.data_folder is None):
        return None
    return str(Path(config.data_folder or "") / block.path)


def source(study: Study, dataset: str) -> Source:
    """Where the study reads the rows of a data set; UserError where a set of the hub is not pinned."""
    block = study.config.datasets[dataset]
    return completed(dataset, source_of(block, local_copy(study, dataset)), card(block.loader).hub)


def local_files(study: Study) -> list[str]:
    """The local copies of data sets that the study reads."""
    return list(dict.fromkeys(filter(None, (local_copy(study, name) for name in cleaned_datasets(study)))))


def sampling_task(study: Study, dataset: str) -> Task:
    """How one data set is put to a model and decoded."""
    sampling, variance = study.config.sampling, study.config.variance
    asking: Asking | None = sampling.evaluation
    if dataset == study.config.training_problems:
        asking = sampling.training
        if asking is None:
            raise ConfigurationError(f"sampling.training: it says how {dataset} is put to the samplers of corpora")
    elif variance and dataset == variance.dataset:
        asking = sampling.repeated
    elif dataset == study.config.validation_problems:
        asking = sampling.validation
    assert asking is not None  # checked on loading
    return task(study, dataset, dataset, asking)


def task(study: Study, label: str, dataset: str, asking: Asking) -> Task:
    """A data set under a name in the traces; prompt and stop strings of its block, then its file's, go before."""
    config, block = study.config, study.config.datasets[dataset]
    own = None if block.prompt else own_prompt(block.loader)
    stop = card(block.loader).stop if block.stop is None else block.stop
    decoding = Decoding(**{name: getattr(asking, name) for name in Decoding.model_fields})
    return Task(
        dataset=label,
        problems=dataset,
        prompt=own or config.prompts[block.prompt or asking.prompt],
        decoding=decoding if stop is None else decoding.but(stop=stop),
        deviation=config.prompt_deviations.get(use(study, dataset)),
    )


def own_prompt(loader: str) -> Prompt | None:
    """The prompt that a data set's file has for it."""
    prompt = card(loader).prompt
    try:
        return None if prompt is None else Prompt.model_validate(prompt)
    except ValidationError as error:
        raise ConfigurationError(
            f"{file_of(loader)}: PROMPT: {'; '.join(explain(f).strip() for f in error.errors())}"
        ) from None


def tasks(study: Study, model: str) -> list[Task]:
    """All that a model samples: its data sets, and the benchmarks by `protocols`."""
    found = [sampling_task(study, name) for name in sampled_datasets(study, model)]
    if (protocols := study.config.sampling.protocols) and model in study.evaluated:
        found += [task(study, label, name, protocols) for label, name in protocol_labels(study).items()]
    return found


def asked_for(study: Study, model: str, problems: Mapping[str, Path]) -> list[Iterator[Asked]]:
    """What each shard of a model's traces holds, in order; `problems`: data set -> its file.

    `micota.sampling.sample.items` deals the problems out.
    """
    wanted, shards = tasks(study, model), study.config.sampling.shards
    if missing := {task.problems for task in wanted} - problems.keys():
        raise ConfigurationError(f"--problems: {model} answers {', '.join(sorted(missing))} too; name their files")
    ids = {task.problems: [row["id"] for row in contracts.problems(problems[task.problems])] for task in wanted}

    def of_shard(shard: int) -> Iterator[Asked]:
        for task in wanted:
            for problem in ids[task.problems][shard::shards]:
                yield from ((task.dataset, problem, sample) for sample in range(task.decoding.n))

    return [of_shard(shard) for shard in range(shards)]


def protocol_labels(study: Study) -> dict[str, str]:
    """Name in the traces -> benchmark, of the decoding with several samples a problem; none if there is no such."""
    sampling = study.config.sampling
    if sampling.protocols:
        return {f"{name}@{sampling.protocols.n}": name for name in study.config.benchmarks}
    return {name: name for name in study.config.benchmarks} if sampling.evaluation.n > 1 else {}


def loaders(study: Study) -> dict[str, str]:
    """Benchmark -> the loader of its data set, whose file says how completions are read."""
    return {name: study.config.datasets[name].loader for name in study.config.benchmarks}


def corpus_loaders(study: Study) -> dict[str, str]:
    """Corpus -> the loader of the problems that its rows solve."""
    problems = {name: study.imports.get(name, study.config.training_problems) for name in study.config.corpora}
    return {name: study.config.datasets[dataset].loader for name, dataset in problems.items()}

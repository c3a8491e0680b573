"""The files and folders that a configuration names: where they are, and that they are there before anything runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from micota.common.errors import ConfigurationError
from micota.study.config import Config
from micota.study.graph import Study
from micota.study.tasks import cleaned_datasets, local_copy


def located(config: Config, project: Path) -> Config:
    """The configuration of a run that may start outside the project: a relative path leads there, or into the project.

    `project` is the checkout's folder. Where both have such a file, the one in the current folder is taken.
    """

    def found(path: str | None, seeds: Sequence[int] = (0,)) -> str | None:
        example = (path or "").replace("{seed}", str(seeds[0]))
        return str(project / path) if path and not Path(example).exists() and (project / example).exists() else path

    def moved(block: Any, *keys: str) -> Any:
        seeds = getattr(block, "seeds", ()) or [getattr(block, "seed", 0)]
        return block.model_copy(update={key: found(getattr(block, key), seeds) for key in keys if hasattr(block, key)})

    if project.resolve() == Path.cwd():
        return config
    blocks = {part: getattr(config, part) for part in ("bases", "external_models")}
    update: dict[str, Any] = {
        part: {name: moved(block, "path", "pretrained") for name, block in named.items()}
        for part, named in blocks.items()
    }
    if config.data_folder is None:
        update["datasets"] = {name: moved(block, "path") for name, block in config.datasets.items()}
    return config.model_copy(update={**update, "data_folder": found(config.data_folder)})


def check_paths(study: Study) -> None:
    """Raise UserError that lists every local path of the configuration at which there is nothing to read.

    Snakemake looks for the inputs of the jobs that it runs. Where a study's results are there, it runs none: a path
    that leads nowhere would go unseen, and the results of an earlier one be shown.
    """
    if missing := list(faults(study)):
        raise ConfigurationError("the configuration names what is not there:\n" + "\n".join(missing))


def faults(study: Study) -> Iterator[str]:
    """A line for each wrong path: its key, the path, what to do."""
    config = study.config
    if config.data_folder is not None and not Path(config.data_folder).is_dir():
        yield f"  data_folder: {config.data_folder}: no such folder (of the data sets' local copies)"
        return
    for name in cleaned_datasets(study):
        path = local_copy(study, name)
        if path is not None and not Path(path).is_file():
            yield f"  datasets.{name}.path: {path}: no such file"
    for name in study.bases:
        for path in study.base_files(name):
            if not Path(path).is_file():
                block = "external_models" if name in config.external_models else "bases"
                key = "path" if study.base_block(name).source == "local" else "pretrained"
                yield f"  {block}.{name}.{key}: {path}: no such file, so {Path(path).parent} is no model's folder"

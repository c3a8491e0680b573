"""What of a study's models and data sets is at hand: local folders and files, the hub's cache, or the hub itself.

Weights are never downloaded here: of a model on the hub its configuration, tokenizer and card are looked at. The checks
of micota/preflight/models.py look at a `Scene` and yield findings.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import constants

from micota.common.errors import UserError
from micota.common.hub import NotFetched, reason, snapshot
from micota.common.records import Record, read_json
from micota.models.folders import FILES, NOT_FETCHED, check_folder, has_weights
from micota.models.settings import HubBase, LocalBase, ScratchBase
from micota.models.tokenizer import load_tokenizer
from micota.planning.assumptions import assumed
from micota.planning.costs import Workload
from micota.planning.model_sizes import ModelSizes
from micota.problems.loading import load_block
from micota.problems.source import Source, source_of
from micota.sampling.engine import Task
from micota.study import tasks
from micota.study.graph import Study

LIGHT = [name for name in FILES if not name.endswith(".safetensors")]
State = Literal["ok", "warn", "FAIL", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One line of the table; `words` say what was found, and where it is not ok what to do."""

    check: str
    subject: str
    state: State
    words: str


@dataclass
class Model:
    """A base of the study, as far as it is at hand: without a folder, `fault` or `absent` says why there is none."""

    name: str
    key: str  # its block in the configuration
    folder: Path | None = None
    config: Record = field(default_factory=dict)  # config.json, of the language model where it has several parts
    tokenizer: Any = None
    fault: str | None = None
    absent: str | None = None

    @property
    def has_weights(self) -> bool:
        return self.folder is not None and has_weights(self.folder)


def find_model(study: Study, name: str) -> Model:
    """Look for a base, check its folder, read its configuration and tokenizer; nothing is raised."""
    block = (study.config.bases | study.config.external_models)[name]
    model = Model(name, f"{'bases' if name in study.config.bases else 'external_models'}.{name}")
    try:
        folder = folder_of(block, model.key)
        if folder is None:
            model.absent = "the study pre-trains it from scratch"
            return model
        if not isinstance(block, HubBase) or constants.HF_HUB_OFFLINE:
            check_folder(folder)  # else what is missing will be downloaded
        config = read_json(folder / "config.json")
        model.config = config | config.get("text_config", {})
        model.tokenizer = load_tokenizer(folder)
        model.folder = folder
    except NotFetched as error:
        model.absent = str(error)
    except UserError as error:
        model.fault = str(error)
    except (OSError, ValueError, KeyError, ImportError) as error:  # a tokenizer that transformers cannot load
        model.fault = f"{model.key}: the tokenizer does not load ({reason(error)}); fetch its files again"
    return model


def folder_of(block: LocalBase | HubBase | ScratchBase, key: str) -> Path | None:
    """Where a base's files lie; None for one that is yet to be made. Raises as micota.common.hub.snapshot does."""
    if isinstance(block, LocalBase):
        return Path(block.path)
    if isinstance(block, HubBase):
        return snapshot("model", block.repo, block.revision, key, LIGHT, NOT_FETCHED)
    return Path(block.pretrained) if block.pretrained else None


def read_from(study: Study, dataset: str) -> Source:
    """Where a data set's rows are, as the study reads them."""
    return source_of(study.config.datasets[dataset], tasks.local_copy(study, dataset))


def find_problems(study: Study, dataset: str) -> list[Record] | UserError:
    """The problems of a data set, read and checked as the study does, or what is wrong: NotFetched, or a fault."""
    try:
        return load_block(dataset, study.config.datasets[dataset], read_from(study, dataset))
    except UserError as error:
        return error


@dataclass
class Scene:
    """A study, and what of it is at hand; models and problems are looked for once."""

    study: Study
    gpu_bytes: float
    results: Path = Path("results")
    profile: Path | None = None

    @cached_property
    def models(self) -> dict[str, Model]:
        return {name: find_model(self.study, name) for name in self.study.bases}

    @cached_property
    def at_hand(self) -> dict[str, Model]:
        return {name: model for name, model in self.models.items() if model.folder}

    @cached_property
    def loaded(self) -> dict[str, list[Record] | UserError]:
        return {name: find_problems(self.study, name) for name in tasks.cleaned_datasets(self.study)}

    @cached_property
    def problems(self) -> dict[str, list[Record]]:
        return {name: found for name, found in self.loaded.items() if isinstance(found, list)}

    @cached_property
    def workload(self) -> Workload:
        """As the plan has it; what a job writes, and what it needs of a GPU, do not hang on the assumed speeds."""
        return Workload(self.study, True, assumed(True), results=self.results)

    @property
    def sizes(self) -> ModelSizes:
        return self.workload.sizes

    @cached_property
    def samplers(self) -> dict[str, list[Task]]:
        """Base -> the tasks that it, or a model made from it, samples; each prompt and data set once."""
        found: dict[str, dict[Any, Task]] = {}
        for model in self.study.models:
            for task in tasks.tasks(self.study, model):
                key = (task.problems, task.prompt, task.decoding.max_tokens)
                found.setdefault(self.sizes.base_of(model), {}).setdefault(key, task)
        return {base: list(asked.values()) for base, asked in found.items()}

    @cached_property
    def recipes(self) -> dict[tuple[str, str], str]:
        """(Base, recipe) -> a model that is trained so."""
        return {(tune.base, tune.recipe): name for name, tune in reversed(self.study.tunes.items())}

"""The closed schema of a study's configuration: every key, its meaning and its type.

A misspelt key is an error that names it, and so is a number that YAML read as a string (`1e-5`; YAML wants
`1.0e-5`). `python -m scripts.config --schema` prints the schema, `--config FILE` checks a file.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from micota.common.errors import ConfigurationError
from micota.common.settings import EXECUTION, Closed, Name, Names, Seed, each_once, explain, laid_over
from micota.corpora.kinds import Corpus
from micota.grading.settings import Grading
from micota.models.merge_methods import MergeSweep
from micota.models.prompts import Prompt
from micota.models.settings import Base, Finished
from micota.problems.settings import Cleaning, Dataset
from micota.sampling.engine import Decoding, EngineSettings
from micota.study.asked import Claims, Likelihood, Map, Published, Rivals, Sizes, Variance
from micota.study.typed import at, place_of, put, with_types
from micota.training.settings import TrainingSettings

SEEDS = 100  # that a chain has for each thing it draws
ChainNumber = Annotated[int, Field(ge=0, lt=2**32 // SEEDS)]  # its seeds are what every library takes


class Training(TrainingSettings):
    """A fine-tuning recipe: the settings of the training, its prompt, and the threads that it takes."""

    prompt: Name
    threads: Annotated[
        int,
        Field(
            ge=1,
            description="CPU threads of each process, at most as many as there are cores; scratch bases take one",
            json_schema_extra=EXECUTION,
        ),
    ] = 1

    @property
    def settings(self) -> TrainingSettings:
        """What the trainer is told."""
        return TrainingSettings(**{name: getattr(self, name) for name in TrainingSettings.model_fields})


class Tuned(Closed):
    """A model fine-tuned before the students: the teacher assistant, and a miniature's teacher."""

    base: Name
    corpus: Name
    recipe: Name
    seed: Seed = 0


class Asking(Decoding):
    """How problems are put to a model, and its completions drawn, for one purpose."""

    prompt: Name = Field(description="a name of `prompts`")


class Sampling(Closed):
    engine: EngineSettings
    shards: int = Field(1, ge=1, description="jobs that share one model's problems")
    training: Asking | None = Field(
        None, description="traces of the training problems; not needed where no model of the study writes a corpus"
    )
    validation: Asking | None = Field(None, description="the merge sweep")
    repeated: Asking | None = Field(None, description="several samples a problem, for the variance budget")
    evaluation: Asking = Field(description="the benchmarks")
    protocols: Asking | None = Field(
        None, description="several samples of each benchmark problem beside the evaluation: avg@k, pass@k, maj@k"
    )

    @model_validator(mode="after")
    def has_one_decoding_of_several_samples(self) -> Self:
        if self.protocols and self.protocols.n < 2:
            raise ValueError("protocols: it needs n of 2 or more samples a problem")
        if self.protocols and self.evaluation.n > 1:
            raise ValueError("protocols: the evaluation has several samples a problem already; leave one of the two")
        return self


class Students(Closed):
    renamed: ClassVar[dict[str, str]] = {"more": "extra_corpora"}

    bases: Names = Field(min_length=1)
    corpora: Names
    extra_corpora: dict[Name, Names] = Field(
        {}, description="further corpora of single student bases: {base: [corpus]}"
    )
    oracle: Names = Field(
        [],
        description="procedural corpora that every student base learns from as well, as an upper bound that no method"
        " has; their names begin with oracle, by which tables and figures tell them apart",
    )
    recipe: Name
    proposed: Name = Field(description="the corpus that is compared with every other one (MiCoTA's)")


class Config(Closed):
    """One study."""

    renamed: ClassVar[dict[str, str]] = {"alignment": "likelihood", "scored": "external_models"}

    study: Name
    chains: Annotated[list[ChainNumber], AfterValidator(each_once)] = Field(
        [],
        description="whole draws of the method: each has its own teacher, assistant, mask and students, with seeds of"
        " 100 x chain + the seed that stands here",
    )
    only_chains: list[ChainNumber] = Field(
        [], description="run these of `chains` alone, each as it is among all of them; none: run all"
    )
    seeds: list[Seed] = Field(min_length=1, description="training seeds of the students, within each chain")
    from_scratch: bool = Field(False, description="pre-train every from-scratch base, whatever `pretrained` offers")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="cuda: jobs that need GPUs ask the cluster for them, and stop where torch finds too few;"
        " cpu: no GPU is used; auto: one that is there is used",
        json_schema_extra=EXECUTION,
    )
    arithmetic: Literal["native", "portable"] = Field(
        "native",
        description="portable: on CPUs, only instructions that every x86 has, so that kinds of CPU differ less; a"
        " training takes about three times as long",
    )
    data_folder: str | None = Field(
        None, description="folder of the data sets' local copies, instead of the hub", json_schema_extra=EXECUTION
    )
    datasets: dict[Name, Dataset]
    training_problems: Name
    validation_problems: Name | None = None
    benchmarks: list[Name] = Field(min_length=1)
    cleaning: Cleaning = Cleaning()
    prompts: dict[Name, Prompt]
    prompt_deviations: dict[Literal["sampling", "validation", "evaluation"], str] = Field(
        {}, description="deviation id for prompts that differ from the training prompt on purpose, by what they are for"
    )
    bases: dict[Name, Base]
    tuned: dict[Name, Tuned] = Field({})
    merges: list[MergeSweep] = Field([])
    merge_dtype: Literal["float32", "bfloat16"] = "float32"
    keep_merged: bool = Field(
        True,
        description="false: a merged model goes when it has been sampled (made again in minutes, see --notemp)",
        json_schema_extra=EXECUTION,
    )
    check_disk: bool = Field(
        True, description="false: a run starts also where its results seem to have no room", json_schema_extra=EXECUTION
    )
    corpora: dict[Name, Corpus]
    students: Students
    external_models: dict[Name, Finished] = Field(
        {}, description="models trained elsewhere, scored beside the students"
    )
    sampling: Sampling
    training: dict[Name, Training]
    grading: Grading = Grading()
    likelihood: Likelihood
    claims: Claims | None = Field(None, description="no claims, no verdicts")
    sizes: Sizes | None = None
    map: Map | None = Field(None, description="no map of accuracy by student size and CoT length")
    rivals: Rivals | None = None
    variance: Variance | None = None
    published: Published | None = Field(None, description="none, no table of others' numbers")


def parse_config(raw: dict[str, Any], typed: Mapping[str, Any] | None = None) -> Config:
    """Check a configuration; UserError lists every fault by key, with what was found and what to do.

    `typed` is the part of `raw` that stands on Snakemake's command line, where all is text. It is read as the number,
    truth value or null that it looks like, and stays a text only where the schema asks for one (a commit may be all
    digits).
    """
    read = with_types(typed or {})
    if empty := [key for key, value in read.items() if value == {}]:
        raise ConfigurationError(
            f"{empty[0]}: {{}} changes nothing, since blocks are merged; {empty[0]}=null switches it off"
        )
    config, faults = validated(laid_over(raw, read))
    if wrong := [fault["loc"] for fault in faults if fault["type"] == "string_type"]:
        for place in filter(None, (place_of(loc, read) for loc in wrong)):
            put(read, place, at(typed, place))
        config, faults = validated(laid_over(raw, read))
    if config is None:
        raise ConfigurationError("the configuration has faults:\n" + "\n".join(map(explain, faults)))
    return config


def validated(raw: dict[str, Any]) -> tuple[Config | None, list[Any]]:
    """The checked configuration, or the faults that pydantic found."""
    try:
        return Config.model_validate(raw), []
    except ValidationError as error:
        return None, list(error.errors())

"""The closed schema of a study's configuration: every key, its meaning and its type.

A misspelt key is an error that names it, and so is a number that YAML read as a string (`1e-5`; YAML wants
`1.0e-5`). `python -m scripts.config --schema` prints the schema, `--config FILE` checks a file.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from micota.common.cli import UserError
from micota.common.settings import NUMBER, Closed, Name, Names, Seed, StopString, each_once, explain
from micota.models.places import check_places
from micota.sampling.engine import EngineSettings
from micota.training.settings import TrainingSettings

WORDS = {"null": None, "~": None, "true": True, "false": False}  # of YAML, in any case
INTEGER = re.compile(r"[-+]?[0-9]+")


UserPrompt = Annotated[str, AfterValidator(lambda text: check_places(text, user=True))]
SystemPrompt = Annotated[str, AfterValidator(lambda text: check_places(text, user=False))]


class Hub(Closed):
    """A data set on the Hugging Face Hub, at a pinned revision."""

    repo: str
    config: str | None = None
    split: str
    revision: str = Field(description="a commit; `unresolved` where it could not be looked up yet")


class Arithmetic(Closed):
    """Procedural problems: see micota/problems/arithmetic.py."""

    part: Literal["train", "validation", "test"]
    count: int = Field(ge=1)
    seed: Seed
    operations: list[Annotated[int, Field(ge=1, le=8)]] = Field(min_length=1)
    bound: int = Field(ge=9)


class LeaveOut(Closed):
    """Rows of a source that are no problems here; left out, and counted by rule in the report of the data set."""

    no_answer: bool | None = Field(
        None,
        description="true: the answer is empty, or says that there is none (proof, notfound, none); false: `none` and "
        "the like are answers; null: such a row is an error",
    )
    pictures: bool = Field(False, description="the problem shows a picture, which a text model does not see")
    where: dict[str, Annotated[list[str | int | float | bool | None], Field(min_length=1)]] = Field(
        {}, description="a column of the source -> the values whose rows are left out"
    )


class Dataset(Closed):
    """Problems of one source: a local file, a hub data set, or the procedural generator."""

    loader: str = Field(description="a loader of micota/problems/datasets, or `arithmetic`")
    path: str | None = Field(
        None, description="a local copy; taken if there is no `hub`, or where `data_folder` is set"
    )
    hub: Hub | None = None
    sha256: str | None = Field(
        None, description="content of the set, before its sample is drawn, instead of the one its loader knows"
    )
    limit: int | None = Field(None, ge=1, description="a seeded sample of this many problems")
    seed: Seed = 0
    leave_out: LeaveOut | None = Field(None, description="none: a row without an answer is an error")
    options: Arithmetic | None = Field(None, description="of the procedural loader")
    prompt: Name | None = Field(None, description="evaluation prompt of this benchmark, where it has its own")
    stop: list[StopString] | None = Field(None, description="stop strings of this benchmark, where it has its own")
    rule: Literal["string", "last_number"] = Field(
        "string", description="the paper's rule for this benchmark: the last box as a string, or GSM8K's last number"
    )


class PromptTemplate(Closed):
    """How a problem is put to a model."""

    user: UserPrompt = Field(description="holds {problem}, once")
    system: SystemPrompt | None = Field(None, description="as it stands: a problem has its place in `user`")
    chat: bool = Field(True, description="false: the text is passed raw, without a chat template")


class Shape(Closed):
    hidden_size: int = Field(ge=1)
    intermediate_size: int = Field(ge=1)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)


class Training(TrainingSettings):
    """A fine-tuning recipe: the settings of the training, its prompt, and the threads that it takes."""

    prompt: Name
    threads: Annotated[
        int,
        Field(
            ge=1, description="CPU threads of each process, at most as many as there are cores; scratch bases take one"
        ),
    ] = 1


class Demonstrations(Closed):
    """Procedural CoT: what base models and the strong teacher of a miniature are trained on."""

    count: int = Field(ge=1)
    operations: list[Annotated[int, Field(ge=1, le=8)]] = Field(min_length=1)
    bound: int = Field(ge=9)
    verbose_share: float = Field(ge=0, le=1)
    verbosity: list[Annotated[float, Field(ge=0)]] = Field(min_length=2, max_length=2)
    second_pass: Literal["short", "decomposed"] = "short"


class LocalBase(Closed):
    source: Literal["local"]
    path: str


class HubBase(Closed):
    source: Literal["hub"]
    repo: str
    revision: str


class ScratchBase(Closed):
    """A base model of a miniature: a random Qwen2, pre-trained on procedural demonstrations."""

    source: Literal["scratch"]
    pretrained: str | None = Field(None, description="folder of the finished model, taken if its recipe is this one")
    seed: Seed
    shape: Shape
    demonstrations: Demonstrations
    recipe: Name = Field(description="a recipe of `training`")


Base = Annotated[LocalBase | HubBase | ScratchBase, Field(discriminator="source")]
Finished = Annotated[LocalBase | HubBase, Field(discriminator="source")]


class Tuned(Closed):
    """A model fine-tuned before the students: the teacher assistant, and a miniature's teacher."""

    base: Name
    corpus: Name
    recipe: Name
    seed: Seed = 0


class MergeSweep(Closed):
    """A tuned model merged with its own base: one merged model per weight, density and mask seed."""

    tuned: Name
    method: Literal["dare_ties", "dare_linear", "linear"] = "dare_ties"
    weights: list[Annotated[float, Field(ge=0)]] = Field(min_length=1)
    densities: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        min_length=1, description="share of the delta that is kept (drop rate = 1 - density)"
    )
    seeds: list[Seed] = Field(min_length=1)


class Procedural(Closed):
    kind: Literal["demonstrations"]
    demonstrations: Demonstrations
    seed: Seed


class Sampled(Closed):
    kind: Literal["sampled"]
    keep: Literal["correct", "finished", "all"] = Field(
        "correct",
        description="finished: wrong traces too; all: also truncated ones, of which no end token is taught or scored",
    )
    sampler: str = Field(description="the model that writes the traces")
    only_if_solved_by: Annotated[list[str], AfterValidator(each_once)] = Field(
        [], description="keep a problem only if all these models solved it as well"
    )
    max_tokens: int | None = Field(None, ge=1, description="drop longer traces")
    special_tokens: Literal["drop", "strip", "keep"] = Field(
        "drop", description="of traces with special tokens in their text: drop them, strip the tokens, keep both"
    )


class Mixed(Closed):
    kind: Literal["mixed"]
    shares: dict[Name, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="share of the problems that each corpus answers"
    )
    seed: Seed = 0


class Matched(Closed):
    """A part of another corpus, made comparable with further ones: an arm that holds a confound fixed."""

    kind: Literal["matched"]
    of: Name = Field(description="the corpus that the rows are taken from")
    problems_of: Names = Field([], description="keep the problems that all these corpora hold as well")
    match: Literal["examples", "tokens"] | None = Field(None, description="cut at random to the size of `to`")
    to: Name | None = Field(None, description="the corpus whose number of examples or tokens is not to be exceeded")
    seed: Seed = Field(0, description="of the choice of problems")


class Chosen(Closed):
    """Auto-mid: one of several sampled corpora, chosen by a rule that looks at training problems only."""

    kind: Literal["chosen"]
    candidates: Names = Field(min_length=2, description="sampled corpora, such as one a merge weight")
    by: Literal["length", "nll"] = Field(
        description="length: mean tokens nearest those of `between`; nll: lowest per token under `base`"
    )
    between: list[Name] = Field(
        [],
        max_length=2,
        description="by length: the corpus that gives the target, or two, then it is their geometric mean",
    )
    base: Name | None = Field(None, description="by NLL: the untrained student")
    floor: float = Field(
        0.0, ge=0, le=1, description="a candidate must solve this share of what the best candidate solves"
    )


Corpus = Annotated[Procedural | Sampled | Mixed | Matched | Chosen, Field(discriminator="kind")]


class Decoding(Closed):
    """How completions are drawn for one purpose."""

    prompt: Name
    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    n: int = Field(1, ge=1, description="samples a problem")
    max_tokens: int = Field(ge=1)
    stop: list[StopString] = Field([])
    seed: Seed = 0


class Sampling(Closed):
    engine: EngineSettings
    shards: int = Field(1, ge=1, description="jobs that share one model's problems")
    training: Decoding = Field(description="traces of the training problems")
    validation: Decoding | None = Field(None, description="the merge sweep")
    repeated: Decoding | None = Field(None, description="several samples a problem, for the variance budget")
    evaluation: Decoding
    protocols: Decoding | None = Field(
        None, description="several samples of each benchmark problem beside the evaluation: avg@k, pass@k, maj@k"
    )


class Students(Closed):
    bases: Names
    corpora: Names
    more: dict[Name, Names] = Field({}, description="further corpora of single student bases: {base: [corpus]}")
    recipe: Name
    proposed: Name = Field(description="the corpus that is compared with every other one (MiCoTA's)")


class Part(Closed):
    """One contrast: a weighted sum of measured values, and the sign that the claim gives it."""

    measure: Literal["accuracy", "validation_accuracy", "validation_tokens", "nll_per_token", "nll_per_trace"] = Field(
        description="accuracy: students on the benchmarks, in points; validation_*: merge sweep, in points and tokens;"
        " nll_*: corpora under the untrained student `base`, in nats"
    )
    contrast: dict[str, float] = Field(
        min_length=2, description="weight of each student (without its seed), model of the sweep, or corpus"
    )
    base: Name | None = Field(None, description="of an NLL: the untrained student")
    expected: Literal["positive", "negative"] = Field(description="the contrast's sign if the claim is right")
    margin: float = Field(0.0, ge=0, description="how far on the wrong side still counts as right (non-inferiority)")


class Claim(Closed):
    """A statement of the paper. With several parts it is right only if every one of them is."""

    text: str
    parts: list[Part] = Field(min_length=1)
    published: float | None = Field(None, description="the paper's effect, in the unit and sign of the only part")


class Claims(Closed):
    """What the study is to judge: a family, within which Holm's method holds the error at `alpha`."""

    alpha: float = Field(0.05, gt=0, lt=1)
    power: float = Field(0.8, gt=0, lt=1, description="of the minimum detectable effect")
    family: dict[Name, Claim] = Field(min_length=1)


class Sizes(Closed):
    """The gap by student size: `corpus` minus `against` for each pair, on every student base that has both."""

    gaps: Annotated[list[Annotated[list[Name], Field(min_length=2, max_length=2)]], AfterValidator(each_once)] = Field(
        min_length=1
    )


class Variance(Closed):
    """The variance budget of one student's score."""

    base: Name
    corpora: Names = Field(min_length=2, description="one a mask seed, otherwise alike")
    dataset: Name = Field(description="problems that these students answer several times (sampling.repeated)")


class Alignment(Closed):
    """Likelihood of each corpus under the untrained students."""

    corpora: Names
    prompt: Name
    batch_size: int = Field(32, ge=1)


class Published(Closed):
    """Numbers of others, printed beside ours in tables/published."""

    file: str = Field(
        description="CSV: name, student, trained_on, and a column each benchmark and `average`, in percent"
    )
    benchmarks: dict[Name, str] = Field(description="our benchmark -> the file's column that is nearest to it")
    beside: dict[str, str] = Field(
        {},
        description="our row of the main table, {student}-{corpus} or elsewhere-{scored model} -> `name` in the file",
    )


class JudgeModel(Closed):
    """The second step of the paper's evaluation: a language model looks at the boxes that the string rule rejects."""

    model: Name = Field(description="a model of `bases`")
    prompt: Name = Field(description="its text holds {problem}, {answer} (the gold answer) and {extracted}")
    max_tokens: int = Field(20, ge=1)


class Grading(Closed):
    timeout: float = Field(10.0, gt=0, description="seconds an answer may take, enforced by killing the worker")
    workers: int = Field(1, ge=1)
    judge: JudgeModel | None = Field(None, description="no judge, no score by rule and judge in tables/scores")


class Cleaning(Closed):
    ngram: int = Field(13, ge=0, description="words in a shared n-gram that counts as overlap; 0: no n-gram does")
    near: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Jaccard similarity of runs of three words from which on problems are near-duplicates; 0: none are",
    )


class Config(Closed):
    """One study."""

    study: Name
    seeds: list[Seed] = Field(min_length=1, description="training seeds of the students")
    from_scratch: bool = Field(False, description="pre-train every from-scratch base, whatever `pretrained` offers")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="cuda: jobs that need GPUs ask the cluster for them, and stop where torch finds too few;"
        " cpu: no GPU is used; auto: one that is there is used",
    )
    arithmetic: Literal["native", "portable"] = Field(
        "native",
        description="portable: on CPUs, only instructions that every x86 has, so that kinds of CPU differ less; a"
        " training takes about three times as long",
    )
    data_folder: str | None = Field(None, description="folder of the data sets' local copies, instead of the hub")
    datasets: dict[Name, Dataset]
    training_problems: Name
    validation_problems: Name | None = None
    benchmarks: list[Name] = Field(min_length=1)
    cleaning: Cleaning = Cleaning()
    prompts: dict[Name, PromptTemplate]
    prompt_deviations: dict[Literal["sampling", "validation", "evaluation"], str] = Field(
        {}, description="deviation id for prompts that differ from the training prompt on purpose, by what they are for"
    )
    bases: dict[Name, Base]
    tuned: dict[Name, Tuned] = Field({})
    merges: list[MergeSweep] = Field([])
    merge_dtype: Literal["float32", "bfloat16"] = "float32"
    keep_merged: bool = Field(
        True, description="false: a merged model goes when it has been sampled (made again in minutes, see --notemp)"
    )
    corpora: dict[Name, Corpus]
    students: Students
    scored: dict[Name, Finished] = Field({}, description="models trained elsewhere, scored beside the students")
    sampling: Sampling
    training: dict[Name, Training]
    grading: Grading = Grading()
    alignment: Alignment
    claims: Claims | None = Field(None, description="no claims, no verdicts")
    sizes: Sizes | None = None
    variance: Variance | None = None
    published: Published | None = Field(None, description="none, no table of others' numbers")


def laid_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Two configurations as Snakemake merges them: blocks key by key, everything else as the upper one has it."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def parse_config(raw: dict[str, Any], typed: Mapping[str, Any] | None = None) -> Config:
    """Check a configuration; UserError lists every fault by key, with what was found and what to do.

    `typed` is the part of `raw` that stands on Snakemake's command line, where nothing that is nested has a type: of
    `--config 'merges=[{weights: [0.4]}]'` Snakemake makes the text '0.4'. Such texts are read as the number, truth
    value or null that they look like, and stay texts only where the schema asks for one (a commit may be all digits).
    """
    read = with_types(typed or {})
    if empty := [key for key, value in read.items() if value == {}]:
        raise UserError(f"{empty[0]}: {{}} changes nothing, since blocks are merged; {empty[0]}=null switches it off")
    config, faults = validated(laid_over(raw, read))
    if wrong := [fault["loc"] for fault in faults if fault["type"] == "string_type"]:
        for place in filter(None, (place_of(loc, read) for loc in wrong)):
            put(read, place, at(typed, place))
        config, faults = validated(laid_over(raw, read))
    if config is None:
        raise UserError("the configuration has faults:\n" + "\n".join(map(explain, faults)))
    return config


def validated(raw: dict[str, Any]) -> tuple[Config | None, list[Any]]:
    """The checked configuration, or the faults that pydantic found."""
    try:
        return Config.model_validate(raw), []
    except ValidationError as error:
        return None, list(error.errors())


def with_types(tree: Any) -> Any:
    """A tree of texts in which null, truth values and numbers, as YAML 1.2 writes them, are what they look like."""
    if isinstance(tree, Mapping):
        return {key: with_types(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [with_types(value) for value in tree]
    if not isinstance(tree, str):
        return tree
    if tree.lower() in WORDS:
        return WORDS[tree.lower()]
    if INTEGER.fullmatch(tree):
        return int(tree)
    return float(tree) if NUMBER.fullmatch(tree) else tree


def place_of(loc: tuple[int | str, ...], tree: Any) -> list[int | str]:
    """The keys that lead to where pydantic found a fault; none if the tree has no single value there.

    Between the keys pydantic names the kind of a block that may be of several kinds; such names are left out.
    """
    place: list[int | str] = []
    for key in loc:
        if key in keys_of(tree):
            place.append(key)
            tree = tree[key]
    return [] if keys_of(tree) else place


def keys_of(tree: Any) -> Any:
    """The keys of a block, the positions of a list; none of a single value."""
    return range(len(tree)) if isinstance(tree, list) else tree if isinstance(tree, Mapping) else ()


def at(tree: Any, place: list[int | str]) -> Any:
    """The value at a place."""
    for key in place:
        tree = tree[key]
    return tree


def put(tree: Any, place: list[int | str], value: Any) -> None:
    """Set the value at a place."""
    at(tree, place[:-1])[place[-1]] = value

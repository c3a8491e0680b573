"""What a study says of its data sets: where they are, what is left out, how they are cleaned, procedural problems."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from micota.common.settings import Closed, Name, Seed, StopString

# The two text rules of the paper's evaluation: the last box as a string, or GSM8K's last number.
Rule = Literal["string", "last_number"]


class Hub(Closed):
    """A data set on the Hugging Face Hub, at a pinned revision."""

    repo: str
    config: str | None = None
    split: str
    revision: str = Field(description="a commit; `unresolved` where it could not be looked up yet")


class Arithmetic(Closed):
    """Procedural problems: see micota/problems/arithmetic.py."""

    part: Literal["train", "validation", "test"] = Field(description="no problem is in two of them")
    count: int = Field(ge=1, description="problems")
    seed: Seed = Field(description="of their choice")
    operations: list[Annotated[int, Field(ge=1, le=8)]] = Field(
        min_length=1, description="steps of a problem; each number of them gets an equal share"
    )
    bound: int = Field(ge=9, description="no value of a chain is larger")


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


Column = Annotated[str, Field(min_length=1)]


class Columns(Closed):
    """What a source calls the columns that hold problems and answers; all others stay behind."""

    problem: Column | None = Field(None, description="the column of the problem's text (none: `problem`)")
    messages: Column | None = Field(
        None,
        description="instead of `problem`: the column of a conversation (role and content, or from and value), whose"
        " first question is the problem",
    )
    answer: Column | None = Field(None, description="the column of the answer alone (none: `answer`)")
    boxed: Column | None = Field(
        None,
        description="instead of `answer`: the column of a solution, or a conversation, whose last box holds the answer",
    )
    id: Column | None = Field(None, description="the column of the source's own id, kept as `source_id`")

    @model_validator(mode="after")
    def names_each_once(self) -> Self:
        for one, other in (("problem", "messages"), ("answer", "boxed")):
            if getattr(self, one) and getattr(self, other):
                raise ValueError(f"{other}: it stands instead of `{one}`; give one of the two")
        return self


class Dataset(Closed):
    """Problems of one source: a local file, a hub data set, or the procedural generator."""

    loader: str = Field(description="a file of micota/problems/datasets, without its ending")
    path: str | None = Field(
        None, description="a local copy; taken if there is no `hub`, or where `data_folder` is set"
    )
    hub: Hub | None = None
    sha256: str | None = Field(
        None, description="content of the set, before its sample is drawn, instead of the one its file knows"
    )
    limit: int | None = Field(None, ge=1, description="a seeded sample of this many problems")
    seed: Seed = 0
    columns: Columns | None = Field(
        None, description="of the loader `plain`: where a source has other columns than `problem` and `answer`"
    )
    leave_out: LeaveOut | None = Field(None, description="none: a row without an answer is an error")
    options: Arithmetic | None = Field(None, description="of the procedural loader")
    prompt: Name | None = Field(
        None, description="evaluation prompt of this benchmark; none: its file's, or that of `sampling`"
    )
    stop: list[StopString] | None = Field(
        None, description="stop strings of this benchmark; none: its file's, or those of `sampling`"
    )
    rule: Rule | None = Field(
        None,
        description="the paper's rule for this benchmark: the last box as a string, or GSM8K's last number; none: its"
        " file's",
    )

    @model_validator(mode="after")
    def has_what_its_loader_takes(self) -> Self:
        if (self.loader == "arithmetic") != (self.options is not None):
            raise ValueError("options: the arithmetic loader needs them, no other takes them")
        if self.columns and self.loader != "plain":
            raise ValueError("columns: the loader plain takes them alone; a loader with a file knows its own")
        return self


class Cleaning(Closed):
    longest: int = Field(
        100_000,
        ge=1,
        description="characters of a problem; a longer one is dropped: the longest of five benchmarks has 4,415, and a"
        " context of 32,768 tokens holds no hundred thousand",
    )
    ngram: int = Field(13, ge=0, description="words in a shared n-gram that counts as overlap; 0: no n-gram does")
    near: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Jaccard similarity of runs of three words from which on problems are near-duplicates; 0: none are",
    )


class Demonstrations(Closed):
    """Procedural CoT: what base models and the strong teacher of a miniature are trained on."""

    count: int = Field(ge=1, description="demonstrations")
    operations: list[Annotated[int, Field(ge=1, le=8)]] = Field(
        min_length=1, description="steps of a problem; each number of them is equally likely"
    )
    bound: int = Field(ge=9, description="no value of a chain is larger")
    verbose_share: float = Field(ge=0, le=1, description="share that is not in the short style")
    verbosity: list[Annotated[float, Field(ge=0)]] = Field(
        min_length=2, max_length=2, description="of that share, between these two: 0 is the short style, 1 the longest"
    )
    second_pass: Literal["short", "decomposed"] = Field(
        "short", description="style of the second pass over a chain, which very verbose ones have"
    )

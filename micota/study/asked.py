"""What a study is asked: claims, gap by size, variance budget, map, rivals, likelihood, numbers of others."""

from math import fsum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from micota.common.settings import ROUNDING, Closed, Name, Names, each_once

ALMOST = 1e-6  # sums of weights
UNDER_A_BASE = ("nll_per_token", "nll_per_trace", "tokens_per_trace")  # measures read from likelihoods
SOLVED = "solved"  # the measure read from corpora


class Part(Closed):
    """One contrast: a weighted sum of measured values, and the sign that the claim gives it."""

    measure: Literal[
        "accuracy",
        "validation_accuracy",
        "validation_tokens",
        "nll_per_token",
        "nll_per_trace",
        "tokens_per_trace",
        "solved",
    ] = Field(
        description="accuracy: students on the benchmarks, in points; validation_*: merge sweep, in points and tokens;"
        " nll_*, tokens_per_trace: corpora under the untrained student `base`, in nats and its tokens; solved: of the"
        " training problems those that a corpus' sampler solved, in points"
    )
    contrast: dict[str, float] = Field(
        min_length=2, description="weight of each student (without its seed), model of the sweep, or corpus"
    )
    base: Name | None = Field(None, description="of an NLL or tokens_per_trace: the untrained student")
    expected: Literal["positive", "negative"] | None = Field(
        None, description="the contrast's sign if the claim is right; an estimate has none"
    )
    margin: float = Field(0.0, ge=0, description="how far on the wrong side still counts as right (non-inferiority)")
    equivalence: float | None = Field(
        None, gt=0, description="how far from 0, on either side, an effect counts as none; stated before the data"
    )
    benchmarks: dict[Name, float] | None = Field(
        None, min_length=1, description="of an accuracy: weight of each benchmark; equal ones unless given"
    )
    unit: str | None = Field(None, description="of the contrast, where it is not its measure's: points per size rank")

    @model_validator(mode="after")
    def is_a_contrast(self) -> Self:
        total = fsum(self.contrast.values())
        if abs(total) > ALMOST:  # it would not be 0 where its terms are equal
            raise ValueError(f"contrast: the weights add up to {total:g}; they must to 0")
        if (self.base is not None) != (self.measure in UNDER_A_BASE):
            raise ValueError(f"base: {', '.join(UNDER_A_BASE)} need it, no other measure takes it")
        return self

    @model_validator(mode="after")
    def weighs_benchmarks(self) -> Self:
        if self.benchmarks is None:
            return self
        if self.measure != "accuracy":
            raise ValueError("benchmarks: only an accuracy is measured on them; leave it out")
        total = fsum(self.benchmarks.values())
        if min(abs(total), abs(total - 1)) > ALMOST:
            raise ValueError(f"benchmarks: the weights add up to {total:g}; to 1 for a mean, to 0 for a comparison")
        if 0 in self.benchmarks.values():
            raise ValueError("benchmarks: a weight of 0; leave that benchmark out")
        return self


class Claim(Closed):
    """A statement of the paper, or one of ours. With several parts it is right only if every one of them is."""

    text: str
    parts: list[Part] = Field(min_length=1)
    published: float | None = Field(None, description="the paper's effect, in the unit and sign of the only part")
    whose: Literal["paper", "ours"] = Field("paper", description="who says so")
    kind: Literal["test", "estimate"] = Field(
        "test", description="estimate: effect and interval without a verdict, outside Holm's family"
    )

    @model_validator(mode="after")
    def has_one_effect(self) -> Self:
        if self.published is not None and len(self.parts) > 1:
            raise ValueError("published: an effect can be stated for a claim of one part only")
        return self

    @model_validator(mode="after")
    def says_what_it_tests(self) -> Self:
        for number, part in enumerate(self.parts):
            if self.kind == "test" and part.expected is None:
                raise ValueError(f"parts.{number}.expected: missing; a claim without a test is `kind: estimate`")
            if self.kind == "estimate" and (part.expected or part.margin or part.equivalence):
                raise ValueError(f"parts.{number}: an estimate has no expected, margin or equivalence; leave them out")
        if len({part.equivalence is None for part in self.parts}) > 1:
            raise ValueError("equivalence: every part of a claim needs it, or none")
        return self


class Claims(Closed):
    """What the study is to judge: a family, within which Holm's method holds the error at `alpha`."""

    alpha: float = Field(0.05, gt=0, lt=1)
    power: float = Field(0.8, gt=0, lt=1, description="of the minimum detectable effect")
    family: dict[Name, Claim] = Field(min_length=1)


class Sizes(Closed):
    """The gap by student size: `corpus` minus `against` for each pair, on every student base that has both."""

    gaps: Annotated[list[Annotated[Names, Field(min_length=2, max_length=2)]], AfterValidator(each_once)] = Field(
        min_length=1
    )


class Axis(Closed):
    """Corpora that differ in the length of their CoT, and which of them is short, mid and long."""

    corpora: Names = Field(
        min_length=2, description="of the students; their order is that of their length, not this one"
    )
    short: Name
    mid: Name
    long: Name

    @model_validator(mode="after")
    def compares_its_own(self) -> Self:
        for key in ("short", "mid", "long"):
            if getattr(self, key) not in self.corpora:
                raise ValueError(f"{key}: {getattr(self, key)} is none of `corpora`")
        return self


class Map(Closed):
    """Accuracy by student size and CoT length: tables/map, tables/map_best, tables/map_trend."""

    weights: Axis = Field(description="sampled corpora, such as one a merge weight")
    oracle: Axis | None = Field(None, description="corpora of `students.oracle`, one a verbosity")
    traces: Names = Field([], description="corpora that differ in the number of their traces, not in the length")

    @property
    def axes(self) -> dict[str, list[str]]:
        """The corpora of each axis that is there."""
        found = {"weights": self.weights.corpora, "oracle": self.oracle.corpora if self.oracle else []}
        return {name: corpora for name, corpora in (found | {"traces": self.traces}).items() if corpora}


class Family(Closed):
    """A rival of the proposed corpus: its candidates, of which validation chooses one."""

    label: str = Field(min_length=1, description="what tables and figures call it")
    corpora: Names = Field([], description="candidates that students are trained on")
    merges_of: Name | None = Field(
        None, description="every merge of this tuned model is a candidate, scored as it is: its base is the student"
    )

    @model_validator(mode="after")
    def has_candidates(self) -> Self:
        if bool(self.corpora) == (self.merges_of is not None):
            raise ValueError("corpora: name the candidates, or the tuned model whose merges they are (merges_of)")
        return self


class Rivals(Closed):
    """What competes with the proposed corpus. All candidates answer the validation problems and the benchmarks.

    The rule, written before any result: of a family's candidates the one with the highest accuracy on the validation
    problems, mean over chains and seeds, is compared; of equals the one that writes shorter traces there.
    """

    proposed: Name = Field(description="the corpus that every family is compared with (MiCoTA's)")
    bases: Names = Field(min_length=1, description="student bases")
    families: dict[Name, Family] = Field(min_length=1)
    unfiltered: dict[Name, Name] = Field(
        {},
        description="corpus -> the same without a filter across samplers: with `proposed`, how much of its lead over"
        " the others the filter is",
    )

    @model_validator(mode="after")
    def compares_the_proposed(self) -> Self:
        if self.unfiltered and (self.proposed not in self.unfiltered or len(self.unfiltered) < 2):
            raise ValueError(f"unfiltered: it needs {self.proposed} and another corpus, each with its unfiltered one")
        return self


class Variance(Closed):
    """The variance budget of one student's score."""

    base: Name
    corpora: Names = Field(min_length=2, description="one a mask seed, otherwise alike")
    dataset: Name = Field(description="problems that these students answer several times (sampling.repeated)")


class Likelihood(Closed):
    """Likelihood of each corpus under the untrained students."""

    corpora: Names = Field(min_length=1)
    prompt: Name
    batch_size: int = Field(32, ge=1, json_schema_extra=ROUNDING)


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

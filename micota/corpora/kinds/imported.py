"""A corpus of traces that were made elsewhere: they stand in the rows of a data set, beside their problems.

The data set is one of the study's, so that its problems are read, cleaned and kept apart from benchmarks like any
other. scripts/import_traces.py makes traces of the rows (micota/corpora/importing.py); they are graded and filtered as
those of a model of the study are.
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from micota.common import contracts
from micota.common.cli import known
from micota.common.errors import ConfigurationError
from micota.common.records import Record, RecordError, read_json
from micota.common.settings import Closed, Name
from micota.corpora.kinds.filtering import (
    OVER_PER_PROBLEM,
    REASONS,
    Filter,
    Keep,
    MaxTokens,
    SpecialTokensRule,
)
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Named, Surroundings
from micota.problems.settings import Column

# Why a trace of the source is not even graded.
NO_TEXT, FURTHER_TURNS, PROBLEM_DROPPED = "no_text", "further_turns", "problem_dropped"
OWN_REASONS = (NO_TEXT, FURTHER_TURNS, PROBLEM_DROPPED, OVER_PER_PROBLEM)
Mark = Annotated[str, Field(min_length=1)]


class Marks(Closed):
    """What a source writes before and behind a part of its traces."""

    open: Mark = Field(description="what stands before it")
    close: Mark = Field(description="what stands behind it")


class TraceColumns(Closed):
    """What a source calls the columns that hold traces."""

    completion: Column | None = Field(
        None, description="the column of the trace, or of a list of traces of one problem"
    )
    messages: Column | None = Field(
        None, description="instead of `completion`: the column of a conversation, whose first answer is the trace"
    )
    thinking: Column | None = Field(
        None, description="the column of the thinking, put before `completion` in <think> and </think>"
    )
    finished: Column | None = Field(
        None,
        description="the column of what says that a trace ended by itself: true, 1, yes or stop; a list beside a list"
        " of traces (none: all ended)",
    )

    @model_validator(mode="after")
    def names_the_trace_once(self) -> Self:
        if (self.completion is None) == (self.messages is None):
            raise ValueError("completion: give one of `completion` and `messages`")
        if self.thinking and self.messages:
            raise ValueError("thinking: a conversation holds its thinking itself; it goes with `completion` alone")
        return self


class Imported(CorpusKind):
    """Correct traces that were made elsewhere; with `keep`, wrong or truncated ones too."""

    files: ClassVar = {
        "graded": "the graded traces of the source",
        "problems": "the problems of the data set",
        "imported": "what was imported, and what not: the file beside the source's traces",
    }
    reasons: ClassVar = (*REASONS, *OWN_REASONS)

    kind: Literal["imported"] = Field(description="of corpus")
    dataset: Name | None = Field(
        None, description="the data set whose rows hold the traces (none: the training problems')"
    )
    columns: TraceColumns
    thinking: Marks | None = Field(
        None, description="the source's marks of thinking, instead of which a trace gets ours"
    )
    solution: Marks | None = Field(None, description="the source's marks of what follows the thinking, taken out")
    begun: Mark | None = Field(
        None,
        description="what the source's prompt wrote of every trace, such as <think>: put before those that lack it",
    )
    keep: Keep = "correct"
    max_tokens: MaxTokens = None
    special_tokens: SpecialTokensRule = "drop"
    per_problem: int | None = Field(
        None, ge=1, description="traces of a problem that are kept at most, the first ones (none: all)"
    )

    def imported_from(self, around: Surroundings) -> str:
        return self.dataset or around.training_problems

    def longest(self) -> int | None:
        return self.max_tokens

    def reads(self, around: Surroundings) -> Files:
        return {
            "graded": [f"graded/{around.name}.jsonl"],
            "problems": [f"problems/{self.imported_from(around)}.jsonl"],
            "imported": [f"imported/{around.name}.json"],
        }

    def check(self, name: str, study: Named) -> None:
        """The data set is read, and its problems are for training; the traces' files are told by the corpus' name."""
        config = study.config
        dataset, key = self.dataset or config.training_problems, f"corpora.{name}.dataset"
        known(dataset, config.datasets, key)
        if config.datasets[dataset].options:
            raise ConfigurationError(f"{key}: {dataset} is made here, its rows hold no traces; name one that is read")
        tests = [config.validation_problems, *config.benchmarks, config.variance and config.variance.dataset]
        if dataset in tests:
            raise ConfigurationError(f"{key}: {dataset} serves to measure; its traces may not be learned from")
        if name in study.models:
            raise ConfigurationError(f"corpora.{name}: a model is called {name} too; imported traces need another name")

    def rows(self, given: Given, around: Surroundings) -> Made:
        problems = {row["id"]: row["problem"] for row in contracts.problems(given.only("problems"))}
        imported = read_json(given.only("imported"))
        yield from not_imported(imported["dropped"])
        rule = Filter(self.keep, self.max_tokens, self.special_tokens, self.per_problem)
        traces = whole(given.only("graded"), self.imported_from(around), imported["traces"])
        asked = {"special_tokens": imported["special_tokens"]}
        found = yield from rule.rows(traces, problems, made=asked)
        return {key: value for key, value in found.items() if key != "rendering"} | {"imported": imported}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        written = plan.assumed["long_cot"]
        return min(written, self.max_tokens or written)

    def expected_rows(self, name: str, plan: Expected) -> int:
        """One trace a problem: how many the source has is not known before it is read."""
        assumed = 1.0 if self.keep == "all" else plan.assumed["kept"]
        return ceil(plan.problems(self.dataset) * plan.share_kept(name, assumed))


def whole(path: Path, dataset: str, count: int) -> Iterator[Record]:
    """The graded traces of a source, all that were imported: of some problems more than of others."""
    found = 0
    for trace in contracts.graded(path, [dataset], alike=False):
        found += 1
        yield trace
    if found != count:
        raise RecordError(f"{path}: {found} traces of {count} that were imported; remove it and run again")


def not_imported(dropped: dict[str, int]) -> Iterator[tuple[Record, str]]:
    """A row for each trace that was not imported, so that the counts of the corpus add up to all of the source."""
    for reason, count in dropped.items():
        for _ in range(count):
            yield {}, reason

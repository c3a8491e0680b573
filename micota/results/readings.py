"""What completions say, not only whether they are right: kinds of errors, styles of writing, marks of reflection.

Everything here needs the texts of the traces. Logs without texts make no such tables (`grading.texts: false`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.lines import line_of
from micota.common.records import Record, RecordError
from micota.common.tables import Row
from micota.grading.reasons import NO_BOX, UNPARSABLE
from micota.grading.reflection import count, marks_of
from micota.problems.datasets import reader
from micota.problems.reading import FAULTS, Reading

# `wrong` is all that can be said of a wrong answer to a data set without a reader.
KINDS = ("right", "cut", *FAULTS, "wrong")


class Reader:
    """Reads the completions of one data set, by the file of its loader."""

    def __init__(self, loader: str) -> None:
        self.steps = reader(loader)
        self.words = marks_of(loader)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of KINDS, those that it can tell apart."""
        return KINDS[:-1] if self.steps else ("right", "cut", "format", "wrong")

    def read(self, problem: str, completion: str) -> Reading | None:
        """The reading of a completion; None where nothing reads it."""
        return self.steps(problem, completion) if self.steps else None

    def marks(self, completion: str) -> int:
        return count(completion, self.words)

    def kind(self, trace: Record, problem: str) -> str:
        """Why a graded trace is wrong, one of `kinds`. What the grader accepts is right, whatever its steps are."""
        if trace["correct"]:
            return "right"
        if trace["finish_reason"] == "length":
            return "cut"
        if trace["reason"] in (NO_BOX, UNPARSABLE):
            return "format"
        return "wrong" if self.steps is None else self.fault(trace, problem) or "wrong_box"

    def fault(self, trace: Record, problem: str) -> str | None:
        """The first fault of a trace's steps; None where there is none, or nothing reads them."""
        reading = self.read(problem, trace["completion"])
        if reading is None and self.steps:
            raise DataError(f"{trace['id']}: the problem {problem!r:.80} is not of the data set's kind")
        return reading.fault if reading else None


@dataclass
class Styles:
    """What was found in the completions of one corpus or model."""

    traces: int = 0
    marks: int = 0
    readings: list[Reading] = field(default_factory=list)  # of those with a step that can be read

    def add(self, reader: Reader, problem: str, completion: str) -> None:
        self.traces += 1
        self.marks += reader.marks(completion)
        reading = reader.read(problem, completion)
        if reading is not None and reading.steps:
            self.readings.append(reading)

    @classmethod
    def together(cls, parts: Iterable["Styles"]) -> "Styles":
        """All that was found in several."""
        whole = cls()
        for part in parts:
            whole.traces += part.traces
            whole.marks += part.marks
            whole.readings += part.readings
        return whole

    def row(self) -> Row:
        """Shares in percent of the traces that were read; of steps the mean of each trace's share; counts a trace."""
        found = self.readings

        def percent(shares: Iterable[float]) -> float | None:
            return 100 * fmean(shares) if found else None

        return {
            "traces": self.traces,
            "read": len(found),
            "short_percent": percent(reading.short for reading in found),
            "full_percent": percent(reading.full for reading in found),
            "decomposed_percent": percent(reading.decomposed / reading.steps for reading in found),
            "checked_percent": percent(reading.checked / reading.steps for reading in found),
            "second_pass_percent": percent(reading.passes > 1 for reading in found),
            "corrections": fmean(reading.corrections for reading in found) if found else None,
            "marks": self.marks / self.traces,
        }


def with_texts(path: Path, records: Iterable[Record]) -> Iterable[Record]:
    """The records of a file, if each has its completion; RecordError says what to do where one has none."""
    for number, record in enumerate(records):
        if record["completion"] is None:
            raise RecordError(
                f"{line_of(path, number)}: `completion` is null: these logs hold no texts; set grading.texts to false,"
                " then the study has neither tables/errors nor tables/styles"
            )
        yield record


def problem_texts(paths: Iterable[Path]) -> dict[str, str]:
    """Problem -> its text, of several data sets."""
    return {row["id"]: row["problem"] for path in paths for row in contracts.problems(path)}


def text_of(trace: Record, texts: Mapping[str, str]) -> str:
    """The problem of a trace."""
    try:
        return texts[trace["id"]]
    except KeyError:
        raise DataError(
            f"{trace['id']}: this problem, of traces of {trace['sampler']}, is in no file of problems"
        ) from None

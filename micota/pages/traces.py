"""Graded traces -> columns of numbers for every trace, and the texts of those that are chosen. Read as a stream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.records import Record
from micota.grading.reasons import REASONS
from micota.pages.sample import Chooser
from micota.pages.spans import Tinter
from micota.results.outcomes import Cell
from micota.results.readings import KINDS, Reader

LONGEST_ANSWER = 300  # characters of an answer beside its trace; whole it stands in the text

Text = list[Any] | None  # completion, its spans


class Problems:
    """The problems of one data set, as its traces call it."""

    def __init__(self, label: str, name: str, use: str, loader: str, rows: Iterable[Record]) -> None:
        """`label`: in the traces (`aime@4` of `aime`); `use`: sampling, validation or evaluation."""
        self.label, self.name, self.use, self.loader = label, name, use, loader
        self.texts: list[str] = []
        self.golds: list[str] = []
        self.places: dict[str, int] = {}
        for row in rows:
            self.places[row["id"]] = len(self.texts)
            self.texts.append(row["problem"])
            self.golds.append(row["answer"])
        self.tinter, self.reader, self.textless = Tinter(loader), Reader(loader), Reader(loader)
        self.textless.steps = None

    def place(self, problem: str) -> int:
        """The number of a problem; DataError if it is none of these."""
        if problem not in self.places:
            raise DataError(f"{problem}: graded traces answer it, and the problems of {self.name} lack it")
        return self.places[problem]

    def kind(self, trace: Record) -> int:
        """Why a trace is wrong, by its number in KINDS; without a text only what the grader saw."""
        reader = self.textless if trace["completion"] is None else self.reader
        return KINDS.index(reader.kind(trace, self.texts[self.places[trace["id"]]]))


@dataclass
class Columns:
    """The traces of one model on one data set, a place in every list for each. `flags`: "1" where it is so."""

    problem: list[int] = field(default_factory=list)
    sample: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    cut: list[bool] = field(default_factory=list)
    text: list[bool] = field(default_factory=list)
    reason: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    answer: list[str | None] = field(default_factory=list)
    graders: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, trace: Record, place: int, kind: int, with_text: bool) -> None:
        answer, reason = trace["extracted"], trace["reason"]
        self.problem.append(place)
        self.sample.append(trace["sample"])
        self.tokens.append(trace["n_tokens"])
        self.right.append(trace["correct"])
        self.cut.append(trace["finish_reason"] == "length")
        self.text.append(with_text)
        self.reason.append(REASONS.index(reason) if reason in REASONS else -1)
        self.kind.append(kind)
        self.answer.append(answer if answer is None or len(answer) <= LONGEST_ANSWER else answer[:LONGEST_ANSWER] + "…")
        for grader, verdict in trace["verdicts"].items():
            self.graders.setdefault(grader, []).append(verdict)

    def plain(self) -> dict[str, Any]:
        """As the page has it."""
        found: dict[str, Any] = dict(vars(self))
        found |= {name: bits(found[name]) for name in ("right", "cut", "text")}
        found["graders"] = {name: bits(verdicts) for name, verdicts in self.graders.items()}
        if not any(self.sample):
            del found["sample"]
        return found


@dataclass
class Model:
    """What the page needs of one model's traces."""

    columns: dict[str, Columns] = field(default_factory=dict)  # data set -> its traces
    texts: dict[str, list[Text]] = field(default_factory=dict)  # data set -> of each trace
    cells: dict[str, Cell] = field(default_factory=dict)  # data set -> what the tables' formulas take
    written: dict[tuple[str, int], int] = field(default_factory=dict)  # problem and sample it learns from -> hash


def bits(flags: Iterable[bool]) -> str:
    return "".join("1" if flag else "0" for flag in flags)


def read_model(path: Path, problems: Mapping[str, Problems], chooser: Chooser) -> Model:
    """One pass over a model's graded traces; `problems`: data set -> its problems."""
    model = Model()
    for trace in contracts.graded(path, None, alike=False):
        label, text = trace["dataset"], trace["completion"]
        if label not in problems:
            raise DataError(f"{path}: traces on {label}, which this study does not ask; grade again")
        known = problems[label]
        place, taken = known.place(trace["id"]), chooser.takes(trace)
        model.columns.setdefault(label, Columns()).add(trace, place, known.kind(trace), taken)
        tinted = known.tinter.spans(known.texts[place], text, trace.get("repeated_share", 0.0)) if taken else None
        model.texts.setdefault(label, []).append([text, tinted] if taken else None)
        cell = model.cells.setdefault(label, Cell())
        cell.outcomes.setdefault(trace["id"], []).append(trace["correct"])
        cell.lengths.setdefault(trace["id"], []).append(trace["n_tokens"])
        if known.use == "sampling" and text is not None:
            model.written[trace["id"], trace["sample"]] = hash(text)
    return model

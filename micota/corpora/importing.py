"""Rows of a data set -> traces, as if a model of the study had written them: the way in for the CoT of others.

A row is told by its number, as its problem is (`{dataset}/{row}`). What cannot become a trace is counted by reason.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from micota.common.errors import DataError, UserError
from micota.common.records import SURROGATE, Record
from micota.corpora.kinds.imported import FURTHER_TURNS, NO_TEXT, PROBLEM_DROPPED, Imported, Marks
from micota.models.prompts import begins_with
from micota.models.special_tokens import MARKS
from micota.problems.cleaning import DUPLICATE
from micota.problems.columns import cell, exchange
from micota.problems.source import Source

ENDED = {"true": True, "1": True, "yes": True, "stop": True} | dict.fromkeys(("false", "0", "no", "length"), False)
OPEN_THOUGHT, CLOSE_THOUGHT = MARKS


class Generation(NamedTuple):
    """A trace of a row: its text, whether it ended by itself, or why it is none."""

    text: str
    finished: bool = True
    fault: str | None = None


@dataclass
class Problems:
    """Which problem a row is about, by the problems that cleaning kept and its report."""

    kept: Collection[str]
    same: Mapping[str, str] = field(default_factory=dict)  # a duplicate -> the first one, which is kept
    dropped: Collection[str] = frozenset()

    @classmethod
    def of_report(cls, kept: Collection[str], report: Mapping[str, Any]) -> "Problems":
        """A row whose problem stands in an earlier one, with the same answer, holds a further trace of that problem."""
        same = {pair["id"]: pair["with"] for pair in report["pairs"] if pair["reason"] == DUPLICATE}
        return cls(kept, same, {pair["id"] for pair in report["pairs"]} - same.keys())

    def of_row(self, id: str) -> tuple[str, bool] | None:
        """The id of a row's problem, and whether it is kept; None for a row that the study does not read."""
        id = self.same.get(id, id)
        if id in self.kept:
            return id, True
        return (id, False) if id in self.dropped else None


def generations(row: Record, corpus: Imported, key: str) -> list[Generation]:
    """The traces of one row; DataError, with the key of a column, where a cell does not hold what it should."""
    columns = corpus.columns
    if columns.messages:
        found = exchange(row, columns.messages, f"{key}.messages")
        texts: list[Any] = [found.answer]
        faults = FURTHER_TURNS if found.turns > 1 else None
    else:
        texts, faults = listed(cell(row, str(columns.completion), f"{key}.completion")), None
    thoughts = beside(row, columns.thinking, f"{key}.thinking", texts)
    ended = beside(row, columns.finished, f"{key}.finished", texts)
    made = []
    for text, thought, flag in zip(texts, thoughts, ended, strict=True):
        for part in (text, thought):
            if not (part is None or isinstance(part, str)):
                raise DataError(f"a trace ({key}) is a text, or a list of texts, not a {type(part).__name__}")
        finished = columns.finished is None or is_true(flag, f"{key}.finished")
        whole = whole_text(text or "", thought or "", corpus)
        made.append(Generation(whole, finished, faults or (None if text and text.strip() else NO_TEXT)))
    return made


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def beside(row: Record, column: str | None, key: str, texts: list[Any]) -> list[Any]:
    """What stands in a column beside each of a row's traces."""
    if column is None:
        return [None] * len(texts)
    found = listed(cell(row, column, key))
    if len(found) != len(texts):
        raise DataError(f"column {column!r} ({key}) holds {len(found)} values beside {len(texts)} traces")
    return found


def is_true(flag: Any, key: str) -> bool:
    """Whether a cell says that a trace ended by itself; nothing in it says that it did not."""
    word = "false" if flag is None else str(flag).strip().lower()
    if word not in ENDED:
        raise DataError(f"{flag!r} ({key}) is no flag; a flag is one of {', '.join(ENDED)}, or empty")
    return ENDED[word]


def whole_text(text: str, thought: str, corpus: Imported) -> str:
    """A trace with our marks of thinking instead of the source's, without those of its solution, begun as it was."""
    if thought.strip():
        text = f"{OPEN_THOUGHT}\n{thought.strip()}\n{CLOSE_THOUGHT}\n\n{text.strip()}"
    if corpus.thinking:
        text = replaced(text, corpus.thinking, OPEN_THOUGHT, CLOSE_THOUGHT)
    text = replaced(text, corpus.solution, "", "") if corpus.solution else text
    return text if begins_with(text, corpus.begun or "") else f"{corpus.begun}{text}"


def replaced(text: str, marks: Marks, first: str, last: str) -> str:
    """The text with others instead of a source's marks; what is taken out goes with the blanks within."""
    if first:
        return text.replace(marks.open, first).replace(marks.close, last)
    before, mark, behind = text.partition(marks.open)
    text = before + behind.lstrip() if mark else text
    before, mark, behind = text.rpartition(marks.close)
    return before.rstrip() + behind.rstrip() if mark else text


@dataclass
class Importer:
    """Makes traces of a source's rows, and counts those that it does not make."""

    corpus: Imported
    name: str  # of the corpus
    dataset: str
    tokenizer: Any
    counts: Counter[str] = field(default_factory=Counter)  # traces that are left behind, by reason
    rows: int = 0  # of the source, whose problems the study has

    def traces(self, raw: Iterable[Record], source: Source, problems: Problems) -> Iterator[Record]:
        """A trace record for each text that is to be graded; DataError names the row that cannot be read."""
        samples: Counter[str] = Counter()
        key = f"corpora.{self.name}.columns"
        for index, row in enumerate(raw):
            found = problems.of_row(f"{self.dataset}/{index}")
            if found is None:
                continue
            self.rows += 1
            try:
                made = generations(row, self.corpus, key)
            except UserError as error:
                raise DataError(f"{source.place(index)}: {error}") from None
            id, kept = found
            for generation in made:
                if reason := generation.fault or (None if kept else PROBLEM_DROPPED):
                    self.counts[reason] += 1
                    continue
                if SURROGATE.search(generation.text):
                    raise DataError(f"{source.place(index)}: a trace holds half of a surrogate pair; mend the file")
                yield self.record(id, samples[id], generation)
                samples[id] += 1

    def record(self, id: str, sample: int, generation: Generation) -> Record:
        """As a sampler writes it; the tokens are those of the model that learns from it, an end token included."""
        tokens = len(self.tokenizer(generation.text, add_special_tokens=False)["input_ids"])
        return {
            "id": id,
            "sample": sample,
            "sampler": self.name,
            "dataset": self.dataset,
            "prompt": "",  # not known
            "completion": generation.text,
            "finish_reason": "stop" if generation.finished else "length",
            "n_tokens": tokens + generation.finished,
            "seed": 0,
        }

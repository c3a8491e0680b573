"""Rows that are no problems for a text model: what shows that, and the rules by which a study leaves them out."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micota.common.records import Record
from micota.problems.datasets.answers import as_json, no_answer

PICTURE = re.compile(
    r"!\[[^]]{0,200}\][(\[]|<(?:img|svg|picture|figure|embed)\b|\\includegraphics|data:image/"
    r"|<image[_ ]?\d*>|\[image[^]]{0,200}\]|<\|(?:image|vision)\w*\|>"
    r"|https?://\S{1,300}?\.(?:png|jpe?g|gif|svg|webp)\b",
    re.IGNORECASE,
)


@dataclass
class LeaveOut:
    """Rows that are no problems for a text model, left out by the rules that a study declares, and counted by them."""

    no_answer: bool | None = None  # false: what reads as if there were none is an answer
    pictures: bool = False
    where: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # column -> values
    counts: Counter[str] = field(default_factory=Counter)
    columns: set[str] = field(default_factory=set)  # of `where`, found in a row

    def __post_init__(self) -> None:
        """A rule that leaves nothing out is counted with 0, so that a misspelt value is seen."""
        rules = ["no_answer"] * bool(self.no_answer) + ["pictures"] * self.pictures
        rules += [f"where {column} is {value}" for column, values in self.where.items() for value in values]
        self.counts.update(dict.fromkeys(rules, 0))

    def rule(self, row: Record, fields: Record | None) -> str | None:
        """The rule that leaves a row out; `fields` are None as long as no loader has read it."""
        self.columns.update(column for column in self.where if column in row)
        for column, values in self.where.items():
            for value in values:
                if same(row.get(column), value):
                    return f"where {column} is {value}"
        if fields is None:
            nulls = [row[column] for column in ("answer", "final_answer") if column in row]
            return "no_answer" if self.no_answer and None in nulls else None
        if self.no_answer and no_answer(fields["answer"]):
            return "no_answer"
        shown = self.pictures and (PICTURE.search(fields["problem"]) or len(holdable(row)) < len(row))
        return "pictures" if shown else None


def same(cell: Any, value: Any) -> bool:
    """Whether a cell holds a value of the configuration; in a CSV, `0` is the text "0"."""
    return bool(cell == value) or (isinstance(cell, str) and value is not None and cell.lower() == str(value).lower())


def holdable(fields: Record) -> Record:
    """The fields that JSON can hold; a column of pictures or bytes stays behind."""
    kept = {}
    for name, value in fields.items():
        try:
            kept[name] = as_json(value)
        except ValueError:
            continue
    return kept

"""Rows that are no problems for a text model: what shows that, and the rules by which a study leaves them out."""

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from micota.common.records import Record
from micota.problems.answers import as_json, no_answer
from micota.problems.settings import LeaveOut

PICTURE = re.compile(
    r"!\[[^]]{0,200}\][(\[]|<(?:img|svg|picture|figure|embed)\b|\\includegraphics|data:image/"
    r"|<image[_ ]?\d*>|\[image[^]]{0,200}\]|<\|(?:image|vision)\w*\|>"
    r"|https?://\S{1,300}?\.(?:png|jpe?g|gif|svg|webp)\b",
    re.IGNORECASE,
)
ANSWER_COLUMNS = ("answer", "final_answer")


class Sieve:
    """Leaves out rows that are no problems for a text model, by the rules that a study declares, and counts them."""

    def __init__(
        self, rules: LeaveOut, counts: Counter[str] | None = None, answers: Collection[str] = ANSWER_COLUMNS
    ) -> None:
        """A rule that leaves nothing out is counted with 0, so that a misspelt value is seen.

        A null in one of the columns `answers` is no answer, which most loaders could not read.
        """
        self.rules = rules
        self.answers = answers
        self.counts = Counter[str]() if counts is None else counts
        self.columns: set[str] = set()  # of `where`, found in a row
        names = ["no_answer"] * bool(rules.no_answer) + ["pictures"] * rules.pictures
        names += [f"where {column} is {value}" for column, values in rules.where.items() for value in values]
        self.counts.update(dict.fromkeys(names, 0))

    def rule(self, row: Record, fields: Record | None) -> str | None:
        """The rule that leaves a row out; `fields` are None as long as no loader has read it."""
        self.columns.update(column for column in self.rules.where if column in row)
        for column, values in self.rules.where.items():
            for value in values:
                if same(row.get(column), value):
                    return f"where {column} is {value}"
        if fields is None:
            nulls = [row[column] for column in self.answers if column in row]
            return "no_answer" if self.rules.no_answer and None in nulls else None
        if self.rules.no_answer and no_answer(fields["answer"]):
            return "no_answer"
        shown = self.rules.pictures and (PICTURE.search(fields["problem"]) or len(holdable(row)) < len(row))
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

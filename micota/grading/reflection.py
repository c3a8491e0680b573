"""Marks of reflection in a trace: words with which a model stops, doubts and looks again.

Marks are counted by a declared list, never guessed: whole words, in any case, each place of the text once ("but wait"
is one mark, not two). A data set whose traces are no natural text names its own marks in its file
(`MARKS`, micota/problems/datasets).
"""

import re
from collections.abc import Sequence
from functools import cache

from micota.problems.datasets import card

# Words of natural text that say little but "I look again". Common words that also lead a first argument ("but",
# "actually", "again") are left out on purpose: they would count plain prose.
MARKS: tuple[str, ...] = (
    "wait",
    "but wait",
    "hold on",
    "hmm",
    "alternatively",
    "on second thought",
    "let me check",
    "let me recheck",
    "let me re-check",
    "let me double check",
    "let me double-check",
    "let me verify",
    "let me think again",
    "let me reconsider",
    "let me rethink",
    "let me start over",
    "let me try again",
    "let's check",
    "let's double-check",
    "let's verify",
)


def marks_of(loader: str) -> Sequence[str]:
    """The marks that count in traces on a data set: its file's own, or MARKS."""
    own = card(loader).marks
    return MARKS if own is None else own


def count(text: str, marks: Sequence[str] = MARKS) -> int:
    """How many marks the text has; a mark is a whole word (or words), and longer marks go before those in them."""
    return len(places(text, marks))


def places(text: str, marks: Sequence[str] = MARKS) -> list[tuple[int, int]]:
    """Where the marks stand: first character, and the one behind the last."""
    return [match.span() for match in _pattern(tuple(marks)).finditer(text.replace("\u2019", "'"))]


@cache
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(marks, key=len, reverse=True)
    if not marks:
        return re.compile(r"(?!)")
    # Most places of a text begin no mark: that is seen here, before each mark is tried.
    begins = "".join(sorted({re.escape(mark[0]) for mark in marks}))
    word = r"\b" if all(mark[0].isalnum() for mark in marks) else ""
    return re.compile(rf"{word}(?=[{begins}])(?:{'|'.join(map(_whole, longest_first))})", re.IGNORECASE)


def _whole(mark: str) -> str:
    """A pattern for the mark as a whole word; a mark that ends in a sign ("wait,") ends there, whatever follows."""
    words = r"\s+".join(map(re.escape, mark.split()))
    before = r"(?<!\w)" if mark[0].isalnum() else ""
    after = r"(?!\w)" if mark[-1].isalnum() else ""
    return before + words + after

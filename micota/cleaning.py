r"""Find duplicates within a set of problems and overlaps with others, so that no benchmark problem is trained on.

Two problems are the same when their texts are equal after normalisation (case, whitespace, LaTeX spacing). Two problems
overlap when they share any run of N words, 13 by default as in Brown et al. (2020, "Language Models are Few-Shot
Learners", appendix C). One pass, linear in the text: the other sets' runs are hashed, the problems stream past.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from micota.cli import UserError
from micota.records import Record

SPACING = re.compile(r"\\[ ,;:!>]|\\q?quad(?![a-zA-Z])|~|\s")
WORD = re.compile(r"\w+")

DUPLICATE, EXACT, NGRAM = "duplicate", "overlap_exact", "overlap_ngram"


def normalise(text: str) -> str:
    """The text in lower case, with every run of spaces (LaTeX's too) as one space."""
    return " ".join(SPACING.sub(" ", text).lower().split())


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text, so that the sets below stay small."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def ngrams(text: str, length: int) -> Iterator[bytes]:
    """Every run of `length` words of a normalised text; none if `length` is 0 or the text is shorter."""
    words = WORD.findall(text)
    for start in range(len(words) - length + 1 if length else 0):
        yield digest(" ".join(words[start : start + length]))


@dataclass
class Held:
    """The texts to stay clear of: each whole text and each run of words, with the id of a problem that has it."""

    ngram: int
    exact: dict[bytes, str] = field(default_factory=dict)
    runs: dict[bytes, str] = field(default_factory=dict)

    def add(self, problems: Iterable[Record]) -> None:
        for record in problems:
            text = normalise(record["problem"])
            self.exact.setdefault(digest(text), record["id"])
            for run in ngrams(text, self.ngram):
                self.runs.setdefault(run, record["id"])

    def overlap(self, text: str) -> tuple[str, str] | None:
        """The reason and the id of a held problem that a normalised text overlaps with, or None."""
        if (other := self.exact.get(digest(text))) is not None:
            return EXACT, other
        for run in ngrams(text, self.ngram):
            if (other := self.runs.get(run)) is not None:
                return NGRAM, other
        return None


@dataclass
class Report:
    """What became of the problems: every one read is kept or dropped for one reason."""

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    pairs: list[dict[str, str]] = field(default_factory=list)


def clean(problems: Iterable[Record], held: Held, drop_duplicates: bool, report: Report) -> Iterator[Record]:
    """Yield the problems to keep, in order; `report` is filled as they pass.

    The first of several duplicates stays. Without `drop_duplicates` they are only counted: a benchmark must stay whole.
    """
    ids: set[str] = set()
    first: dict[bytes, str] = {}
    for record in problems:
        if record["id"] in ids:
            raise UserError(f"duplicate id {record['id']!r} among the problems")
        ids.add(record["id"])
        report.read += 1
        text = normalise(record["problem"])
        found = held.overlap(text)
        if found is None:
            original = first.setdefault(digest(text), record["id"])
            if original != record["id"]:
                report.duplicates += 1
                found = (DUPLICATE, original)
        if found:
            reason, other = found
            report.pairs.append({"id": record["id"], "with": other, "reason": reason})
            if reason != DUPLICATE or drop_duplicates:
                report.dropped[reason] += 1
                continue
        report.kept += 1
        yield record

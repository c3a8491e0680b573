"""Which traces come with their text: all of them, or, where that is too much, a seeded sample and all disagreements.

What is drawn are problems, the same for every model, so that all columns of a comparison have their text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from micota.common.records import Record

SEED = 0
ROOM = 60_000_000  # bytes of graded traces and corpora up to which every text is on the page
FEWEST = 5  # problems of each data set that are drawn at least


@dataclass
class Chooser:
    """Decides trace by trace, and counts."""

    share: float = 1.0  # of the problems whose traces have their text
    drawn: frozenset[str] = frozenset()  # problems
    room: float = 0.0  # characters that are left for further disagreements
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("traces", "texts", "disagreements", "disagreement_texts", "rows", "row_texts"), 0
        )
    )

    def takes(self, trace: Record) -> bool:
        """Whether a graded trace comes with its text, if it has one."""
        differ = disagreement(trace)
        taken = trace["completion"] is not None and (self.drawn_problem(trace["id"]) or (differ and self.fits(trace)))
        self.counts["traces"] += 1
        self.counts["texts"] += taken
        self.counts["disagreements"] += differ
        self.counts["disagreement_texts"] += taken and differ
        return bool(taken)

    def takes_row(self, row: Record) -> bool:
        """Whether a corpus row does."""
        taken = row["completion"] is not None and self.drawn_problem(row["id"])
        self.counts["rows"] += 1
        self.counts["row_texts"] += taken
        return bool(taken)

    def drawn_problem(self, problem: str) -> bool:
        return self.share == 1 or problem in self.drawn

    def fits(self, trace: Record) -> bool:
        """Whether there is room for another disagreement; it is taken."""
        size = len(trace["completion"])
        if size > self.room:
            return False
        self.room -= size
        return True


def disagreement(trace: Record) -> bool:
    """Whether the graders differ."""
    return len(set(trace["verdicts"].values())) > 1


def chooser(paths: Iterable[Path], problems: Mapping[str, Iterable[str]], room: int = ROOM) -> Chooser:
    """By the size of the files that hold the texts; `problems`: data set -> its problems."""
    size = sum(path.stat().st_size for path in paths)
    if size <= room:
        return Chooser()
    share = room / size
    drawn = (problem for known in problems.values() for problem in draw(list(known), share))
    return Chooser(share, frozenset(drawn), room=float(room))


def draw(problems: list[str], share: float) -> list[str]:
    """A share of problems, at least FEWEST: those whose names, hashed with the seed, come first."""
    count = max(FEWEST, round(share * len(problems)))
    return sorted(problems, key=lambda name: hashlib.sha256(f"{SEED}/{name}".encode()).digest())[:count]

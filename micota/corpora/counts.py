"""How many traces a corpus read, kept and dropped, and why."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from micota.common.errors import DataError
from micota.common.records import Record
from micota.corpora.kinds.kind import Made


@dataclass
class Counts:
    """How many traces a corpus read, kept and dropped, by reason; whole when all its rows have passed."""

    corpus: str
    reasons: Collection[str]  # that its kind may give
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: int = 0  # kept traces that were cut off at their limit
    lengths: Counter[int] = field(default_factory=Counter)  # tokens -> kept traces of that length
    problems: set[str] = field(default_factory=set)
    made_from: Record = field(default_factory=dict)  # how the corpus came about

    @property
    def read(self) -> int:
        return self.lengths.total() + self.dropped.total()

    def kept(self, made: Made) -> Iterator[Record]:
        """The rows of a corpus, without those that are dropped; ValueError for a reason that its kind does not have."""
        for row, reason in self.noted(made):
            if reason is None:
                self.lengths[row["n_tokens"]] += 1
                self.problems.add(row["id"])
                self.truncated += row.get("truncated", False)
                yield row
            elif reason in self.reasons:
                self.dropped[reason] += 1
            else:
                raise ValueError(f"unknown reason to drop a trace: {reason!r}")

    def noted(self, made: Made) -> Iterator[tuple[Record, str | None]]:
        """What a corpus yields; what it returns at the end is noted."""
        self.made_from = yield from made

    def as_record(self) -> Record:
        """The counts file; UserError with the counts if nothing was kept."""
        if not self.lengths:
            raise DataError(f"corpus {self.corpus} is empty: read {self.read}, dropped {dict(self.dropped)}")
        kept, total = self.lengths.total(), sum(tokens * count for tokens, count in self.lengths.items())
        return {
            "corpus": self.corpus,
            "read": self.read,
            "kept": kept,
            "truncated": self.truncated,
            "dropped": dict(sorted(self.dropped.items())),
            "problems": len(self.problems),
            "tokens": {
                "mean": total / kept,
                "median": median(self.lengths),
                "max": max(self.lengths),
                "total": total,
            },
            **self.made_from,
        }


def median(counted: Counter[int]) -> float:
    """The median of counted whole numbers: the middle one, or halfway between the two in the middle."""
    ends = (counted.total() - 1) // 2, counted.total() // 2
    found: list[int] = []
    seen = 0
    for value, count in sorted(counted.items()):
        found += [value for end in ends if seen <= end < seen + count]
        seen += count
    return found[0] if ends[0] == ends[1] else (found[0] + found[1]) / 2

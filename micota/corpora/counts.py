"""How many traces a corpus read, kept and dropped, and the reasons there are to drop one."""

from collections import Counter
from dataclasses import dataclass, field

from micota.common.cli import UserError
from micota.common.records import Record
from micota.models.special_tokens import OPEN, UNPAIRED

TRUNCATED, NO_BOX, INCORRECT = "truncated", "no_box", "incorrect"
TOO_LONG, NOT_SOLVED_BY_ALL, REPEATED = "too_long", "not_solved_by_all", "repeated"
SPECIAL_TOKENS = "special_tokens"
NOT_IN_ALL_PARTS, DEALT_TO_ANOTHER_PART = "not_in_all_parts", "dealt_to_another_part"
NOT_IN_ALL, OVER_THE_MATCH = "not_in_all", "over_the_match"
# Why a trace is dropped, in the order in which the filters ask.
REASONS = (
    *(TRUNCATED, NO_BOX, INCORRECT, TOO_LONG, NOT_SOLVED_BY_ALL, OPEN, UNPAIRED, SPECIAL_TOKENS, REPEATED),
    *(NOT_IN_ALL_PARTS, DEALT_TO_ANOTHER_PART),
    *(NOT_IN_ALL, OVER_THE_MATCH),
)


@dataclass
class Counts:
    """How many traces a corpus read, kept and dropped, by reason."""

    corpus: str
    read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: int = 0  # kept traces that were cut off at their limit
    lengths: Counter[int] = field(default_factory=Counter)  # tokens -> kept traces of that length
    problems: set[str] = field(default_factory=set)
    special: Counter[str] = field(default_factory=Counter)  # token -> traces that hold it and no other filter dropped
    marks: Counter[str] = field(default_factory=Counter)  # the same of <think> and </think>
    thinking: Counter[str] = field(default_factory=Counter)  # the same of marks that are open or do not pair
    made_from: Record = field(default_factory=dict)  # how a sampled, matched or chosen corpus came about

    def keep(self, row: Record) -> Record:
        self.lengths[row["n_tokens"]] += 1
        self.problems.add(row["id"])
        self.truncated += row.get("truncated", False)
        return row

    def drop(self, reason: str) -> None:
        if reason not in REASONS:
            raise ValueError(f"unknown reason to drop a trace: {reason!r}")
        self.dropped[reason] += 1

    def as_record(self) -> Record:
        """The counts file; UserError with the counts if nothing was kept."""
        if not self.lengths:
            raise UserError(f"corpus {self.corpus} is empty: read {self.read}, dropped {dict(self.dropped)}")
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

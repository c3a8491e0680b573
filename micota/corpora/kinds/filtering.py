"""Which graded traces become rows of a corpus, and why others do not: said once, whoever wrote the traces.

Traces pass one by one. What stays in memory is the ids of problems, and sixteen bytes a kept trace.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from micota.common.errors import DataError
from micota.common.records import Record
from micota.corpora.kinds.kind import Made
from micota.models.prompts import begins_with
from micota.models.special_tokens import BEGUN, MARKS, OPEN, UNPAIRED, SpecialTokens, thinking_fault
from micota.problems.cleaning import digest

TRUNCATED, NO_BOX, INCORRECT = "truncated", "no_box", "incorrect"
TOO_LONG, NOT_SOLVED_BY_ALL, REPEATED = "too_long", "not_solved_by_all", "repeated"
SPECIAL_TOKENS, OVER_PER_PROBLEM = "special_tokens", "over_per_problem"
REASONS = (
    *(TRUNCATED, NO_BOX, INCORRECT, TOO_LONG, NOT_SOLVED_BY_ALL),
    *(OPEN, UNPAIRED, SPECIAL_TOKENS, REPEATED),  # of the text
)

# The settings of a filter, as fields of the kinds that have one.
Keep = Annotated[
    Literal["correct", "finished", "all"],
    Field(
        description="finished: wrong traces too; all: also truncated ones, of which no end token is taught or scored"
    ),
]
MaxTokens = Annotated[int | None, Field(ge=1, description="drop longer traces")]
SpecialTokensRule = Annotated[
    Literal["drop", "strip", "keep"],
    Field(description="of traces with special tokens in their text: drop them, strip the tokens, keep both"),
]


@dataclass(frozen=True)
class Filter:
    """Which traces are kept; `per_problem` is how many of a problem at most, the first ones, None for all."""

    keep: str
    max_tokens: int | None
    special_tokens: str
    per_problem: int | None = None

    def rows(
        self,
        traces: Iterable[Record],
        problems: dict[str, str],
        solved_by_others: Sequence[set[str]] = (),
        made: Record | None = None,
    ) -> Made:
        """Graded traces on the training problems, as corpus rows or with why they are dropped.

        With `keep` "finished" no trace is dropped for its verdict, with "all" none for its truncation either, nor for
        thinking that is open or unpaired. A truncated row says that it is `truncated`, so that no end token is taught
        or scored where none was written. `made` says how the writer was asked: see Texts.
        """
        made = made or {}
        own = made.get("special_tokens", ())
        texts = Texts(self.keep, SpecialTokens(self.special_tokens, own), made.get("opened", ""))
        seen: set[bytes] = set()
        of_problem: Counter[str] = Counter()
        for trace in traces:
            reason = self.unfit(trace, solved_by_others)
            completion = trace["completion"]
            if reason is None:
                completion, reason = texts.read(trace["prompt"], completion)
            this = digest(f"{trace['id']}\0{completion}")
            if reason is None and this in seen:
                reason = REPEATED
            if reason is None and self.per_problem and of_problem[trace["id"]] >= self.per_problem:
                reason = OVER_PER_PROBLEM
            if reason is not None:
                yield trace, reason
                continue
            seen.add(this)
            of_problem[trace["id"]] += self.per_problem is not None
            if trace["id"] not in problems:
                raise DataError(f"--problems: there is no {trace['id']!r}, of which {trace['sampler']} has a trace")
            yield (
                {
                    "id": trace["id"],
                    "sample": trace["sample"],
                    "sampler": trace["sampler"],
                    "problem": problems[trace["id"]],
                    "completion": completion,
                    "n_tokens": trace["n_tokens"],
                    **({"truncated": True} if trace["finish_reason"] == "length" else {}),
                },
                None,
            )
        return texts.found() | ({"rendering": made} if made else {})

    def unfit(self, trace: Record, solved_by_others: Sequence[set[str]]) -> str | None:
        """Why a trace is dropped, whatever its text is."""
        if self.keep == "correct" and (reason := dropped_because(trace)):
            return reason
        if self.keep == "finished" and trace["finish_reason"] == "length":
            return TRUNCATED
        if self.max_tokens is not None and trace["n_tokens"] > self.max_tokens:
            return TOO_LONG
        return None if all(trace["id"] in others for others in solved_by_others) else NOT_SOLVED_BY_ALL


@dataclass
class Texts:
    """The texts of traces that no other filter dropped, and how many of them hold what.

    `opened` is what the sampler's prompt wrote of each answer (micota.models.prompts.opened): it is put before the
    sampled text, for a student has another prompt, and does not count in `n_tokens`. Stripped special tokens stay in
    `n_tokens`, the length of what was sampled.
    """

    keep: str
    special: SpecialTokens
    opened: str
    tokens: Counter[str] = field(default_factory=Counter)  # special token -> texts that hold it
    marks: Counter[str] = field(default_factory=Counter)  # the same of <think> and </think>
    thinking: Counter[str] = field(default_factory=Counter)  # the same of marks that are open or do not pair

    def read(self, prompt: str, sampled: str) -> tuple[str, str | None]:
        """The text as a corpus has it, and why it is dropped."""
        text = sampled if begins_with(sampled, self.opened) else self.opened + sampled
        self.marks.update(mark for mark in MARKS if mark in text)
        if fault := thinking_fault(prompt, sampled):
            self.thinking[fault] += 1
            if self.keep != "all":
                return text, fault
        if text != sampled:
            self.thinking[BEGUN] += 1
        if found := self.special.found(text):
            self.tokens.update(found)
            if self.special.rule == "drop":
                return text, SPECIAL_TOKENS
            if self.special.rule == "strip":
                text = self.special.stripped(text)
        return text, None

    def found(self) -> Record:
        """For the counts file."""
        return {
            "special_tokens": {"rule": self.special.rule, "traces": dict(sorted(self.tokens.items()))},
            "marks": dict(sorted(self.marks.items())),
            **({"thinking": dict(sorted(self.thinking.items()))} if self.thinking else {}),
        }


def solved(graded: Iterable[Record]) -> set[str]:
    """The ids of the problems with a correct, finished trace."""
    return {
        row["id"] for row in graded if not (dropped_because(row) or thinking_fault(row["prompt"], row["completion"]))
    }


def dropped_because(trace: Record) -> str | None:
    """Why a graded trace is no correct, finished solution, or None if it is one."""
    if trace["finish_reason"] == "length":
        return TRUNCATED
    if trace["reason"] == "no_box":
        return NO_BOX
    return None if trace["correct"] else INCORRECT

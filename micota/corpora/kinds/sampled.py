"""A corpus of traces that one model of the study sampled on the training problems: which are kept, and why not others.

Traces pass one by one. What stays in memory is the ids of problems, and sixteen bytes a kept trace.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.records import Record, read_json
from micota.common.settings import each_once
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Surroundings
from micota.models.prompts import begins_with
from micota.models.special_tokens import BEGUN, MARKS, OPEN, UNPAIRED, SpecialTokens, thinking_fault
from micota.problems.cleaning import digest

TRUNCATED, NO_BOX, INCORRECT = "truncated", "no_box", "incorrect"
TOO_LONG, NOT_SOLVED_BY_ALL, REPEATED = "too_long", "not_solved_by_all", "repeated"
SPECIAL_TOKENS = "special_tokens"


class Sampled(CorpusKind):
    """Correct traces of one sampler; with `keep`, wrong or truncated ones too."""

    files: ClassVar = {
        "graded": "the graded traces of the sampler, and of all models of `only_if_solved_by`",
        "problems": "the training problems",
        "rendering": "the file beside the sampler's traces that says how they were made; by hand it may be left out",
    }
    reasons: ClassVar = (
        *(TRUNCATED, NO_BOX, INCORRECT, TOO_LONG, NOT_SOLVED_BY_ALL),
        *(OPEN, UNPAIRED, SPECIAL_TOKENS, REPEATED),  # of the text
    )

    kind: Literal["sampled"] = Field(description="of corpus")
    keep: Literal["correct", "finished", "all"] = Field(
        "correct",
        description="finished: wrong traces too; all: also truncated ones, of which no end token is taught or scored",
    )
    sampler: str = Field(description="the model that writes the traces")
    only_if_solved_by: Annotated[list[str], AfterValidator(each_once)] = Field(
        [], description="keep a problem only if all these models solved it as well"
    )
    max_tokens: int | None = Field(None, ge=1, description="drop longer traces")
    special_tokens: Literal["drop", "strip", "keep"] = Field(
        "drop", description="of traces with special tokens in their text: drop them, strip the tokens, keep both"
    )

    def written_by(self) -> list[str]:
        return [self.sampler]

    def solved_by(self) -> list[str]:
        return list(dict.fromkeys([self.sampler, *self.only_if_solved_by]))

    def longest(self) -> int | None:
        return self.max_tokens

    def reads(self, around: Surroundings) -> Files:
        return {
            "graded": [f"graded/{model}.jsonl" for model in self.solved_by()],
            "problems": [f"problems/{around.training_problems}.jsonl"],
            "rendering": [f"cot/{self.sampler}/shard-0.meta.json"],
        }

    def rows(self, given: Given, around: Surroundings) -> Made:
        dataset = around.training_problems
        problems = {row["id"]: row["problem"] for row in contracts.problems(given.only("problems"))}

        def traces(model: str) -> Iterator[Record]:
            counts = {dataset: len(problems)} if around.whole else None
            return contracts.graded(given.of("graded", model), [dataset], counts)

        others = [solved(traces(model)) for model in self.only_if_solved_by]
        made = read_json(given.only("rendering"))["datasets"][dataset]["rendering"] if given.has("rendering") else {}
        return (yield from self.filtered(traces(self.sampler), problems, others, made))

    def filtered(
        self,
        traces: Iterable[Record],
        problems: dict[str, str],
        solved_by_others: Sequence[set[str]] = (),
        made: Record | None = None,
    ) -> Made:
        """The sampler's graded traces on the training problems, as corpus rows or with why they are dropped.

        With `keep` "finished" no trace is dropped for its verdict, with "all" none for its truncation either, nor for
        thinking that is open or unpaired. A truncated row says that it is `truncated`, so that no end token is taught
        or scored where none was written. `made` says how the sampler was asked: see Texts.
        """
        made = made or {}
        own = made.get("special_tokens", ())
        texts = Texts(self.keep, SpecialTokens(self.special_tokens, own), made.get("opened", ""))
        seen: set[bytes] = set()
        for trace in traces:
            reason = self.unfit(trace, solved_by_others)
            completion = trace["completion"]
            if reason is None:
                completion, reason = texts.read(trace["prompt"], completion)
            this = digest(f"{trace['id']}\0{completion}")
            if reason is None and this in seen:
                reason = REPEATED
            if reason is not None:
                yield trace, reason
                continue
            seen.add(this)
            if trace["id"] not in problems:
                raise DataError(f"--problems: there is no {trace['id']!r}, of which {self.sampler} has a trace")
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

    def expected_tokens(self, name: str, plan: Expected) -> float:
        written = plan.sampled(self.sampler)
        return min(written, self.max_tokens or written)

    def expected_rows(self, name: str, plan: Expected) -> int:
        assumed = 1.0 if self.keep == "all" else plan.assumed["kept_jointly" if self.only_if_solved_by else "kept"]
        return ceil(plan.written() * plan.share_kept(name, assumed))


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

"""A corpus of traces that one model of the study sampled on the training problems, filtered."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from micota.common import contracts
from micota.common.records import Record, read_json
from micota.common.settings import each_once
from micota.corpora.kinds.filtering import REASONS, Filter, Keep, MaxTokens, SpecialTokensRule, solved
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Surroundings


class Sampled(CorpusKind):
    """Correct traces of one sampler; with `keep`, wrong or truncated ones too."""

    files: ClassVar = {
        "graded": "the graded traces of the sampler, and of all models of `only_if_solved_by`",
        "problems": "the training problems",
        "rendering": "the file beside the sampler's traces that says how they were made; by hand it may be left out",
    }
    reasons: ClassVar = REASONS

    kind: Literal["sampled"] = Field(description="of corpus")
    keep: Keep = "correct"
    sampler: str = Field(description="the model that writes the traces")
    only_if_solved_by: Annotated[list[str], AfterValidator(each_once)] = Field(
        [], description="keep a problem only if all these models solved it as well"
    )
    max_tokens: MaxTokens = None
    special_tokens: SpecialTokensRule = "drop"

    def written_by(self) -> list[str]:
        return [self.sampler]

    def solved_by(self) -> list[str]:
        return list(dict.fromkeys([self.sampler, *self.only_if_solved_by]))

    def not_solved_alone(self, corpora: Mapping[str, CorpusKind]) -> str | None:
        if self.only_if_solved_by:
            return "it has `only_if_solved_by`"
        if self.max_tokens is not None:
            return "it has `max_tokens`"
        return None if self.keep == "correct" else f"it has `keep: {self.keep}`, so wrong traces are in it too"

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
        rule = Filter(self.keep, self.max_tokens, self.special_tokens)
        return (yield from rule.rows(traces(self.sampler), problems, others, made))

    def expected_tokens(self, name: str, plan: Expected) -> float:
        written = plan.sampled(self.sampler)
        return min(written, self.max_tokens or written)

    def expected_rows(self, name: str, plan: Expected) -> int:
        assumed = 1.0 if self.keep == "all" else plan.assumed["kept_jointly" if self.only_if_solved_by else "kept"]
        return ceil(plan.written() * plan.share_kept(name, assumed))

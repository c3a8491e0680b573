"""A corpus of traces that one model of the study sampled on the training problems."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from micota.common.settings import each_once
from micota.corpora.kinds.kind import CorpusKind, Files, Surroundings


class Sampled(CorpusKind):
    """Correct traces of one sampler; with `keep`, wrong or truncated ones too."""

    kind: Literal["sampled"]
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

    def solved_by(self) -> list[str]:
        return list(dict.fromkeys([self.sampler, *self.only_if_solved_by]))

    def reads(self, around: Surroundings) -> Files:
        return {
            "graded": [f"graded/{model}.jsonl" for model in self.solved_by()],
            "problems": [f"problems/{around.training_problems}.jsonl"],
            "rendering": [f"cot/{self.sampler}/shard-0.meta.json"],
        }

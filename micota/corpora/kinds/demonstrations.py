"""A corpus of procedural demonstrations: what the teacher of a miniature is trained on."""

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from micota.common.records import Record
from micota.common.settings import Seed
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Surroundings
from micota.problems.settings import Demonstrations


class Procedural(CorpusKind):
    """Demonstrations that a program writes."""

    files: ClassVar = {"tokenizer": "the model folder whose tokenizer counts the rows' tokens"}
    procedural: ClassVar = True

    kind: Literal["demonstrations"] = Field(description="of corpus")
    demonstrations: Demonstrations
    seed: Seed = Field(description="of the problems and their demonstrations")

    def reads(self, around: Surroundings) -> Files:
        return {"tokenizer": [f"models/{around.learner}"]}

    def rows(self, given: Given, around: Surroundings) -> Made:
        from micota.models.tokenizer import load_tokenizer
        from micota.problems.arithmetic import demonstrations

        tokenizer = load_tokenizer(given.only("tokenizer"))
        for row in demonstrations(seed=self.seed, **self.demonstrations.model_dump()):
            tokens = len(tokenizer(row["completion"], add_special_tokens=False)["input_ids"]) + 1
            yield {**row, "n_tokens": tokens}, None
        return {}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        return plan.demonstration(self.demonstrations)

    def expected_rows(self, name: str, plan: Expected) -> int:
        return self.demonstrations.count

    def in_a_pilot(self, fewer: Callable[[int], int]) -> Record:
        return {"demonstrations": {"count": fewer(self.demonstrations.count)}}

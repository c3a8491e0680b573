"""An oracle: demonstrations that a program writes for the training problems, of a given length.

No method has them. They are the upper bound for a student: correct, all of one style, for the very problems that the
sampled corpora hold. Only students learn from them, and only where the study says so (`students.oracle`).
"""

import random
from typing import ClassVar, Literal

from pydantic import Field

from micota.common import contracts
from micota.common.errors import ConfigurationError, DataError
from micota.common.settings import Seed
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Named, Surroundings


class Oracle(CorpusKind):
    """One procedural demonstration for every training problem."""

    files: ClassVar = {
        "problems": "the training problems: chains of arithmetic",
        "tokenizer": "the model folder whose tokenizer counts the rows' tokens",
    }
    procedural: ClassVar = True

    kind: Literal["oracle"] = Field(description="of corpus")
    verbosity: float = Field(ge=0, le=1, description="0 is the short style, 1 the longest")
    second_pass: Literal["short", "decomposed"] = Field(
        "short", description="style of the second pass over a chain, which very verbose ones have"
    )
    seed: Seed = Field(description="of the steps that are decomposed, checked and slipped")

    def reads(self, around: Surroundings) -> Files:
        return {
            "problems": [f"problems/{around.training_problems}.jsonl"],
            "tokenizer": [f"models/{around.learner}"],
        }

    def check(self, name: str, study: Named) -> None:
        """A program can write for arithmetic alone."""
        training = study.config.training_problems
        if study.config.datasets[training].loader != "arithmetic":
            raise ConfigurationError(
                f"corpora.{name}.kind: an oracle is written by a program, for arithmetic alone, and {training} is none"
            )

    def rows(self, given: Given, around: Surroundings) -> Made:
        from micota.models.tokenizer import load_tokenizer
        from micota.problems.arithmetic import demonstrate, parse

        tokenizer, path = load_tokenizer(given.only("tokenizer")), given.only("problems")
        for problem in contracts.problems(path):
            chain = parse(problem["problem"])
            if chain is None:
                raise DataError(f"{path}: {problem['id']} is no chain of arithmetic, and no other has an oracle")
            # A generator a problem: what is written for one does not hang on which others there are.
            rng = random.Random(f"oracle-{self.seed}-{problem['problem']}")
            completion = demonstrate(chain, self.verbosity, rng, self.second_pass)
            tokens = len(tokenizer(completion, add_special_tokens=False)["input_ids"]) + 1
            row = {"id": problem["id"], "sample": 0, "sampler": "procedural", "problem": problem["problem"]}
            yield {**row, "completion": completion, "n_tokens": tokens}, None
        return {}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        short, long = plan.assumed["procedural_short"], plan.assumed["procedural_long"]
        return short + self.verbosity * (long - short)

    def expected_rows(self, name: str, plan: Expected) -> int:
        return plan.problems(None)

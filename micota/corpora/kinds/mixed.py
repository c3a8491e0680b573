"""A corpus that takes each problem's trace from one of several corpora, by share: Mix-Long and its like."""

import random
from collections.abc import Iterable, Mapping
from math import ceil, fsum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from micota.common.contracts import Again, corpus_rows
from micota.common.records import Record
from micota.common.settings import Name, Seed
from micota.corpora.kinds.kind import CorpusKind, Expected, Given, Made, Surroundings

NOT_IN_ALL_PARTS, DEALT_TO_ANOTHER_PART = "not_in_all_parts", "dealt_to_another_part"


class Mixed(CorpusKind):
    """Several corpora, each on its share of the problems."""

    reasons: ClassVar = (NOT_IN_ALL_PARTS, DEALT_TO_ANOTHER_PART)

    kind: Literal["mixed"] = Field(description="of corpus")
    shares: dict[Name, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="share of the problems that each corpus answers"
    )
    seed: Seed = Field(0, description="of which corpus answers which problem")

    def made_of(self) -> list[str]:
        return list(self.shares)

    def rows(self, given: Given, around: Surroundings) -> Made:
        return self.dealt({name: Again(corpus_rows, given.of("parts", name)) for name in self.shares})

    def dealt(self, parts: Mapping[str, Iterable[Record]]) -> Made:
        """For each problem that all parts answer, the rows of one part, drawn by share. Every part is read twice.

        SMG's Mix-Long (Li et al. 2025, arXiv 2502.12143) mixes long and short CoT 1:4. The problems are shuffled with
        the seed and dealt out by the shares, so the shares hold exactly up to rounding.
        """
        common = sorted(set.intersection(*({row["id"] for row in rows} for rows in parts.values())))
        random.Random(self.seed).shuffle(common)
        total = fsum(self.shares.values())
        chosen: dict[str, str] = {}
        start = 0.0
        for name, share in self.shares.items():
            end = start + share / total * len(common)
            chosen |= dict.fromkeys(common[round(start) : round(end)], name)
            start = end
        for name, rows in parts.items():
            for row in rows:
                if row["id"] not in chosen:
                    yield row, NOT_IN_ALL_PARTS
                else:
                    yield row, None if chosen[row["id"]] == name else DEALT_TO_ANOTHER_PART
        return {}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        return fsum(share * plan.corpus(part) for part, share in self.shares.items()) / fsum(self.shares.values())

    def expected_rows(self, name: str, plan: Expected) -> int:
        return ceil(fsum(share * plan.rows(part) for part, share in self.shares.items()) / fsum(self.shares.values()))

"""A corpus that takes each problem's trace from one of several corpora, by share: Mix-Long and its like."""

from typing import Annotated, Literal

from pydantic import Field

from micota.common.settings import Name, Seed
from micota.corpora.kinds.kind import CorpusKind


class Mixed(CorpusKind):
    """Several corpora, each on its share of the problems."""

    kind: Literal["mixed"]
    shares: dict[Name, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="share of the problems that each corpus answers"
    )
    seed: Seed = 0

    def made_of(self) -> list[str]:
        return list(self.shares)

"""A part of another corpus, made comparable with further ones."""

from typing import Literal, Self

from pydantic import Field, model_validator

from micota.common.settings import Name, Names, Seed
from micota.corpora.kinds.kind import CorpusKind


class Matched(CorpusKind):
    """A part of another corpus, made comparable with further ones: an arm that holds a confound fixed."""

    kind: Literal["matched"]
    of: Name = Field(description="the corpus that the rows are taken from")
    problems_of: Names = Field([], description="keep the problems that all these corpora hold as well")
    match: Literal["examples", "tokens"] | None = Field(None, description="cut at random to the size of `to`")
    to: Name | None = Field(None, description="the corpus whose number of examples or tokens is not to be exceeded")
    seed: Seed = Field(0, description="of the choice of problems")

    @model_validator(mode="after")
    def says_what_it_leaves_out(self) -> Self:
        if (self.match is None) != (self.to is None):
            raise ValueError("`match` and `to` go together")
        if self.match is None and not self.problems_of:
            raise ValueError(f"it would be a copy of {self.of}; give `problems_of`, or `match` and `to`")
        return self

    def made_of(self) -> list[str]:
        return [self.of]

    def compared_with(self) -> list[str]:
        return list(dict.fromkeys([*self.problems_of, *([self.to] if self.to else [])]))

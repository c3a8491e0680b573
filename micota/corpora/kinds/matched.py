"""A part of another corpus, made comparable with further ones."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from micota.common.contracts import Again, corpus_rows
from micota.common.records import Record
from micota.common.settings import Name, Names, Seed
from micota.corpora.kinds.kind import CorpusKind, Expected, Given, Made, Surroundings

NOT_IN_ALL, OVER_THE_MATCH = "not_in_all", "over_the_match"


class Matched(CorpusKind):
    """A part of another corpus, made comparable with further ones: an arm that holds a confound fixed."""

    reasons: ClassVar = (NOT_IN_ALL, OVER_THE_MATCH)

    kind: Literal["matched"] = Field(description="of corpus")
    of: Name = Field(description="the corpus that the rows are taken from")
    problems_of: Names = Field([], description="keep the problems that all these corpora hold as well")
    match: Literal["examples", "tokens"] | None = Field(None, description="cut at random to the size of `to`")
    to: Name | None = Field(None, description="the corpus whose number of examples or tokens is not to be exceeded")
    at_most: int | None = Field(None, ge=1, description="instead of `to`: the examples or tokens not to be exceeded")
    seed: Seed = Field(
        0, description="of the choice of problems: with one seed, the smaller of two cuts is part of the larger"
    )

    @model_validator(mode="after")
    def says_what_it_leaves_out(self) -> Self:
        if self.at_most and (self.to or not self.match):
            raise ValueError("at_most: it goes with `match`, and in the place of `to`")
        if not self.at_most and (self.match is None) != (self.to is None):
            raise ValueError(f"{'match' if self.to else 'to'}: `match` and `to` go together")
        if self.match is None and not self.problems_of:
            raise ValueError(f"problems_of: it would be a copy of {self.of}; give `problems_of`, or `match` and `to`")
        return self

    def made_of(self) -> list[str]:
        return [self.of]

    def compared_with(self) -> list[str]:
        return list(dict.fromkeys([*self.problems_of, *([self.to] if self.to else [])]))

    def rows(self, given: Given, around: Surroundings) -> Made:
        own, *others = (Again(corpus_rows, given.of("parts", name)) for name in (self.of, *self.problems_of))
        limit = self.size(Again(corpus_rows, given.of("parts", self.to))) if self.to else self.at_most
        yield from self.cut(own, others, limit)
        return {"of": self.of, **({"limit": {self.match: limit}} if self.match else {})}

    def cut(self, rows: Iterable[Record], others: Sequence[Iterable[Record]], limit: int | None) -> Made:
        """The rows of the problems that all `others` hold too, cut at random to `limit` examples or tokens.

        `rows` are read twice instead of held.

        Problems are taken whole in the order of a seeded shuffle up to the first that does not fit: going on to smaller
        ones that still fit would prefer short traces. The rows come in their own order.
        """
        sizes: Counter[str] = Counter()
        for row in rows:
            sizes[row["id"]] += self.size([row])
        common = set(sizes).intersection(*({row["id"] for row in other} for other in others))
        shuffled = sorted(common)
        random.Random(self.seed).shuffle(shuffled)
        taken: set[str] = set()
        total = 0
        for problem in shuffled:
            total += sizes[problem]
            if limit is not None and total > limit:
                break
            taken.add(problem)
        for row in rows:
            if row["id"] not in common:
                yield row, NOT_IN_ALL
            else:
                yield row, None if row["id"] in taken else OVER_THE_MATCH
        return {}

    def size(self, rows: Iterable[Record]) -> int:
        """How large rows are by the measure of the match: their tokens, or else their number."""
        return sum(row["n_tokens"] if self.match == "tokens" else 1 for row in rows)

    def expected_tokens(self, name: str, plan: Expected) -> float:
        return plan.corpus(self.of)

    def expected_rows(self, name: str, plan: Expected) -> int:
        rows = plan.rows(self.of)
        return min(rows, self.at_most) if self.at_most and self.match == "examples" else rows

    def in_a_pilot(self, fewer: Callable[[int], int]) -> Record:
        return {"at_most": fewer(self.at_most)} if self.at_most else {}

"""Auto-mid: the one of several sampled corpora that a rule chooses."""

from typing import Literal, Self

from pydantic import Field, model_validator

from micota.common.cli import UserError, known
from micota.common.settings import Name, Names
from micota.corpora.kinds.kind import CorpusKind, Files, Named, Surroundings
from micota.corpora.kinds.sampled import Sampled


class Chosen(CorpusKind):
    """Auto-mid: one of several sampled corpora, chosen by a rule that looks at training problems only."""

    kind: Literal["chosen"]
    candidates: Names = Field(min_length=2, description="sampled corpora, such as one a merge weight")
    by: Literal["length", "nll"] = Field(
        description="length: mean tokens nearest those of `between`; nll: lowest per token under `base`"
    )
    between: list[Name] = Field(
        [],
        max_length=2,
        description="by length: the corpus that gives the target, or two, then it is their geometric mean",
    )
    base: Name | None = Field(None, description="by NLL: the untrained student")
    floor: float = Field(
        0.0, ge=0, le=1, description="a candidate must solve this share of what the best candidate solves"
    )

    @model_validator(mode="after")
    def says_what_it_chooses_by(self) -> Self:
        key, unused = ("base", self.base) if self.by == "length" else ("between", self.between)
        if unused:
            raise ValueError(f"{key}: a corpus chosen by {self.by} takes none")
        if self.by == "length" and not self.between:
            raise ValueError("between: name the corpus whose length is the target, or the two it lies between")
        return self

    def made_of(self) -> list[str]:
        return self.candidates

    def compared_with(self) -> list[str]:
        return self.between

    def waits_for_likelihoods(self) -> bool:
        return self.by == "nll"

    def reads(self, around: Surroundings) -> Files:
        found = super().reads(around)
        found["counted"] = [path.replace(".jsonl", ".counts.json") for path in found["parts"]]
        return found | ({"alignment": [f"alignment/{self.base}.jsonl"]} if self.by == "nll" else {})

    def check(self, name: str, study: Named) -> None:
        """Kept traces must be solved ones, and by NLL the candidates' likelihoods known."""
        for candidate in self.candidates:
            corpus = study.config.corpora[candidate]
            if not isinstance(corpus, Sampled) or corpus.keep != "correct":
                raise UserError(
                    f"corpora.{name}.candidates: sampled corpora of correct traces only,"
                    f" since each must say how many it solved; {candidate} is none"
                )
        if self.by == "nll":
            known(str(self.base), study.config.students.bases, f"corpora.{name}.base")
            for candidate in self.candidates:
                known(candidate, study.config.alignment.corpora, f"corpora.{name}: alignment.corpora")

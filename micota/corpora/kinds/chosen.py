"""Auto-mid: the one of several sampled corpora that a rule chooses."""

from collections.abc import Iterable, Mapping
from math import exp, fsum, log
from statistics import fmean
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from micota.common.cli import known
from micota.common.contracts import corpus_rows, likelihoods
from micota.common.errors import ConfigurationError
from micota.common.records import Record, read_json
from micota.common.settings import Name, Names
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Named, Surroundings
from micota.corpora.kinds.sampled import Sampled


class Chosen(CorpusKind):
    """Auto-mid: one of several sampled corpora, chosen by a rule that looks at training problems only."""

    files: ClassVar = {
        "parts": "the candidates",
        "counted": "the counts of the candidates, and of the corpora of `between`",
        "likelihood": "by NLL: the likelihoods of the candidates' traces",
    }

    kind: Literal["chosen"] = Field(description="of corpus")
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

    def not_solved_alone(self, corpora: Mapping[str, CorpusKind]) -> str | None:
        reasons = {name: corpora[name].not_solved_alone(corpora) for name in self.candidates}
        return next((f"of its candidate {name}: {reason}" for name, reason in reasons.items() if reason), None)

    def waits_for_likelihoods(self) -> bool:
        return self.by == "nll"

    def reads(self, around: Surroundings) -> Files:
        found = super().reads(around)
        found["counted"] = [path.replace(".jsonl", ".counts.json") for path in found["parts"]]
        return found | ({"likelihood": [f"likelihood/{self.base}.jsonl"]} if self.by == "nll" else {})

    def check(self, name: str, study: Named) -> None:
        """Kept traces must be solved ones, and by NLL the candidates' likelihoods known."""
        for candidate in self.candidates:
            corpus = study.config.corpora[candidate]
            if not isinstance(corpus, Sampled) or corpus.keep != "correct":
                raise ConfigurationError(
                    f"corpora.{name}.candidates: sampled corpora of correct traces only,"
                    f" since each must say how many it solved; {candidate} is none"
                )
        if self.by == "nll":
            known(str(self.base), study.config.students.bases, f"corpora.{name}.base")
            for candidate in self.candidates:
                known(candidate, study.config.likelihood.corpora, f"corpora.{name}: likelihood.corpora")

    def rows(self, given: Given, around: Surroundings) -> Made:
        choice = self.choice(given)
        for row in corpus_rows(given.of("parts", choice["chosen"])):
            yield row, None
        return choice

    def choice(self, given: Given) -> Record:
        """The candidate that the rule names, and the numbers that decided."""
        counted = {name: read_json(given.of("counted", name)) for name in [*self.candidates, *self.between]}
        if self.by == "length":
            return self.choose(counted, "log_length_ratio", self.length_ratios(counted))
        nll = likelihoods(given.only("likelihood"), {name: counted[name]["kept"] for name in self.candidates})
        return self.choose(counted, "nll_per_token", self.nll_per_token(nll))

    def choose(self, counted: Mapping[str, Record], measure: str, values: Mapping[str, float]) -> Record:
        """The candidate with the lowest value of the measure, and the numbers that decided.

        `counted` holds the candidates' counts files; only those that solve `floor` of what the best one solves, on the
        training problems, are in the running. Of equals the first.
        """
        numbers = {
            name: {
                "solved": counted[name]["kept"] / counted[name]["read"],
                "mean_tokens": counted[name]["tokens"]["mean"],
                measure: value,
            }
            for name, value in values.items()
        }
        required = self.floor * max(candidate["solved"] for candidate in numbers.values())
        running = [name for name, candidate in numbers.items() if candidate["solved"] >= required]
        chosen = min(running, key=lambda name: values[name])
        return {"chosen": chosen, "chosen_by": measure, "required_solved": required, "candidates": numbers}

    def length_ratios(self, counted: Mapping[str, Record]) -> dict[str, float]:
        """How far each candidate's mean length is from that of `between`, as |log of the ratio|.

        Of two, the target is the geometric mean.
        """
        target = exp(fmean(log(counted[name]["tokens"]["mean"]) for name in self.between))
        return {name: abs(log(counted[name]["tokens"]["mean"] / target)) for name in self.candidates}

    def nll_per_token(self, rows: Iterable[Record]) -> dict[str, float]:
        """Sum of NLL (nats) over sum of tokens of each candidate, from the rows of likelihood/{base}.jsonl."""
        nll, tokens = dict.fromkeys(self.candidates, 0.0), dict.fromkeys(self.candidates, 0)
        for row in rows:
            if row["corpus"] in nll:
                nll[row["corpus"]] += row["nll"]
                tokens[row["corpus"]] += row["n_tokens"]
        if missing := [name for name in self.candidates if not tokens[name]]:
            raise ConfigurationError(f"likelihood: no NLL of {', '.join(missing)}")
        return {name: nll[name] / tokens[name] for name in self.candidates}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        return fsum(map(plan.corpus, self.candidates)) / len(self.candidates)

    def expected_rows(self, name: str, plan: Expected) -> int:
        return max(map(plan.rows, self.candidates))

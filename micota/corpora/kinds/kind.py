"""What every kind of corpus answers: its settings, what it is made from, what it reads, its rows.

A kind is one file of this folder, with a class; `micota/corpora/kinds/__init__.py` lists them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from micota.common.records import Record
from micota.common.settings import Closed
from micota.corpora.counts import Counts

Files = dict[str, list[str]]


@dataclass(frozen=True)
class Surroundings:
    """What a corpus must know of its study."""

    training_problems: str  # the data set that is sampled for corpora
    learner: str  # the base of the first model that is trained on the corpus


class Named(Protocol):
    """The names that a corpus may use: those of the study's models, corpora and students."""

    config: Any

    @property
    def models(self) -> list[str]: ...


class CorpusKind(Closed):
    """The settings of one kind of corpus, and what follows from them."""

    kind: str

    def made_of(self) -> list[str]:
        """The corpora that rows are taken from."""
        return []

    def compared_with(self) -> list[str]:
        """The corpora that decide which rows are taken, without giving any."""
        return []

    def solved_by(self) -> list[str]:
        """The models whose traces on the training problems are read, the sampler first."""
        return []

    def waits_for_likelihoods(self) -> bool:
        """Whether the likelihoods of corpora must be known before."""
        return False

    def reads(self, around: Surroundings) -> Files:
        """What the corpus is made from: flag of scripts/corpus.py -> files below the study's results."""
        parts = dict.fromkeys([*self.made_of(), *self.compared_with()])
        return {"parts": [f"corpora/{name}.jsonl" for name in parts]}

    def check(self, name: str, study: Named) -> None:
        """Raise UserError, with the key, where the corpus asks for what the study has not."""

    def rows(self, files: Mapping[str, list[Path]], around: Surroundings, counts: Counts) -> Iterator[Record]:
        """The corpus rows; what is read, kept and dropped is counted, and how the corpus came about is noted."""
        raise NotImplementedError

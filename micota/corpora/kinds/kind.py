"""What every kind of corpus answers: its settings, what it is made from, what it reads, its rows, what a plan expects.

A kind is one file of this folder, with a class; `micota/corpora/kinds/__init__.py` lists them.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from micota.common.cli import known
from micota.common.errors import ConfigurationError
from micota.common.files import by_name
from micota.common.records import Record
from micota.common.settings import Closed

# Every row that is read, in turn: kept (None), then as the corpus has it, or dropped for a reason. What is returned at
# the end says how the corpus came about, for its counts file.
Made = Generator[tuple[Record, str | None], None, Record]
Files = dict[str, list[str]]


@dataclass(frozen=True)
class Given:
    """The files that a corpus is made from, by the flag of scripts/corpus.py that gave them."""

    paths: Mapping[str, Sequence[Path]]

    def has(self, flag: str) -> bool:
        return bool(self.paths.get(flag))

    def only(self, flag: str) -> Path:
        """The one file of a flag; UserError if there are none or several."""
        found = self.paths.get(flag, ())
        if len(found) != 1:
            raise ConfigurationError(f"--{flag}: give one file; there are {len(found)}")
        return found[0]

    def of(self, flag: str, name: str) -> Path:
        """The file of a model or a corpus, by its own name; UserError if a flag gives none."""
        found = by_name(self.paths.get(flag, ()))
        if not found:
            raise ConfigurationError(f"--{flag}: give the files; that of {name!r} is needed")
        known(name, found, f"--{flag}")
        return found[name]


@dataclass(frozen=True)
class Surroundings:
    """What a corpus must know of its study."""

    training_problems: str  # the data set that is sampled for corpora
    learner: str  # the base of the first model that learns from the corpus
    name: str = ""  # of the corpus itself
    whole: bool = False  # whether every training problem has been sampled


class Named(Protocol):
    """The names that a corpus may use: those of the study's models, corpora and students."""

    config: Any

    @property
    def models(self) -> list[str]: ...


class Expected(Protocol):
    """What a plan knows before a run, or from a pilot: numbers of tokens are means, numbers of rows the most."""

    @property
    def assumed(self) -> Mapping[str, float]:
        """Assumptions by name: micota/planning/assumptions.py."""

    def sampled(self, model: str) -> float:
        """Tokens of a model's traces on the training problems."""

    def written(self) -> int:
        """How many traces each sampler writes on the training problems."""

    def problems(self, dataset: str | None) -> int:
        """How many problems a data set has (None: the training problems)."""

    def share_kept(self, corpus: str, assumed: float) -> float:
        """The share of its sampler's traces that a corpus keeps: as a pilot found it, or as is assumed."""

    def demonstration(self, demonstrations: Any) -> float:
        """Tokens of a demonstration."""

    def corpus(self, name: str) -> float:
        """Tokens of another corpus' rows."""

    def rows(self, name: str) -> int:
        """Rows of another corpus."""


class CorpusKind(Closed):
    """The settings of one kind of corpus, and what follows from them."""

    # Flag of scripts/corpus.py -> what its files are: all that a corpus of this kind may read.
    files: ClassVar[Mapping[str, str]] = {"parts": "the corpora that are read"}
    # Why a row is dropped, in the order in which is asked.
    reasons: ClassVar[tuple[str, ...]] = ()
    # Whether a program wrote the rows, and no model: only a teacher may learn from them, or a student from an oracle.
    procedural: ClassVar[bool] = False

    kind: str

    def made_of(self) -> list[str]:
        """The corpora that rows are taken from."""
        return []

    def compared_with(self) -> list[str]:
        """The corpora that decide which rows are taken, without giving any."""
        return []

    def written_by(self) -> list[str]:
        """The models whose traces become rows."""
        return []

    def solved_by(self) -> list[str]:
        """The models whose traces on the training problems are read, the writer first."""
        return []

    def imported_from(self, around: Surroundings) -> str | None:
        """The data set whose rows hold the traces, where they were made elsewhere."""
        return None

    def longest(self) -> int | None:
        """The most tokens that a trace may have to become a row; None where all are taken, however long."""
        return None

    def not_solved_alone(self, corpora: Mapping[str, "CorpusKind"]) -> str | None:
        """Why a problem without a row may be one that the sampler solved; None if it did not solve it."""
        return f"it is {self.kind}"

    def waits_for_likelihoods(self) -> bool:
        """Whether the likelihoods of corpora must be known before."""
        return False

    def reads(self, around: Surroundings) -> Files:
        """What the corpus is made from: flag -> files below the study's results."""
        parts = dict.fromkeys([*self.made_of(), *self.compared_with()])
        return {"parts": [f"corpora/{name}.jsonl" for name in parts]}

    def key_of(self, name: str) -> str:
        """The setting that a model or a corpus is named in; `kind` where it is in none."""
        named = (key for key, value in self if name == value or (isinstance(value, list | dict) and name in value))
        return next((key for key in named if key != "kind"), "kind")

    def check(self, name: str, study: Named) -> None:
        """Raise UserError, with the key, where the corpus asks for what the study has not."""

    def rows(self, given: Given, around: Surroundings) -> Made:
        """Yield every row that is read with why it is dropped; return how the corpus came about."""
        raise NotImplementedError

    def expected_tokens(self, name: str, plan: Expected) -> float:
        """Mean tokens of a row."""
        raise NotImplementedError

    def expected_rows(self, name: str, plan: Expected) -> int:
        """How many rows there will be; of a corpus that is cut or chosen, the most there can be."""
        raise NotImplementedError

    def in_a_pilot(self, fewer: Callable[[int], int]) -> Record:
        """What a pilot lays over these settings, where they say how many rows there are: `fewer` than that many."""
        return {}

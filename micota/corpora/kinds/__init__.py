"""The kinds of corpora, a file each: what a new one answers is in `kind.py`, and it is listed here."""

from typing import Annotated, get_args

from pydantic import Field

from micota.corpora.kinds.chosen import Chosen
from micota.corpora.kinds.demonstrations import Procedural
from micota.corpora.kinds.imported import Imported
from micota.corpora.kinds.kind import CorpusKind, Surroundings
from micota.corpora.kinds.matched import Matched
from micota.corpora.kinds.mixed import Mixed
from micota.corpora.kinds.pruned import Pruned
from micota.corpora.kinds.sampled import Sampled

AnyKind = Procedural | Sampled | Mixed | Matched | Pruned | Chosen | Imported
Corpus = Annotated[AnyKind, Field(discriminator="kind")]

# By what a configuration calls them.
KINDS: dict[str, type[CorpusKind]] = {
    name: kind for kind in get_args(AnyKind) for name in get_args(kind.model_fields["kind"].annotation)
}
# Why a trace is dropped, in the order in which the kinds ask.
REASONS = tuple(dict.fromkeys(reason for kind in KINDS.values() for reason in kind.reasons))

__all__ = [
    "KINDS",
    "REASONS",
    "AnyKind",
    "Chosen",
    "Corpus",
    "CorpusKind",
    "Imported",
    "Matched",
    "Mixed",
    "Procedural",
    "Pruned",
    "Sampled",
    "Surroundings",
]

"""The kinds of corpora, a file each: what a new one answers is in `kind.py`, and it is listed here."""

from typing import Annotated

from pydantic import Field

from micota.corpora.kinds.chosen import Chosen
from micota.corpora.kinds.demonstrations import Procedural
from micota.corpora.kinds.kind import CorpusKind, Surroundings
from micota.corpora.kinds.matched import Matched
from micota.corpora.kinds.mixed import Mixed
from micota.corpora.kinds.sampled import Sampled

Corpus = Annotated[Procedural | Sampled | Mixed | Matched | Chosen, Field(discriminator="kind")]

__all__ = ["Chosen", "Corpus", "CorpusKind", "Matched", "Mixed", "Procedural", "Sampled", "Surroundings"]

"""A corpus of procedural demonstrations: what the teacher of a miniature is trained on."""

from typing import Literal

from micota.common.settings import Seed
from micota.corpora.kinds.kind import CorpusKind, Files, Surroundings
from micota.problems.settings import Demonstrations


class Procedural(CorpusKind):
    """Demonstrations that a program writes."""

    kind: Literal["demonstrations"]
    demonstrations: Demonstrations
    seed: Seed

    def reads(self, around: Surroundings) -> Files:
        return {"tokenizer": [f"models/{around.learner}"]}

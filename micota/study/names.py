"""The names of a study's models: made, and taken apart.

A student is `{base}-{corpus}-s{seed}`, with `-c{chain}` before the seed where a study has several chains; a merged
model is `{tuned}-w{weight}-d{density}-m{mask seed}` (micota/models/merge_methods.py). Names of people hold no hyphen.
"""

import re


def student(base: str, corpus: str, seed: int, chain: int | None = None) -> str:
    """The name of one trained student."""
    return f"{arm(base, corpus, chain)}-s{seed}"


def arm(base: str, corpus: str, chain: int | None = None) -> str:
    """What the students of all seeds have in common: a base, trained on a corpus (of one chain)."""
    return f"{base}-{corpus}" if chain is None else f"{base}-{corpus}-c{chain}"


def arm_of(model: str) -> str:
    """The arm that a trained student belongs to; a name without a seed as it stands."""
    return re.sub(r"-s\d+$", "", model)


def parts_of(arm: str) -> tuple[str, str]:
    """An arm's base and corpus."""
    base, _, corpus = arm.partition("-")
    return base, corpus

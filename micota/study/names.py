"""The names of a study's models: made, taken apart, and as the expressions that Snakemake's wildcards may match.

A student is `{base}-{corpus}-s{seed}`, with `-c{chain}` before the seed where a study has several chains; a merged
model is `{tuned}-w{weight}-d{density}-m{mask seed}` (micota/models/merging.py). Names that people give hold no hyphen.

Snakemake copies a wildcard's constraint into every pattern that it fills in, so its length counts for every job: a list
of all students makes the time grow with their square. Students and merges are products, and written as such.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from micota.study.graph import Study


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


def models_of(term: str, seeds: Iterable[int], bases: Iterable[str]) -> list[str]:
    """The models that a term of a contrast stands for: an untrained student, or an arm's student of each seed."""
    return [term] if term in bases else [f"{term}-s{seed}" for seed in seeds]


def one_of(names: Iterable[object]) -> str:
    """Exactly these names; for none, an expression that nothing matches."""
    return "|".join(re.escape(str(name)) for name in names) or "(?!)"


def product(parts: Mapping[str, Iterable[object]]) -> str:
    """One name of each part, one after the other, each behind its key: {"w": [1, 2], "-d": [3]} is w1-d3 or w2-d3."""
    return "".join(f"{re.escape(key)}(?:{one_of(names)})" for key, names in parts.items())


def either(*expressions: str) -> str:
    return "|".join(expressions) or "(?!)"


def name_patterns(study: "Study") -> dict[str, str]:
    """Wildcard -> the expression for its values."""
    config = study.config
    students = either(
        *(
            product({f"{base}-": [*config.students.corpora, *config.students.more.get(base, [])], "-s": config.seeds})
            for base in config.students.bases
        )
    )
    merged = either(*(re.escape(sweep.tuned) + product(sweep.parts) for sweep in config.merges))
    tuned = either(one_of(config.tuned), students)
    return {
        "study": re.escape(config.study),
        "dataset": one_of(config.datasets),
        "base": one_of(study.bases),
        "tuned": tuned,
        "merged": merged,
        "model": either(one_of(study.bases), tuned, merged),
        "corpus": one_of(config.corpora),
        "shard": r"\d+",
    }

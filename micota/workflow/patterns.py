"""The names of a study as the expressions that Snakemake's wildcards may match.

Snakemake copies a wildcard's constraint into every pattern that it fills in, so its length counts for every job: a list
of all students makes the time grow with their square. Students and merges are products, and written as such.
"""

import re
from collections.abc import Iterable, Mapping

from micota.study.graph import Study


def one_of(names: Iterable[object]) -> str:
    """Exactly these names; for none, an expression that nothing matches."""
    return "|".join(re.escape(str(name)) for name in names) or "(?!)"


def product(parts: Mapping[str, Iterable[object]]) -> str:
    """One name of each part, one after the other, each behind its key: {"w": [1, 2], "-d": [3]} is w1-d3 or w2-d3."""
    return "".join(f"{re.escape(key)}(?:{one_of(names)})" for key, names in parts.items())


def either(*expressions: str) -> str:
    return "|".join(expressions) or "(?!)"


def name_patterns(study: Study) -> dict[str, str]:
    """Wildcard -> the expression for its values."""
    config = study.config
    of_base: dict[str, list[str]] = {}
    for base, corpus in study.arms:
        of_base.setdefault(f"{base}-", []).append(corpus)
    drawn = {"-c": config.chains} if config.chains else {}
    students = either(*(product({base: corpora, **drawn, "-s": config.seeds}) for base, corpora in of_base.items()))
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
        "imported": one_of(study.imports),
        "shard": r"\d+",
    }

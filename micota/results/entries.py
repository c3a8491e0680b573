"""Which models stand in which table: entries of (model, base, corpus, seed), and the models that claims speak of."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from micota.study import names
from micota.study.graph import Study

Entry = dict[str, Any]

UNTRAINED, ELSEWHERE = "base", "elsewhere"  # in place of a corpus: as it was; in place of a base: trained by others


def main(study: Study) -> list[Entry]:
    """The main table: per student size the untrained base, then each corpus, each seed; then `external_models`."""
    entries: list[Entry] = []
    for base in study.given.students.bases:
        entries += [{**entry, "base": base, "corpus": UNTRAINED, "seed": 0} for entry in in_chains(study, base)]
        entries += [
            {"model": names.student(base, corpus, seed, chain.number), "base": base, "corpus": corpus, "seed": seed}
            | {"chain": chain.number}
            for of, corpus in study.arms
            if of == base
            for chain in study.chains
            for seed in study.given.seeds
        ]
    elsewhere = study.config.external_models
    return entries + [{"model": n, "base": ELSEWHERE, "corpus": n, "seed": 0, "chain": None} for n in elsewhere]


def in_chains(study: Study, name: str) -> list[Entry]:
    """The model of each chain that the configuration calls so; a single one, of chain None, where all share it."""
    if all(chain.name(name) == name for chain in study.chains):
        return [{"model": name, "chain": None}]
    return [{"model": chain.name(name), "chain": chain.number} for chain in study.chains]


def sizes(study: Study) -> list[Entry]:
    """Those of the main table that the gap by student size needs: its corpora, and the untrained bases."""
    gaps = study.config.sizes.gaps if study.config.sizes else []
    wanted = {UNTRAINED, *(corpus for gap in gaps for corpus in gap)}
    return [entry for entry in main(study) if entry["corpus"] in wanted]


def mapped(study: Study) -> list[Entry]:
    """Those of the main table that the map shows, and the untrained bases; with `learned`, the corpus of its chain."""
    axes = study.config.map.axes if study.config.map else {}
    wanted = {UNTRAINED, *(corpus for corpora in axes.values() for corpus in corpora)}
    return [entry | {"learned": study.learned(entry["model"])} for entry in main(study) if entry["corpus"] in wanted]


def variance(study: Study) -> list[Entry]:
    """The students whose variance is budgeted, by corpus (a mask seed each) and training seed."""
    budget = study.config.variance
    if budget is None:
        return []
    return [
        {"model": names.student(budget.base, corpus, seed, chain.number), "corpus": corpus, "seed": seed}
        | {"chain": chain.number}
        for corpus in budget.corpora
        for chain in study.chains
        for seed in study.given.seeds
    ]


def assistants(study: Study) -> list[Entry]:
    """The sweep of each tuned model: its base as weight 0, itself as weight None, then every merge of the two."""
    entries: list[Entry] = []
    for sweep, chain in product({sweep.tuned: None for sweep in study.given.merges}, study.chains):
        base, tuned, *merged = study.sweeps[chain.name(sweep)]
        whose: Entry = {"tuned": sweep, "chain": chain.number}
        for model, weight in ((base, 0.0), (tuned, None)):
            entries.append({"model": model, **whose, "weight": weight, "density": None, "mask_seed": None})
        for model in merged:
            merge = study.merges[model].merge
            place = {"weight": merge.weight, "density": merge.density, "mask_seed": merge.seed}
            entries.append({"model": model, **whose, **place})
    return entries


def claimed(study: Study) -> list[str]:
    """Models whose graded traces the claims need: every seed of a student, untrained ones, models of the sweep."""
    claims = study.config.claims.family.values() if study.config.claims else []
    parts = [part for claim in claims for part in claim.parts if not part.measure.startswith("nll")]
    terms = {term for part in parts for term in part.contrast}
    return [model for model in study.models if model in terms or names.arm_of(model) in terms]


def by_student(entries: Sequence[Entry]) -> dict[tuple[str, str], list[str]]:
    """(base, corpus) -> its models, one a training seed; a base's corpora stand together."""
    found: dict[tuple[str, str], list[str]] = {}
    for base in dict.fromkeys(entry["base"] for entry in entries):
        for entry in entries:
            if entry["base"] == base:
                found.setdefault((base, entry["corpus"]), []).append(entry["model"])
    return found

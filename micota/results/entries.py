"""Which models stand in which table: entries of (model, base, corpus, seed), and the models that claims speak of."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from micota.study import names
from micota.study.asked import Part
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
    """Models whose graded traces the claims need: students of all chains and seeds, untrained ones, sweeps."""
    parts = [part for part in claims_parts(study) if not part.measure.startswith("nll")]
    models = {m for part in parts for term in part.contrast for chain in term_runs(study, term) for m in chain}
    return [model for model in study.models if model in models]


def by_student(entries: Sequence[Entry]) -> dict[tuple[str, str], list[list[str]]]:
    """(base, corpus) -> its models, [chain][training seed]; a base's corpora stand together.

    What serves all chains, or has none, is one list.
    """
    found: dict[tuple[str, str], dict[int | None, list[str]]] = {}
    for base in dict.fromkeys(entry["base"] for entry in entries):
        for entry in entries:
            if entry["base"] == base:
                chains = found.setdefault((base, entry["corpus"]), {})
                chains.setdefault(entry.get("chain"), []).append(entry["model"])
    return {key: list(chains.values()) for key, chains in found.items()}


def runs(study: Study) -> dict[str, list[list[str]]]:
    """What the terms of the claims stand for: term -> its models or corpora, [chain][training seed].

    A term that serves all chains and seeds, such as an untrained student that they share, is [[its name]].
    """
    parts = claims_parts(study)
    terms = [term for part in parts for term in (*part.contrast, part.base) if term]
    return {term: term_runs(study, term) for term in dict.fromkeys(terms)}


def claims_parts(study: Study) -> list[Part]:
    claims = study.config.claims.family.values() if study.config.claims else []
    return [part for claim in claims for part in claim.parts]


def term_runs(study: Study, term: str) -> list[list[str]]:
    """What one term stands for."""
    arms = {names.arm(base, corpus): (base, corpus) for base, corpus in study.arms}
    if term in arms:
        seeds, chains = study.given.seeds, study.chains
        return [[names.student(*arms[term], seed, chain.number) for seed in seeds] for chain in chains]
    own = [chain.name(term) for chain in study.chains]
    return [[term]] if {*own} == {term} else [[name] for name in own]

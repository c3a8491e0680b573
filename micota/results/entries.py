"""Which models stand in which table: entries of (model, base, corpus, seed), and the models that claims speak of."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from micota.study import names
from micota.study.asked import SOLVED, UNDER_A_BASE, Part
from micota.study.graph import Study
from micota.study.tasks import tasks

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


def named(study: Study, own: Iterable[str]) -> list[Entry]:
    """Models or corpora by what people call them: their `own` name, their `name` and the `chain` that has them.

    Chain None: all chains share it. Of a student the name is its arm's, whatever its seed.
    """
    found = {own: (name, chain.number) for chain in study.chains for name, own in chain.names.items()}
    found |= {
        names.student(base, corpus, seed, chain.number): (names.arm(base, corpus), chain.number)
        for base, corpus in study.arms
        for chain in study.chains
        for seed in study.given.seeds
    }
    whose = ((each, *found.get(each, (each, None))) for each in own)
    return [{"own": each, "name": name, "chain": chain} for each, name, chain in whose]


def likelihoods(study: Study) -> list[Entry]:
    """Each corpus `of` a chain `under` each untrained student of it; one that serves all chains has all corpora."""
    return [
        {"base": base["name"], "corpus": corpus["name"], "under": base["own"], "of": corpus["own"]}
        | {"chain": corpus["chain"] if base["chain"] is None else base["chain"]}
        for base in named(study, study.config.students.bases)
        for corpus in named(study, study.likely(base["own"]))
    ]


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


def answering(study: Study) -> list[str]:
    """The models that write traces."""
    return [model for model in study.models if tasks(study, model)]


def traced(study: Study) -> list[str]:
    """All that has graded traces: the models that write some, and the corpora that were made elsewhere."""
    return [*answering(study), *study.imports]


def several_seeds(study: Study) -> bool:
    """One seed of a study, run on its own, has no variance between seeds."""
    return bool(study.config.variance) and len(study.config.seeds) > 1


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
    """The sweep of each tuned model: its base as weight 0, itself as weight None, then every merge of the two.

    `name` and `chain` are those of `named`, `mask` is the mask seed as the configuration has it. A base that all chains
    share is one entry of each sweep.
    """
    entries: dict[tuple[str, str], Entry] = {}
    for sweep, chain in product({sweep.tuned: None for sweep in study.given.merges}, study.chains):
        base, tuned, *merged = study.sweeps[chain.name(sweep)]
        places: dict[str, Entry] = {base: {"weight": 0.0}, tuned: {"weight": None}}
        for model in merged:
            merge = study.merges[model].merge
            places[model] = {"method": merge.method, "weight": merge.weight, "density": merge.density}
            if merge.seed is not None:
                places[model] |= {"mask_seed": merge.seed, "mask": merge.seed - chain.seed(0)}
        for model, place in places.items():
            unmerged: Entry = dict.fromkeys(("method", "density", "mask_seed", "mask"))
            entries[sweep, model] = {"model": model, "tuned": sweep} | unmerged | place
    whose = named(study, (model for _, model in entries))
    pairs = zip(entries.values(), whose, strict=True)
    return [entry | {"name": own["name"], "chain": own["chain"]} for entry, own in pairs]


def proposed(study: Study) -> list[str]:
    """The proposed corpus of each chain, each once."""
    return list(dict.fromkeys(chain.name(study.given.students.proposed) for chain in study.chains))


def samplers(study: Study) -> dict[str, str]:
    """Of the corpora that the proposed one may be taken from: those that one model wrote -> that model."""
    parts = dict.fromkeys(part for corpus in proposed(study) for part in study.parts(corpus))
    wrote = {part: getattr(study.corpus(part), "sampler", None) for part in parts}
    return {part: sampler for part, sampler in wrote.items() if sampler}


def claimed(study: Study) -> list[str]:
    """Models whose graded traces the claims need: students of all chains and seeds, untrained ones, sweeps."""
    parts = [part for part in claims_parts(study) if part.measure not in (*UNDER_A_BASE, SOLVED)]
    models = {m for part in parts for term in part.contrast for chain in term_runs(study, term) for m in chain}
    return [model for model in study.models if model in models]


def solved(study: Study) -> list[str]:
    """The corpora of all chains whose solved problems the claims compare."""
    terms = (term for part in claims_parts(study) if part.measure == SOLVED for term in part.contrast)
    return list(dict.fromkeys(name for term in terms for chain in term_runs(study, term) for name in chain))


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

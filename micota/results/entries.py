"""Which models stand in which table: entries of (model, base, corpus, seed), and the models that claims speak of."""

from collections.abc import Sequence
from typing import Any

from micota.study import names
from micota.study.graph import Study

Entry = dict[str, Any]

UNTRAINED, ELSEWHERE = "base", "elsewhere"  # in place of a corpus: as it was; in place of a base: trained by others


def main(study: Study) -> list[Entry]:
    """The main table: per student size the untrained base, then each corpus, each seed; then `external_models`."""
    entries: list[Entry] = []
    for base in study.config.students.bases:
        entries.append({"model": base, "base": base, "corpus": UNTRAINED, "seed": 0})
        entries += [
            {"model": name, "base": base, "corpus": tune.corpus, "seed": tune.seed}
            for name, tune in study.students.items()
            if tune.base == base
        ]
    return entries + [{"model": n, "base": ELSEWHERE, "corpus": n, "seed": 0} for n in study.config.external_models]


def sizes(study: Study) -> list[Entry]:
    """Those of the main table that the gap by student size needs: its corpora, and the untrained bases."""
    gaps = study.config.sizes.gaps if study.config.sizes else []
    wanted = {UNTRAINED, *(corpus for gap in gaps for corpus in gap)}
    return [entry for entry in main(study) if entry["corpus"] in wanted]


def variance(study: Study) -> list[Entry]:
    """The students whose variance is budgeted, by corpus (a mask seed each) and training seed."""
    budget = study.config.variance
    if budget is None:
        return []
    return [
        {"model": names.student(budget.base, corpus, seed), "corpus": corpus, "seed": seed}
        for corpus in budget.corpora
        for seed in study.config.seeds
    ]


def assistants(study: Study) -> list[Entry]:
    """The sweep of each tuned model: its base as weight 0, itself as weight None, then every merge of the two."""
    entries: list[Entry] = []
    for tuned, models in study.sweeps.items():
        for model, weight in zip(models[:2], (0.0, None), strict=True):
            entries.append({"model": model, "tuned": tuned, "weight": weight, "density": None, "mask_seed": None})
        for model in models[2:]:
            merge = study.merges[model].merge
            place = {"weight": merge.weight, "density": merge.density, "mask_seed": merge.seed}
            entries.append({"model": model, "tuned": tuned, **place})
    return entries


def claimed(study: Study) -> list[str]:
    """Models whose graded traces the claims need: every seed of a student, untrained ones, models of the sweep."""
    claims = study.config.claims.family.values() if study.config.claims else []
    parts = [part for claim in claims for part in claim.parts if not part.measure.startswith("nll")]
    terms = {term for part in parts for term in part.contrast}
    return [model for model in study.models if model in terms or names.arm_of(model) in terms]


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

    A term that serves all chains and seeds, such as an untrained student, is [[its name]].
    """
    claims = study.config.claims.family.values() if study.config.claims else []
    found: dict[str, list[list[str]]] = {}
    for part in (part for claim in claims for part in claim.parts):
        fixed = list(part.contrast) if part.measure != "accuracy" else study.config.students.bases
        for term in part.contrast:
            found[term] = [names.models_of(term, study.config.seeds, fixed)]
        if part.base is not None:
            found[part.base] = [[part.base]]
    return found

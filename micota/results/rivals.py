"""The proposed corpus and its rivals: the models that each candidate is, the rule that chooses, what each cost."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from micota.common import contracts
from micota.common.files import by_name
from micota.common.records import read_json
from micota.results.compute import Bill, Measured, Sampled, bill
from micota.results.estimates import Array
from micota.results.outcomes import Cell
from micota.study import names
from micota.study.graph import Study
from micota.study.rivals import Candidate

Cells = Mapping[str, Mapping[str, Cell]]  # model -> data set -> what it did
Models = Sequence[Sequence[str]]  # [chain][training seed]; a merge is one model for all seeds of its chain
ALIKE = 9  # digits of a percentage: accuracies that agree in so many are equal


def contenders(study: Study) -> list[dict[str, Any]]:
    """A row a candidate, of builtin values: base, family (None: proposed), candidate, models, a bill for each chain.

    Of a family of several the bills of `search` hold all that the choice takes: every candidate trained, once, and its
    answers on the validation problems. What only makes corpora comparable is in none (`Needs.controls`).
    """
    found = []
    for candidate in study.rivals:
        family = [c for c in study.rivals if (c.base, c.family) == (candidate.base, candidate.family)]
        found.append(
            {
                "base": candidate.base,
                "family": candidate.family,
                "candidate": candidate.name,
                "models": [list(models) for _, models in candidate.models],
                "bills": [bill(study, models[0], controls=False) for _, models in candidate.models],
                "search": [searched(study, family, place) for place in range(len(candidate.models))],
            }
        )
    return found


def searched(study: Study, family: Sequence[Candidate], chain: int) -> Bill:
    """All that the choice among a family's candidates takes in one chain, with one student each."""
    firsts = [candidate.models[chain][1][0] for candidate in family]
    validation = str(study.config.validation_problems)
    answers = [(model, validation) for model in firsts] if len(firsts) > 1 else []
    return bill(study, firsts[0], answers, controls=False)


def bills(rows: Iterable[Mapping[str, Any]]) -> list[Bill]:
    """Every bill of the candidates."""
    return [each for row in rows for each in (*row["bills"], *row["search"])]


def sampled(asked: Iterable[Bill]) -> list[Sampled]:
    """The traces that bills charge for."""
    return list(dict.fromkeys((model, dataset) for each in asked for _, model, dataset in each["sampled"]))


def bases(asked: Iterable[Bill]) -> list[str]:
    """The bases whose size bills need."""
    found: dict[str, None] = {}
    for each in asked:
        tunes = [each["own"], *each["trained"], *(tune for _, tune in each["distilled"])]
        pairs = [*each["sampled"], *each["scored"], *each["distilled"]]
        found |= dict.fromkeys([tune["base"] for tune in tunes] + [base for base, *_ in pairs])
    return list(found)


def corpora(asked: Iterable[Bill]) -> list[str]:
    """The corpora whose tokens bills need."""
    found: dict[str, None] = {}
    for each in asked:
        tunes = [each["own"], *each["trained"], *(tune for _, tune in each["distilled"])]
        found |= dict.fromkeys([tune["corpus"] for tune in tunes] + [corpus for _, corpus in each["scored"]])
    return list(found)


def measured(files: Mapping[str, Sequence[Path]], asked: Sequence[Bill]) -> Measured:
    """What the files say of all that bills charge for."""
    counted = {path.name.removesuffix(".counts.json"): read_json(path) for path in files["counts"]}
    paths, kept = by_name(files["graded"]), contracts.kept_counts(files["reports"])
    tokens: dict[Sampled, int] = dict.fromkeys(sampled(asked), 0)
    of_model: dict[str, list[str]] = {}
    for model, dataset in tokens:
        of_model.setdefault(model, []).append(dataset)
    for model, datasets in of_model.items():
        for trace in contracts.graded(paths[model], datasets, kept):
            tokens[model, trace["dataset"]] += trace["n_tokens"]
    return Measured(
        parameters={size["model"]: size["parameters"] for size in map(read_json, files["sizes"])},
        tokens={name: counts["tokens"]["total"] for name, counts in counted.items()},
        rows={name: counts["kept"] for name, counts in counted.items()},
        sampled=tokens,
    )


def unfiltered(study: Study) -> list[dict[str, Any]]:
    """For each base and each corpus against the proposed one: the models of the four arms, with and without filter."""
    asked = study.given.rivals
    if asked is None or not asked.unfiltered:
        return []
    pairs = dict(asked.unfiltered)
    mine = asked.proposed, pairs.pop(asked.proposed)
    return [
        {"base": base, "corpus": mine[0], "against": other}
        | {"proposed": [arm(study, base, corpus) for corpus in mine]}
        | {"other": [arm(study, base, corpus) for corpus in (other, free)]}
        for base in asked.bases
        for other, free in pairs.items()
    ]


def arm(study: Study, base: str, corpus: str) -> list[list[str]]:
    """The students of a corpus, [chain][training seed]."""
    seeds = study.given.seeds
    return [[names.student(base, corpus, seed, chain.number) for seed in seeds] for chain in study.chains]


# --- arithmetic -------------------------------------------------------------------------------------------------------


def choose(validated: Mapping[str, tuple[float, float]]) -> str:
    """The candidate with the highest accuracy; of equals the one with the shorter traces, then the first.

    `validated`: candidate -> accuracy (%) and mean tokens on the validation problems.
    """
    return min(validated, key=lambda name: (-round(validated[name][0], ALIKE), validated[name][1]))


def scores(cells: Cells, models: Models, dataset: str) -> Array:
    """The share of right answers (%): [chains, training seeds, problems]."""
    return 100 * np.array([[cells[model][dataset].accuracies() for model in seeds] for seeds in models])


def tokens(cells: Cells, models: Models, datasets: Iterable[str]) -> float:
    """Mean tokens of a trace: data sets, chains and seeds weigh alike."""
    return fmean(fmean(cells[model][name].tokens) for name in datasets for seeds in models for model in seeds)


def difference(cells: Cells, mine: Models, other: Models, benchmarks: Sequence[str]) -> list[Array]:
    """Mine less the other's, paired by problem, chain and seed in order: an array [chains, seeds, problems] each."""
    return [scores(cells, mine, name) - scores(cells, other, name) for name in benchmarks]


def runs(benchmarks: Sequence[Array]) -> dict[str, int]:
    """How many chains, seeds in each and problems a row is about."""
    chains, seeds, _ = benchmarks[0].shape
    return {"chains": chains, "seeds": seeds, "problems": sum(array.shape[-1] for array in benchmarks)}

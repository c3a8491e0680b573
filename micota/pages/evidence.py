"""What lies behind a claim: its parts with their numbers by benchmark, seed and chain, and the traces to look at."""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from micota.common.tables import Row
from micota.results.claims import UNITS
from micota.results.estimates import Array
from micota.results.measures import Data, Part, student_differences, sweep_differences
from micota.results.outcomes import Cell
from micota.results.sides import null
from micota.study import names

MEASURES = {
    "accuracy": "Accuracy on the benchmarks",
    "validation_accuracy": "Accuracy on the validation problems",
    "validation_tokens": "Length of the traces on the validation problems",
    "nll_per_token": "Negative log-likelihood per token",
    "nll_per_trace": "Negative log-likelihood per trace",
    "tokens_per_trace": "Tokens per trace",
    "solved": "Training problems that the corpus' sampler solved",
}
ALMOST = 1e-9


def contrast_in_words(part: Part, labels: Mapping[str, str]) -> str:
    """What is compared, as a sentence without its end."""
    measure = MEASURES[part["measure"]] + (f" under the untrained {part['base']}" if part["base"] else "")
    unit = part["unit"] or UNITS[part["measure"]]
    terms = list(part["contrast"].items())
    if pair := two_terms(part):
        said = f"{labels.get(pair[0], pair[0])} minus {labels.get(pair[1], pair[1])}"
    else:
        signs = (f"{'−' if weight < 0 else '+'} {weighed(weight)}{labels.get(term, term)}" for term, weight in terms)
        said = " ".join(signs).removeprefix("+ ")
    where = ""
    if part["benchmarks"]:
        where = " on " + " ".join(
            f"{'−' if weight < 0 else '+'} {weighed(weight)}{name}" for name, weight in part["benchmarks"].items()
        ).removeprefix("+ ")
    return f"{measure}: {said}{where}, in {unit}"


def weighed(weight: float) -> str:
    return "" if abs(weight) == 1 else f"{abs(weight):.3g} × "


def two_terms(part: Part) -> tuple[str, str] | None:
    """The term that counts for, and the one against, where a contrast is the plain difference of two."""
    weights = part["contrast"]
    if len(weights) != 2 or {round(abs(weight), 9) for weight in weights.values()} != {1.0}:
        return None
    more, less = sorted(weights, key=lambda term: -weights[term])
    return more, less


def claimed(part: Part) -> str:
    """What the claim says of the effect."""
    side = {"positive": "more than", "negative": "less than", None: None}[part["expected"]]
    return "an estimate, nothing is claimed" if side is None else f"{side} {null(part):g}"


def units(part: Part, data: Data) -> tuple[list[str], list[Array]] | None:
    """The effects by benchmark [chains, seeds], in points or tokens; None for what is measured on corpora.

    With one benchmark's name for what is measured on the validation problems.
    """
    if part["measure"] == "accuracy":
        weights = part["benchmarks"] or dict.fromkeys(data.benchmarks, 1.0)
        found = student_differences(part["contrast"], data, list(weights))
        return list(weights), [array.mean(axis=2) for array in found]
    if part["measure"].startswith("validation"):
        return [str(data.validation)], [sweep_differences(part, data).mean(axis=2)]
    return None


def average(part: Part, arrays: Sequence[Array]) -> Array:
    """Over benchmarks, weighted as the claim has it: [chains, seeds]."""
    weights = list((part["benchmarks"] or {}).values()) or [1 / len(arrays)] * len(arrays)
    return np.asarray(sum(weight * array for weight, array in zip(weights, arrays, strict=True)))


def pairs(part: Part, data: Data, datasets: Sequence[str]) -> list[Row]:
    """Of a difference of two models, for each chain and seed: problems that both, one, the other, none solved.

    Counted are problems with their samples, of all the data sets together.
    """
    terms = two_terms(part)
    if terms is None or not datasets:
        return []
    ours, theirs = (data.runs[term] for term in terms)
    found = []
    for place in range(max(len(ours), len(theirs))):
        one, other = (runs[place if len(runs) > 1 else 0] for runs in (ours, theirs))
        for number in range(max(len(one), len(other))):
            models = [seeds[number if len(seeds) > 1 else 0] for seeds in (one, other)]
            first, second = (data.cells[model] for model in models)
            found.append({"models": models, **counts(first, second, datasets)})
    return found


def counts(one: Mapping[str, Cell], other: Mapping[str, Cell], datasets: Sequence[str]) -> dict[str, int]:
    """How often both, only the first, only the second and neither were right."""
    found = dict.fromkeys(("both", "first", "second", "neither"), 0)
    for name in datasets:
        for problem, verdicts in one[name].outcomes.items():
            for first, second in zip(verdicts, other[name].outcomes.get(problem, []), strict=False):
                found[("neither", "second", "first", "both")[2 * first + second]] += 1
    return found


def models_of(part: Part, runs: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """One model of each term, that of the first chain and seed; of a claim about corpora these are corpora."""
    return [runs[term][0][0] for term in part["contrast"]]


def seeds_of(models: Sequence[str]) -> str:
    """What tells a pair of models from the others: the chain and the seed in their names."""
    ends = [model.removeprefix(names.parts_of(model)[0]).split("-") for model in models]
    marks = {end for end in chain(*ends) if end[:1] in ("c", "s") and end[1:].isdigit()}
    words = {"c": "chain", "s": "seed"}
    return ", ".join(f"{words[mark[0]]} {mark[1:]}" for mark in sorted(marks))

"""Judge the study's claims: what each one's effect is, and whether the data bear it out.

What is estimated. A part of a claim is a contrast, a weighted sum of one measured value:

- `accuracy` (points): the sum of weight x 100 x the share of right answers, for each training seed and problem; then
  the mean over seeds and problems, and over benchmarks with equal weight. Seeds are paired by their place in the
  study's list; an untrained student is the same for every seed. The interval is about further training seeds and
  further problems like these, with this study's teacher, assistant and corpora.
- `validation_accuracy` (points) and `validation_tokens` (tokens): models of the merge sweep on the validation
  problems. The models are fixed; the interval is about further problems. A merge that was chosen by its accuracy on
  these same problems looks a little better on them than it is.
- `nll_per_token` and `nll_per_trace` (nats): corpora under an untrained student, summed over the traces of the problems
  that every corpus of the contrast holds. A corpus keeps what its sampler solved: with other problems in each, the easy
  ones of a weak sampler would decide.

How a claim is judged. A part is on the claimed side if s x effect + margin > 0, where s is +1 or -1 as `expected` says;
its p is of the two-sided test that the effect is -s x margin.

1. The claim's p. A claim is right only if all its parts are. All on the claimed side: the largest of their p, since
   each must be shown (intersection-union test: Berger 1982, doi:10.1080/00401706.1982.10487790). Some on the wrong
   side: one would do to refute the claim, so the smallest p among those, times the number of parts (Bonferroni).
2. Holm's correction over the claims that can be tested. Two training seeds are few for it: in simulations of six true
   nulls, single p below alpha / 6 came 2 to 3 times as often as they should; with three seeds, 0.8 to 1.3 times.
3. The verdict: see `verdict`. A part that cannot be tested leaves the claim "not testable", outside Holm's family.

The minimum detectable effect (MDE) is the true distance from -s x margin that would be found with the wanted power, at
alpha / number of tested claims: the first step of Holm's method, so on the safe side. Power is stated at the paper's
effect alone. Power at the effect observed would say no more than its p (Hoenig and Heisey 2001,
doi:10.1198/000313001300339897).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micota.common.tables import Row
from micota.results.estimates import Array, Contrast, crossed, holm, minimum_detectable_effect, power_at, ratio_contrast
from micota.results.outcomes import Cell
from micota.results.sides import CONTRADICTED, NOISE, NOT_TESTABLE, REPRODUCED, null, on_claimed_side
from micota.study import names

UNITS = {
    "accuracy": "points",
    "validation_accuracy": "points",
    "validation_tokens": "tokens",
    "nll_per_token": "nats per token",
    "nll_per_trace": "nats per trace",
}
NUMBERS = {  # columns of a row and what they are called in a Contrast
    **{"effect": "value", "effect_low": "low", "effect_high": "high"},
    **{name: name for name in ("se", "df", "p", "seeds", "problems")},
    **{name: name for name in ("variance_seeds", "variance_problems", "variance_residual")},
}
MANY = 4  # terms that a contrast's text spells out

Part = Mapping[str, Any]  # as micota.study.asked.Part has it, a plain dict
Traces = Mapping[str, tuple[float, int, int]]  # problem -> NLL (nats), tokens and number of its traces


@dataclass(frozen=True)
class Data:
    """What the contrasts are computed from."""

    seeds: Sequence[int]  # training seeds of every student
    bases: Sequence[str]  # the untrained students
    benchmarks: Sequence[str]
    validation: str | None
    cells: Mapping[str, Mapping[str, Cell]]  # model -> data set -> what it did
    traces: Mapping[str, Mapping[str, Traces]]  # untrained student -> corpus -> its traces


@dataclass(frozen=True)
class Result:
    """A part's contrast, and why it cannot be tested where that is so."""

    contrast: Contrast | None
    reason: str | None = None


def verdict(claimed_side: Sequence[bool], p_holm: float | None, alpha: float) -> str:
    """The verdict on a claim, from the side of each part and the claim's p after Holm's correction."""
    if p_holm is None:
        return NOT_TESTABLE
    if p_holm >= alpha:
        return NOISE
    return REPRODUCED if all(claimed_side) else CONTRADICTED


def claim_p(claimed_side: Sequence[bool], p_values: Sequence[float]) -> float:
    """The p of a claim from those of its parts: rule 1 above."""
    if all(claimed_side):
        return max(p_values)
    wrong = [p for on_claimed_side, p in zip(claimed_side, p_values, strict=True) if not on_claimed_side]
    return min(1.0, len(p_values) * min(wrong))


def judge(family: Mapping[str, Any], data: Data, *, alpha: float, power: float) -> list[Row]:
    """A row for each part of each claim, in order; the arguments are those of micota.study.asked.Claims, plain."""
    results = {name: [measure(part, data) for part in claim["parts"]] for name, claim in family.items()}
    p_values = {name: p_of(claim["parts"], results[name]) for name, claim in family.items()}
    tested = [name for name, p in p_values.items() if p is not None]
    adjusted = dict(zip(tested, holm([p_values[name] for name in tested]), strict=True))
    rows: list[Row] = []
    for name, claim in family.items():
        p_holm = adjusted.get(name)
        level = None if p_holm is None else alpha / len(tested)
        judged = {
            "claim_p": p_values[name],
            "p_holm": p_holm,
            "family": len(tested),
            "alpha": alpha,
            "verdict": verdict(sides(claim["parts"], results[name]), p_holm, alpha),
            "reason": next((result.reason for result in results[name] if result.reason), None),
        }
        for number, (part, result) in enumerate(zip(claim["parts"], results[name], strict=True), start=1):
            rows.append(
                {"claim": name, "text": claim["text"], "part": number, "parts": len(claim["parts"])}
                | {"measure": part["measure"], "contrast": describe(part, data.bases), "unit": UNITS[part["measure"]]}
                | {"expected": part["expected"], "margin": part["margin"]}
                | numbers(result)
                | sensitivity(part, result, level, power, claim["published"])
                | judged
            )
    return rows


def sides(parts: Sequence[Part], results: Sequence[Result]) -> list[bool]:
    """For each part with a contrast, whether it is on the claimed side."""
    pairs = zip(parts, results, strict=True)
    return [on_claimed_side(part, result.contrast.value) for part, result in pairs if result.contrast]


def p_of(parts: Sequence[Part], results: Sequence[Result]) -> float | None:
    """The claim's p; None if some part cannot be tested."""
    p_values = [result.contrast.p for result in results if result.contrast and result.reason is None]
    known = [p for p in p_values if p is not None]
    return claim_p(sides(parts, results), known) if len(known) == len(parts) else None


def numbers(result: Result) -> Row:
    """What is known of a part's effect, in its unit; no p where it cannot be tested."""
    row = {key: getattr(result.contrast, name, None) for key, name in NUMBERS.items()}
    return row | {"p": None} if result.reason else row


def sensitivity(part: Part, result: Result, level: float | None, power: float, published: float | None) -> Row:
    """How small an effect the test would find at this level, and how surely the paper's (`published`)."""
    row: Row = {"mde": None, "published": published, "power_at_published": None}
    if level is not None and result.contrast is not None:
        se, df = result.contrast.se, result.contrast.df
        row["mde"] = minimum_detectable_effect(se, df, level, power)
        if published is not None:
            row["power_at_published"] = power_at(published - null(part), se, df, level)
    return row


def measure(part: Part, data: Data) -> Result:
    """The contrast of a part, by its measure."""
    weights = part["contrast"]
    if part["measure"].startswith("nll"):
        return _nll(part, data.traces[part["base"]])
    of_students = part["measure"] == "accuracy"
    differences = student_differences(weights, data) if of_students else [sweep_differences(part, data)]
    if min(array.shape[-1] for array in differences) < 2:
        return Result(None, "a data set of one problem")
    contrast = crossed(differences, null=null(part))
    if of_students and len(data.seeds) < 2 and any(term not in data.bases for term in weights):
        return Result(contrast, "one training seed: what another training would give is not known")
    return Result(contrast, None if contrast.p is not None else "no variance: the contrast is the same everywhere")


def student_differences(weights: Mapping[str, float], data: Data) -> list[Array]:
    """The contrast (points) of each benchmark: [training seeds, problems]."""

    def points(term: str, benchmark: str) -> Array:
        """[seeds, problems]; an untrained student has one row, which counts for every seed."""
        models = names.models_of(term, data.seeds, data.bases)
        return 100 * np.array([data.cells[model][benchmark].accuracies() for model in models])

    return [
        np.asarray(sum(weight * points(term, benchmark) for term, weight in weights.items()))
        for benchmark in data.benchmarks
    ]


def sweep_differences(part: Part, data: Data) -> Array:
    """The contrast of each validation problem, in points or tokens."""

    def values(model: str) -> Array:
        cell = data.cells[model][str(data.validation)]
        if part["measure"] == "validation_tokens":
            return np.array(cell.mean_lengths())
        return 100 * np.array(cell.accuracies())

    return np.asarray(sum(weight * values(model) for model, weight in part["contrast"].items()))


def _nll(part: Part, corpora: Mapping[str, Traces]) -> Result:
    """NLL per token or per trace, on the problems that every corpus of the contrast holds."""
    common = sorted(set.intersection(*(set(corpora[corpus]) for corpus in part["contrast"])))
    if len(common) < 2:
        return Result(None, f"the corpora have {len(common) or 'no'} problem in common")
    denominator = 1 if part["measure"] == "nll_per_token" else 2  # tokens, or traces
    terms = [
        (weight, {p: (float(corpora[corpus][p][0]), float(corpora[corpus][p][denominator])) for p in common})
        for corpus, weight in part["contrast"].items()
    ]
    contrast = ratio_contrast(terms, null=null(part))
    return Result(contrast, None if contrast.p is not None else "no variance: the contrast is the same everywhere")


def describe(part: Part, bases: Sequence[str]) -> str:
    """A contrast as text, in the configuration's order: `small: mid - long`, or `mid - long under small`."""
    terms = list(part["contrast"])
    prefix = ""
    if part["measure"] == "accuracy":
        owners = {names.parts_of(term)[0] for term in terms}
        if len(owners) == 1:
            prefix = f"{owners.pop()}: "
            terms = ["untrained" if term in bases else names.parts_of(term)[1] for term in terms]
    spelled = [_term(weight, term) for term, weight in zip(terms, part["contrast"].values(), strict=True)]
    if len(spelled) > MANY:
        spelled = [spelled[0], "...", spelled[-1], f"({len(spelled)} models)"]
    text = " ".join(spelled)
    return prefix + text.removeprefix("+ ") + (f" under {part['base']}" if part["base"] else "")


def _term(weight: float, term: str) -> str:
    size = "" if abs(weight) == 1 else f"{abs(weight):.2g} x "
    return f"{'-' if weight < 0 else '+'} {size}{term}"

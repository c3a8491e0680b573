"""Measure the contrasts of the study's claims.

What is estimated. A part of a claim is a contrast, a weighted sum of one measured value:

- `accuracy` (points): the sum of weight x 100 x the share of right answers, for each chain, training seed and problem;
  then the mean over all three, and over benchmarks with equal weight (or those of the part). Seeds are paired by their
  place in the study's list, chains too; what serves all of them, as an untrained student does, is the same for each.
- `validation_accuracy` (points) and `validation_tokens` (tokens): models of the merge sweep on the validation
  problems. A merge that was chosen by its accuracy on these same problems looks a little better on them than it is.
- `nll_per_token` and `nll_per_trace` (nats), `tokens_per_trace` (tokens, as the student's tokenizer counts): corpora
  under an untrained student, summed over the traces of the problems that every corpus of the contrast holds, in every
  chain. A corpus keeps what its sampler solved: with other problems in each, the easy ones of a weak sampler would
  decide.
- `solved` (points): the share of the training problems that a corpus' sampler solved, by its rows: no row, not solved.

What it is about. With several chains the interval is about further chains and further problems like these. With one it
is about this teacher and assistant: further training seeds of students and further problems. A single training seed
leaves what students do untested; fixed models and corpora need no second one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

import numpy as np

from micota.common.errors import DataError
from micota.results.contrasts import Contrast, crossed, linearised
from micota.results.estimates import Array, Estimate
from micota.results.outcomes import Cell
from micota.results.sides import null
from micota.study import names

Part = Mapping[str, Any]  # as micota.study.asked.Part has it, a plain dict
Traces = Mapping[str, tuple[float, int, int]]  # problem -> NLL (nats), tokens and number of its traces
RATIOS = {  # measure -> which of these three, over which
    "nll_per_token": (0, 1),
    "nll_per_trace": (0, 2),
    "tokens_per_trace": (1, 2),
}


@dataclass(frozen=True)
class Data:
    """What the contrasts are computed from."""

    runs: Mapping[str, Sequence[Sequence[str]]]  # term -> [chain][seed], models or corpora; [[one]] serves all
    benchmarks: Sequence[str]
    validation: str | None
    cells: Mapping[str, Mapping[str, Cell]]  # model -> data set -> what it did
    traces: Mapping[str, Mapping[str, Traces]]  # untrained student -> corpus -> its traces
    solved: Mapping[str, Collection[str]] = field(default_factory=dict)  # corpus -> the problems of its rows
    training: int = 0  # how many training problems there are


@dataclass(frozen=True)
class Result:
    """A part's contrast, and why it cannot be tested where that is so."""

    contrast: Contrast | None
    reason: str | None = None
    by_problem: Estimate | None = None  # every problem weighted alike; None where benchmarks have weights of their own
    benchmarks: Mapping[str, Estimate] = field(default_factory=dict)  # each on its own


def measured(family: Mapping[str, Any], data: Data) -> dict[str, list[Result]]:
    """Claim -> the contrast of each of its parts."""
    return {name: [measure(part, data) for part in claim["parts"]] for name, claim in family.items()}


def measure(part: Part, data: Data) -> Result:
    """The contrast of a part, by its measure."""
    if part["measure"] in RATIOS:
        return _corpora(part, data)
    if part["measure"] == "solved":
        return _solved(part, data)
    if part["measure"] == "accuracy":
        return _students(part, data)
    return _testable([sweep_differences(part, data)], part)


def _students(part: Part, data: Data) -> Result:
    """Accuracy on the benchmarks: the contrast, by the other weighting, and of each benchmark."""
    weights = part["benchmarks"] or dict.fromkeys(data.benchmarks, 1 / len(data.benchmarks))
    differences = student_differences(part["contrast"], data, list(weights))
    terms = part["contrast"].values()  # each between 0 and 100
    bounds = (100 * fsum(min(0.0, weight) for weight in terms), 100 * fsum(max(0.0, weight) for weight in terms))
    result = _testable(differences, part, list(weights.values()), bounds)
    if result.contrast is None:
        return result
    reason, sizes = result.reason, np.array([array.shape[-1] for array in differences])
    trained = any(names.arm_of(model) != model for term in part["contrast"] for model in data.runs[term][0])
    if trained and differences[0].shape[:2] == (1, 1):
        reason = "one training seed: what another training would give is not known"
    by_problem = None
    if part["benchmarks"] is None:
        by_problem = crossed(differences, weights=(sizes / sizes.sum()).tolist(), bounds=bounds)
    each = {name: crossed([array], bounds=bounds) for name, array in zip(weights, differences, strict=True)}
    return Result(result.contrast, reason, by_problem, each)


def _testable(
    differences: Sequence[Array],
    part: Part,
    weights: Sequence[float] | None = None,
    bounds: tuple[float, float] | None = None,
) -> Result:
    """The contrast, and whether it varies at all."""
    if min(array.shape[-1] for array in differences) < 2:
        return Result(None, "a data set of one problem")
    contrast = crossed(differences, null=null(part), weights=weights, bounds=bounds)
    return Result(contrast, None if contrast.p is not None else "no variance: the contrast is the same everywhere")


def student_differences(weights: Mapping[str, float], data: Data, benchmarks: Sequence[str]) -> list[Array]:
    """The contrast (points) of each benchmark: [chains, training seeds, problems]."""

    def points(term: str, benchmark: str) -> Array:
        """What serves all chains or seeds has one row, which counts for each."""
        chains = data.runs[term]
        return 100 * np.array([[data.cells[model][benchmark].accuracies() for model in chain] for chain in chains])

    return [
        np.asarray(sum(weight * points(term, benchmark) for term, weight in weights.items()))
        for benchmark in benchmarks
    ]


def sweep_differences(part: Part, data: Data) -> Array:
    """The contrast of each validation problem, in points or tokens: [chains, 1, problems]."""

    def values(model: str) -> Array:
        cell = data.cells[model][str(data.validation)]
        if part["measure"] == "validation_tokens":
            return np.array(cell.mean_lengths())
        return 100 * np.array(cell.accuracies())

    def of_chains(term: str) -> Array:
        return np.array([[values(model) for model in chain] for chain in data.runs[term]])

    return np.asarray(sum(weight * of_chains(term) for term, weight in part["contrast"].items()))


def _corpora(part: Part, data: Data) -> Result:
    """A ratio of likelihood records, on the problems that every corpus of the contrast holds in every chain."""
    chains = [corpora_of(part, data, chain) for chain in range(chains_of(part, data))]
    common = in_common(chains)
    if len(common) < 2:
        return Result(None, f"the corpora have {len(common) or 'no'} problem in common")
    return _testable([ratios(chains, part["contrast"], part["measure"], common)], part)


def in_common(chains: Sequence[Mapping[str, Traces]]) -> list[str]:
    """The problems that every corpus of every chain holds, in order."""
    return sorted(set.intersection(*(set(traces) for corpora in chains for traces in corpora.values())))


def ratios(
    chains: Sequence[Mapping[str, Traces]], contrast: Mapping[str, float], measure: str, problems: Sequence[str]
) -> Array:
    """Pseudo-values [chains, 1, problems] of a contrast of corpora, by a measure of RATIOS."""
    top, bottom = RATIOS[measure]

    def column(traces: Traces, place: int) -> list[float]:
        return [float(traces[problem][place]) for problem in problems]

    found = [
        linearised(
            [
                (weight, column(corpora[corpus], top), column(corpora[corpus], bottom))
                for corpus, weight in contrast.items()
            ]
        )
        for corpora in chains
    ]
    return np.array(found)[:, np.newaxis, :]


def _solved(part: Part, data: Data) -> Result:
    """The share of the training problems that the corpora's samplers solved."""
    differences = solved_differences(part["contrast"], data)
    weights = part["contrast"].values()
    bounds = (100 * fsum(min(0.0, weight) for weight in weights), 100 * fsum(max(0.0, weight) for weight in weights))
    return _testable([differences], part, bounds=bounds)


def solved_differences(contrast: Mapping[str, float], data: Data) -> Array:
    """The contrast (points) of each training problem: [chains, 1, problems].

    Problems of which no corpus has a row have no name here, and need none: nobody solved them.
    """
    rows = {name: data.solved[name] for term in contrast for chain in data.runs[term] for name in chain}
    named = sorted(set().union(*rows.values()))
    if len(named) > data.training:
        raise DataError(
            f"solved: {', '.join(rows)} hold {len(named)} problems in all, and there are {data.training} training"
            " problems; make the corpora again"
        )

    def points(term: str) -> Array:
        found = np.zeros((len(data.runs[term]), 1, data.training))
        for place, (name,) in enumerate(data.runs[term]):
            found[place, 0, : len(named)] = [100.0 * (problem in rows[name]) for problem in named]
        return found

    return np.asarray(sum(weight * points(term) for term, weight in contrast.items()))


def chains_of(part: Part, data: Data) -> int:
    """How many chains a part about corpora has."""
    return max(len(data.runs[term]) for term in (part["base"], *part["contrast"]))


def corpora_of(part: Part, data: Data, chain: int) -> dict[str, Traces]:
    """The traces of one chain by the contrast's terms, under that chain's untrained student."""

    def name(term: str) -> str:
        chains = data.runs[term]
        return chains[chain if len(chains) > 1 else 0][0]

    return {corpus: data.traces[name(part["base"])][name(corpus)] for corpus in part["contrast"]}

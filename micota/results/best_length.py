"""The best CoT length of a student, chosen on half of the problems and valued on the other half, and its trend by size.

Who takes the best of several corpora and reports its score on the problems that chose it reports luck as well. So every
second problem of each benchmark chooses and the others value, then the other way round. Both happen within a chain: its
own students choose and are valued, as whoever trains them would do it, and the chain is the unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import log2
from statistics import fmean

import numpy as np
from scipy import stats

from micota.common.tables import Row
from micota.results.estimates import Array

Scores = Sequence[Array]  # an array [chains, problems] a benchmark
MOST_SIZES = 8  # whose orders are counted out: 40,320
EQUAL = 1e-9


@dataclass(frozen=True)
class Best:
    """The corpora that one student's chains chose, and how these scored on the problems that did not choose."""

    chosen: list[tuple[str, str]]  # a pair a chain: by the first, third, ... problem, by the second, fourth, ...
    scores: list[Array]

    def times(self, corpus: str) -> int:
        return sum(pair.count(corpus) for pair in self.chosen)

    def logs(self, tokens: Mapping[str, Sequence[float]]) -> list[float]:
        """log2 of the chosen length of each chain, mean of both choices; `tokens`: corpus -> mean length a chain."""
        return [fmean(log2(tokens[corpus][place]) for corpus in pair) for place, pair in enumerate(self.chosen)]


def best(scores: Mapping[str, Scores]) -> Best:
    """The choice among corpora, by the mean over benchmarks; of equals the first. All have the same chains."""
    like = next(iter(scores.values()))
    held = [np.empty_like(array) for array in like]
    chosen: list[tuple[str, str]] = []
    for chain in range(len(like[0])):
        pair = choice(scores, chain, 0), choice(scores, chain, 1)
        chosen.append(pair)
        for half, corpus in enumerate(pair):
            other = slice(1 - half, None, 2)
            for array, source in zip(held, scores[corpus], strict=True):
                array[chain, other] = source[chain, other]
    return Best(chosen, held)


def choice(scores: Mapping[str, Scores], chain: int, half: int) -> str:
    """The corpus that scores best on one half of the problems."""
    means = {name: np.mean([array[chain, half::2].mean() for array in arrays]) for name, arrays in scores.items()}
    return max(means, key=lambda name: means[name])


def over_chains(values: Sequence[float]) -> Row:
    """Mean of one number a chain, its 95% t interval and the p of "it is 0"; none of a single or of equal ones."""
    value = float(np.mean(values))
    if len(values) < 2 or np.ptp(values) <= EQUAL:
        return {"value": value, "low": None, "high": None, "p": None}
    test = stats.ttest_1samp(values, 0.0)
    low, high = test.confidence_interval()
    return {"value": value, "low": float(low), "high": float(high), "p": float(test.pvalue)}


def as_factor(row: Row, name: str) -> Row:
    """An estimate on the scale of log2 as the cells of a factor, or of a number of tokens."""
    cells = {name: row["value"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return {key: None if value is None else 2**value for key, value in cells.items()}


def slopes(parameters: Sequence[float], logs: Sequence[Sequence[float]]) -> list[float]:
    """Of each chain, how far log2 of the best length rises when parameters double: the slope of least squares.

    `logs`: [chains][sizes].
    """
    return [float(np.polyfit(np.log2(parameters), chain, 1)[0]) for chain in logs]


def rank_correlation(parameters: Sequence[float], logs: Sequence[Sequence[float]]) -> float:
    """Spearman's rho of best length and parameters, mean over chains; 0 in one whose length is always the same."""
    found = [0.0 if np.ptp(chain) <= EQUAL else stats.spearmanr(parameters, chain).statistic for chain in logs]
    return float(np.mean(found))


def page(parameters: Sequence[float], logs: Sequence[Sequence[float]]) -> float | None:
    """Two-sided p of Page's trend test (1963), exact where lengths tie: sizes change places within each chain.

    The statistic is the sum over chains and sizes of rank of parameters x rank of length. None with too many sizes to
    count out their orders.
    """
    if len(parameters) > MOST_SIZES:
        return None
    by_size = stats.rankdata(parameters) - (len(parameters) + 1) / 2
    orders = np.array(list(permutations(range(len(parameters)))))
    observed = 0.0
    sums: Array = np.zeros(1)
    shares: Array = np.ones(1)
    for chain in logs:
        ranks = stats.rankdata(np.round(chain, 9))
        observed += float(by_size @ ranks)
        values, counts = np.unique(ranks[orders] @ by_size, return_counts=True)
        joint = np.multiply.outer(shares, counts / len(orders))
        sums, places = np.unique(np.round(np.add.outer(sums, values), 6), return_inverse=True)
        shares = np.bincount(places.ravel(), weights=joint.ravel()).astype(np.float64)
    return min(1.0, float(shares[np.abs(sums) >= abs(observed) - 1e-6].sum()))

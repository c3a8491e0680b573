"""Spearman's rank correlation of a predictor with accuracy, within untrained students, with its 95% interval.

Ranks are compared only among students that began as one untrained model: between those of two bases a correlation would
be that of the bases. A base that each chain has of its own is several untrained models; their correlations are averaged
by the number of their points. So are those of several bases, each counting once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from scipy import special

from micota.results.estimates import DRAWS, SEED, TAIL, Array, Z

FEWEST = 4  # corpora: of fewer no order is surprising (three have six)


@dataclass(frozen=True)
class Point:
    """One corpus, of one chain, with the students of one base that were trained on it."""

    base: str
    under: str  # the untrained model
    corpus: str
    chain: int | None
    predictor: float
    accuracy: float


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho with its interval, both None where it is not testable, and why."""

    rho: float | None
    low: float | None
    high: float | None
    bases: int
    corpora: int  # of each untrained model, the fewest
    chains: int  # 0: the study has none
    points: int
    basis: str  # what the interval rests on, or why there is none


def correlation(points: Sequence[Point]) -> Correlation:
    """Of all the points, those of each base by themselves; not testable with fewer than FEWEST corpora.

    With two chains or more whole chains are resampled. The interval is that of t with one degree of freedom a chain
    less one, on Fisher's scale, about the spread of the resampled values (their variance times C / (C - 1), since C
    chains resampled from themselves vary that much too little). With one chain it is Fisher's, for as many pairs as an
    untrained model has corpora, the variance (1 + rho^2 / 2) / (n - 3) of Bonett and Wright 2000
    (doi:10.1007/BF02294183); bases read the same corpora, so several make it no narrower. Simulated with 5 to 8 corpora
    and 1 to 5 chains (400 studies each) it covers 97 to 100%.
    """
    groups = _groups(points)
    corpora = min((len({point.corpus for point in group}) for group in groups), default=0)
    chains = sorted({point.chain for point in points if point.chain is not None})
    counts = {"bases": len({point.base for point in points}), "corpora": corpora, "chains": len(chains)}
    counts["points"] = len(points)
    if corpora < FEWEST:
        return Correlation(None, None, None, **counts, basis=f"not testable: fewer than {FEWEST} corpora")
    rho = float(_rho(groups, np.ones((1, len(points))))[0])
    if np.isnan(rho):
        return Correlation(None, None, None, **counts, basis="not testable: it does not vary")
    centre, basis = atanh(_inside(rho, corpora)), "Fisher's z"
    half = Z * sqrt((1 + rho**2 / 2) / (corpora - 3))
    if len(chains) > 1:
        basis = "chains"
        half = float(special.stdtrit(len(chains) - 1, 1 - TAIL)) * _spread(groups, points, chains, corpora)
    low, high = tanh(centre - half), tanh(centre + half)
    return Correlation(rho, min(low, rho), max(high, rho), **counts, basis=basis)


def spearman(one: Array, other: Array, weights: Array) -> Array:
    """Spearman's rho of [n] pairs, each standing there as often as a row of `weights` [draws, n] says; NaN: no spread.

    Equal values have the mean of their ranks.
    """
    first, second = (weights @ _below(values) for values in (one, other))
    total = weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (ranks - (weights * ranks).sum(axis=1, keepdims=True) / total for ranks in (first, second))
        spreads = (weights * first**2).sum(axis=1) * (weights * second**2).sum(axis=1)
        rho = np.asarray((weights * first * second).sum(axis=1) / np.sqrt(spreads))
    return np.where(spreads > 1e-9, rho, np.nan)


def _below(values: Array) -> Array:
    """[n, n]: what each value (row) adds to the mid-rank of each (column)."""
    return np.asarray((values[:, None] < values) + 0.5 * (values[:, None] == values))


def _groups(points: Sequence[Point]) -> list[list[Point]]:
    """The points of each untrained model."""
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.under, []).append(point)
    return list(found.values())


def _rho(groups: Sequence[Sequence[Point]], weights: Array) -> Array:
    """The mean over bases, of each over its untrained models by their points; `weights`: [draws, points], by group."""
    sums: dict[str, list[tuple[Array, Array]]] = {}
    start = 0
    for group in groups:
        own = weights[:, start : start + len(group)]
        start += len(group)
        one, other = (np.array([getattr(point, key) for point in group]) for key in ("predictor", "accuracy"))
        rho, weight = spearman(one, other, own), own.sum(axis=1)
        counted = np.where(np.isnan(rho), 0.0, weight)
        sums.setdefault(group[0].base, []).append((np.nan_to_num(rho) * counted, counted))
    with np.errstate(invalid="ignore", divide="ignore"):
        tops, bottoms = (np.array([sum(part[at] for part in each) for each in sums.values()]) for at in (0, 1))
        bases = tops / bottoms
    return np.asarray(bases.mean(axis=0))


def _spread(groups: Sequence[Sequence[Point]], points: Sequence[Point], chains: list[int], corpora: int) -> float:
    """The standard error of rho on Fisher's scale, from resampled chains; what is of no chain stays in each draw."""
    rng, n = np.random.default_rng(SEED), len(chains)
    drawn = np.concatenate([rng.multinomial(n, np.full(n, 1 / n), size=DRAWS), np.ones((DRAWS, 1))], axis=1)
    place = {chain: number for number, chain in enumerate(chains)}
    columns = [n if point.chain is None else place[point.chain] for group in groups for point in group]
    found = _rho(groups, drawn[:, columns])
    z = np.arctanh([_inside(rho, corpora) for rho in found[~np.isnan(found)]])
    return float(z.std() * sqrt(n / (n - 1)))


def _inside(rho: float, n: int) -> float:
    """A correlation of 1 lies halfway to the next that n pairs can have: Fisher's scale knows no 1."""
    most = 1 - 6 / (n * (n**2 - 1))
    return max(-most, min(most, rho))

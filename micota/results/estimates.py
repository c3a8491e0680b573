"""Estimates with 95% intervals: pure functions of arrays, so that a table is the same each time it is made.

These describe one model or corpus as it is; contrasts between models, over further training runs, are in
micota/results/contrasts.py.

The unit is the problem, never the sample: several answers to one problem are not independent (Miller 2024, "Adding
Error Bars to Evals", arXiv:2411.00640). So callers pass one number a problem, the mean over its samples. Percentile
intervals follow Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 10_000
SEED = 0
TAIL = 0.025
Z = 1.959963984540054  # the normal quantile at 1 - TAIL
BLOCK = 1 << 21  # numbers resampled at once: bounds the memory

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its 95% interval."""

    value: float
    low: float
    high: float

    def points(self) -> "Estimate":
        """A share, or a difference of shares, in percentage points."""
        return Estimate(100 * self.value, 100 * self.low, 100 * self.high)

    def bounded(self) -> "Estimate":
        """A share in percent, its interval cut off at 0 and 100: t knows no bounds, a share does."""
        return Estimate(self.value, max(0.0, self.low), min(100.0, self.high))

    def percent(self) -> "Estimate":
        """The same of a share of 1."""
        return self.points().bounded()

    def named(self, name: str) -> dict[str, float]:
        """The cells of a table's row."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def mean(values: ArrayLike, *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Mean of one number a problem; percentile bootstrap over problems."""
    array = _filled(values)
    if array.ndim != 1:
        raise ValueError("mean takes one number a problem")
    resampled = _resampled_means(array[np.newaxis, :], draws, np.random.default_rng(seed))[0]
    return _estimate(float(array.mean()), resampled)


def accuracy(shares: Sequence[float]) -> Estimate:
    """Mean share of right answers a problem; Wilson's interval where all are right or all wrong."""
    if set(shares) in ({0.0}, {1.0}):
        return wilson(round(sum(shares)), len(shares))
    return mean(shares)


def ratio(numerators: ArrayLike, denominators: ArrayLike, *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Sum of the numerators over the sum of the denominators, such as NLL over tokens; bootstrap over the pairs."""
    pairs = np.stack([_filled(numerators), _filled(denominators)])
    tops, bottoms = _resampled_means(pairs, draws, np.random.default_rng(seed))
    return _estimate(float(pairs[0].sum() / pairs[1].sum()), tops / bottoms)


def wilson(correct: int, n: int) -> Estimate:
    """A proportion with its score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    For one cell of independent 0/1 outcomes; unlike the bootstrap it keeps a width at 0 and at n correct.
    """
    if not 0 <= correct <= n or n == 0:
        raise ValueError(f"{correct} correct of {n} is not a proportion")
    p, z2 = correct / n, Z * Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half))


def _filled(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("no numbers to estimate from")
    return array


def _estimate(value: float, resampled: Array) -> Estimate:
    low, high = np.quantile(resampled, [TAIL, 1 - TAIL])
    return Estimate(value, float(low), float(high))


def _resampled_means(rows: Array, draws: int, rng: np.random.Generator) -> Array:
    """Means of each row over `draws` resamples of its columns, the same columns for every row: [rows, draws].

    Only how often each distinct column is drawn matters, a multinomial: 20 times faster for right-or-wrong outcomes.
    """
    n = rows.shape[1]
    distinct, counts = np.unique(rows, axis=1, return_counts=True)
    if len(counts) <= n // 10:
        return np.asarray(distinct @ rng.multinomial(n, counts / n, size=draws).T / n)
    means = np.empty((rows.shape[0], draws))
    step = max(1, BLOCK // n)
    for start in range(0, draws, step):
        drawn = rng.integers(0, n, size=(min(step, draws - start), n), dtype=np.int32)
        for row, values in enumerate(rows):
            means[row, start : start + len(drawn)] = values[drawn].mean(axis=1)
    return means

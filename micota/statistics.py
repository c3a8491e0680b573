"""Estimates with 95% intervals: pure functions of arrays, seeded, so that a table is the same each time it is made.

The unit that is resampled is the problem, never the sample: several answers to one problem are not independent
(Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640). So callers pass one number a problem, the mean over
its samples. Percentile intervals follow Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
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


@dataclass(frozen=True)
class Difference(Estimate):
    """A difference, its 95% interval and the two-sided p of "there is none"."""

    p: float


def mean(values: ArrayLike, *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Mean of one number a problem; of 0 and 1 it is the accuracy. Percentile bootstrap over problems."""
    array = _filled(values)
    if array.ndim != 1:
        raise ValueError("mean takes one number a problem")
    resampled = _resampled_means(array[np.newaxis, :], draws, np.random.default_rng(seed))[0]
    return _estimate(float(array.mean()), resampled)


def ratio(numerators: ArrayLike, denominators: ArrayLike, *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Sum of the numerators over the sum of the denominators, such as NLL over tokens; bootstrap over the pairs."""
    pairs = np.stack([_filled(numerators), _filled(denominators)])
    tops, bottoms = _resampled_means(pairs, draws, np.random.default_rng(seed))
    return _estimate(float(pairs[0].sum() / pairs[1].sum()), tops / bottoms)


def macro_average(benchmarks: Sequence[ArrayLike], *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Unweighted mean over benchmarks of the accuracy on each; one array [training seeds, problems] a benchmark.

    Problems are resampled within each benchmark and training seeds across all of them, independently: the pigeonhole
    bootstrap of Owen 2007 (doi:10.1214/07-AOAS122), mildly conservative for crossed factors. A 1-D array is one seed.
    With two or three seeds their variance is poorly known, whatever the method.
    """
    model = _by_seed(benchmarks)
    resampled = _macro_draws([model], draws, np.random.default_rng(seed))[0]
    return _estimate(_macro(model), resampled)


def paired_difference(
    first: Sequence[ArrayLike], second: Sequence[ArrayLike], *, draws: int = DRAWS, seed: int = SEED
) -> Difference:
    """Macro average of `first` minus that of `second`, on the same problems in the same order.

    Paired bootstrap: each draw takes the same problems for both models (Koehn 2004, "Statistical Significance Tests
    for Machine Translation Evaluation"), and each model's training seeds on their own. The p-value asks how often the
    difference, centred on the null, is at least as large as the one seen (Berg-Kirkpatrick et al. 2012, "An Empirical
    Investigation of Statistical Significance in NLP"), counting the data itself (Davison and Hinkley 1997, 4.2).
    """
    models = [_by_seed(first), _by_seed(second)]
    if [array.shape[1] for array in models[0]] != [array.shape[1] for array in models[1]]:
        raise ValueError("a paired difference takes the same problems for both models")
    value = _macro(models[0]) - _macro(models[1])
    left, right = _macro_draws(models, draws, np.random.default_rng(seed))
    resampled = left - right
    extreme = np.abs(resampled - value) >= abs(value) - 1e-12  # rounding must not break a tie
    estimate = _estimate(value, resampled)
    return Difference(estimate.value, estimate.low, estimate.high, (1 + int(extreme.sum())) / (1 + draws))


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


def _by_seed(benchmarks: Sequence[ArrayLike]) -> list[Array]:
    """One array [seeds, problems] a benchmark, all with the same seeds."""
    arrays = [np.atleast_2d(_filled(values)) for values in benchmarks]
    if len({array.shape[0] for array in arrays}) != 1:
        raise ValueError("every benchmark needs the same training seeds, and there must be one benchmark at least")
    return arrays


def _macro(model: Sequence[Array]) -> float:
    return float(np.mean([array.mean() for array in model]))


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


def _macro_draws(models: Sequence[Sequence[Array]], draws: int, rng: np.random.Generator) -> list[Array]:
    """Resampled macro averages of each model: problems drawn once for all models, seeds for each model."""
    ends = np.cumsum([len(model[0]) for model in models])[:-1]
    totals = sum(
        _resampled_means(np.concatenate(arrays), draws, rng) for arrays in zip(*models, strict=True)
    )  # [seeds of all models, draws]
    averages = []
    for by_seed in np.split(np.asarray(totals) / len(models[0]), ends):
        seeds = rng.integers(0, len(by_seed), size=by_seed.shape)
        averages.append(np.take_along_axis(by_seed, seeds, axis=0).mean(axis=0))
    return averages

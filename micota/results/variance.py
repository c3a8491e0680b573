"""Where the variance of one run's score comes from: problems, mask, training seed, decoding, grader.

A score is the macro average of the benchmarks; scores and outcomes have one unit (points: a right answer is 100), the
variances its square. Students on `masks` corpora (alike but for the mask seed of the merge that wrote them) are crossed
with `seeds` training seeds, and every one answers the same problems once, greedily. The sources:

- problems: which problems the benchmarks happen to hold. The problems' main effect, so that how a run and a problem
  happen to fit counts once, with the runs. (What fits a mask to a problem counts in part here.)
- masks: another mask seed, with all that follows: merge, traces, corpus.
- seeds: another training run on the same corpus. The seed's main effect and its interaction with the mask, in one: the
  same seed on another corpus is another run, so that telling them apart would have little meaning.
- sampling: what one sampled answer a problem adds to a greedy score; from several samples a problem of other data.
- graders: which of the given graders decides, of the same completions. They are all there are: no interval.

Components follow from the mean squares of a two-way analysis of variance with random effects (Searle, Casella and
McCulloch 1992, "Variance Components", chapter 4). Intervals are generalised confidence intervals (Weerahandi 1993,
doi:10.1080/01621459.1993.10476355): each mean square is drawn as MS x df / chi-square(df), and the components and their
shares, cut off at 0, are computed from the drawn ones. They hold for normal effects; right or wrong is not normal, but
over hundreds of problems that matters little beside the few masks and seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from micota.results.estimates import DRAWS, SEED, TAIL, Array


@dataclass(frozen=True)
class MeanSquare:
    """A sum of squares over its degrees of freedom."""

    value: float
    df: int


@dataclass(frozen=True)
class Source:
    """One source's variance and its share of the sum, with 95% intervals; None where there is none."""

    name: str
    variance: float
    low: float | None
    high: float | None
    share: float | None
    share_low: float | None
    share_high: float | None


def budget(
    outcomes: Sequence[ArrayLike], repeated: ArrayLike, graded: ArrayLike, *, draws: int = DRAWS, seed: int = SEED
) -> list[Source]:
    """Every source's part of the variance of one run's score, and the total.

    `outcomes` holds one array [masks, seeds, problems] a benchmark, `repeated` is [runs, problems, samples] of another
    data set, and `graded` the runs' scores by each grader, [graders, runs].
    """
    arrays = [np.asarray(benchmark, dtype=np.float64) for benchmark in outcomes]
    masks, seeds, _ = arrays[0].shape
    problems = [array.shape[2] for array in arrays]
    squares = mean_squares(arrays) | {"sampling": decoding(repeated)}
    point = components({name: square.value for name, square in squares.items()}, masks, seeds, problems)
    rng = np.random.default_rng(seed)
    drawn = components(
        {name: square.value * square.df / rng.chisquare(square.df, draws) for name, square in squares.items()},
        masks,
        seeds,
        problems,
    )
    variances = {name: max(0.0, float(value)) for name, value in point.items()} | {"graders": grader_variance(graded)}
    resampled = {name: np.maximum(0.0, values) for name, values in drawn.items()}
    total = fsum(variances.values())
    totals = np.sum(list(resampled.values()), axis=0) + variances["graders"]
    found = []
    for name, variance in variances.items():
        low, high = quantiles(resampled[name]) if name in resampled else (None, None)
        # Scores that never vary have no shares.
        share_low, share_high = quantiles(resampled[name] / totals) if name in resampled and total else (None, None)
        found.append(Source(name, variance, low, high, variance / total if total else None, share_low, share_high))
    return [*found, Source("total", total, *quantiles(totals), 1.0 if total else None, None, None)]


def mean_squares(outcomes: Sequence[Array]) -> dict[str, MeanSquare]:
    """Of the scores by mask and seed, and of each benchmark's outcomes by run and problem."""
    scores = np.mean([benchmark.mean(axis=2) for benchmark in outcomes], axis=0)
    squares = dict(zip(("masks", "seeds", "rest"), two_way(scores), strict=True))
    for number, benchmark in enumerate(outcomes):
        _, problems, rest = two_way(benchmark.reshape(-1, benchmark.shape[2]))
        squares |= {f"problems_{number}": problems, f"rest_{number}": rest}
    return squares


def two_way(table: Array) -> tuple[MeanSquare, MeanSquare, MeanSquare]:
    """Mean squares of the rows, the columns and the rest of a table with one number a cell."""
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        raise ValueError("a two-way table needs two rows and two columns or more")
    by_row, by_column = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - by_row - by_column + table.mean()
    rest_df = (rows - 1) * (columns - 1)
    return (
        MeanSquare(float(columns * by_row.var(ddof=1)), rows - 1),
        MeanSquare(float(rows * by_column.var(ddof=1)), columns - 1),
        MeanSquare(float(np.square(rest).sum() / rest_df), rest_df),
    )


def decoding(repeated: ArrayLike) -> MeanSquare:
    """Variance of one sampled answer around its problem's mean, averaged over problems and runs.

    Of right and wrong it is p (1 - p), made unbiased by n / (n - 1). The degrees of freedom are the problems, which
    differ in it widely; the runs answer the same ones.
    """
    array = np.asarray(repeated, dtype=np.float64)
    return MeanSquare(float(array.var(axis=2, ddof=1).mean()), array.shape[1])


def grader_variance(graded: ArrayLike) -> float:
    """Variance of a run's score over the graders, a run on average; over all of them, not a sample: divided by n."""
    return float(np.asarray(graded, dtype=np.float64).var(axis=0).mean())


def components(squares: Mapping[str, Any], masks: int, seeds: int, problems: Sequence[int]) -> dict[str, Any]:
    """Each source's variance component of one run's score, unbiased and so at times below 0.

    `squares` are numbers, or arrays of drawn ones; `problems` counts those of each benchmark.
    """
    runs, averaged = masks * seeds, len(problems) ** 2
    by_benchmark = [
        (squares[f"problems_{number}"] - squares[f"rest_{number}"]) / (runs * n * averaged)
        for number, n in enumerate(problems)
    ]
    return {
        "problems": np.sum(by_benchmark, axis=0),
        "masks": (squares["masks"] - squares["rest"]) / seeds,
        "seeds": (squares["seeds"] + (masks - 1) * squares["rest"]) / masks,
        "sampling": squares["sampling"] * (fsum(1 / n for n in problems) / averaged),
    }


def quantiles(values: Array) -> tuple[float, float]:
    """The ends of the 95% interval."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return float(low), float(high)

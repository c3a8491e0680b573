"""Contrasts between models over further chains, training seeds and problems: pure functions of arrays.

A *chain* is a whole draw of the method, with its own teacher, assistant, merge mask and students' seeds; training seeds
within a chain share all that. Chains and problems are crossed random factors: every chain answers every problem. With
several chains the chain is the unit, its seeds averaged. With one, its seeds are the units, and what is found is about
that chain's teacher and assistant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from micota.results.estimates import TAIL, Array, Estimate, Z
from micota.results.significance import Error

ROUNDING = 1e-12  # a standard error below this share of the largest number is an error of rounding, not variance


@dataclass(frozen=True)
class Contrast(Estimate):
    """A contrast with its 95% interval, its test and what made it vary. Variances are in the square of its unit.

    Where benchmarks are averaged, the variances of problems and residual are those of one benchmark that, with as many
    problems as all together, would give the same error.
    """

    p: float | None  # two-sided, of "value - null is 0"; None where nothing varies, so that it cannot be tested
    error: Error
    chains: int
    seeds: int  # in each chain
    problems: int  # of all benchmarks together
    variance_chains: float | None  # of the average, from one chain to another; None with one chain
    variance_seeds: float | None  # from one training seed to another within a chain; None with one seed
    variance_problems: float  # from one problem to another; with one chain and one seed, residual included
    variance_residual: float | None  # problem x unit and decoding noise, of a unit's mean; None with one unit

    def within(self, margin: float) -> bool:
        """Whether the 90% interval lies within +-margin: two one-sided tests at 0.05.

        Schuirmann 1987, doi:10.1007/BF01068419.
        """
        return abs(self.value) + self.error.half(4 * TAIL) < margin


class Moments(NamedTuple):
    """What the tables of units by problems say; each a number, or an array where many studies are given at once."""

    value: Any
    units: Any  # the units' part of the variance of `value`; 0 with one unit
    problems: Any
    residual: Any  # which is in both; 0 with one unit
    df_problems: Any  # Satterthwaite's, over benchmarks


def crossed(
    benchmarks: Sequence[ArrayLike],
    *,
    null: float = 0.0,
    weights: Sequence[float] | None = None,
    bounds: tuple[float, float] | None = None,
) -> Contrast:
    """Mean over problems, seeds and chains, weighted over benchmarks, with an interval for further ones of all three.

    One array [chains, seeds, problems] a benchmark: the contrast for that chain, seed and problem, such as y_mid -
    y_long, or y alone; two dimensions are one chain, one dimension is one seed. `weights`: one a benchmark, equal ones
    of sum 1 unless given. With units (chains, else seeds) u, benchmark k has D[u, p] = delta_k + a_p + b_u + e_up with
    random a, b and e. The sum over benchmarks, weighted by w, varies by unit (b and e), by problem (a and e) and by e,
    which is in both:

        V_unit = var(weighted mean by unit) / U                 E = sigma2_u / U + V(e)
        V_prob = sum_k w_k^2 var(mean over units by problem) / P_k      E = V(a) + V(e)
        V_e    = sum_k w_k^2 residual mean square_k / (U P_k)   E = V(e)
        V      = V_unit + max(0, V_prob - V_e)

    the quasi-F denominator for two crossed random factors (Clark 1973, doi:10.1016/S0022-5371(73)80014-3; Judd,
    Westfall and Kenny 2012, doi:10.1037/a0028347). Critical values: micota.results.significance. If problems do not
    vary beyond the residual, this is the t test over units. One unit: variance of problems only; it speaks for that
    run alone.

    `bounds` of one number of D: where all of them agree, as right answers do at 0 and 100%, the interval is that of
    the share of problems that might still be otherwise, each up to the bound (`edges`), instead of empty.
    """
    arrays = _shaped(benchmarks)
    chains, seeds, _ = arrays[0].shape
    units = [array.mean(axis=1) if chains > 1 else array[0] for array in arrays]
    shares = np.full(len(arrays), 1 / len(arrays)) if weights is None else np.asarray(weights, dtype=np.float64)
    found = moments(units, shares)
    scale = max(float(np.abs(array).max()) for array in arrays)
    error = error_of(found, len(units[0]), scale)
    value = float(found.value)
    half, p, low_high = 0.0, None, None
    if error.se:
        half, p = error.half(2 * TAIL), error.p(value - null)
    elif bounds is not None:
        low_high = edges(units, shares, bounds)
    low, high = low_high or (value - half, value + half)
    problems = int(np.sum([array.shape[2] for array in arrays]))
    variances = components(arrays, shares, found, problems)
    return Contrast(value, low, high, p, error, chains, seeds, problems, *variances)


def moments(units: Sequence[Array], weights: Array) -> Moments:
    """The parts of the variance, from one array [..., units, problems] a benchmark; leading axes are many studies."""
    number, sizes = units[0].shape[-2], np.array([table.shape[-1] for table in units])
    means = np.stack([table.mean(axis=-1) for table in units], axis=-1) @ weights  # [..., units]
    squares = weights**2 / sizes
    by_problem = squares * np.stack([table.mean(axis=-2).var(axis=-1, ddof=1) for table in units], axis=-1)
    of_problems = by_problem.sum(axis=-1)
    welch = np.asarray((by_problem**2 / (sizes - 1)).sum(axis=-1))
    df = np.divide(of_problems**2, welch, out=np.full(welch.shape, float((sizes - 1).sum())), where=welch > 0)
    value = means.mean(axis=-1)
    if number == 1:
        return Moments(value, 0.0, of_problems, 0.0, df)
    residual = squares * np.stack([residual_mean_square(table) for table in units], axis=-1)
    return Moments(value, means.var(axis=-1, ddof=1) / number, of_problems, residual.sum(axis=-1) / number, df)


def error_of(found: Moments, units: int, scale: float) -> Error:
    """The standard error; `scale` is the largest number that went in."""
    variance, share = total(found)
    rounding = (ROUNDING * scale) ** 2
    if variance <= rounding:  # units that agree by chance, where problems may still vary
        variance, share = float(found.problems), float(units > 1)
    se = sqrt(variance) if variance > rounding else 0.0
    return Error(se, float(share), units - 1, float(found.df_problems))


def total(found: Moments) -> tuple[Any, Any]:
    """V, and the units' share of it; 0 of nothing."""
    variance = np.asarray(found.units + np.maximum(0.0, found.problems - found.residual))
    return variance, np.divide(found.units, variance, out=np.zeros(variance.shape), where=variance > 0)


def components(
    arrays: Sequence[Array], weights: Array, found: Moments, problems: int
) -> tuple[float | None, float | None, float, float | None]:
    """Variances of chains, seeds, problems and residual, as a Contrast has them; estimates below 0 are 0."""
    chains, seeds, _ = arrays[0].shape
    units = chains if chains > 1 else seeds
    of_seeds = of_chains = None
    if seeds > 1:  # within chains, the residual's part taken off
        means = sum(weight * array.mean(axis=2) for weight, array in zip(weights, arrays, strict=True))
        rest = [np.mean(residual_mean_square(array)) / array.shape[2] for array in arrays]
        of_seeds = max(0.0, float(np.mean(np.var(means, axis=1, ddof=1)) - np.dot(weights**2, rest)))
    if chains > 1:
        of_chains = max(0.0, float(chains * (found.units - found.residual)) - (of_seeds or 0.0) / seeds)
    of_problems = max(0.0, problems * float(found.problems - found.residual))
    return of_chains, of_seeds, of_problems, problems * units * float(found.residual) if units > 1 else None


def residual_mean_square(tables: Array) -> Any:
    """Of [..., units, problems], less the means of rows and columns: the interaction of a two-way layout."""
    rows, columns = tables.mean(axis=-1, keepdims=True), tables.mean(axis=-2, keepdims=True)
    residual = tables - rows - columns + rows.mean(axis=-2, keepdims=True)
    return np.square(residual).sum(axis=(-2, -1)) / ((tables.shape[-2] - 1) * (tables.shape[-1] - 1))


def edges(units: Sequence[Array], weights: Array, bounds: tuple[float, float]) -> tuple[float, float]:
    """The interval of a contrast that is the same for every unit and problem of a benchmark.

    Of P problems none is otherwise, so by Wilson's score interval (1927, doi:10.1080/01621459.1927.10502953) at most
    z^2 / (P + z^2) of all such problems are, each as far as the bound. For an accuracy of 0 or 1 on one benchmark that
    is Wilson's interval. Benchmarks are put together by the squares of their distances (MOVER: Zou and Donner 2008,
    doi:10.1002/sim.3095). It says nothing of units that might disagree.
    """
    value, down, up = 0.0, 0.0, 0.0
    for table, weight in zip(units, weights.tolist(), strict=True):
        own, share = float(table.flat[0]), Z**2 / (table.shape[1] + Z**2)
        reach = sorted(weight * share * (bound - own) for bound in bounds)
        value += weight * own
        down, up = down + reach[0] ** 2, up + reach[1] ** 2
    return value - sqrt(down), value + sqrt(up)


def linearised(parts: Sequence[tuple[float, ArrayLike, ArrayLike]]) -> Array:
    """Pseudo-values [problems] of the sum of coefficient x (sum of numerators / sum of denominators), such as NLL.

    A part is a coefficient, numerators and denominators (tokens, or traces), one a problem and the same problems in
    all. The mean of the pseudo-values is that sum, and their variance over P the variance of it by the delta method
    (Cochran 1977, "Sampling Techniques", chapter 6): a problem moves a part by coefficient x (numerator - ratio x
    denominator) / (sum of denominators). With denominators of 1 they are the differences themselves.
    """
    value, scale, moved = 0.0, 0.0, np.zeros(1)
    for coefficient, numerators, denominators in parts:
        tops, bottoms = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
        whole = bottoms.sum()
        if not whole > 0:
            raise ValueError("a ratio needs denominators above 0")
        quotient = tops.sum() / whole
        value += coefficient * float(quotient)
        scale = max(scale, abs(coefficient) * float(np.abs(tops).max() / whole * len(tops)))
        moved = moved + coefficient * len(tops) * (tops - quotient * bottoms) / whole
    if not parts:
        raise ValueError("no numbers to estimate from")
    return np.asarray(value + np.where(np.abs(moved) <= ROUNDING * scale, 0.0, moved))


def _shaped(benchmarks: Sequence[ArrayLike]) -> list[Array]:
    """One array [chains, seeds, problems] a benchmark, all with the same chains and seeds."""
    arrays = [np.asarray(values, dtype=np.float64) for values in benchmarks]
    arrays = [array.reshape((1,) * (3 - array.ndim) + array.shape) for array in arrays]
    if len({array.shape[:2] for array in arrays}) != 1 or arrays[0].size == 0:
        raise ValueError("every benchmark needs the same chains and seeds, and there must be one benchmark at least")
    if min(array.shape[2] for array in arrays) < 2:
        raise ValueError("a variance needs two problems or more")
    return arrays

"""The test of a mean over two random factors: its standard error, critical values, p, power, and that of a plan.

A mean varies from one unit to another (a chain; where a study has one chain, a training seed) and from one problem to
another. Units are few and problems many, and the degrees of freedom of the two parts differ by the hundred. With r the
units' share of the variance, the critical value is

    t*(alpha) = r t(alpha; units - 1) + (1 - r) t(alpha; df of the problems)

the weighted mean of Cochran and Cox (1957, "Experimental Designs", 2nd ed., section 4.14; Cochran 1964,
doi:10.2307/2527402), and p is the alpha at which t* is the t that was found. One number of degrees of freedom for both
(Satterthwaite's, or a kinder mean of the two) fails with few units: where they make most of the variance and happen to
agree, it counts the problems' degrees of freedom. Its p below 0.005 then come 2 to 5 times as often as they should with
3 units, these at most 1.4 times (`python -m scripts.coverage`; docs/statistics.md has the table).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

LEAST_P = 1e-300  # smaller ones are told as this
UNIT_NODES, PROBLEM_NODES = 400, 40  # of the distributions over which power is averaged

Array = NDArray[np.float64]


def critical(share: Any, df_units: float, df_problems: Any, alpha: float) -> Any:
    """The two-sided critical value t* of the first lines, of numbers or of arrays; without units, share is 0."""
    of_problems = -special.stdtrit(df_problems, alpha / 2)
    return of_problems + share * (-special.stdtrit(df_units, alpha / 2) - of_problems) if df_units else of_problems


@dataclass(frozen=True)
class Error:
    """The standard error of a mean, and what it is made of."""

    se: float
    share: float  # of its square, from one unit to another; 0 with one unit
    df_units: int  # units - 1
    df_problems: float

    def critical(self, alpha: float) -> float:
        """How many standard errors from its null a mean is significant at `alpha`, two-sided."""
        return float(critical(self.share, self.df_units, self.df_problems, alpha))

    def half(self, alpha: float) -> float:
        """Half of the width of the interval that covers 1 - alpha."""
        return self.se * self.critical(alpha)

    def p(self, distance: float) -> float:
        """Two-sided p of a mean so far from its null."""
        t = abs(distance) / self.se
        both = (self.df_problems, self.df_units or self.df_problems)
        ends = [max(LEAST_P, 2 * float(special.stdtr(df, -t))) for df in both]
        if self.share in (0, 1):
            return ends[int(self.share == 1)]
        low, high = sorted(ends)
        if low == high or self.critical(low) <= t:
            return low
        return exp(optimize.brentq(lambda p: self.critical(exp(p)) - t, log(low), log(high), xtol=1e-12))

    def power(self, effect: float, alpha: float) -> float:
        """How often a true mean so far from the null is found on its side; the mean over what the variance may seem.

        Of normal effects, if the true variance and share are these.
        """
        if self.se == 0:
            return float(effect != 0)
        units = self.share * _chi_square(self.df_units, UNIT_NODES)[:, np.newaxis]
        seen = units + (1 - self.share) * _chi_square(self.df_problems, PROBLEM_NODES)
        needed = critical(units / seen, self.df_units, self.df_problems, alpha) * np.sqrt(seen)
        return float(special.ndtr(abs(effect) / self.se - needed).mean())

    def detectable(self, alpha: float, power: float) -> float:
        """The minimum detectable effect: the distance from the null that is found as often as `power` says."""
        if self.se == 0:
            return 0.0
        top = self.half(alpha)
        while self.power(top, alpha) < power:
            top *= 2
        return float(optimize.brentq(lambda effect: self.power(effect, alpha) - power, 0, top, rtol=1e-10))


def _chi_square(df: float, nodes: int) -> Array:
    """Equally likely values of chi-square / df; 1 with no degrees of freedom."""
    places = (np.arange(nodes) + 0.5) / nodes
    return np.asarray(special.gammaincinv(df / 2, places) * 2 / df) if df else np.ones(1)


def planned(
    variance_units: float, variance_problems: float, variance_residual: float, units: int, problems: int
) -> Error:
    """The error that `contrasts.crossed` is to expect of so many units, and problems in all benchmarks together.

    V = sigma2_u / U + (sigma2_p + sigma2_e / U) / P, with the benchmarks' proportions as they were; variances as a
    Contrast has them: of units those of chains and, each over the number of seeds in a chain, those of seeds.
    """
    if units < 2 or problems < 2:
        raise ValueError("a plan needs two units and two problems or more")
    v_units = variance_units / units + variance_residual / (units * problems)
    variance = v_units + variance_problems / problems
    return Error(sqrt(variance), v_units / variance if variance else 1.0, units - 1, problems - 1)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for their number (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure").

    The error of any false finding in the family stays below alpha where those below alpha are taken as findings.
    None was not tested: it stays None and does not count.
    """
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        corrected[place] = largest
    return corrected

"""How large the paper's published gains are beside the noise of one run's score, from what is published alone.

One greedy run's average over K benchmarks has the standard error SE = sqrt(sum_k p_k (1 - p_k) / P_k) / K. Two students
answer the same problems, so their outcomes are correlated by some rho, which nobody has published; the standard error
of their difference is SE sqrt(2 (1 - rho)). rho = 0, as if they answered different problems, is an upper bound of the
noise. Training seeds and decoding are not in it.
"""

from math import fsum, sqrt
from pathlib import Path

# Problems, and between what accuracies (%) students of 3B and 7B lie: of 3B those of reference/published/smg.csv, of 7B
# the card of Bespoke-Stratos and the report of Qwen2.5.
BENCHMARKS = {
    "AIME24": (30, 3, 15),
    "AMC23": (40, 35, 50),
    "OlympiadBench": (675, 25, 40),
    "MATH-500": (500, 58, 75),
    "GSM8K": (1319, 80, 91),
}
GAINS = (3.47, 3.93)  # points, in the paper's abstract, for 7B and 3B
RHOS = {"none (rho 0): an upper bound of the noise": (0.0, 0.0), "rho 0.3 to 0.5": (0.3, 0.5)}


def standard_error(place: int) -> float:
    """Of one run's average, in points, with the lower (1) or the higher (2) accuracies."""
    variances = [row[place] * (100 - row[place]) / row[0] for row in BENCHMARKS.values()]
    return sqrt(fsum(variances)) / len(BENCHMARKS)


def in_standard_errors(gain: float, se: float, rho: float) -> float:
    """A gain in standard errors of the difference of two runs, each of error `se`, whose outcomes correlate by rho."""
    return gain / (se * sqrt(2 * (1 - rho)))


def gain_range(least: float, most: float) -> str:
    """The gains in standard errors, least to most, for correlations of `least` to `most`."""
    low = in_standard_errors(min(GAINS), standard_error(2), least)
    high = in_standard_errors(max(GAINS), standard_error(1), most)
    return f"{low:.1f} to {high:.1f}"


def noise_table(reference: Path) -> str:
    """Markdown: a row for each assumption about pairing. Nothing of the reference is in it."""
    lines = [
        "| assumed correlation of two students' outcomes | gains of 3.47 and 3.93 points, in standard errors |",
        "|---|---:|",
        *(f"| {said} | {gain_range(*rhos)} |" for said, rhos in RHOS.items()),
    ]
    low, high = standard_error(1), standard_error(2)
    return "\n".join([*lines, "", f"The average of one run has a standard error of {low:.1f} to {high:.1f} points."])

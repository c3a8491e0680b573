"""How often intervals cover the truth and how often small p lie, by simulation: the tables of docs/statistics.md.

    python -m scripts.coverage --out reference/coverage.md && python -m scripts.readme

Each study has chains with two training seeds each, and 3 benchmarks of 300 problems that all answer. An answer of one
of two arms is right (1) or wrong (0): right where a sum of normal effects is above 0 (probit), of the benchmark, the
problem (sd 1), the problem by arm (sd 0.5), the chain and the training seed (in all benchmarks alike, for each arm
anew) and the answer (sd 1). What is estimated is the difference of the arms' accuracies, by the functions that the
tables take (micota.results.contrasts). The spreads of chains and seeds are given in points of that difference.
The second table holds for normal effects and the worst share of the variance that chains can have, by integration.
Minutes on one core; the same numbers each time.
"""

import argparse
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from scipy import special

from micota.common.cli import run
from micota.common.errors import ConfigurationError
from micota.common.files import whole
from micota.results.contrasts import moments, total
from micota.results.estimates import Array
from micota.results.significance import critical

STUDIES = 40_000
CHAINS, SEEDS, PROBLEMS = (3, 5, 8), 2, 300
LEVELS = np.array([-0.5, 0.0, 0.7])  # how easy the benchmarks are
TASTE, GAIN = 0.5, 0.2  # of a problem by arm; of the first arm over the second
SPREADS = ((0, 0), (0, 4), (2, 2), (5, 2), (10, 0), (10, 4))  # of chains and of seeds, in points
ALPHAS = (0.05, 0.05 / 9, 0.005)  # an interval; the first step of Holm's method with nine claims; small p
SHARES = np.linspace(0.01, 1, 100)  # of the variance, from one chain to another
NODES = 20_000  # of an integral
BATCH = 50  # studies at a time: bounds the memory


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where to write the Markdown")
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated for each row")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate all designs and write both tables."""
    args = parse_args(argv)
    if args.studies < 1:
        raise ConfigurationError("--studies: one at least")
    text = f"{table(args.studies)}\n\n{worst_table()}\n"
    with whole(args.out) as handle:
        handle.write(text)


def table(studies: int) -> str:
    """The table in Markdown, and how many studies it is from."""
    lines = [
        "| chains | chain sd | seed sd | chains' share of the variance | 95 % covers | p < 0.05/9 | p < 0.005 |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for chains in CHAINS:
        for spread in SPREADS:
            share, rates = rejected(chains, spread, studies)
            times = " | ".join(f"{rate / alpha:.2f} x" for rate, alpha in zip(rates[1:], ALPHAS[1:], strict=True))
            lines.append(f"| {chains} | {spread[0]} | {spread[1]} | {share:.0%} | {1 - rates[0]:.1%} | {times} |")
    error = sqrt(1.4 / ALPHAS[-1] / studies)
    note = (
        f"{studies:,} studies a row; spreads in points; `x`: times as often as nominal (of 1.4 x, the standard error is"
    )
    return "\n".join([*lines, "", f"{note} {error:.2f})."])


def rejected(chains: int, spread: tuple[int, int], studies: int) -> tuple[float, list[float]]:
    """The units' mean share of the variance, and how often the truth is rejected at each of ALPHAS."""
    truth, counts, shares = true_difference(spread), np.zeros(len(ALPHAS)), 0.0
    for units in simulated(chains, spread, studies):
        found = moments(units, np.full(len(LEVELS), 1 / len(LEVELS)))
        variance, share = total(found)
        distance = np.abs(found.value - truth)
        for place, alpha in enumerate(ALPHAS):
            limit = critical(share, chains - 1, found.df_problems, alpha) * np.sqrt(variance)
            counts[place] += np.count_nonzero(distance > limit)
        shares += float(share.sum())
    return shares / studies, (counts / studies).tolist()


def latent(spread: tuple[float, float]) -> Array:
    """The spreads of an arm's chain and seed effects, on the scale of the normal sum."""
    sd = sqrt(2 + TASTE**2)
    slope = np.exp(-((LEVELS / sd) ** 2) / 2).mean() / sqrt(2 * np.pi) / sd  # of an accuracy, in shares of 1
    return np.asarray(np.array(spread) / 100 / slope / sqrt(2))


def true_difference(spread: tuple[float, float]) -> float:
    """Of the arms' accuracies over all chains, seeds and problems."""
    sd = sqrt(2 + TASTE**2 + float(np.square(latent(spread)).sum()))
    return float(np.mean(special.ndtr((LEVELS + GAIN) / sd) - special.ndtr(LEVELS / sd)))


def simulated(chains: int, spread: tuple[int, int], studies: int) -> Iterator[list[Array]]:
    """Batches of studies: one array [studies, chains, problems] a benchmark, seeds averaged."""
    rng = np.random.default_rng(0)
    of_chains, of_seeds = latent(spread)
    for start in range(0, studies, BATCH):
        arms = (2, min(BATCH, studies - start))
        runs = of_chains * rng.standard_normal((*arms, chains, 1, 1), dtype=np.float32)
        runs = runs + of_seeds * rng.standard_normal((*arms, chains, SEEDS, 1), dtype=np.float32)
        runs[0] += GAIN
        units = []
        for level in LEVELS:
            problems = rng.standard_normal((1, arms[1], 1, 1, PROBLEMS), dtype=np.float32)
            problems = problems + TASTE * rng.standard_normal((*arms, 1, 1, PROBLEMS), dtype=np.float32)
            noise = rng.standard_normal((*arms, chains, SEEDS, PROBLEMS), dtype=np.float32)
            right = noise > -(level + problems + runs).astype(np.float32)
            first, second = right.mean(axis=-2, dtype=np.float32)
            units.append((first - second).astype(np.float64))
        yield units


def worst_table() -> str:
    """For each number of chains the lowest and highest coverage, and the most often that small p come; Markdown."""
    lines = [
        "| chains | 95 % covers, worst share to best | p < 0.05/9, at most | p < 0.005, at most |",
        "|---:|---:|---:|---:|",
    ]
    for chains in (2, *CHAINS):
        rates = np.array([[error_rate(chains, share, alpha) for share in SHARES] for alpha in ALPHAS])
        times = " | ".join(f"{max(row) / alpha:.2f} x" for row, alpha in zip(rates[1:], ALPHAS[1:], strict=True))
        lines.append(f"| {chains} | {1 - rates[0].max():.1%} to {1 - rates[0].min():.1%} | {times} |")
    return "\n".join(lines)


def error_rate(chains: int, share: float, alpha: float) -> float:
    """How often a true null is rejected, of normal effects: the mean over what the chains' variance may seem.

    `share`: the chains' true share of the variance; that of problems is taken as known, with so many of them.
    """
    df = chains - 1
    places = (np.arange(NODES) + 0.5) / NODES
    units = share * special.gammaincinv(df / 2, places) * 2 / df
    seen = units + 1 - share
    limit = critical(units / seen, df, len(LEVELS) * (PROBLEMS - 1), alpha) * np.sqrt(seen)
    return float(2 * special.ndtr(-limit).mean())


if __name__ == "__main__":
    run(main)

"""How far a run's numbers may be from the reference's when the machine computes otherwise: as far as another draw's.

A draw is the same study with other seeds of all that is trained or masked (scripts/draw.py): another teacher,
assistant, mask and students, as another kind of CPU makes them by its rounding. The numbers of some draws and of the
reference give each number's mean and spread; a run is held against these.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from math import log
from pathlib import Path
from typing import NamedTuple

import numpy as np

from micota.common.errors import DataError
from micota.common.tables import Row, read_csv

KEYS = (
    *("dataset", "model", "base", "corpus", "chain", "against", "tuned", "method", "seed", "benchmark"),
    *("weight", "density", "mask_seed"),
)
SEEDS = ("seed", "mask_seed")
SKIPPED = {
    "method": "names of the configuration",
    "lengths": "a histogram, its rows are bins; lengths_quantiles compares the same lengths",
    "claims": "contrasts of accuracies, lengths and likelihoods, which the other tables compare one by one",
    "claims_benchmarks": "the same contrasts on one benchmark each",
    "sizes": "the main table's accuracies and their differences",
    "contamination": "counts of equal texts among problems that the configuration fixes",
    "contamination_pairs": "texts; contamination counts them",
    "scores": "the shares that each grader accepts, which main_cells compares one by one",
    "agreement": "counts of the same verdicts, in pairs",
    "disagreements": "texts, of which no two runs share many",
    "gold": "fixed counts, which the check of the gold answers holds exactly",
    "repetition": "counts of truncated traces, of which a study has a handful",
    "errors": "kinds of wrong answers, whose number main_cells compares",
    "styles": "shares of a few styles; lengths_quantiles compares what they do to the length",
    "predictors": "measures that likelihood, lengths and main compare one by one",
    "predictors_correlation": "rank correlations over a handful of corpora, which no two runs share",
    "variance": "estimates from a few training seeds, which no two runs share to any useful precision",
}
# Columns that follow from others, which are compared, or from the configuration.
FOLLOWS = ("p_value", "perplexity", "*_low", "*_high", "*_least", "*_most", "chains", "proposed")

LENGTHS = {("main", "mean_tokens"), ("corpora", "tokens_mean"), ("assistants", "mean_tokens")}  # table, column

# The numbers that say most, held more narrowly than all the others, of which a thousand may not be far by chance.
MAIN = {
    *LENGTHS,
    ("main", "accuracy_average"),
    ("corpora", "kept"),
    ("assistants", "accuracy"),
    ("lengths", "log_ratio"),
}
MAIN |= {("likelihood", "nll_per_token"), ("likelihood", "nll_per_trace")}

PRIOR = 4  # degrees of freedom of the spread that a number's own is mixed with, that of its column
ERROR = (
    0.01  # share of honest runs that are to fail, by simulation, half of it each by the main numbers and by the others
)
STILL = 0.02  # of a number that is the same in every draw, how far another kind of CPU may turn it
RARE = 5
SIMULATIONS = 2_000


class Place(NamedTuple):
    """Where a number stands: table, row (what it is about) and column."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return ": ".join(self)


Value = float | str | None


def values(folder: Path) -> dict[Place, Value]:
    """Every cell of a folder's tables (CSV) but keys, skipped tables and columns that follow from others.

    And the ratios of all mean lengths: draws differ much in how long Mid-CoT is, and little in how much shorter than
    that of the next merge weight, or in how near a student comes to its corpus.
    """
    tables = {path.stem: read_csv(path) for path in sorted(folder.glob("*.csv")) if path.stem not in SKIPPED}
    if not tables:
        raise DataError(f"{folder}: no tables to compare (*.csv)")
    found: dict[Place, Value] = {
        Place(name, row_name(row), column): value
        for name, rows in tables.items()
        for row in rows
        for column, value in row.items()
        if column not in KEYS and not any(fnmatchcase(column, pattern) for pattern in FOLLOWS)
    }
    return found | length_ratios(found)


def length_ratios(found: Mapping[Place, Value]) -> dict[Place, Value]:
    """Logarithms of ratios of mean lengths: of any two assistants and corpora, and of each student to its corpus."""
    means = {place: value for place, value in found.items() if (place.table, place.column) in LENGTHS}
    return {
        Place("lengths", f"{one.table} {one.row} / {other.table} {other.row}", "log_ratio"): log(first / second)
        for (one, first), (other, second) in combinations(means.items(), 2)
        if isinstance(first, float) and isinstance(second, float) and min(first, second) > 0
        if "main" not in (one.table, other.table)
        or one.row.endswith(f" {other.row}")
        or other.row.endswith(f" {one.row}")
    }


def row_name(row: Row) -> str:
    """What a row is about: the values of its keys, without the seeds, which differ between draws."""
    found = {key: row[key] for key in KEYS if row.get(key) is not None and key not in SEEDS}
    return " ".join(
        f"{key}={value:g}" if isinstance(value, float) else unseeded(str(value)) for key, value in found.items()
    )


def unseeded(name: str) -> str:
    """A model's name without its seed: `small-mid-s3` -> `small-mid`, `ta_long-w0.4-d0.5-m3` -> `ta_long-w0.4-d0.5`."""
    head, _, tail = name.rpartition("-")
    return head if head and tail[:1] in ("s", "m") and tail[1:].isdecimal() else name


class Limits:
    """The mean of every number over some runs, and how far another run's may be from it.

    The spread of a number is its own over the runs, mixed with that of its column (an empirical Bayes estimate, Smyth
    2004, doi 10.2202/1544-6115.1027, with a fixed weight): a few runs say little of a single number. How many spreads
    are allowed is found by simulation, for the main numbers and for the others, so that of honest runs `ERROR` fail:
    sets of runs, and one more, are drawn from a normal distribution with the covariance of the runs at hand, and each
    set judges its one more.
    """

    def __init__(self, places: Sequence[Place], runs: np.ndarray) -> None:
        """`runs`: [runs, places]. UserError where there are fewer than three runs."""
        if len(runs) < 3:
            raise DataError(f"{len(runs)} runs say too little of how runs differ; three are needed")
        self.places = list(places)
        self.groups = np.unique([f"{place.table} {place.column}" for place in places], return_inverse=True)[1]
        self.main = np.array([(place.table, place.column) in MAIN for place in places])
        self.centre, self.spread = self._estimate(runs)
        furthest = simulated(self, runs, np.random.default_rng(0))
        main, others = np.quantile(furthest, 1 - ERROR / 2, axis=0)
        self.allowed = np.where(self.main, main, others) * self.spread
        # What no draw changes has no training in it, as an untrained model's score: another CPU's rounding may turn a
        # few answers of it, and that is all. A column that never varies may not. A count or share of RARE or less, of
        # traces that run on, say, is the same in six draws by chance, and not in the seventh.
        still = (runs.std(axis=0) == 0) & (self.spread > 0) & (np.abs(self.centre) > RARE)
        self.allowed[still] = STILL * np.abs(self.centre[still])

    def _estimate(self, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean, and spread of one more run from it, by place; `runs`: [runs, places], or many such sets."""
        count = runs.shape[-2]
        own = runs.var(axis=-2, ddof=1)
        sizes = np.bincount(self.groups)
        column = np.stack([own[..., self.groups == group].sum(axis=-1) for group in range(len(sizes))], axis=-1) / sizes
        mixed = (PRIOR * column[..., self.groups] + (count - 1) * own) / (PRIOR + count - 1)
        return runs.mean(axis=-2), np.sqrt(mixed * (1 + 1 / count))

    def furthest(self, run: np.ndarray) -> np.ndarray:
        """How much of what is allowed each number of a run takes: over 1 is outside. What never varies may not vary."""
        distance = np.abs(run - self.centre)
        fixed = np.where(distance > 1e-9 * np.maximum(1.0, np.abs(self.centre)), np.inf, 0.0)
        return np.divide(distance, self.allowed, out=fixed, where=self.allowed > 0)


def simulated(limits: Limits, runs: np.ndarray, rng: np.random.Generator, count: int = SIMULATIONS) -> np.ndarray:
    """Of `count` simulated honest runs, how far the furthest number is from the mean of its own set, in spreads.

    [count, 2]: of the main numbers, and of the others.
    """
    size = len(runs)
    spans = (runs - runs.mean(axis=0)) / np.sqrt(size - 1)
    worst = []
    for _ in range(0, count, 100):  # a hundred sets at a time, for memory
        drawn = rng.standard_normal((100, size + 1, size)) @ spans
        centre, spread = limits._estimate(drawn[:, :size])
        distance = np.abs(drawn[:, size] - centre)
        used = np.divide(distance, spread, out=np.zeros_like(distance), where=spread > 0)
        families = (limits.main, ~limits.main)
        worst.append(np.stack([used[:, family].max(axis=-1, initial=0.0) for family in families], axis=-1))
    return np.concatenate(worst)[:count]


def read_draws(path: Path) -> tuple[list[Place], np.ndarray]:
    """Places and numbers ([runs, places]) of a file of draws: table, row, column, and a column each run."""
    rows = read_csv(path)
    runs = [key for key in rows[0] if key not in Place._fields]
    places = [Place(*(str(row[field]) for field in Place._fields)) for row in rows]
    return places, np.array([[row[run] for row in rows] for run in runs], dtype=float)

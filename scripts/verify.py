"""Compare a fresh run's tables with the committed reference, number by number, within stated tolerances.

    python -m scripts.verify --fresh results/mini/tables --reference reference/mini/tables --out report.json

Prints the numbers compared, worst first. Exit status 1, naming each cell, when a number is outside its tolerance or
tables, rows or columns differ. Another machine's float arithmetic sends training down another path, so equal settings
give equal numbers only up to chance; how far is declared once, in TOLERANCES.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from math import fsum, sqrt
from pathlib import Path

from micota.cli import UserError, run
from micota.records import write_json
from micota.tables import Row, read_csv

Allowed = Callable[[Row, Row, str], float]  # reference row, fresh row, column -> the largest difference allowed

KEYS = ("dataset", "model", "base", "corpus", "against", "tuned", "seed", "benchmark", "weight", "density", "mask_seed")
SIGMAS = 4  # some hundred numbers are compared: 2 sigmas would cry wolf in every run
SKIPPED = {
    "lengths": "a histogram, its rows are bins; lengths_quantiles compares the same lengths",
    "claims": "contrasts of accuracies, lengths and likelihoods, which the other tables compare one by one",
    "sizes": "the main table's accuracies and their differences",
    "contamination": "counts of equal texts among problems that the configuration fixes",
    "contamination_pairs": "texts; contamination counts them",
    "scores": "the shares that each grader accepts, which main_cells compares one by one",
    "agreement": "counts of the same verdicts, in pairs",
    "disagreements": "texts, of which no two runs share many",
    "gold": "fixed counts, which the check of the gold answers holds exactly",
    "variance": "estimates from a few training seeds, which no two runs share to any useful precision",
}


def share(reference: Row, fresh: Row, column: str) -> float:
    """Standard errors of a difference of two shares in percent, each of n problems; 1 point at least.

    n is the benchmark's own where the row has it. An average over benchmarks of sizes n_i has the variance of one of
    B^2 / sum(1 / n_i) problems.
    """
    name = column.removeprefix("accuracy_").removesuffix("_low").removesuffix("_high")
    sizes = [reference[key] for key in reference if key.startswith("problems_")]
    average = len(sizes) ** 2 / fsum(1 / size for size in sizes) if sizes else reference["problems"]
    n = reference.get(f"problems_{name}", average)
    p = min(1.0, (reference[column] + fresh[column]) / 200)
    return max(1.0, 100 * SIGMAS * sqrt(2 * p * (1 - p) / n))


def difference(reference: Row, fresh: Row, column: str) -> float:
    """As a share, of four accuracies (two a run) at their noisiest, p = 1/2."""
    return max(1.0, 100 * SIGMAS * sqrt(4 * 0.25 / reference["problems"]))


def count_of(total: str) -> Allowed:
    """Standard errors of a difference of two counts out of the column `total`; 1 % of it at least."""

    def allowed(reference: Row, fresh: Row, column: str) -> float:
        n = max(1.0, reference[total])
        p = min(1.0, (reference[column] + fresh[column]) / 2 / n)
        return max(0.01 * n, SIGMAS * sqrt(2 * n * p * (1 - p)))

    return allowed


def relative(part: float, floor: float = 0.0) -> Allowed:
    """A part of the reference, `floor` at least."""
    return lambda reference, fresh, column: max(floor, part * abs(reference[column]))


EXACT, TENTH = relative(0.0), relative(0.1)
BINOMIAL = f"retrained models answer other problems right: {SIGMAS} binomial standard errors of the difference"
TOLERANCES: dict[str, tuple[Allowed | None, str]] = {  # the first pattern that fits the column's name
    "p_value": (None, "follows from the difference and its interval"),
    "perplexity": (None, "the exponential of the NLL per token, which is compared"),
    "difference*": (difference, BINOMIAL),
    "kept_percent": (TENTH, "as the count of kept traces"),
    "accuracy*": (share, BINOMIAL),
    "*_percent": (share, BINOMIAL),
    "correct": (count_of("n"), BINOMIAL),
    "wrong": (count_of("n"), BINOMIAL),
    "several_answers": (count_of("n"), BINOMIAL),
    "dropped_*": (count_of("read"), "reasons are few of many: a binomial count of the traces read"),
    "problems_*": (EXACT, "benchmarks are fixed files"),
    "seeds": (EXACT, "set by the config"),
    "n": (EXACT, "set by the config"),
    "tokens_max": (relative(0.25), "an extreme value moves more than a mean"),
    "tokens_p*": (relative(0.1, floor=2.0), "lengths move by some percent; short ones are whole numbers"),
    "*tokens*": (TENTH, "lengths move by some percent from run to run"),
    "nll_*": (TENTH, "the corpora differ by chance, the base student's likelihood hardly"),
    "*": (TENTH, "a count of what was sampled moves by some percent"),
}


@dataclass(frozen=True)
class Comparison:
    """One number in both runs; `used` is the share of the tolerance its difference takes (over 1: outside)."""

    table: str
    row: str
    column: str
    reference: float
    fresh: float
    allowed: float
    used: float


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", type=Path, required=True, help="folder of the fresh run's tables (CSV)")
    parser.add_argument("--reference", type=Path, required=True, help="folder of the reference tables (CSV)")
    parser.add_argument(
        "--show", type=int, default=25, help="how many numbers to print (default: 25; all are in --out)"
    )
    parser.add_argument("--out", type=Path, help="write the whole comparison as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Compare, print, and exit with status 1 where the runs disagree."""
    args = parse_args(argv)
    compared, problems = compare_folders(args.reference, args.fresh)
    compared.sort(key=lambda number: -number.used)
    outside = [number for number in compared if number.used > 1]
    print(f"{'used':>6} {'reference':>12} {'fresh':>12} {'allowed':>10}  number")
    for number in compared[: max(args.show, len(outside))]:
        print(
            f"{number.used:6.0%} {number.reference:12.4f} {number.fresh:12.4f} {number.allowed:10.4f}  "
            f"{number.table}: {number.row}: {number.column}"
        )
    problems += [
        f"{number.table}: {number.row}: {number.column} is {number.fresh:.6g}, "
        f"the reference {number.reference:.6g} +- {number.allowed:.3g} ({rule(number.column)[1]})"
        for number in outside
    ]
    print(f"{len(compared)} numbers compared, {len(outside)} outside their tolerance")
    if args.out:
        write_json(args.out, {"problems": problems, "compared": [asdict(number) for number in compared]})
    if problems:
        print(*(f"differs: {problem}" for problem in problems), sep="\n", file=sys.stderr)
        sys.exit(1)


def compare_folders(reference: Path, fresh: Path) -> tuple[list[Comparison], list[str]]:
    """Every table of both folders: the numbers compared, and what could not be because the structure differs."""
    names = [{path.stem for path in folder.glob("*.csv")} - SKIPPED.keys() for folder in (reference, fresh)]
    for folder, found in zip((reference, fresh), names, strict=True):
        if not found:
            raise UserError(f"{folder}: no tables to compare (*.csv)")
    compared: list[Comparison] = []
    problems = [f"{name}: only in the reference" for name in sorted(names[0] - names[1])]
    problems += [f"{name}: has no reference" for name in sorted(names[1] - names[0])]
    for name in sorted(names[0] & names[1]):
        numbers, differing = compare_tables(name, read_csv(reference / f"{name}.csv"), read_csv(fresh / f"{name}.csv"))
        compared += numbers
        problems += differing
    return compared, problems


def compare_tables(name: str, reference: Sequence[Row], fresh: Sequence[Row]) -> tuple[list[Comparison], list[str]]:
    """One table: rows are matched by their keys, whatever their order."""
    if reference[0].keys() != fresh[0].keys():
        columns = ", ".join(sorted(reference[0].keys() ^ fresh[0].keys()))
        return [], [f"{name}: columns not in both runs: {columns}"]
    old, new = ({row_name(row): row for row in rows} for rows in (reference, fresh))
    compared = []
    problems = [f"{name}: row not in both runs: {row}" for row in sorted(old.keys() ^ new.keys())]
    for row in old.keys() & new.keys():
        for column in old[row].keys() - set(KEYS):
            before, after = old[row][column], new[row][column]
            allowed = rule(column)[0]
            if isinstance(before, float) and isinstance(after, float) and allowed is not None:
                limit, distance = allowed(old[row], new[row], column), abs(after - before)
                used = distance / limit if limit else float(distance > 0) * 1e6
                compared.append(Comparison(name, row, column, before, after, limit, used))
            elif type(before) is not type(after) or (isinstance(before, str) and before != after):
                problems.append(f"{name}: {row}: {column} is {after!r}, the reference {before!r}")
    return compared, problems


def row_name(row: Row) -> str:
    """What the row is about: the values of its keys."""
    return " ".join(f"{key}={row[key]:g}" if isinstance(row[key], float) else str(row[key])
                    for key in KEYS if row.get(key) is not None)  # fmt: skip


def rule(column: str) -> tuple[Allowed | None, str]:
    """The tolerance of a column and its reason."""
    return next(found for pattern, found in TOLERANCES.items() if fnmatchcase(column, pattern))


if __name__ == "__main__":
    run(main)

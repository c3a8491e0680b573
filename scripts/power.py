"""How many problems a claim needs: the sample size of a further study, from the variances that this one measured.

    python -m scripts.power --claims results/mini/tables/claims.csv --out-stem results/mini/tables/power \\
        --effects 2 4 6 --seeds 2 3 5 10

For each part of a claim about accuracy, effect (points from where the claim begins to be wrong: 0, or its margin) and
number of training seeds: the smallest number of problems, all benchmarks together and of equal size, at which
`micota.results.estimates.crossed` finds that effect, on its own side, as often as `--power` says. The test is at alpha
/ number of tested claims, the first step of Holm's method: on the safe side, since its later steps are easier. An en
dash: no number of problems is enough with so few seeds. More problems do not make the training seeds agree, and the
larger the seeds' share of the variance, the fewer the degrees of freedom.

The variances are estimates, with few seeds rough ones: read the numbers as an order of magnitude. Claims from one seed
have no such variances and are left out. Writes `{stem}.{csv,md,tex}`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import ConfigurationError
from micota.common.records import RecordError
from micota.common.tables import Column, Row, read_csv, write_table
from micota.results.estimates import planned, power_at

VARIANCES = ("variance_seeds", "variance_problems", "variance_residual")  # points^2
NEEDED = ("claim", "part", "measure", "family", *VARIANCES)
MOST = 10_000_000  # problems; what needs more is out of reach
STEP = 1.1  # the search tries this multiple next


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=Path, required=True, help="tables/claims.csv of a study")
    parser.add_argument("--effects", type=float, nargs="+", default=[2, 4, 6], help="true effects (points)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 5, 10], help="training seeds, two or more")
    parser.add_argument("--alpha", type=float, default=0.05, help="error of the whole family of claims")
    parser.add_argument("--power", type=float, default=0.8, help="how often the effect is to be found")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table, a row for each part of a claim and effect, a column for each number of seeds."""
    args = parse_args(argv)
    check_flags(args)
    parts = read_csv(args.claims)
    missing = [key for key in NEEDED if key not in parts[0]]
    if missing:
        raise RecordError(f"{args.claims}: there is no column {', '.join(missing)}")
    parts = [part for part in parts if part["measure"] == "accuracy" and None not in map(part.get, NEEDED)]
    # A claim that could not be tested may have variances and yet no family.
    parts = [part for part in parts if part["family"] >= 1]
    if not parts:
        raise ConfigurationError(
            f"{args.claims}: no claim about accuracy with variances; they need two training seeds or more"
        )
    rows = [
        {"claim": part["claim"], "part": int(part["part"]), "effect": effect}
        | {"alpha": args.alpha / part["family"], "power": args.power}
        | {
            f"problems_{seeds}_seeds": problems_needed(part, effect, seeds, args.alpha / part["family"], args.power)
            for seeds in args.seeds
        }
        for part in parts
        for effect in args.effects
    ]
    write_table(args.out_stem, rows, columns(args.seeds), group="claim")


def check_flags(args: argparse.Namespace) -> None:
    """Raise UserError for a study that cannot be planned."""
    if min(args.seeds) < 2:
        raise ConfigurationError("--seeds: a claim about training needs two seeds or more")
    if min(args.effects) <= 0:
        raise ConfigurationError("--effects must be above 0; the test is two-sided")
    if not 0 < args.alpha < args.power < 1:
        raise ConfigurationError("--alpha and --power must lie between 0 and 1, alpha below power")


def columns(seeds: Sequence[int]) -> list[Column]:
    """The table's columns; the level and the power are in the CSV alone."""
    return [
        Column("claim", "Claim"),
        Column("part", "Part"),
        Column("effect", "Effect (points)", "{0:g}"),
        Column("alpha"),
        Column("power"),
        *(Column(f"problems_{n}_seeds", f"Problems with {n} seeds", "{0:,}") for n in dict.fromkeys(seeds)),
    ]


def problems_needed(variances: Row, effect: float, seeds: int, alpha: float, power: float) -> int | None:
    """The smallest number of problems that gives this power; None where none does.

    Power need not rise with the problems for ever (the df fall), so the search goes up in small steps to the first
    number that is enough, and then halves the last step.
    """

    of_seeds, of_problems, residual = (variances[key] for key in VARIANCES)

    def enough(problems: int) -> bool:
        se, df = planned(of_seeds, of_problems, residual, seeds, problems)
        return power_at(effect, se, df, alpha) >= power

    few, many = 1, 2
    while not enough(many):
        if many == MOST:
            return None
        few, many = many, min(MOST, max(many + 1, int(many * STEP)))
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


if __name__ == "__main__":
    run(main)

"""How many problems and chains a claim needs: the size of a further study, from the variances that this one measured.

    python -m scripts.power --claims results/study/tables/claims.csv --out-stem results/study/tables/power \\
        --effects 2 4 6 --units 3 5 8 12 --cost-per-chain 0.5

A unit is a chain: a whole draw of the method, with as many training seeds as the chains of this table have. Where the
table is of one chain, nothing is known of others, and its units are training seeds of that chain's students.

`{stem}`: for each part of a claim about accuracy, effect (points from where the claim begins to be wrong: 0, or its
margin) and number of units: the smallest number of problems, all benchmarks together and in the same proportions, at
which `micota.results.contrasts.crossed` finds that effect, on its own side, as often as `--power` says. The test is at
alpha / number of tested claims, the first step of Holm's method: on the safe side, since its later steps are easier. An
en dash: no number of problems is enough with so few units. More problems do not make chains agree.

`{stem}_price`: the effect that so many units find with this table's number of problems, and what they cost.

The variances are estimates, with few units rough ones: read the numbers as an order of magnitude. Claims from one run
have no such variances and are left out. Prints both tables with a legend, and writes `{stem}.{csv,md,tex}` and
`{stem}_price.{csv,md,tex}`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import ConfigurationError
from micota.common.records import RecordError
from micota.common.tables import DASH, Column, Row, read_csv, write_table
from micota.common.terminal import from_markdown, wrapped
from micota.results.significance import planned

VARIANCES = ("variance_chains", "variance_seeds", "variance_problems", "variance_residual")  # points^2
NEEDED = ("claim", "part", "measure", "family", "chains", "seeds", "problems", *VARIANCES)
MOST = 10_000_000  # problems; what needs more is out of reach
STEP = 1.1  # the search tries this multiple next


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=Path, required=True, help="tables/claims.csv of a study")
    parser.add_argument("--effects", type=float, nargs="+", default=[2, 4, 6], help="true effects (points)")
    parser.add_argument(
        "--units", type=int, nargs="+", default=[3, 5, 8, 12], help="chains (of one chain: training seeds), 2 or more"
    )
    parser.add_argument("--cost-per-chain", type=float, help="hours of one more chain, for the table of prices")
    parser.add_argument("--alpha", type=float, default=0.05, help="error of the whole family of claims")
    parser.add_argument("--power", type=float, default=0.8, help="how often the effect is to be found")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write both tables, a row for each part of a claim (and effect), a column for each number of units."""
    args = parse_args(argv)
    check_flags(args)
    units = list(dict.fromkeys(args.units))
    parts = read_parts(args.claims)
    unit = "chains" if parts[0]["chains"] > 1 else "seeds"
    if unit == "seeds" and args.cost_per_chain is not None:
        raise ConfigurationError(f"--cost-per-chain: {args.claims} is of one chain; what others would add is not known")
    rows = [
        {"claim": part["claim"], "part": int(part["part"]), "effect": effect}
        | {"alpha": args.alpha / part["family"], "power": args.power}
        | {
            f"problems_{number}_{unit}": problems_needed(part, effect, number, args.alpha / part["family"], args.power)
            for number in units
        }
        for part in parts
        for effect in args.effects
    ]
    prices = [
        {"claim": part["claim"], "part": int(part["part"]), "problems": int(part["problems"])}
        | {
            f"detects_{number}_{unit}": detects(part, number, args.alpha / part["family"], args.power)
            for number in units
        }
        | {f"hours_{number}_{unit}": hours(args.cost_per_chain, number) for number in units}
        for part in parts
    ]
    write_table(args.out_stem, rows, columns(units, unit), group="claim")
    write_table(f"{args.out_stem}_price", prices, price_columns(units, unit, args.cost_per_chain), group="claim")
    tables = (from_markdown(Path(f"{args.out_stem}{end}.md").read_text(encoding="utf-8")) for end in ("", "_price"))
    for words, table in zip(legends(args, parts, unit), tables, strict=True):
        print(wrapped(words), table, "", sep="\n")


def legends(args: argparse.Namespace, parts: Sequence[Row], unit: str) -> tuple[str, str]:
    """What the cells of each table say."""
    family, units = parts[0]["family"], parts[0]["chains" if unit == "chains" else "seeds"]
    of = "chains" if unit == "chains" else "training seeds of one chain"
    how = f"in {args.power:.0%} of such studies, at level {args.alpha:g} / {family:g} tested claims"
    rough = f"From variances between {units:g} {of}: an order of magnitude."
    return (
        f"Problems needed. A row: a part of a claim in {args.claims}, and a true effect in points. A column: a number"
        f" of {of}. A cell: how many problems, all benchmarks together, it takes to find that effect {how}; {DASH}: no"
        f" number is enough. {rough}",
        f"Effects found. A cell: the effect in points that so many {of} find {how}, with this table's number of"
        f" problems. {rough}",
    )


def check_flags(args: argparse.Namespace) -> None:
    """Raise UserError for a study that cannot be planned."""
    if min(args.units) < 2:
        raise ConfigurationError("--units: a claim needs two units or more")
    if min(args.effects) <= 0:
        raise ConfigurationError("--effects must be above 0; the test is two-sided")
    if not 0 < args.alpha < args.power < 1:
        raise ConfigurationError("--alpha and --power must lie between 0 and 1, alpha below power")
    if args.cost_per_chain is not None and args.cost_per_chain <= 0:
        raise ConfigurationError("--cost-per-chain must be above 0 hours")


def read_parts(path: Path) -> list[Row]:
    """The rows about accuracy that have variances between units; UserError if there is none."""
    parts = read_csv(path)
    missing = [key for key in NEEDED if key not in parts[0]]
    if missing:
        raise RecordError(f"{path}: there is no column {', '.join(missing)}")
    parts = [part for part in parts if part["measure"] == "accuracy" and part["variance_residual"] is not None]
    # A claim that could not be tested may have variances and yet no family, an estimate is in none.
    parts = [part for part in parts if part["family"] >= 1 and part.get("kind") != "estimate"]
    if not parts:
        raise ConfigurationError(
            f"{path}: no claim about accuracy with variances; they need two chains or training seeds or more"
        )
    return parts


def unit_variance(part: Row) -> float:
    """From one unit to another: chains with their seeds averaged, or the seeds of one chain."""
    if part["chains"] > 1:
        return float(part["variance_chains"] + (part["variance_seeds"] or 0.0) / part["seeds"])
    return float(part["variance_seeds"])


def rest(part: Row) -> tuple[float, float]:
    """The variances of problems and residual."""
    return float(part["variance_problems"]), float(part["variance_residual"])


def detects(part: Row, units: int, alpha: float, power: float) -> float:
    """The effect (points) that so many units find with the table's number of problems."""
    return planned(unit_variance(part), *rest(part), units, int(part["problems"])).detectable(alpha, power)


def hours(cost: float | None, units: int) -> float | None:
    """What so many chains cost."""
    return None if cost is None else cost * units


def columns(units: Sequence[int], unit: str) -> list[Column]:
    """The columns of problems needed; the level and the power are in the CSV alone."""
    return [
        Column("claim", "Claim"),
        Column("part", "Part"),
        Column("effect", "Effect (points)", "{0:g}"),
        Column("alpha"),
        Column("power"),
        *(Column(f"problems_{n}_{unit}", f"Problems with {n} {unit}", "{0:,}") for n in units),
    ]


def price_columns(units: Sequence[int], unit: str, cost: float | None) -> list[Column]:
    """The columns of effects found; the hours stand in the headings."""
    priced = {n: f" ({hours(cost, n):g} hours)" if cost is not None else "" for n in units}
    return [
        Column("claim", "Claim"),
        Column("part", "Part"),
        Column("problems", "Problems", "{0:,}"),
        *(Column(f"detects_{n}_{unit}", f"{n} {unit}{priced[n]} find (points)", "{0:.1f}") for n in units),
        *(Column(f"hours_{n}_{unit}") for n in units),
    ]


def problems_needed(part: Row, effect: float, units: int, alpha: float, power: float) -> int | None:
    """The smallest number of problems that gives this power; None where none does.

    Power need not rise with the problems for ever (the units' share grows, and so does the critical value), so the
    search goes up in small steps to the first number that is enough, and then halves the last step.
    """

    def enough(problems: int) -> bool:
        return planned(unit_variance(part), *rest(part), units, problems).power(effect, alpha) >= power

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

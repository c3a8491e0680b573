"""Compare a run of the miniature with the committed reference: equal numbers, or those of another draw.

    python -m scripts.verify --results results/mini --reference reference/mini

The verdict comes first, then which case holds. Where the run's manifest has the reference's fingerprint of arithmetic,
every table is to be equal. Elsewhere the machine's rounding makes other models, and each number may be as far from the
mean of some draws (reference/mini/draws.csv: the same study with other seeds) as another draw is, but for 1 honest run
in 100; that is simulated, not promised. Exit status 1, naming each cell, where the run differs more, or tables, rows or
columns do.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from micota.common.cli import run
from micota.common.errors import DataError, MissingFile
from micota.common.records import Record, read_json, write_json
from micota.provenance.draws import Limits, Place, read_draws, values
from scripts.same_tables import differences

SHOWN = 10


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="folder of the run: tables/ and manifest.json")
    parser.add_argument("--reference", type=Path, required=True, help="tables/, fingerprint.json and draws.csv")
    parser.add_argument("--out", type=Path, help="write what was found as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Compare, print, and exit with status 1 where the runs disagree."""
    args = parse_args(argv)
    equal, words = case(args.results / "manifest.json", args.reference / "fingerprint.json")
    tables = args.results / "tables", args.reference / "tables"
    if equal:
        compared, problems = "", list(differences(*tables))
    else:
        compared, problems = beyond_a_draw(*tables, args.reference / "draws.csv")
    if args.out:
        write_json(args.out, {"case": words, "problems": problems})
    if problems:
        print(f"Not verified: the run differs from the reference in {len(problems)} places.", file=sys.stderr)
    else:
        print("Verified: the run agrees with the reference.")
    print(words, *filter(None, [compared]), sep="\n", flush=True)
    if problems:
        left = len(problems) - SHOWN
        shown = [*problems[:SHOWN], *([f"... and {left} more"] if left > 0 else [])]
        print(*(f"differs: {problem}" for problem in shown), sep="\n", file=sys.stderr)
        sys.exit(1)


def case(manifest: Path, fingerprint: Path) -> tuple[bool, str]:
    """Whether the numbers must be equal, and a sentence that says why."""
    if not manifest.is_file():
        raise MissingFile(f"{manifest}: no such file; `make demo` makes it as its last job")
    here, there = read_json(manifest).get("arithmetic"), read_json(fingerprint)
    if here is None:
        return False, "This run recorded no fingerprint of its arithmetic, so it is compared as another draw."
    machine, other = (described(record) for record in (here, there))
    if here["sha256"] == there["sha256"]:
        return True, f"This machine computes as the reference's did ({other}): every number is to be equal."
    return False, (
        f"This machine ({machine}) rounds otherwise than the reference's ({other}), so its models are another draw of"
        " the same study: numbers may differ as much as those of draws with other seeds do."
    )


def described(record: Record) -> str:
    """A machine's arithmetic in words."""
    portable = ", portable" if record["portable"] else ""
    return f"{record['cpu'] or 'CPU unknown'}, {record['vectors']}{portable}, torch {record['torch']}"


def beyond_a_draw(fresh: Path, reference: Path, draws: Path) -> tuple[str, list[str]]:
    """What was compared, with the furthest number; and what differs more than another draw would, worst first."""
    here, there = values(fresh), values(reference)
    problems = [f"{place} is only in the reference" for place in sorted(there.keys() - here.keys())]
    problems += [f"{place}: the reference has no such cell" for place in sorted(here.keys() - there.keys())]
    problems += [
        f"{place} is {here[place]!r}, the reference {there[place]!r}"
        for place in there.keys() & here.keys()
        if not isinstance(there[place], float) and here[place] != there[place]
    ]
    places, runs = read_draws(draws)
    if lost := set(places) ^ {place for place, value in there.items() if isinstance(value, float)}:
        raise DataError(f"{draws}: of another reference than {reference} ({min(lost)}); `make draws` makes it again")
    limits = Limits(places, runs)
    found = {place: here[place] for place in places if place in here}
    if broken := [place for place, value in found.items() if not isinstance(value, float) or not np.isfinite(value)]:
        return "", problems + [f"{place} is {found[place]!r}, not a number" for place in broken]
    used = dict(
        zip(places, limits.furthest(np.array([found.get(place, np.nan) for place in places], float)), strict=True)
    )
    worst = sorted(found, key=lambda place: -used[place])
    outside = [place for place in worst if used[place] > 1]
    compared = (
        f"{len(found)} numbers compared with {len(runs)} draws, {len(outside)} further from their mean than another"
        f" draw would be; the furthest takes {used[worst[0]]:.0%} of what is allowed ({worst[0]})."
    )
    at = {place: index for index, place in enumerate(places)}
    return compared, problems + [in_words(place, float(str(found[place])), limits, at[place]) for place in outside]


def in_words(place: Place, value: float, limits: Limits, index: int) -> str:
    """A number that is too far away, and how far it may be."""
    return f"{place} is {value:.6g}, draws have {limits.centre[index]:.6g} +- {limits.allowed[index]:.3g}"


if __name__ == "__main__":
    run(main)

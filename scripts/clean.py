"""Drop problems that also stand in other sets, and on request duplicates within their own.

    python -m scripts.clean --study config/paper.yaml --dataset train --problems train.jsonl \\
        --against math500.jsonl gsm8k.jsonl --out clean.jsonl --report clean.report.json
    python -m scripts.clean --problems train.jsonl --against math500.jsonl gsm8k.jsonl --drop-duplicates --near 0.5 \\
        --out clean.jsonl --report clean.report.json

A problem goes when it equals one of the others in another spelling or none, shares enough with one in runs of `--ngram`
words, or is a near-duplicate: similarity of `--near` or more (0 switches either off, for short procedural problems).
micota/problems/cleaning.py has the rules. Benchmarks stay whole: their duplicates, and by hand all duplicates without
`--drop-duplicates`, are counted and kept. The report says how many were read, kept and dropped by reason, and shows the
pairs and the words they share.
"""

import argparse
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from micota.common.cli import known, run
from micota.common.contracts import Again, problems
from micota.common.errors import DataError
from micota.common.files import whole
from micota.common.flags import add_flags, with_flags
from micota.common.records import read_json, read_jsonl, write_json, write_lines
from micota.problems.cleaning import REASONS, Held, Report, clean, with_texts
from micota.problems.settings import Cleaning
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--dataset", help="the data set's name in the study, where all but benchmarks lose duplicates")
    parser.add_argument("--problems", type=Path, required=True, help="problem records to clean")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="problem records to stay clear of")
    add_flags(parser, Cleaning)
    parser.add_argument("--drop-duplicates", action="store_true", help="drop duplicates within the set too")
    parser.add_argument("--loaded", type=Path, help="counts of the rows that were left out when the set was loaded")
    parser.add_argument("--out", type=Path, required=True, help="the problems kept")
    parser.add_argument("--report", type=Path, required=True, help="counts and pairs, JSON")
    return parser.parse_args(argv)


def settings(args: argparse.Namespace) -> tuple[Cleaning, bool]:
    """The thresholds, and whether duplicates go: the study's, with the flags over them, or the flags alone."""
    if bool(args.study) != bool(args.dataset):
        raise DataError("--study and --dataset: give both, or neither")
    if not args.study:
        return with_flags(Cleaning, None, args), args.drop_duplicates
    config = study_of(args.study).config
    known(args.dataset, config.datasets, "--dataset")
    return with_flags(Cleaning, config.cleaning, args), args.drop_duplicates or args.dataset not in config.benchmarks


def main(argv: Sequence[str] | None = None) -> None:
    """Index the other sets, stream the problems past them, report."""
    args = parse_args(argv)
    cleaning, drop_duplicates = settings(args)
    held = Held(cleaning.ngram, cleaning.near)
    for path in args.against:
        held.add(problems(path))
    left_out = read_json(args.loaded)["left_out"] if args.loaded else {}
    report = Report()
    with whole(args.out) as handle:
        write_lines(handle, clean(Again(problems, args.problems), held, drop_duplicates, report))
        dropped = {reason: report.dropped[reason] for reason in REASONS}
        if not report.kept:
            raise DataError(f"{args.problems}: no problem is left of {report.read} read; dropped: {dropped}")
    write_json(
        args.report,
        {
            "read": report.read,
            "kept": report.kept,
            "dropped": dropped,
            "duplicates": report.duplicates,
            **({"left_out": left_out} if left_out else {}),
            "thresholds": {**cleaning.model_dump(), "drop_duplicates": drop_duplicates},
            "against": [str(path) for path in args.against],
            "pairs": with_texts(report.pairs, chain.from_iterable(map(read_jsonl, (args.problems, *args.against)))),
        },
    )
    print(f"{args.problems}: read {report.read}, kept {report.kept}, dropped {dropped}, duplicates {report.duplicates}")


if __name__ == "__main__":
    run(main)

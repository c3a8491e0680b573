"""Turn a data set into problem records.

    python -m scripts.problems --study config/paper.yaml --dataset math500 --out OUT.jsonl
    python -m scripts.problems --dataset math500 --loader math500 --path math500.jsonl --out OUT.jsonl
    python -m scripts.problems --dataset train --loader math12k --hub hiyouga/math12k --split train --revision COMMIT \\
        --out OUT.jsonl
    python -m scripts.problems --dataset easy --loader arithmetic --options-part test --options-count 500 \\
        --options-seed 1 --options-operations 2 --options-bound 299 --out OUT.jsonl

Rows come from a local file (JSON Lines, JSON array, CSV, TSV or Parquet, also gzipped) or from the Hugging Face Hub at
a pinned revision; a set read whole must have its published number of rows and the content that its file knows (or
`--sha256`). `--columns-...` says what a source of the loader plain calls its columns, `--leave-out-...` which rows are
no problems here. `--limit` takes a seeded random sample, in the order of the source. An id is `{dataset}/{row}`, the
row's index in the source, whatever the limit.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from micota.common.cli import known, run
from micota.common.errors import ConfigurationError
from micota.common.flags import add_flags, with_flags
from micota.common.records import write_json, write_jsonl
from micota.problems.datasets import LOADERS
from micota.problems.loading import load_block
from micota.problems.settings import Arithmetic, Columns, Dataset, LeaveOut
from micota.problems.source import Source, source_of
from micota.study import tasks
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line. What is not given is not in it: the study's settings stay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--dataset", required=True, help="the name of the data set in this study, used in ids")
    rows = parser.add_argument_group("rows, over those of the study", argument_default=argparse.SUPPRESS)
    rows.add_argument("--loader", choices=LOADERS, help="which kind of rows to expect")
    place = rows.add_mutually_exclusive_group()
    place.add_argument(
        "--path",
        dest="source_path",
        type=Path,
        help="a local file: JSON Lines, a JSON array, CSV, TSV or Parquet, also gzipped",
    )
    place.add_argument(
        "--hub", dest="source_repo", metavar="REPO", help="a data set on the Hub (default: the one that its file names)"
    )
    rows.add_argument("--config", dest="source_config", help="configuration of the data set on the Hub")
    rows.add_argument(
        "--split",
        dest="source_split",
        help="split on the Hub; for a local file, the split it should be, to check its rows",
    )
    rows.add_argument("--revision", dest="source_revision", help="commit of the data set on the Hub")
    rows.add_argument("--limit", help="keep a random sample of this many problems")
    rows.add_argument("--seed", help="seed of that sample (default 0)")
    rows.add_argument("--sha256", help="content of the whole set, where it is not the one that its file knows")
    add_flags(parser, Arithmetic, "options_", "problems that are made, over those of the study")
    add_flags(parser, Columns, "columns_", "columns of the loader plain, over those of the study")
    add_flags(parser, LeaveOut, "leave_out_", "rows that are no problems, over those of the study")
    parser.add_argument("--counts", type=Path, help="how many rows were kept, and left out by rule, JSON")
    parser.add_argument("--out", type=Path, required=True, help="problem records, JSON Lines")
    return parser.parse_args(argv)


def described(args: argparse.Namespace) -> tuple[Dataset, Source]:
    """The block of a data set and where its rows are: the study's with the flags over it, or the flags alone."""
    block, source = None, Source()
    if args.study:
        study = study_of(args.study)
        known(args.dataset, study.config.datasets, "--dataset")
        block = study.config.datasets[args.dataset]
        source = source_of(block, tasks.local_copy(study, args.dataset))
    told = {field.name: value for field in fields(Source) if (value := getattr(args, f"source_{field.name}", None))}
    if told.keys() & {"path", "repo"}:  # another place than the study's
        source = Source(split=source.split)
    source = replace(source, **told)
    if source.path and (source.config or source.revision):
        raise ConfigurationError(
            f"--config, --revision: the rows are read from {source.path}, not from the Hub; leave them out"
        )
    return with_flags(Dataset, block, args), source


def main(argv: Sequence[str] | None = None) -> None:
    """Load, sample, write."""
    args = parse_args(argv)
    block, source = described(args)
    counts = Counter[str]()
    count = write_jsonl(args.out, load_block(args.dataset, block, source, counts))
    left_out = dict(sorted(counts.items()))
    if args.counts:
        write_json(args.counts, {"problems": count, "left_out": left_out})
    print(f"{args.dataset}: {count} problems" + (f", rows left out: {left_out}" if left_out else ""))


if __name__ == "__main__":
    run(main)

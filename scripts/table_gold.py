"""What each grader says of the benchmarks' own answers, which caps what it can say of a model's.

    python -m scripts.table_gold --gold results/mini/problems/gold.json --out-stem results/mini/tables/gold

Reads the report of scripts/check_gold.py, writes `{stem}.{csv,md,tex}`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.records import read_json
from micota.common.tables import Column, write_table

RULES = {"string": "string", "last_number": "last number"}
COLUMNS = (
    Column("dataset", "Benchmark"),
    Column("problems", "Problems", "{0:,}"),
    Column("rule", "The paper's rule", lambda rule: RULES[rule]),
    Column("raw", "Rule, raw golds", "{0:,}"),
    Column("expected", "Expected", "{0:,}"),
    Column("ours", "Rule, our golds", "{0:,}"),
    Column("accepted", "math-verify", "{0:,}"),
    Column("excepted", "Known misprints", "{0:,}"),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True, help="report of scripts/check_gold.py")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """One row for each benchmark."""
    args = parse_args(argv)
    write_table(args.out_stem, list(read_json(args.gold).values()), COLUMNS)


if __name__ == "__main__":
    run(main)

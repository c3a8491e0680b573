"""The yield of every filter: traces read, dropped by reason and kept, per corpus.

    python -m scripts.table_corpora --counts results/mini/corpora/short.counts.json \\
        results/mini/corpora/mid.counts.json --out-stem results/mini/tables/corpora

Refuses counts that do not add up: a trace that is neither kept nor dropped for a reason was lost.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.cli import run
from micota.records import RecordError, read_json
from micota.tables import Column, Row, corpus_label, write_table


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=Path, nargs="+", required=True, help="corpora/{corpus}.counts.json files")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table, one row per corpus."""
    args = parse_args(argv)
    counts = [read_counts(path) for path in args.counts]
    reasons = list(dict.fromkeys(reason for count in counts for reason in count["dropped"]))
    write_table(args.out_stem, [corpus_row(count, reasons) for count in counts], columns(reasons))


def read_counts(path: Path) -> Row:
    """One counts file, checked for its keys and its sum."""
    counts: Row = read_json(path)
    missing = [key for key in ("corpus", "read", "kept", "dropped", "problems", "tokens") if key not in counts]
    missing += [f"tokens.{key}" for key in ("mean", "median", "max", "total") if key not in counts.get("tokens", ())]
    if missing:
        raise RecordError(f"{path}: the counts lack {', '.join(missing)}")
    if not counts["read"]:
        raise RecordError(f"{path}: no traces were read for this corpus")
    lost = counts["read"] - counts["kept"] - sum(counts["dropped"].values())
    if lost:
        raise RecordError(f"{path}: {counts['read']} traces read, but kept and dropped differ from that by {lost}")
    return counts


def corpus_row(counts: Row, reasons: Sequence[str]) -> Row:
    """The counts of one corpus, flat; a reason it does not know dropped nothing."""
    return {
        "corpus": counts["corpus"],
        "read": counts["read"],
        **{f"dropped_{reason}": counts["dropped"].get(reason, 0) for reason in reasons},
        "kept": counts["kept"],
        "kept_percent": 100 * counts["kept"] / counts["read"],
        "problems": counts["problems"],
        **{f"tokens_{key}": counts["tokens"][key] for key in ("mean", "median", "max", "total")},
    }


def columns(reasons: Sequence[str]) -> list[Column]:
    """The table's columns for these reasons."""
    return [
        Column("corpus", "Corpus", corpus_label),
        Column("read", "Read", "{0:,}"),
        *(Column(f"dropped_{reason}", f"Dropped: {reason.replace('_', ' ')}", "{0:,}") for reason in reasons),
        Column("kept", "Kept", "{0:,}"),
        Column("kept_percent", "Kept (%)", "{0:.1f}"),
        Column("problems", "Problems", "{0:,}"),
        Column("tokens_mean", "Mean length (tokens)", "{0:,.0f}"),
        Column("tokens_median", "Median (tokens)", "{0:,.0f}"),
        Column("tokens_max", "Longest (tokens)", "{0:,}"),
        Column("tokens_total", "Tokens", "{0:,}"),
    ]


if __name__ == "__main__":
    run(main)

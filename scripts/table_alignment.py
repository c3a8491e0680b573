"""How likely each corpus is under each base student: NLL per token and per trace.

    python -m scripts.table_alignment --nll results/mini/alignment/small.jsonl --out-stem results/mini/tables/alignment

A file's name is its base student. NLL per token is the sum of all NLL over the sum of all tokens, so that a long trace
weighs by its length; intervals resample whole traces. Writes `{stem}.{csv,md,tex}`.
"""

import argparse
from collections.abc import Sequence
from math import exp
from pathlib import Path

from micota.common.cli import run
from micota.common.records import RecordError, read_jsonl
from micota.common.tables import Column, Row, write_table
from micota.results.estimates import mean, ratio
from micota.results.labels import corpus_label

COLUMNS = (
    Column("base", "Base student"),
    Column("corpus", "Corpus", corpus_label),
    Column("traces", "Traces", "{0:,}"),
    Column("tokens", "Tokens", "{0:,}"),
    Column("nll_per_token", "NLL per token (nats)", "{0:.4f}"),
    Column("nll_per_token_low", "95% interval", "[{0:.4f}, {nll_per_token_high:.4f}]"),
    Column("nll_per_token_high"),
    Column("nll_per_trace", "NLL per trace (nats)", "{0:.2f}"),
    Column("nll_per_trace_low", "95% interval", "[{0:.2f}, {nll_per_trace_high:.2f}]"),
    Column("nll_per_trace_high"),
    Column("perplexity", "Perplexity per token", "{0:.4f}"),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nll", type=Path, nargs="+", required=True, help="alignment/{base}.jsonl files")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table, one row per base student and corpus, in the order of the files."""
    args = parse_args(argv)
    rows = []
    for path in args.nll:
        traces: dict[str, list[tuple[float, int]]] = {}
        for record in read_jsonl(path, ("corpus", "nll", "n_tokens")):
            traces.setdefault(record["corpus"], []).append((record["nll"], record["n_tokens"]))
        if not traces:
            raise RecordError(f"{path}: no traces")
        rows += [alignment_row(path.stem, corpus, pairs) for corpus, pairs in traces.items()]
    write_table(args.out_stem, rows, COLUMNS, group="base")


def alignment_row(base: str, corpus: str, traces: Sequence[tuple[float, int]]) -> Row:
    """One corpus under one base, from the (nll, tokens) of its traces."""
    nll, tokens = zip(*traces, strict=True)
    per_token, per_trace = ratio(nll, tokens), mean(nll)
    return {
        "base": base,
        "corpus": corpus,
        "traces": len(nll),
        "tokens": sum(tokens),
        "nll_per_token": per_token.value,
        "nll_per_token_low": per_token.low,
        "nll_per_token_high": per_token.high,
        "nll_per_trace": per_trace.value,
        "nll_per_trace_low": per_trace.low,
        "nll_per_trace_high": per_trace.high,
        "perplexity": exp(per_token.value),
    }


if __name__ == "__main__":
    run(main)

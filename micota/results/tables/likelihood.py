"""How likely each corpus is under each base student: NLL per token and per trace.

A file's name is its base student. NLL per token is the sum of all NLL over the sum of all tokens, so that a long trace
weighs by its length; intervals resample whole traces. A row per base student and corpus, in the order of the files.
"""

from collections.abc import Sequence
from math import exp
from pathlib import Path

from micota.common.contracts import kept_counts, likelihoods
from micota.common.files import by_name
from micota.common.tables import Column, Row, write_table
from micota.results.columns import interval
from micota.results.estimates import mean, ratio
from micota.results.labels import corpus_label

COLUMNS = (
    Column("base", "Base student"),
    Column("corpus", "Corpus", corpus_label),
    Column("traces", "Traces", "{0:,}"),
    Column("tokens", "Tokens", "{0:,}"),
    Column("nll_per_token", "NLL per token (nats)", "{0:.4f}"),
    *interval("nll_per_token", ".4f"),
    Column("nll_per_trace", "NLL per trace (nats)", "{0:.2f}"),
    *interval("nll_per_trace", ".2f"),
    Column("perplexity", "Perplexity per token", "{0:.4f}"),
)


def make(files: dict[str, list[Path]], out: Path) -> None:
    rows, kept = [], kept_counts(files["counts"])
    for base, path in by_name(files["nll"]).items():
        traces: dict[str, list[tuple[float, int]]] = {}
        for record in likelihoods(path, kept):
            traces.setdefault(record["corpus"], []).append((record["nll"], record["n_tokens"]))
        rows += [likelihood_row(base, corpus, pairs) for corpus, pairs in traces.items()]
    write_table(out / "likelihood", rows, COLUMNS, group="base")


def likelihood_row(base: str, corpus: str, traces: Sequence[tuple[float, int]]) -> Row:
    """One corpus under one base, from the (nll, tokens) of its traces."""
    nll, tokens = zip(*traces, strict=True)
    per_token = ratio(nll, tokens)
    return {
        "base": base,
        "corpus": corpus,
        "traces": len(nll),
        "tokens": sum(tokens),
        **per_token.named("nll_per_token"),
        **mean(nll).named("nll_per_trace"),
        "perplexity": exp(per_token.value),
    }

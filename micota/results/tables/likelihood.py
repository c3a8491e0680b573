"""How likely each corpus is under each base student: NLL per token and per trace.

NLL per token is the sum of all NLL over the sum of all tokens, so that a long trace weighs by its length; intervals
resample whole traces. A row per base student and corpus, in the order of the files. With chains a row over all of them:
the mean over chains, with an interval for further chains and problems, on the `problems` that the corpus holds in every
chain, where there are two or more. Each chain's rows, of all its traces, are in the CSV.
"""

from collections.abc import Mapping, Sequence
from math import exp
from pathlib import Path

from micota.common.contracts import kept_counts, likelihoods
from micota.common.files import by_name
from micota.common.tables import Column, Row
from micota.results.columns import interval
from micota.results.contrasts import crossed
from micota.results.entries import Entry
from micota.results.estimates import mean, ratio
from micota.results.labels import corpus_label
from micota.results.measures import Traces, in_common, ratios
from micota.results.pooled import by_chain, mean_row, with_chains, write_pooled

COLUMNS = (
    Column("base", "Base student"),
    Column("corpus", "Corpus", corpus_label),
    Column("traces", "Traces", "{0:,.0f}"),
    Column("tokens", "Tokens", "{0:,.0f}"),
    Column("nll_per_token", "NLL per token (nats)", "{0:.4f}"),
    *interval("nll_per_token", ".4f"),
    Column("nll_per_trace", "NLL per trace (nats)", "{0:.2f}"),
    *interval("nll_per_trace", ".2f"),
    Column("perplexity", "Perplexity per token", "{0:.4f}"),
)
MEASURES = ("nll_per_token", "nll_per_trace")
Read = list[tuple[str, float, int]]  # problem, NLL (nats) and tokens of each trace


def make(files: dict[str, list[Path]], out: Path, *, entries: list[Entry]) -> None:
    """`entries`: corpora `of` chains `under` untrained students, as entries.likelihoods has them."""
    traces = read_traces(files, entries)
    rows: list[Row] = []
    known = {(entry["under"], entry["of"]): entry for entry in entries}
    groups = by_chain((known[pair] for pair in traces), "base", "corpus")
    for base in dict.fromkeys(base for base, _ in groups):
        for (student, corpus), chains in groups.items():
            if student == base:
                own = {chain: traces[entry["under"], entry["of"]] for chain, (entry,) in chains.items()}
                rows += corpus_rows(base, corpus, own)
    chained = any(row["chain"] is not None for row in rows)
    write_pooled(out / "likelihood", rows, [*COLUMNS, *([Column("problems")] if chained else [])], group="base")


def read_traces(files: Mapping[str, Sequence[Path]], entries: Sequence[Entry]) -> dict[tuple[str, str], Read]:
    """(untrained student, corpus) by their own names -> the traces, in the order of the files."""
    paths, kept = by_name(files["nll"]), kept_counts(files["counts"])
    found: dict[tuple[str, str], Read] = {}
    for under in dict.fromkeys(entry["under"] for entry in entries):
        wanted = {entry["of"] for entry in entries if entry["under"] == under}
        for row in likelihoods(paths[under], {name: count for name, count in kept.items() if name in wanted}):
            if row["corpus"] in wanted:
                trace = row["id"], row["nll"], row["n_tokens"]
                found.setdefault((under, row["corpus"]), []).append(trace)
    return found


def corpus_rows(base: str, corpus: str, chains: Mapping[int | None, Read]) -> list[Row]:
    """One corpus under one base: over chains, then in each."""
    rows = {chain: likelihood_row(base, corpus, traces) for chain, traces in chains.items()}
    over_all = mean_row(list(rows.values()))
    if len(rows) > 1:
        read = [{corpus: by_problem(traces)} for traces in chains.values()]
        common = in_common(read)
        over_all["problems"] = len(common)
        for measure in MEASURES:
            over_all |= {f"{measure}_low": None, f"{measure}_high": None}
            if len(common) > 1:
                over_all |= crossed([ratios(read, {corpus: 1.0}, measure, common)]).named(measure)
        over_all["perplexity"] = exp(over_all["nll_per_token"])
    return with_chains(over_all, rows)


def by_problem(traces: Read) -> Traces:
    """Problem -> NLL, tokens and number of its traces."""
    found: dict[str, tuple[float, int, int]] = {}
    for problem, nll, tokens in traces:
        before = found.get(problem, (0.0, 0, 0))
        found[problem] = (before[0] + nll, before[1] + tokens, before[2] + 1)
    return found


def likelihood_row(base: str, corpus: str, traces: Read) -> Row:
    """One corpus under one base, from its traces."""
    nll, tokens = [trace[1] for trace in traces], [trace[2] for trace in traces]
    per_token = ratio(nll, tokens)
    return {
        "base": base,
        "corpus": corpus,
        "traces": len(nll),
        "tokens": sum(tokens),
        **per_token.named("nll_per_token"),
        **mean(nll).named("nll_per_trace"),
        "perplexity": exp(per_token.value),
        "problems": len({trace[0] for trace in traces}),
    }

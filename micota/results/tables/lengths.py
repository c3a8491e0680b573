"""How long the CoTs of each corpus are: quantiles, and a histogram on bins common to all corpora.

A file's name is its corpus. The bins are log-spaced if the longest trace is more than 30 times as long as the median of
the corpus with the smallest one: half of that corpus would else lie in the first two of 40 bins. `lengths.csv` is the
histogram in long form (bins hold their left edge, not the right one). With chains the rows over all of them hold the
mean over chains of each share and quantile; each chain's rows are in the CSV.
"""

from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from micota.common.contracts import corpus_rows
from micota.common.files import by_name
from micota.common.tables import Column, Row
from micota.results.entries import Entry
from micota.results.labels import corpus_label
from micota.results.pooled import by_chain, mean_row, with_chains, write_pooled, write_pooled_csv

QUANTILES = {"tokens_p05": 0.05, "tokens_p25": 0.25, "tokens_median": 0.5, "tokens_p75": 0.75, "tokens_p95": 0.95}

HISTOGRAM_COLUMNS = tuple(
    Column(key)
    for key in ("corpus", "scale", "traces", "tokens_median", "bin_left", "bin_right", "count", "share_percent")
)
QUANTILE_COLUMNS = (
    Column("corpus", "Corpus", corpus_label),
    Column("traces", "Traces", "{0:,.0f}"),
    Column("tokens_mean", "Mean (tokens)", "{0:,.1f}"),
    Column("tokens_p05", "5%", "{0:,.0f}"),
    Column("tokens_p25", "25%", "{0:,.0f}"),
    Column("tokens_median", "Median", "{0:,.0f}"),
    Column("tokens_p75", "75%", "{0:,.0f}"),
    Column("tokens_p95", "95%", "{0:,.0f}"),
    Column("tokens_max", "Longest", "{0:,.0f}"),
)

BINS = 40
LOG_FROM = 30


def make(files: dict[str, list[Path]], out: Path, *, corpora: list[Entry]) -> None:
    """`corpora`: as entries.named has them."""
    paths, lengths = by_name(files["corpora"]), {}
    for entry in corpora:
        lengths[entry["own"]] = array("q", (record["n_tokens"] for record in corpus_rows(paths[entry["own"]])))
    quantiles: list[Row] = []
    for (name,), chains in by_chain(corpora, "name").items():
        own = {chain: quantile_row(name, lengths[entry["own"]]) for chain, (entry,) in chains.items()}
        quantiles += with_chains(mean_row(list(own.values()), ["tokens_max"]), own)
    shortest, longest = min(map(min, lengths.values())), max(map(max, lengths.values()))
    scale = scale_of(longest, [row["tokens_median"] for row in quantiles])
    edges = bin_edges(shortest, longest, BINS, scale)
    shares = {own: histogram(tokens, edges) for own, tokens in lengths.items()}
    write_pooled_csv(out / "lengths.csv", histogram_rows(corpora, quantiles, shares, edges, scale), HISTOGRAM_COLUMNS)
    write_pooled(out / "lengths_quantiles", quantiles, QUANTILE_COLUMNS)


def scale_of(longest: int, medians: Sequence[float]) -> str:
    """`log` if the longest trace is over LOG_FROM times the smallest of the corpora's medians, else `linear`."""
    return "log" if longest > LOG_FROM * min(medians) else "linear"


def bin_edges(shortest: int, longest: int, bins: int, scale: str) -> list[int]:
    """Whole-number edges: lengths are whole, and uneven bins of them would draw a comb."""
    if scale == "log":
        return sorted(set(np.geomspace(max(1, shortest), longest + 1, bins + 1).round().astype(int).tolist()))
    width = -(-(longest + 1) // bins)
    return list(range(0, longest + 1 + width, width))


def quantile_row(corpus: str, tokens: Sequence[int]) -> Row:
    """Mean, quantiles and maximum of one corpus."""
    return {
        "corpus": corpus,
        "traces": len(tokens),
        "tokens_mean": float(np.mean(tokens)),
        **{key: float(np.quantile(tokens, share)) for key, share in QUANTILES.items()},
        "tokens_max": max(tokens),
    }


def histogram(tokens: Sequence[int], edges: Sequence[int]) -> list[Row]:
    """One corpus: how many traces fall into each bin, and their share."""
    counts = np.histogram(tokens, edges)[0].tolist()
    return [{"count": count, "share_percent": 100 * count / len(tokens)} for count in counts]


def histogram_rows(
    corpora: Sequence[Entry],
    quantiles: Sequence[Row],
    shares: Mapping[str, Sequence[Row]],
    edges: Sequence[int],
    scale: str,
) -> list[Row]:
    """One row per row of `quantiles` and bin; `shares`: corpus of a chain -> its bins."""
    rows: list[Row] = []
    for summary in quantiles:
        name, chain = summary["corpus"], summary["chain"]
        mine = [entry["own"] for entry in corpora if entry["name"] == name and chain in (None, entry["chain"])]
        kept = ("corpus", "chain", "chains", "traces", "tokens_median")
        common = {"scale": scale, **{key: summary[key] for key in kept}}
        for place, (left, right) in enumerate(pairwise(edges)):
            mean = mean_row([shares[own][place] for own in mine])
            rows.append({**common, "bin_left": left, "bin_right": right, **mean})
    return rows

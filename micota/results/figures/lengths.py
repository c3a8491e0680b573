"""How long the CoT of each corpus is: the share of its traces that are at most so long, all corpora on one axis."""

from collections.abc import Sequence

import seaborn
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.looks import Corpora, over_chains
from micota.results.plots import WIDTH, group, heading, subplots

STYLES = ("-", "--", ":", "-.")  # neighbours differ without colour, too


def draw(table: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """A curve a corpus, from the histogram's counts; where it crosses 50% lies the median, which the legend tells."""
    rows = over_chains(table)
    by_corpus = group(corpora.sort(rows), "corpus")
    figure, [[axes]] = subplots(1, 1, WIDTH, 3.4)
    axes.axhline(50, color="#333333", linewidth=0.8)
    for number, (corpus, bins) in enumerate(by_corpus.items()):
        style = STYLES[number % len(STYLES)]
        seaborn.ecdfplot(
            x=[row["bin_right"] for row in bins],  # a bin's traces are shorter than its right edge
            weights=[row["share_percent"] for row in bins],
            stat="percent",
            color=corpora.colour(corpus),
            label=f"{corpus_label(corpus)}: {bins[0]['tokens_median']:,.0f}",
            linestyle=style,
            linewidth=1.8,
            ax=axes,
        )
    if rows[0]["scale"] == "log":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("CoT length (tokens" + (", log scale)" if rows[0]["scale"] == "log" else ")"))
    axes.set_ylabel("traces shorter than that (%)")
    figure.legend(title="median (tokens)", loc="outside right upper", alignment="left")
    chains = int(max(row.get("chains") or 1 for row in rows))
    heading(
        figure,
        f"Means of {chains} chains." if chains > 1 else "All traces of each corpus of this chain; no interval.",
    )
    return {"lengths": figure}

"""Distribution of the CoT length in each corpus."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import colours, group, over_chains, subplots


def draw(table: Sequence[Row]) -> dict[str, Figure]:
    """One panel per corpus, one below the other on the same axis of lengths; a dashed line marks the median."""
    rows = over_chains(table)
    corpora, palette = group(rows, "corpus"), colours(row["corpus"] for row in rows)
    figure, grid = subplots(len(palette), 1, 6.0, 0.7 + 0.95 * len(palette), sharex=True)
    for axes, (corpus, colour) in zip(grid[:, 0], palette.items(), strict=True):
        bins = corpora[corpus]
        edges = [*(row["bin_left"] for row in bins), bins[-1]["bin_right"]]
        axes.stairs([row["share_percent"] for row in bins], edges, fill=True, color=colour)
        axes.axvline(bins[0]["tokens_median"], color="#333333", linestyle="--", linewidth=1.0)
        title = (
            f"{corpus_label(corpus)}: {bins[0]['traces']:,.0f} traces, median {bins[0]['tokens_median']:,.0f} tokens"
        )
        if (chains := bins[0].get("chains") or 1) > 1:
            title += f" (means of {chains:.0f} chains)"
        axes.set_title(title, loc="left", fontsize=8.5, pad=3)
        axes.locator_params(axis="y", nbins=3)
        axes.margins(x=0)
    if rows[0]["scale"] == "log":
        grid[-1, 0].set_xscale("log")
        grid[-1, 0].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        grid[-1, 0].xaxis.set_minor_formatter(NullFormatter())
    grid[-1, 0].xaxis.set_major_formatter("{x:,.0f}")
    grid[-1, 0].set_xlabel("CoT length (tokens" + (", log scale)" if rows[0]["scale"] == "log" else ")"))
    figure.supylabel("share of the corpus's traces (%)", fontsize=9)
    return {"lengths": figure}

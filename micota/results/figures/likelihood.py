"""NLL of each corpus under each base student, per token and per trace."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import bars, colours, group, in_order, over_chains, subplots

MEASURES = {"nll_per_token": "NLL per token (nats)", "nll_per_trace": "NLL per trace (nats)"}


def draw(table: Sequence[Row]) -> dict[str, Figure]:
    """A row of panels per base student, a column per measure; bars by corpus with their intervals."""
    rows = over_chains(table)
    bases, palette = group(rows, "base"), colours(row["corpus"] for row in rows)
    figure, grid = subplots(len(bases), len(MEASURES), 7.2, 0.5 + 2.5 * len(bases))
    for panels, (base, found) in zip(grid, bases.items(), strict=True):
        by_corpus = {row["corpus"]: row for row in found}
        ordered = [by_corpus[corpus] for corpus in in_order(by_corpus)]
        labels = [corpus_label(row["corpus"]).replace(" ", "\n") for row in ordered]
        for axes, (key, unit) in zip(panels, MEASURES.items(), strict=True):
            bars(axes, range(len(ordered)), ordered, key, color=[palette[row["corpus"]] for row in ordered], width=0.75)
            axes.set_xticks(range(len(ordered)), labels, fontsize=8)
            axes.tick_params(axis="x", length=0)
            axes.set_ylabel(unit)
            axes.set_title(f"base student: {base}")
    return {"likelihood": figure}

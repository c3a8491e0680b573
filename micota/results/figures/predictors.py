"""Each predictor of a corpus against the accuracy of the students trained on it."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from micota.common.tables import Row
from micota.results.labels import PREDICTORS, corpus_label
from micota.results.plots import MARKERS, PALETTE, group, in_order, subplots

COLUMNS = 3
MARKS = f"{MARKERS}X*<>ph8d"  # of more corpora than other figures have


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """A panel per predictor that was measured; a colour per base student, a mark per corpus."""
    shown = [key for key in PREDICTORS if any(row[key] is not None for row in rows)]
    height = -(-len(shown) // COLUMNS)
    figure, grid = subplots(height, COLUMNS, 7.6, 0.7 + 2.4 * height, sharey=True)
    colours = {base: PALETTE[number % len(PALETTE)] for number, base in enumerate(group(rows, "base"))}
    corpora = in_order(row["corpus"] for row in rows)
    marks = {corpus: MARKS[number % len(MARKS)] for number, corpus in enumerate(corpora)}
    panels = [axes for line in grid for axes in line]
    for axes, key in zip(panels, shown, strict=False):
        for row in rows:
            if row[key] is not None:
                look = {"color": colours[row["base"]], "marker": marks[row["corpus"]]}
                axes.scatter(row[key], row["accuracy"], s=26, alpha=0.8, linewidths=0, **look)
        axes.set_xlabel(PREDICTORS[key])
        axes.grid(True, axis="both")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy (%)")
    free = panels[len(shown) :]
    for axes in free:
        axes.set_axis_off()
    bases = [Line2D([], [], linestyle="", marker="o", color=shade, label=base) for base, shade in colours.items()]
    kinds = [
        Line2D([], [], linestyle="", marker=mark, color="#555555", label=corpus_label(corpus))
        for corpus, mark in marks.items()
    ]
    figure.legend(handles=bases + kinds, loc="outside lower center", ncols=6)
    return {"predictors": figure}

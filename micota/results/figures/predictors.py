"""Each predictor of a corpus against the accuracy of the students trained on it."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from micota.common.tables import Row
from micota.results.labels import PREDICTORS, corpus_label
from micota.results.looks import GREYS, MARKERS, Corpora
from micota.results.plots import WIDTH, group, heading, legend_below, subplots

COLUMNS = 3


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """A panel per predictor that was measured; a colour per corpus, a mark per base student."""
    shown = [key for key in PREDICTORS if any(row[key] is not None for row in rows)]
    height = -(-len(shown) // COLUMNS)
    figure, grid = subplots(height, COLUMNS, WIDTH, 1.2 + 2.2 * height, sharey=True)
    marks = {base: MARKERS[number % len(MARKERS)] for number, base in enumerate(group(rows, "base"))}
    panels = [axes for line in grid for axes in line]
    for axes, key in zip(panels, shown, strict=False):
        for row in rows:
            if row[key] is not None:
                look = {"color": corpora.colour(row["corpus"]), "marker": marks[row["base"]]}
                axes.scatter(row[key], row["accuracy"], s=30, alpha=0.85, linewidths=0, **look)
        axes.set_xlabel(PREDICTORS[key])
        axes.grid(True, axis="both")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy (%)")
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    point: dict[str, Any] = {"linestyle": "", "markersize": 6}
    students = [Line2D([], [], marker=mark, color=GREYS[1], label=base, **point) for base, mark in marks.items()]
    colours = [
        Line2D([], [], marker="s", color=corpora.colour(corpus), label=corpus_label(corpus), **point)
        for corpus in corpora.order(row["corpus"] for row in rows)
    ]
    legend_below(figure, students + colours, columns=min(6, len(students + colours)), handlelength=1.0)
    chains = len({row["chain"] for row in rows})
    heading(
        figure,
        "A mark is a student, its colour the corpus it learned from"
        + (", in one of several chains" if chains > 1 else "")
        + "; accuracy is the mean over benchmarks and training seeds. No intervals: of the rank correlations the table"
        " has them.",
    )
    return {"predictors": figure}

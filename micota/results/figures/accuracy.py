"""Accuracy by student size and corpus: the average over the benchmarks, and each benchmark."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import words
from micota.results.looks import Corpora, covers
from micota.results.plots import WIDTH, heading, height_of, lying, subplots

ACROSS = 3  # panels


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """One figure of the average, and one with a panel per benchmark, on one axis."""
    benchmarks = [key.removeprefix("problems_") for key in rows[0] if key.startswith("problems_")]
    return {
        "accuracy": draw_average(rows, corpora, len(benchmarks)),
        "accuracy_benchmarks": draw_benchmarks(rows, corpora, benchmarks),
    }


def draw_average(rows: Sequence[Row], corpora: Corpora, benchmarks: int) -> Figure:
    """A bar per student and corpus with its number, one student's below each other."""
    figure, [[axes]] = subplots(1, 1, 6.2, 0.8 + height_of(rows))
    lying(axes, rows, "accuracy_average", corpora, named=True, value="{:.1f}".format)
    axes.margins(x=0.1)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"right answers (%), average of {benchmarks} benchmarks")
    heading(figure, covers(rows))
    return figure


def draw_benchmarks(rows: Sequence[Row], corpora: Corpora, benchmarks: Sequence[str]) -> Figure:
    """A panel per benchmark: the same bars in each, and one axis for all."""
    across = min(len(benchmarks), ACROSS)
    down = -(-len(benchmarks) // across)
    figure, grid = subplots(down, across, WIDTH, 0.5 + down * (0.6 + height_of(rows)), sharex=True)
    for number, (axes, name) in enumerate(zip(grid.flat, benchmarks, strict=False)):
        lying(axes, rows, f"accuracy_{name}", corpora, named=number % across == 0, value="{:.0f}".format)
        problems = max(row[f"problems_{name}"] for row in rows)
        axes.set_title(f"{words(name)} ({problems:,.0f} problems)")
        if number + across >= len(benchmarks):
            axes.set_xlabel("right answers (%)")
            axes.tick_params(axis="x", labelbottom=True)
    for axes in list(grid.flat)[len(benchmarks) :]:
        axes.set_axis_off()
    grid[0, 0].set_xlim(0, 1.1 * grid[0, 0].get_xlim()[1])
    heading(figure, covers(rows, problems="problems of that benchmark", key=None))
    return figure

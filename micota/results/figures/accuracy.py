"""Accuracy by corpus and student size: the average over the benchmarks, and each benchmark."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import NOTE, bars, colours, group, subplots


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """One figure of the average, and one with a panel per benchmark."""
    benchmarks = [key.removeprefix("problems_") for key in rows[0] if key.startswith("problems_")]
    return {
        "accuracy": draw_panels(rows, ["average"], [f"average of {len(benchmarks)} benchmarks"]),
        "accuracy_benchmarks": draw_panels(rows, benchmarks, benchmarks),
    }


def draw_panels(rows: Sequence[Row], names: Sequence[str], titles: Sequence[str]) -> Figure:
    """One panel per accuracy column: students side by side, a bar per corpus, one legend below."""
    bases, palette = group(rows, "base"), colours(row["corpus"] for row in rows)
    panels_across = min(len(names), 3)
    panels_down = -(-len(names) // panels_across)
    width = max(5.5, 1.6 + 0.42 * len(rows)) if len(names) == 1 else max(5.5, 3.2 * panels_across)
    figure, grid = subplots(panels_down, panels_across, width, 0.6 + 2.7 * panels_down)
    panels = list(grid.flat)
    for axes, name, title in zip(panels, names, titles, strict=False):
        draw_panel(axes, bases, name, palette, values=len(names) == 1)
        axes.set_title(title)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy (%)")
    handles = [Patch(color=colour, label=corpus_label(corpus)) for corpus, colour in palette.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=6 if width > 6.5 else 3, columnspacing=1.2)
    return figure


def draw_panel(axes: Axes, bases: dict[str, list[Row]], name: str, palette: dict[str, str], values: bool) -> None:
    """The bars of one accuracy column, with their values above the intervals where there is room."""
    key, start, middles = f"accuracy_{name}", 0, []
    for rows in bases.values():  # one student's bars stand side by side, whichever corpora it was trained on
        ordered = sorted(rows, key=lambda row: list(palette).index(row["corpus"]))
        for place, row in enumerate(ordered, start=start):
            bars(axes, [place], [row], key, color=palette[row["corpus"]], width=0.86)
            if values:
                above = (place, row[f"{key}_high"])
                axes.annotate(f"{row[key]:.1f}", above, xytext=(0, 3.5), ha="center", va="bottom", **NOTE)
        middles.append(start + (len(ordered) - 1) / 2)
        start += len(ordered) + 1
    axes.set_xticks(middles, list(bases))
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("student")
    axes.margins(y=0.1)
    axes.set_ylim(bottom=0)

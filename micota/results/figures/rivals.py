"""Accuracy of the proposed corpus and of its rivals against what they take: training tokens, and all compute."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from micota.common.tables import Row
from micota.results.plots import COLOURS, MARKERS, PALETTE, SPARE, group, interval, subplots

PANELS = {
    "training_tokens": "tokens that the student learned from",
    "compute": "all compute behind the student (FLOPs)",
}
SHADES = (*(PALETTE[place] for place in (1, 2, 3, 4, 5, 7, 9)), *SPARE[4:])  # without MiCoTA's
MARKS = f"{MARKERS[:-1]}X<>P"
MICOTA = {"color": COLOURS["mid"], "marker": "*", "markersize": 15, "zorder": 2}  # below one that chose the same


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Two panels a student base, a point with its interval a family; the proposed corpus is the star and the line."""
    bases = group(rows, "base")
    labels = list(dict.fromkeys(row["label"] for row in rows))
    rivals = [label for label in labels if any(row["label"] == label and row["family"] for row in rows)]
    looks: dict[str, dict[str, Any]] = {
        label: {
            "markersize": 6.5,
            "zorder": 3,
            "color": SHADES[place % len(SHADES)],
            "marker": MARKS[place % len(MARKS)],
        }
        for place, label in enumerate(rivals)
    }
    looks |= {label: MICOTA for label in labels if label not in looks}
    figure, grid = subplots(len(bases), 2, 7.6, 0.9 + 2.9 * len(bases), sharey="row")
    for line, (base, own) in zip(grid, bases.items(), strict=True):
        for axes, (key, name) in zip(line, PANELS.items(), strict=True):
            panel(axes, own, key, looks)
            axes.set_xlabel(name)
        line[0].set_ylabel(f"accuracy of {base} (%)")
    handles = [Line2D([], [], linestyle="", label=label, **looks[label]) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, columnspacing=1.4)
    return {"rivals": figure}


def panel(axes: Axes, rows: Sequence[Row], key: str, looks: dict[str, dict[str, Any]]) -> None:
    """One measure of what a student takes, on a log axis."""
    for row in rows:
        error = interval([row], "accuracy")
        axes.errorbar([row[key]], [row["accuracy"]], yerr=error, linestyle="", elinewidth=1.2, **looks[row["label"]])
        if row["family"] is None:
            axes.axhline(row["accuracy"], color=COLOURS["mid"], linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    least, most = min(row[key] for row in rows), max(row[key] for row in rows)
    axes.set_xlim(least / 1.25, most * 1.25)
    if most < 20 * least:  # a decade may have no tick of its own in so few
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticks)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, axis="both")


def ticks(value: float, _: float) -> str:
    """A number in plain words, or as a power of ten where it is large."""
    return f"{value:,.0f}" if value < 1e7 else f"{value:.0e}".replace("e+", "e")

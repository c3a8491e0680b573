"""Accuracy of the proposed corpus and of its rivals against what they take: training tokens, and all compute."""

from collections.abc import Sequence
from math import ceil, exp, floor, log, log10
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from micota.common.tables import Row
from micota.results.looks import GREYS, MARKERS, ROLES, Corpora, covers
from micota.results.plots import WIDTH, group, heading, interval, legend_below, subplots

PANELS = {
    "training_tokens": "tokens that the student learned from",
    "compute": "all compute behind the student (FLOPs)",
}
PROPOSED = ROLES["mid"]
MARKS = MARKERS[:-1]  # the star is the proposed corpus'
ROOM = 1.25  # times which the axis goes on beyond the outermost points
APART = 0.035  # of the axis: the least distance of two points
MOST = 6  # ticks
MICOTA = {"color": PROPOSED, "marker": "*", "markersize": 15, "zorder": 2}  # below one that chose the same


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """Two panels a student base, a point with its interval a family; the proposed corpus is the star and the line."""
    bases = group(rows, "base")
    labels = list(dict.fromkeys(row["label"] for row in rows))
    rivals = [label for label in labels if any(row["label"] == label and row["family"] for row in rows)]
    looks = {label: look_of(place) for place, label in enumerate(rivals)}
    looks |= {label: MICOTA for label in labels if label not in looks}
    figure, grid = subplots(len(bases), 2, WIDTH, 1.2 + 2.6 * len(bases), sharey=True)
    for line, (base, own) in zip(grid, bases.items(), strict=True):
        for axes, (key, name) in zip(line, PANELS.items(), strict=True):
            panel(axes, own, key, looks)
            axes.set_xlabel(name)
        line[0].set_ylabel(f"accuracy of {base} (%)")
    handles = [Line2D([], [], linestyle="", label=label, **looks[label]) for label in labels]
    legend_below(figure, handles, columns=3)
    heading(figure, "Of each family the candidate that validation chose. " + covers(rows))
    return {"rivals": figure}


def look_of(place: int) -> dict[str, Any]:
    """Mark and grey of a rival: no colour, since its corpus is another in each study."""
    grey = GREYS[place % 2]
    filling = {} if place % 4 < 2 else {"markerfacecolor": "white"}
    return {"markersize": 6.5, "zorder": 3, "color": grey, "marker": MARKS[place % len(MARKS)], **filling}


def panel(axes: Axes, rows: Sequence[Row], key: str, looks: dict[str, dict[str, Any]]) -> None:
    """One measure of what a student takes, on a log axis."""
    for place, row in zip(apart([row[key] for row in rows]), rows, strict=True):
        error = interval([row], "accuracy")
        axes.errorbar([place], [row["accuracy"]], yerr=error, linestyle="", elinewidth=1.2, **looks[row["label"]])
        if row["family"] is None:
            axes.axhline(row["accuracy"], color=PROPOSED, linewidth=0.8, linestyle=":")
    low, high = min(row[key] for row in rows) / ROOM, max(row[key] for row in rows) * ROOM
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    places = ticks(low, high)
    axes.set_xticks(places, [tick_label(place) for place in places])
    axes.minorticks_off()
    axes.grid(True, axis="both")


def apart(values: Sequence[float]) -> list[float]:
    """The same places on a log axis, those that would hide each other moved a little apart, about their middle."""
    logs = [log(value) for value in values]
    least = APART * (max(logs) - min(logs) + 2 * log(ROOM))
    order = sorted(range(len(logs)), key=lambda place: logs[place])
    bunches: list[list[int]] = []
    for place in order:
        if bunches and logs[place] - logs[bunches[-1][-1]] < least:
            bunches[-1].append(place)
        else:
            bunches.append([place])
    found = dict(enumerate(values))
    for bunch in bunches:
        middle = fmean(logs[place] for place in bunch)
        for number, place in enumerate(bunch):
            if len(bunch) > 1:
                found[place] = exp(middle + least * (number - (len(bunch) - 1) / 2))
    return list(found.values())


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, more of them where there is less than a decade."""
    decades = range(floor(log10(low)), ceil(log10(high)))
    for steps in ((1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        found = [step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high]
        if len(found) > 2:
            break
    return found[:: 1 + len(found) // MOST]


def tick_label(value: float) -> str:
    """A number as it is, in thousands, or where it is large with a power of ten."""
    if value < 1e6:
        return f"{value:g}" if value < 1e3 else f"{value / 1e3:g}k"
    power = floor(log10(value) + 1e-9)
    return f"{value / 10**power:g}e{power}"

"""Length and accuracy of the merged teacher assistants against the merge weight.

One line per density (one per mask seed where there are several) from the base at weight 0 to the un-merged TA at 1.
Where several tuned models were merged with their bases, each has its own row of panels.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import COLOURS, ERROR_BAR, MARKERS, PALETTE, group, interval, subplots


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Two panels a tuned model over the same weights: mean length, accuracy with its interval."""
    sweeps = group(rows, "tuned")
    figure, grid = subplots(len(sweeps), 2, 7.2, 0.8 + 2.6 * len(sweeps), sharex=len(sweeps) > 1)
    densities = sorted({row["density"] for row in rows if row["density"] is not None})
    handles: dict[str, Any] = {}
    for (left, right), (tuned, sweep) in zip(grid, sweeps.items(), strict=True):
        draw_sweep(left, right, sweep, densities, corpus_label("unmerged") if len(sweeps) == 1 else "un-merged")
        if len(sweeps) > 1:
            left.set_title(f"{tuned}: length")
            right.set_title(f"{tuned}: accuracy")
        handles |= {label: handle for handle, label in zip(*left.get_legend_handles_labels(), strict=True)}
    for axes in grid[-1]:
        axes.set_xlabel("merge weight of the long-CoT delta" if len(sweeps) == 1 else "merge weight of the delta")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return {"merge": figure}


def draw_sweep(left: Axes, right: Axes, rows: Sequence[Row], densities: Sequence[float], unmerged: str) -> None:
    """The sweep of one tuned model, which the legend calls `unmerged`."""
    ends = [row for row in rows if row["density"] is None]
    merged = [row for row in rows if row["density"] is not None]
    for (density, _), line in group(merged, "density", "mask_seed").items():
        number = densities.index(density)
        shift = 0.01 * (number - (len(densities) - 1) / 2)  # so that one density's interval does not hide another's
        look: dict[str, Any] = {
            "color": (PALETTE[2], PALETTE[4], PALETTE[5], PALETTE[9])[number % 4],
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4.5,
            "linewidth": 1.2,
            "label": f"density {density:g}",
        }
        points = sorted([*ends, *line], key=lambda row: row["weight"])
        weights = [row["weight"] for row in points]
        shifted = [row["weight"] + (0 if row in ends else shift) for row in points]
        left.plot(weights, [row["mean_tokens"] for row in points], **look)
        right.errorbar(shifted, [row["accuracy"] for row in points], interval(points, "accuracy"), **look)
    for row in ends:
        name, label = ("base", "base (weight 0)") if row["weight"] == 0 else ("unmerged", f"{unmerged} (weight 1)")
        look = {"marker": "*", "markersize": 11, "linestyle": "none", "color": COLOURS[name], "label": label}
        look |= {"markeredgecolor": "#333333", "zorder": 5}
        left.plot([row["weight"]], [row["mean_tokens"]], **look)
        right.errorbar([row["weight"]], [row["accuracy"]], interval([row], "accuracy"), **look, **ERROR_BAR)
    left.set_ylabel("mean CoT length (tokens)")
    right.set_ylabel("accuracy (%)")
    for axes in (left, right):
        axes.set_xlim(-0.04, 1.04)
    left.set_ylim(bottom=0)

"""Length and accuracy of the merged teacher assistants against the merge weight.

One line per density (one per mask seed where there are several) from the base at weight 0 to the un-merged TA at 1.
With chains it is the mean over them, with a thin line of each chain behind it, from its own base to its own un-merged
TA. Where several tuned models were merged with their bases, each has its own row of panels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import COLOURS, ERROR_BAR, MARKERS, PALETTE, group, interval, over_chains, subplots

Kind = tuple[str | None, float | None]  # method (None where the table tells none), density
COLOUR_ORDER = (PALETTE[2], PALETTE[4], PALETTE[5], PALETTE[9])


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Two panels a tuned model over the same weights: mean length, accuracy with its interval."""
    sweeps = group(rows, "tuned")
    figure, grid = subplots(len(sweeps), 2, 7.2, 0.8 + 2.6 * len(sweeps), sharex=len(sweeps) > 1)
    kinds = sorted({kind(row) for row in rows if not is_end(row)}, key=lambda found: (found[0] or "", found[1] or 0))
    handles: dict[str, Any] = {}
    for (left, right), (tuned, sweep) in zip(grid, sweeps.items(), strict=True):
        draw_sweep(left, right, sweep, kinds, corpus_label("unmerged") if len(sweeps) == 1 else "un-merged")
        if len(sweeps) > 1:
            left.set_title(f"{tuned}: length")
            right.set_title(f"{tuned}: accuracy")
        handles |= {label: handle for handle, label in zip(*left.get_legend_handles_labels(), strict=True)}
    for axes in grid[-1]:
        axes.set_xlabel("merge weight of the long-CoT delta" if len(sweeps) == 1 else "merge weight of the delta")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return {"merge": figure}


def kind(row: Row) -> Kind:
    """What one line has in common, whatever the mask."""
    return row.get("method"), row["density"]


def is_end(row: Row) -> bool:
    """Whether a row is no merge, but the base or the un-merged TA."""
    return row["density"] is None and row.get("method") is None


def look_of(found: Kind, kinds: Sequence[Kind]) -> dict[str, Any]:
    """Colour, marker and label of a line."""
    method, density = found
    told = [*([method.replace("_", " ")] if method else []), *([] if density is None else [f"density {density:g}"])]
    number = kinds.index(found)
    return {
        "color": COLOUR_ORDER[number % 4],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 4.5,
        "linewidth": 1.2,
        "label": ", ".join(told),
    }


def draw_sweep(left: Axes, right: Axes, rows: Sequence[Row], kinds: Sequence[Kind], unmerged: str) -> None:
    """The sweep of one tuned model, which the legend calls `unmerged`."""
    draw_chains(left, right, rows, kinds)
    shown = over_chains(rows)
    ends = [row for row in shown if is_end(row)]
    merged = [row | {"kind": kind(row)} for row in shown if not is_end(row)]
    for (found, _), line in group(merged, "kind", "mask_seed").items():
        # Moved, so that one density's interval does not hide another's.
        shift = 0.01 * (kinds.index(found) - (len(kinds) - 1) / 2)
        look = look_of(found, kinds) | ({"linewidth": 2.0} if len(shown) < len(rows) else {})
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


def draw_chains(left: Axes, right: Axes, rows: Sequence[Row], kinds: Sequence[Kind]) -> None:
    """A thin line for each chain and mask, behind the means; a base that all share begins each."""
    ends = group((row for row in rows if is_end(row)), "weight")
    own = [row | {"kind": kind(row)} for row in rows if row.get("chain") is not None and not is_end(row)]
    for (found, chain, _), line in group(own, "kind", "chain", "mask_seed").items():
        points = sorted([*(end_of(each, chain) for each in ends.values()), *line], key=lambda row: row["weight"])
        weights = [row["weight"] for row in points]
        look: Mapping[str, Any] = {"color": look_of(found, kinds)["color"], "linewidth": 0.6, "alpha": 0.55}
        left.plot(weights, [row["mean_tokens"] for row in points], **look)
        right.plot(weights, [row["accuracy"] for row in points], **look)


def end_of(rows: Sequence[Row], chain: float) -> Row:
    """One end of a chain's line: its own model, else the one that all share."""
    return next((row for row in rows if row["chain"] == chain), rows[0])

"""Length and accuracy of the merged teacher assistants against the merge weight, with the one whose CoT is proposed.

A mark per method, density and mask, joined where it has several weights, and thinly to the base at weight 0 and the
un-merged model at 1. With chains it is the mean over them, with a thin line of each chain behind it, from its own base
to its own un-merged TA. Where several tuned models were merged with their bases, each has its own row of panels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label, words
from micota.results.looks import GREYS, MARKERS, UNTRAINED, Corpora, covers, over_chains
from micota.results.plots import ERROR_BAR, WIDTH, group, heading, interval, legend_below, subplots

Line = tuple[str | None, float | None, float | None]  # method (None where the table tells none), density, mask seed
PANELS = {"mean_tokens": "mean CoT length (tokens)", "accuracy": "right answers (%)"}
MERGED, PROPOSED = "unmerged", "mid"  # corpora in whose colours the un-merged model and the chosen weight are shown


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """Two panels a tuned model over the same weights: mean length, accuracy; each with its interval, from 0."""
    sweeps = group(rows, "tuned")
    figure, grid = subplots(len(sweeps), 2, WIDTH, 1.2 + 2.4 * len(sweeps), sharex=True, sharey="col")
    lines = sorted({line_of(row) for row in rows if not is_end(row)}, key=lambda line: tuple(map(sortable, line)))
    looks = {line: look_of(line, lines) for line in lines}
    handles: dict[str, Any] = {}
    for panels, (tuned, sweep) in zip(grid, sweeps.items(), strict=True):
        for axes, (key, name) in zip(panels, PANELS.items(), strict=True):
            draw_panel(axes, key, sweep, looks, corpora)
            axes.set_ylabel(name)
            if len(sweeps) > 1:
                axes.set_title(words(tuned))
            handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    for axes in grid[-1]:
        axes.set_xlabel("merge weight of the long-CoT delta")
    grid[0, 0].set_xlim(-0.04, 1.04)
    for axes in grid[0]:
        axes.set_ylim(bottom=0)
    legend_below(figure, list(handles.values()), columns=3, labels=list(handles))
    heading(figure, "Problems for validation. " + covers(over_chains(rows)))
    return {"merge": figure}


def line_of(row: Row) -> Line:
    """What the points of one line have in common."""
    return row.get("method"), row["density"], row["mask_seed"]


def sortable(value: str | float | None) -> tuple[bool, str | float]:
    """Of a line's parts: those that the table does not tell come first."""
    return value is not None, value or 0


def is_end(row: Row) -> bool:
    """Whether a row is no merge, but the base or the un-merged model."""
    return row["density"] is None and row.get("method") is None


def look_of(line: Line, lines: Sequence[Line]) -> dict[str, Any]:
    """Grey, mark and label of a line; the mask's seed is told where another line differs by it alone."""
    method, density, mask = line
    told = [*([words(method)] if method else []), *([] if density is None else [f"density {density:g}"])]
    if sum(other[:2] == line[:2] for other in lines) > 1:
        told.append(f"mask seed {mask:g}")
    number = lines.index(line)
    # Moved, so that one line's interval does not hide another's.
    shift = 0.012 * (number - (len(lines) - 1) / 2)
    mark = {"marker": MARKERS[number % len(MARKERS)], "color": GREYS[number % len(GREYS)], "markersize": 5}
    return {"shift": shift, "label": ", ".join(told)} | mark


def draw_panel(axes: Axes, key: str, rows: Sequence[Row], looks: Mapping[Line, dict[str, Any]], c: Corpora) -> None:
    """One measure of one tuned model's sweep."""
    draw_chains(axes, key, rows)
    shown = over_chains(rows)
    ends = sorted((row for row in shown if is_end(row)), key=lambda row: row["weight"])
    merged = [row | {"line": line_of(row)} for row in shown if not is_end(row)]
    for line, points in group(sorted(merged, key=lambda row: row["weight"]), "line").items():
        look = dict(looks[line])
        places = [row["weight"] + look["shift"] for row in points]
        look.pop("shift")
        values = [row[key] for row in points]
        if len(points) > 1:
            path = [(row["weight"], row[key]) for row in ends]
            path[1:1] = zip(places, values, strict=True)
            axes.plot(*zip(*path, strict=True), color=look["color"], linewidth=1.0, linestyle=":", zorder=1)
            axes.plot(places, values, color=look["color"], linewidth=1.4, zorder=2)
        axes.errorbar(places, values, interval(points, key), linestyle="", elinewidth=1.1, zorder=3, **look)
        for place, row in zip(places, points, strict=True):
            if row.get("proposed"):
                axes.plot([place], [row[key]], **ring(c))
    for row in ends:
        name, label = (UNTRAINED, "base (weight 0)") if row["weight"] == 0 else (MERGED, "un-merged (weight 1)")
        look = {"marker": "*", "markersize": 12, "linestyle": "", "color": c.colour(name), "label": label}
        look |= {"markeredgecolor": "#333333", "zorder": 5}
        axes.errorbar([row["weight"]], [row[key]], interval([row], key), **look, **ERROR_BAR)


def ring(corpora: Corpora) -> dict[str, Any]:
    """Around the merge that gave the proposed corpus, in that one's colour."""
    look: dict[str, Any] = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "markeredgewidth": 2.0}
    label = f"gave {corpus_label(PROPOSED)}"
    return look | {"color": corpora.colour(PROPOSED), "linestyle": "", "zorder": 4, "label": label}


def draw_chains(axes: Axes, key: str, rows: Sequence[Row]) -> None:
    """A thin line for each chain and mask, behind the means; a base that all share begins each."""
    ends = group((row for row in rows if is_end(row)), "weight")
    own = [row | {"line": line_of(row)} for row in rows if row.get("chain") is not None and not is_end(row)]
    for (_, chain), points in group(own, "line", "chain").items():
        path = sorted([*(end_of(each, chain) for each in ends.values()), *points], key=lambda row: row["weight"])
        look: Mapping[str, Any] = {"color": GREYS[2], "linewidth": 0.7, "alpha": 0.7, "zorder": 0.9}
        axes.plot([row["weight"] for row in path], [row[key] for row in path], **look)


def end_of(rows: Sequence[Row], chain: float) -> Row:
    """One end of a chain's line: its own model, else the one that all share."""
    return next((row for row in rows if row["chain"] == chain), rows[0])

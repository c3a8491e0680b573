"""The map: the gain over the untrained student by student size and CoT length, each cell with its number.

A panel for sampled corpora, one for the oracle's, and one of lines for the number of traces, as far as they are there.
"""

from collections.abc import Sequence
from math import fsum
from typing import Any

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from micota.common.tables import Row
from micota.results.labels import corpus_label, size_label
from micota.results.looks import DIVERGING, GREYS, MARKERS, Corpora, covers
from micota.results.plots import NOTE, group, heading, interval, subplots

TITLES = {"weights": "Gain (points): CoT of models", "oracle": "Gain (points): CoT of a program (oracle)"}
CELL = 0.64  # inches wide
MARGIN = 1.2  # for the names of the students
LINES = 2.6  # inches high
WIDEST = 8.4


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """A column of panels; both heat maps have the same colours, the smallest student stands on top."""
    axes = group([row for row in rows if row["axis"]], "axis")
    maps = {name: axes[name] for name in TITLES if name in axes}
    lines = axes.get("traces", [])
    sizes = dict(sorted(((row["base"], row["parameters"]) for row in rows), key=lambda item: item[1]))
    heights = [1.0 + 0.36 * len(sizes)] * len(maps) + [LINES] * bool(lines)
    most = max(len(group(own, "corpus")) for own in maps.values())
    width = min(max(MARGIN + CELL * most, 0.6 * WIDEST), WIDEST)
    figure, grid = subplots(len(heights), 1, width, 0.6 + fsum(heights), gridspec_kw={"height_ratios": heights})
    panels = list(grid[:, 0])
    limit = max(abs(row["gain"]) for own in maps.values() for row in own) or 1.0
    for panel, (name, own) in zip(panels, maps.items(), strict=False):
        draw_heat(panel, own, sizes, limit, corpora)
        panel.set_title(TITLES[name])
    if lines:
        draw_lines(panels[-1], lines, list(sizes), corpora.order(row["corpus"] for row in lines))
    said = "Green is a gain, purple a loss; a frame: what most halves of the problems chose. "
    heading(figure, said + (covers(rows) if lines else "The table has the intervals."))
    return {"map": figure}


def draw_heat(axes: Axes, rows: Sequence[Row], sizes: dict[str, float], limit: float, order: Corpora) -> None:
    """Sizes by corpora, the shorter CoT left; a frame around what most halves of the problems chose."""
    corpora = {name: np.mean([row["mean_tokens"] for row in own]) for name, own in group(rows, "corpus").items()}
    ordered = order.order(corpora)
    gains = {(row["base"], row["corpus"]): row for row in rows}
    grid = np.array([[gains[base, corpus]["gain"] for corpus in ordered] for base in sizes])
    texts = np.array([[f"{gain:+.1f}".replace("-", "\N{MINUS SIGN}") for gain in line] for line in grid])
    seaborn.heatmap(
        grid,
        vmin=-limit,
        vmax=limit,
        cmap=DIVERGING,
        center=0,
        annot=texts,
        fmt="",
        annot_kws={"fontsize": 8},
        linewidths=0.8,
        cbar=False,
        xticklabels=[f"{corpora[name]:.0f}\n{column_label(name)}" for name in ordered],
        yticklabels=[f"{base}  {size_label(count)}" for base, count in sizes.items()],
        ax=axes,
    )
    axes.grid(visible=False)
    axes.tick_params(length=0, labelrotation=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("mean CoT length (tokens), and corpus")
    axes.set_ylabel("student")
    for place, base in enumerate(sizes):
        own = [gains[base, corpus] for corpus in ordered]
        most = max(own, key=lambda row: (row["chosen"], row["gain"]))
        frame = Rectangle((own.index(most), place), 1, 1, fill=False, edgecolor="#111111", linewidth=1.8, zorder=5)
        axes.add_patch(frame).set_clip_on(False)


def column_label(corpus: str) -> str:
    """The name of a corpus, in lines as narrow as its column."""
    return corpus_label(corpus).removeprefix("oracle_").replace(" ", "\n")


def draw_lines(axes: Axes, rows: Sequence[Row], bases: Sequence[str], corpora: Sequence[str]) -> None:
    """The gain by the number of traces, a line a student."""
    axes.axhline(0, color="#333333", linewidth=1.0)
    for base, own in group(rows, "base").items():
        number = bases.index(base)
        look: dict[str, Any] = {"color": GREYS[number % len(GREYS)], "marker": MARKERS[number % len(MARKERS)]}
        places = [row["traces"] * 1.02**number for row in own]
        axes.errorbar(places, [row["gain"] for row in own], interval(own, "gain"), linewidth=1.3, markersize=5, **look)
        axes.annotate(base, (places[-1], own[-1]["gain"]), (7, 0), va="center", color=look["color"], **NOTE)
    axes.margins(x=0.2)
    ticks = sorted({round(row["traces"]) for row in rows})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("traces: " + ", ".join(map(corpus_label, corpora)))
    axes.set_ylabel("gain (points)")
    axes.set_title("Gain by number of long traces")

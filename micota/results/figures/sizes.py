"""Accuracy by corpus, and the gaps between corpora, against the student's size."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label, size_label
from micota.results.plots import MARKERS, PALETTE, SPARE, colours, group, in_order, subplots


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Left a line per corpus, right one per gap, each point with its interval."""
    accuracies = group([row for row in rows if row["kind"] == "accuracy"], "corpus")
    gaps = group([row for row in rows if row["kind"] == "gap"], "corpus", "against")
    palette = colours(accuracies)
    figure, [[left, right]] = subplots(1, 2, 7.6, 3.6)
    for number, corpus in enumerate(in_order(accuracies)):
        look = {"color": palette[corpus], "marker": MARKERS[number % len(MARKERS)], "label": corpus_label(corpus)}
        draw_line(left, accuracies[corpus], number, len(accuracies), look)
    right.axhline(0, color="#333333", linewidth=1.0)
    for number, ((corpus, against), line) in enumerate(gaps.items()):
        label = f"{corpus_label(corpus)} \N{MINUS SIGN} {corpus_label(against)}"
        shade = (PALETTE[2], PALETTE[5], *SPARE[4:])[number % 6]  # no colour of the corpora on the left
        look = {"color": shade, "marker": MARKERS[number % len(MARKERS)], "label": label}
        draw_line(right, line, number, len(gaps), look)
    sizes = dict(sorted(((row["base"], row["parameters"]) for row in rows), key=lambda item: item[1]))
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(list(sizes.values()), tick_labels(sizes))
        axes.minorticks_off()
        axes.set_xlim(min(sizes.values()) / 1.35, max(sizes.values()) * 1.35)
        axes.set_xlabel("student and its parameters")
        columns = 2 if axes is left or len(gaps) > 4 else 1
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.42), ncols=columns, columnspacing=1.2)
    left.set_ylabel("accuracy (%)")
    right.set_ylabel("gap (points)")
    return {"sizes": figure}


def tick_labels(sizes: dict[str, float]) -> list[str]:
    """Name and parameters; one whose left neighbour is less than half as large again away stands lower."""
    labels: list[str] = []
    before, low = 0.0, False
    for base, parameters in sorted(sizes.items(), key=lambda item: item[1]):
        low = parameters < 1.5 * before and not low
        labels.append(("\n\n" if low else "") + f"{base}\n{size_label(parameters)}")
        before = parameters
    return labels


def draw_line(axes: Axes, rows: Sequence[Row], number: int, of: int, look: dict[str, Any]) -> None:
    """One line through the students; lines stand a little apart, so that no interval hides another."""
    shift = 1.025 ** (number - (of - 1) / 2)
    places = [row["parameters"] * shift for row in rows]
    values = [row["value"] for row in rows]
    axes.plot(places, values, linewidth=1.3, markersize=5, **look)
    for place, row in zip(places, rows, strict=True):
        if row["low"] is not None and row["high"] is not None:
            axes.vlines(place, row["low"], row["high"], color=look["color"], linewidth=1.1)

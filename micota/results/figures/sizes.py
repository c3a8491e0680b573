"""Accuracy by corpus, and the gaps between corpora, against the student's size."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label, size_label
from micota.results.looks import GREYS, MARKERS, Corpora, covers
from micota.results.plots import WIDTH, group, heading, interval, subplots

LINES = ("-", "--", ":", "-.")
APART = 0.06  # of the distance of two students: lines, so that no interval hides another


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """Left a line per corpus, right one per gap, each point with its interval; students by size, in equal steps."""
    accuracies = group([row for row in rows if row["kind"] == "accuracy"], "corpus")
    gaps = group([row for row in rows if row["kind"] == "gap"], "corpus", "against")
    sizes = dict(sorted(((row["base"], row["parameters"]) for row in rows), key=lambda item: item[1]))
    figure, [[left, right]] = subplots(1, 2, WIDTH, 4.0)
    for number, corpus in enumerate(corpora.order(accuracies)):
        look = {"color": corpora.colour(corpus), "marker": MARKERS[number % len(MARKERS)]}
        look |= {"label": corpus_label(corpus)}
        draw_line(left, accuracies[corpus], list(sizes), number - (len(accuracies) - 1) / 2, look)
    right.axhline(0, color="#333333", linewidth=1.0)
    for number, ((corpus, against), line) in enumerate(gaps.items()):
        label = f"{corpus_label(corpus)} \N{MINUS SIGN} {corpus_label(against)}"
        look = {"color": GREYS[number % len(GREYS)], "marker": MARKERS[number % len(MARKERS)], "label": label}
        look |= {"linestyle": LINES[number % len(LINES)]}  # greys: a gap is no corpus
        draw_line(right, line, list(sizes), number - (len(gaps) - 1) / 2, look)
    for axes in (left, right):
        axes.set_xticks(range(len(sizes)), [f"{base}\n{size_label(count)}" for base, count in sizes.items()])
        axes.set_xlim(-0.4, len(sizes) - 0.6)
        axes.set_xlabel("student and its parameters")
        columns = 2 if axes is left or len(gaps) > 4 else 1
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.26), ncols=columns, columnspacing=1.2, handlelength=2.6)
    left.set_ylabel("right answers (%)")
    left.set_ylim(bottom=-0.03 * left.get_ylim()[1])  # a mark at 0 is seen whole
    right.set_ylabel("gap (points)")
    heading(figure, covers(rows))
    return {"sizes": figure}


def draw_line(axes: Axes, rows: Sequence[Row], bases: Sequence[str], place: float, look: dict[str, Any]) -> None:
    """One line through the students, `place` steps of APART from their middle."""
    places = [bases.index(row["base"]) + APART * place for row in rows]
    errors = interval([row | {"value_low": row["low"], "value_high": row["high"]} for row in rows], "value")
    style: dict[str, Any] = {"linewidth": 1.3, "elinewidth": 1.1, "capsize": 0, "markersize": 5}
    axes.errorbar(places, [row["value"] for row in rows], errors, **style, **look)

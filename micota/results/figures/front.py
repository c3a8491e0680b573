"""The figure of the README: accuracy by student and corpus, corpora in the order of their CoT's length."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from micota.common.tables import Row
from micota.results.labels import FRONT_LABELS, size_label
from micota.results.looks import Corpora, covers
from micota.results.plots import ERROR_BAR, NOTE, group, heading, legend_below, subplots


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """A group of bars for each student, with values of two digits: it must be readable on a telephone."""
    shown = [row for row in rows if row["kind"] == "accuracy" and row["corpus"] in FRONT_LABELS]
    figure, [[axes]] = subplots(1, 1, 5.0, 3.0)
    start, middles = 0, []
    students = group(shown, "base")
    for own in students.values():
        for place, row in enumerate(corpora.sort(own), start=start):
            value, reach = row["value"], [[row["value"] - row["low"]], [row["high"] - row["value"]]]
            axes.bar(place, value, yerr=reach, error_kw=ERROR_BAR, width=0.86, color=corpora.colour(row["corpus"]))
            axes.annotate(f"{value:.0f}", (place, row["high"]), xytext=(0, 3), ha="center", va="bottom", **NOTE)
        middles.append(start + (len(own) - 1) / 2)
        start += len(own) + 1
    axes.set_xticks(middles, [f"{base}\n{size_label(own[0]['parameters'])}" for base, own in students.items()])
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("student and its parameters")
    axes.set_ylabel("right answers (%)")
    axes.set_ylim(0, 100)
    names = corpora.order(row["corpus"] for row in shown)
    handles = [Patch(color=corpora.colour(name), label=FRONT_LABELS[name]) for name in names]
    legend_below(figure, handles, columns=4, columnspacing=1.0, handlelength=1.2)
    heading(figure, covers(shown))
    return {"front": figure}

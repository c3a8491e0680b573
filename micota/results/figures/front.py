"""The figure of the README: accuracy by student and corpus, corpora in the order of their CoT's length."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from micota.common.tables import Row
from micota.results.labels import FRONT_LABELS, size_label
from micota.results.plots import COLOURS, ERROR_BAR, NOTE, group, subplots


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """A group of bars for each student, with values of two digits: it must be readable on a telephone."""
    students = group([row for row in rows if row["kind"] == "accuracy" and row["corpus"] in FRONT_LABELS], "base")
    figure, [[axes]] = subplots(1, 1, 4.8, 2.8)
    start, middles = 0, []
    for own in students.values():
        for place, row in enumerate(sorted(own, key=lambda row: list(FRONT_LABELS).index(row["corpus"])), start=start):
            value, reach = row["value"], [[row["value"] - row["low"]], [row["high"] - row["value"]]]
            axes.bar(place, value, yerr=reach, error_kw=ERROR_BAR, width=0.86, color=COLOURS[row["corpus"]])
            axes.annotate(f"{value:.0f}", (place, row["high"]), xytext=(0, 3), ha="center", va="bottom", **NOTE)
        middles.append(start + (len(own) - 1) / 2)
        start += len(own) + 1
    axes.set_xticks(middles, [f"{base}\n{size_label(own[0]['parameters'])}" for base, own in students.items()])
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("student and its parameters")
    axes.set_ylabel("right answers (%)")
    axes.set_ylim(0, 100)
    handles = [Patch(color=COLOURS[corpus], label=name) for corpus, name in FRONT_LABELS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, columnspacing=1.0, handlelength=1.2)
    return {"front": figure}

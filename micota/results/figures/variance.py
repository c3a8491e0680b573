"""The variance budget: each source's share of the variance of one run's score, and its standard deviation."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import SOURCE_LABELS, SOURCE_LEVELS
from micota.results.looks import GREYS, Corpora
from micota.results.plots import ERROR_BAR, WIDTH, heading, interval, subplots

PANELS = {"share": ("share of the variance (%)", "{:.0f}"), "points": ("standard deviation (points)", "{:.1f}")}


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """Bars that lie, with intervals: shares on the left, points on the right, the values in a column beside them."""
    figure, [panels] = subplots(1, 2, WIDTH, 1.2 + 0.36 * len(rows), sharey=True)
    for axes, (key, (name, form)) in zip(panels, PANELS.items(), strict=True):
        draw_panel(axes, rows, key, form)
        axes.set_xlabel(name)
    panels[0].set_yticks(range(len(rows)), [SOURCE_LABELS[row["source"]] for row in rows])
    panels[0].set_ylim(len(rows) - 0.45, -0.55)
    counted = ", ".join(f"{row['levels']:,.0f} {SOURCE_LEVELS[row['source']]}" for row in rows if row["levels"])
    heading(figure, f"Whiskers: 95% confidence intervals, from {counted}; one chain.")
    return {"variance": figure}


def draw_panel(axes: Axes, rows: Sequence[Row], key: str, form: str) -> None:
    """One measure of all sources."""
    for place, row in enumerate(rows):
        value = row[key] or 0.0  # scores that never vary have no shares
        error = interval([row | {key: value}], key) if row[f"{key}_low"] is not None else None
        shade = GREYS[0] if row["source"] == "total" else GREYS[4]
        axes.barh(place, value, xerr=error, height=0.7, color=shade, error_kw=ERROR_BAR)
        axes.text(1.02, place, form.format(value), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)

"""The variance budget: each source's share of the variance of one run's score, and its standard deviation."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import SOURCE_LABELS
from micota.results.plots import ERROR_BAR, NOTE, PALETTE, subplots


def draw(rows: Sequence[Row]) -> dict[str, Figure]:
    """Horizontal bars with intervals: shares on the left, points on the right."""
    apart = {"wspace": 0.05}
    figure, [[left, right]] = subplots(1, 2, 7.6, 0.9 + 0.42 * len(rows), sharey=True, gridspec_kw=apart)
    for axes, key, colour in ((left, "share", PALETTE[0]), (right, "points", PALETTE[2])):
        for row in rows:
            label, value = SOURCE_LABELS[row["source"]], row[key] or 0.0  # scores that never vary have no shares
            low, high = row[f"{key}_low"], row[f"{key}_high"]
            error = None if low is None or high is None else [[value - low], [high - value]]
            shade = PALETTE[7] if row["source"] == "total" else colour
            axes.barh([label], [value], xerr=error, height=0.66, color=shade, error_kw=ERROR_BAR)
            end = value if high is None else high
            axes.annotate(f"{value:.{0 if key == 'share' else 1}f}", (end, label), xytext=(5, 0), va="center", **NOTE)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.14)
        axes.set_xlim(left=0)
    left.invert_yaxis()  # both: they share the axis
    left.set_xlabel("share of the variance (%)")
    right.set_xlabel("standard deviation (points)")
    return {"variance": figure}

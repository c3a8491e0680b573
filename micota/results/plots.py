"""One look for every figure: palette, order of the corpora, fonts, and saving to the same bytes each time.

The palette is seaborn's "colorblind" (Wong 2011, doi:10.1038/nmeth.1618, enlarged); a corpus has one colour everywhere.
Figures draw the numbers of a table's CSV and compute none.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.files import replacing
from micota.common.tables import Row

PALETTE = (
    "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9",
)  # fmt: skip
COLOURS = {
    "base": PALETTE[7],
    "short": PALETTE[9],
    "long": PALETTE[3],
    "unmerged": PALETTE[1],
    "mix": PALETTE[4],
    "mid": PALETTE[0],
}
# For a reader's own corpora; from the fifth on, dark ones of Tol's "muted" scheme (SRON/EPS/TN/09-002).
SPARE = (PALETTE[2], PALETTE[5], PALETTE[8], PALETTE[6], "#332288", "#882255", "#117733", "#999933")
MARKERS = "osD^vP"

STYLE: Any = {  # matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "errorbar.capsize": 2.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
}
METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "png": {"Software": None}}
ERROR_BAR: dict[str, Any] = {"ecolor": "#333333", "elinewidth": 1.0}
NOTE: dict[str, Any] = {
    "textcoords": "offset points",
    "fontsize": 8,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.6},  # no grid line through a number
}


def subplots(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, Any]:
    """A figure in this style (inches) and its axes, always as a grid."""
    matplotlib.rcParams.update(STYLE)
    return pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained", **options)


def in_order(corpora: Iterable[str]) -> list[str]:
    """Each corpus once: the known ones in their fixed order, then the others as they come."""
    found = list(dict.fromkeys(corpora))
    return [name for name in COLOURS if name in found] + [name for name in found if name not in COLOURS]


def colours(corpora: Iterable[str]) -> dict[str, str]:
    """The colour of each corpus."""
    ordered = in_order(corpora)
    others = [name for name in ordered if name not in COLOURS]
    spare = {name: SPARE[index % len(SPARE)] for index, name in enumerate(others)}
    return {name: COLOURS.get(name) or spare[name] for name in ordered}


def interval(rows: Sequence[Row], key: str) -> list[list[float]]:
    """The interval of a column as matplotlib wants it: distances below and above the value, 0 where there is none."""
    ends = ((row[key], row[f"{key}_low"], row[f"{key}_high"]) for row in rows)
    known = [(value, value, value) if low is None else (value, low, high) for value, low, high in ends]
    return [[value - low for value, low, _ in known], [high - value for value, _, high in known]]


def over_chains(rows: Iterable[Row]) -> list[Row]:
    """The rows over all chains, without those of single ones."""
    return [row for row in rows if row.get("chain") is None]


def bars(axes: Axes, places: Sequence[float], rows: Sequence[Row], key: str, **options: Any) -> None:
    """Bars of a column with its 95% interval."""
    axes.bar(places, [row[key] for row in rows], yerr=interval(rows, key), error_kw=ERROR_BAR, **options)


def group(rows: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column (or the tuple of several), in the order they come."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys), []).append(row)
    return groups


def save(figure: Figure, stem: str | Path) -> None:
    """Write `{stem}.pdf` and `{stem}.png` (200 dpi), each whole and without a date: equal figures are equal files."""
    for ending, metadata in METADATA.items():
        with replacing(f"{stem}.{ending}") as temporary:
            figure.savefig(temporary, format=ending, dpi=200, metadata=metadata)
    pyplot.close(figure)

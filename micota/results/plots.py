"""One look for every figure: theme, sizes, the parts that several share, and saving to the same bytes each time.

Figures draw the numbers of a table's CSV and compute none. Colours and order are in micota/results/looks.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib

matplotlib.use("Agg")

import seaborn
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.files import replacing
from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.looks import INK, Corpora

WIDTH = 7.6  # inches of most figures: a README shows them 830 pixels wide, so 8 points are 12 pixels
STYLE: Any = {  # over seaborn's theme; matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid.axis": "y",
    "axes.titlesize": 9.5,
    "errorbar.capsize": 2.5,
    "figure.max_open_warning": 0,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "micota",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.left": True,
    "xtick.bottom": True,
}
SIZES: Any = {  # points
    "font.size": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "axes.linewidth": 0.8,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.major.size": 3.5,
    "ytick.major.size": 3.5,
}
METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "png": {"Software": None}}
ERROR_BAR: dict[str, Any] = {"ecolor": "#333333", "elinewidth": 1.0}
NOTE: dict[str, Any] = {
    "textcoords": "offset points",
    "fontsize": 8,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.6},  # no grid line through a number
}
ROW = 0.2  # inches of a bar that lies


def subplots(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, Any]:
    """A figure in this style (inches) and its axes, always as a grid."""
    seaborn.set_theme(context="paper", style="whitegrid", palette="colorblind", rc=STYLE | SIZES)
    return pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained", **options)


def heading(figure: Figure, text: str) -> None:
    """The line above a figure that says what it shows and what its intervals cover."""
    wrapped = fill(text, round(15 * figure.get_figwidth()), break_on_hyphens=False)
    figure.suptitle(wrapped, x=0.01, ha="left", fontsize=8.5, linespacing=1.3)


def interval(rows: Sequence[Row], key: str) -> list[list[float]]:
    """The interval of a column as matplotlib wants it: distances below and above the value, 0 where there is none."""
    ends = ((row[key], row.get(f"{key}_low"), row.get(f"{key}_high")) for row in rows)
    known = [(value, value, value) if low is None or high is None else (value, low, high) for value, low, high in ends]
    return [[value - low for value, low, _ in known], [high - value for value, _, high in known]]


def group(rows: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column (or the tuple of several), in the order they come."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys), []).append(row)
    return groups


def places(rows: Sequence[Row], corpora: Corpora) -> list[tuple[float, Row]]:
    """Where each row's bar lies: one student's below each other, a line for its name above them."""
    found: list[tuple[float, Row]] = []
    start = 1.0
    for own in group(rows, "base").values():
        found += [(start + number, row) for number, row in enumerate(corpora.sort(own))]
        start += len(own) + 1.25
    return found


def lying(
    axes: Axes, rows: Sequence[Row], key: str, corpora: Corpora, *, named: bool, value: Callable[[float], str] | None
) -> None:
    """Bars of a column with their 95% intervals, by student and corpus; `value` writes numbers behind the whiskers.

    `named`: corpora and students stand at the left.
    """
    found = places(rows, corpora)
    for place, row in found:
        error = interval([row], key)
        axes.barh(place, row[key], xerr=error, error_kw=ERROR_BAR, height=0.8, color=corpora.colour(row["corpus"]))
        if value:
            end = row[key] + error[1][0]
            axes.annotate(value(row[key]), (end, place), xytext=(4, 0), va="center", **NOTE)
    axes.set_yticks([place for place, _ in found], [corpus_label(row["corpus"]) for _, row in found] if named else [])
    axes.tick_params(axis="y", length=0)
    if named:
        for base, own in group((row | {"place": place} for place, row in found), "base").items():
            above = (-0.02, own[0]["place"] - 1)
            axes.text(*above, base, transform=axes.get_yaxis_transform(), ha="right", va="center", fontweight="bold")
    axes.set_ylim(found[-1][0] + 0.7, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_xlim(left=0)


def height_of(rows: Sequence[Row]) -> float:
    """Inches that the bars of `lying` need."""
    return ROW * (len(rows) + 1.25 * len(group(rows, "base")))


def legend_below(figure: Figure, handles: Sequence[Any], columns: int, **options: Any) -> None:
    """One legend for the whole figure, below it."""
    wanted: Mapping[str, Any] = {"columnspacing": 1.3, "handlelength": 1.6} | options
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, **wanted)


def save(figure: Figure, stem: str | Path) -> None:
    """Write `{stem}.pdf` and `{stem}.png` (200 dpi), each whole and without a date: equal figures are equal files."""
    for ending, metadata in METADATA.items():
        with replacing(f"{stem}.{ending}") as temporary:
            figure.savefig(temporary, format=ending, dpi=200, metadata=metadata)
    pyplot.close(figure)

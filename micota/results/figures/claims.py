"""The claims' effects and verdicts: a forest plot.

A panel for each unit and a row for each part of a claim: the effect with its 95% interval, how small an effect the test
would have found (MDE), the direction that is claimed, the paper's effect where there is one, and the claim's verdict.
"""

from collections.abc import Sequence
from math import fsum
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from micota.common.tables import Row
from micota.results.labels import contrast_label, small_p
from micota.results.looks import BAD, GOOD, GREYS, INK, PALE, Corpora
from micota.results.plots import WIDTH, group, heading, legend_below, subplots
from micota.results.sides import (
    CONTRADICTED,
    EQUIVALENT,
    ESTIMATED,
    NOT_TESTABLE,
    ONE_CHAIN,
    REPRODUCED,
    UNDECIDED,
    null,
    sign,
)

BAND = PALE  # of the MDE
ARROW = GREYS[1]
ROW_HEIGHT = 0.48  # inches
LABELS: Any = {"fontsize": 8.5, "linespacing": 1.25}
LABEL_WIDTH = 42  # characters


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """One panel per unit, one above the other, each as high as it has rows."""
    panels = group(rows, "unit")
    lines = [max(label(row).count("\n") for row in own) for own in panels.values()]
    heights = [0.9 + len(own) * max(1, 0.7 * most) for own, most in zip(panels.values(), lines, strict=True)]
    figure, grid = subplots(
        len(panels), 1, WIDTH, 1.0 + ROW_HEIGHT * fsum(heights), gridspec_kw={"height_ratios": heights}
    )
    for axes, (unit, own) in zip(grid.flat, panels.items(), strict=True):
        draw_panel(axes, unit, own)
    legend_below(figure, legend(rows), columns=3)
    heading(figure, covered(rows))
    return {"claims": figure}


def covered(rows: Sequence[Row]) -> str:
    """What the intervals are about, and how p was corrected, in words."""
    found = " or ".join(dict.fromkeys(row["about"] for row in rows if row["about"]))
    chains, seeds = (int(max(row.get(key) or 1 for row in rows)) for key in ("chains", "seeds"))
    more = f" and other whole chains ({chains})" if chains > 1 else ""
    if chains == 1:
        more = f" and, where students are compared, other training seeds ({seeds})" * (seeds > 1) + "; one chain"
    tests = int(max(row["family"] or 0 for row in rows))
    corrected = (
        f" p after Holm's correction for {tests} tests." if any(row["p_holm"] is not None for row in rows) else ""
    )
    return f"95% intervals cover other problems{more}. They and the verdicts are about {found or ONE_CHAIN}.{corrected}"


def looks() -> dict[str, dict[str, Any]]:
    """Colour, marker and filling by verdict; told apart without colour as well."""
    return {
        REPRODUCED: {"color": GOOD, "marker": "o"},
        CONTRADICTED: {"color": BAD, "marker": "X"},
        EQUIVALENT: {"color": INK, "marker": "P"},
        UNDECIDED: {"color": GREYS[1], "marker": "s"},
        ESTIMATED: {"color": GREYS[1], "marker": "d", "markerfacecolor": "white"},
        NOT_TESTABLE: {"color": GREYS[1], "marker": "o", "markerfacecolor": "white"},
    }


def draw_panel(axes: Axes, unit: str, rows: Sequence[Row]) -> None:
    """The parts whose effects have one unit, the first on top."""
    low, high = limits(rows)
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(0, color="#333333", linewidth=0.9, zorder=1.5)
    for place, row in enumerate(rows):
        draw_row(axes, place, row, reach=0.06 * (high - low))
    axes.set_yticks(range(len(rows)), [label(row) for row in rows], **LABELS)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=7)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"effect ({unit})", labelpad=2)


def limits(rows: Sequence[Row]) -> tuple[float, float]:
    """An axis that holds 0, intervals, margins and the paper's effects; a wider MDE is cut at its edge."""
    keys = ("effect_low", "effect_high", "published")
    values = [0.0, *map(null, rows), *(row[key] for row in rows for key in keys if row[key] is not None)]
    values += [end * row["equivalence"] for row in rows if row["equivalence"] for end in (-1, 1)]
    space = 0.08 * (max(values) - min(values)) or 1.0
    return min(values) - space, max(values) + space


def draw_row(axes: Axes, place: int, row: Row, reach: float) -> None:
    """One part: MDE, margin, claimed direction, paper's effect, effect and interval, verdict."""
    look, wrong_from = looks()[row["verdict"]], null(row)
    if row["mde"] is not None:
        axes.barh(place, 2 * row["mde"], left=wrong_from - row["mde"], height=0.62, color=BAND, zorder=1)
    if row["margin"]:
        axes.plot([wrong_from] * 2, [place - 0.4, place + 0.4], color=ARROW, linestyle="--", linewidth=1, zorder=1.6)
    for end in (-1, 1) if row["equivalence"] else ():
        axes.plot([end * row["equivalence"]] * 2, [place - 0.4, place + 0.4], color=ARROW, linestyle=":", linewidth=1.2)
    if sign(row):
        arrow = {"arrowstyle": "-|>", "color": ARROW, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
        axes.annotate("", (wrong_from + sign(row) * reach, place - 0.36), (wrong_from, place - 0.36), arrowprops=arrow)
    if row["effect"] is not None:
        whiskers = [[row["effect"] - row["effect_low"]], [row["effect_high"] - row["effect"]]]
        axes.errorbar([row["effect"]], [place], xerr=whiskers, markersize=5.5, linewidth=1.4, zorder=3, **look)
    if row["published"] is not None:
        axes.plot([row["published"]], [place], **diamond())
    beside = axes.get_yaxis_transform()  # x as a share of the panel's width, y as a row
    axes.text(1.02, place, verdict(row), transform=beside, va="center", color=look["color"], **LABELS)


def diamond() -> dict[str, Any]:
    """The paper's effect: hollow, so that a point behind it shows."""
    return {
        "marker": "D",
        "markersize": 7,
        "markerfacecolor": "none",
        "color": "black",
        "linestyle": "none",
        "zorder": 4,
    }


def label(row: Row) -> str:
    """The claim in words; of one with several parts the part's contrast, below."""
    ours = " (ours)" if row["whose"] == "ours" else ""
    text = fill(f"{row['text']}{ours}", LABEL_WIDTH, break_on_hyphens=False)
    if row["parts"] == 1:
        return text
    part = f"{row['part']:g} of {row['parts']:g}: {contrast_label(row['contrast'])}"
    return f"{text}\n{fill(part, LABEL_WIDTH, break_on_hyphens=False)}"


def verdict(row: Row) -> str:
    """The claim's verdict and its p after Holm's correction."""
    if row["p_holm"] is None:
        return str(row["verdict"])
    p = small_p(row["p_holm"])
    return f"{row['verdict']}\np {p if p.startswith('<') else f'= {p}'} (Holm)"


def legend(rows: Sequence[Row]) -> list[Any]:
    """What occurs in the figure, and no more."""
    found = {row["verdict"] for row in rows}
    handles: list[Any] = [Line2D([], [], label=name, **look) for name, look in looks().items() if name in found]
    if any(row["mde"] is not None for row in rows):
        handles.append(Patch(color=BAND, label="smaller than could be found (MDE)"))
    if any(row["published"] is not None for row in rows):
        handles.append(Line2D([], [], label="the paper's effect", **diamond()))
    if any(map(sign, rows)):
        handles.append(Line2D([], [], color=ARROW, marker=">", markersize=4, linewidth=0.9, label="claimed direction"))
    if any(row["equivalence"] for row in rows):
        handles.append(Line2D([], [], color=ARROW, linestyle=":", linewidth=1.2, label="margin of equivalence"))
    if any(row["margin"] for row in rows):
        handles.append(Line2D([], [], color=ARROW, linestyle="--", linewidth=1, label="margin"))
    return handles

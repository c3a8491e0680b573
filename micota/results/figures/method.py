"""The method: problems, teacher, assistant, merge, Mid-CoT, student, evaluation, with the study's names and lengths."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from micota.common.tables import Row
from micota.results.labels import words
from micota.results.looks import GREYS, INK, PALE, ROLES, Corpora
from micota.results.plots import WIDTH, subplots

HEIGHT = 2.75  # inches, as all that follows
BOX = (1.1, 0.88)
TOP, BOTTOM = 1.98, 0.62  # middles of the two rows
COLUMNS = (0.58, 2.19, 3.8, 5.41, 7.02)  # middles
LETTERS = 16  # that fit a box
SAID = (
    "The student learns from chains of thought\nof middle length. The assistant, merged back\n"
    "towards its base, writes them."
)


def draw(rows: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """Boxes are models and problems, arrows what is passed on: CoT in its corpus' colour, with its mean length."""
    steps = {row["step"]: row for row in rows}
    figure, [[axes]] = subplots(1, 1, WIDTH, HEIGHT)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    axes.set_axis_off()
    names = {step: words(row["name"]) for step, row in steps.items()}
    teacher, merge = steps["teacher"], steps["merge"]
    of_base = f"from {words(teacher['source'])}" if teacher["source"] else ""
    first, second, third, fourth, fifth = COLUMNS
    box(axes, (first, TOP), "Problems", names["problems"])
    box(axes, (second, TOP), "Teacher", names["teacher"], of_base)
    box(axes, (third, TOP), "Assistant (TA)", names["assistant"], f"from {names['base']}")
    box(axes, (fourth, TOP), "Merged TA", method_name(names["merge"]), merge["detail"])
    box(axes, (fifth, TOP), "Student", names["students"])
    box(axes, (third, BOTTOM), "Base of the TA", names["base"])
    box(axes, (fifth, BOTTOM), "Evaluation", names["evaluation"])
    long, mid = (passed(steps[step]["name"], corpora) for step in ("long CoT", "proposed CoT"))
    arrow(axes, (first, TOP), (second, TOP))
    arrow(axes, (second, TOP), (third, TOP), f"long CoT{long}", ROLES["long"])
    arrow(axes, (third, TOP), (fourth, TOP))
    arrow(axes, (fourth, TOP), (fifth, TOP), f"Mid-CoT{mid}", ROLES["mid"])
    arrow(axes, (third, BOTTOM), (third, TOP))
    arrow(axes, (fifth, TOP), (fifth, BOTTOM))
    turn(axes, (third, BOTTOM), (fourth, TOP))
    note: dict[str, Any] = {"va": "top", "fontsize": 8, "linespacing": 1.3}
    axes.text(fourth - 0.02, BOTTOM - 0.12, "its own base, so that\nCoT becomes shorter", ha="center", **note)
    axes.text(first - BOX[0] / 2, BOTTOM + BOX[1] / 2 - 0.08, SAID, ha="left", **note)
    return {"method": figure}


def method_name(method: str) -> str:
    """A merge method as its papers write it, as far as capitals go."""
    return method.upper() if len(method) < 12 else method


def passed(corpus: str, corpora: Corpora) -> str:
    """The mean length of a corpus, below its name; nothing where the table of corpora has none."""
    return f"\n{corpora.lengths[corpus]:,.0f} tokens" if corpus in corpora.lengths else ""


def box(axes: Axes, middle: tuple[float, float], title: str, *details: str) -> None:
    """A box with a bold title; details in at most three lines."""
    (x, y), (width, height) = middle, BOX
    look: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": PALE, "edgecolor": GREYS[1]}
    axes.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, zorder=2, **look))
    axes.text(x, y + height / 2 - 0.16, title, ha="center", va="center", fontsize=8.5, fontweight="bold", zorder=3)
    lines = [line for detail in details if detail for line in wrap(detail, LETTERS)]
    shown = lines if len(lines) <= 3 else [*lines[:2], f"{lines[2][: LETTERS - 2]} ..."]
    text = "\n".join(shown)
    axes.text(x, y - 0.1, text, ha="center", va="center", fontsize=8, linespacing=1.2, zorder=3)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], label: str = "", colour: str = INK) -> None:
    """From box to box, along a row or a column; what is passed on is written above it."""
    across = start[1] == end[1]
    half = BOX[0] / 2 if across else BOX[1] / 2
    way = 1 if (end[0] > start[0] if across else end[1] > start[1]) else -1
    ends = [
        (x + side * way * half * across, y + side * way * half * (not across))
        for (x, y), side in ((start, 1), (end, -1))
    ]
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.2 if label else 1.2, "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", ends[1], ends[0], arrowprops=style | {"mutation_scale": 11})
    if label:
        middle = (start[0] + end[0]) / 2
        axes.text(
            middle, TOP + BOX[1] / 2 + 0.04, label, ha="center", va="bottom", fontsize=8, color=INK, linespacing=1.2
        )


def turn(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From a box of the lower row, round a corner, into one of the upper row."""
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 1, "shrinkB": 1, "mutation_scale": 11}
    corner = "angle,angleA=0,angleB=90,rad=5"
    axes.annotate(
        "",
        (end[0], end[1] - BOX[1] / 2),
        (start[0] + BOX[0] / 2, start[1]),
        arrowprops=style | {"connectionstyle": corner},
    )

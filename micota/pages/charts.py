"""Figures as SVG in the page: the paper's own, drawn by the same code, and the dots behind a claim."""

import io
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib import pyplot
from matplotlib.figure import Figure

from micota.common.tables import Row, read_csv
from micota.results.estimates import Array
from micota.results.looks import GREYS, INK, Corpora
from micota.results.plots import subplots

FONTS = "'DejaVu Sans', Verdana, sans-serif"  # the first is matplotlib's, the second as wide and on most machines
SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": "micota"}
NAMED = re.compile(r'(\bid="|xlink:href="#|\bhref="#|url\(#)([^")]+)')
ALL = "all benchmarks"


def inline(figure: Figure, name: str, alt: str) -> Markup:
    """A figure as an SVG element, whose ids are `name` and a number: they never clash with another figure's.

    matplotlib's own differ between two drawings of one figure.
    """
    text = io.StringIO()
    with matplotlib.rc_context(SVG):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    pyplot.close(figure)
    found = text.getvalue()
    body = re.sub(r"<metadata>.*?</metadata>", "", found[found.index("<svg") :], flags=re.DOTALL)
    ids: dict[str, int] = {}
    body = NAMED.sub(lambda match: f"{match[1]}{name}-{ids.setdefault(match[2], len(ids))}", body)
    body = body.replace("'DejaVu Sans'", FONTS)
    return Markup(body.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1))


def drawn(figure: str, table: Path, labels: Mapping[str, str]) -> dict[str, Markup]:
    """The images of a figure of micota/results/figures, by name, from the CSV of its table."""
    corpora = Corpora(read_csv(table.with_name("corpora.csv")))
    images = import_module(f"micota.results.figures.{figure}").draw(read_csv(table), corpora)
    return {image: inline(made, f"figure-{image}", labels.get(image, image)) for image, made in images.items()}


def dots(
    name: str, row: Row, benchmarks: Sequence[Row], names: Sequence[str], units: Sequence[Array], average: Array
) -> Markup:
    """The effect of a part of a claim: over all with its interval, by benchmark, and a dot each chain and seed.

    `row`: of the table of claims; `benchmarks`: its rows of claims_benchmarks; `units` [chains, seeds] of each of
    `names`, and their `average`.
    """
    intervals = {each["benchmark"]: (each["effect"], each["effect_low"], each["effect_high"]) for each in benchmarks}
    several = len(names) > 1
    lines: list[tuple[str, Array, Any]] = [
        (ALL if several else names[0], average, (row["effect"], row["effect_low"], row["effect_high"]))
    ]
    lines += [(each, array, intervals.get(each)) for each, array in zip(names, units, strict=True) if several]
    if len(average) > 1:
        lines += [(f"chain {number}", seeds.reshape(1, -1), None) for number, seeds in enumerate(average, start=1)]
    figure, grid = subplots(1, 1, 7.0, 0.75 + 0.3 * len(lines))
    axes = grid[0, 0]
    for place, (_, array, known) in enumerate(lines):
        seeds = array.reshape(-1)
        if len(seeds) > 1 or known is None:
            axes.plot(seeds, [place] * len(seeds), "o", color=GREYS[2], markersize=5, zorder=2)
        if known and known[0] is not None:
            whiskers = [[known[0] - known[1]], [known[2] - known[0]]]
            axes.errorbar([known[0]], [place], xerr=whiskers, fmt="D", color=INK, markersize=5.5, zorder=3)
    axes.axvline(0, color="#333333", linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(lines)), [line[0] for line in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(f"effect ({row['unit']})")
    alt = (
        f"Effect {row['effect']:.3g} {row['unit']}; by benchmark, chain and seed" if row["effect"] is not None else name
    )
    return inline(figure, name, alt)

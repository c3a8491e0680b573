"""Yield of the filters: traces kept and dropped, by reason, per corpus; kept ones that were cut off are told apart."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.looks import Corpora, over_chains
from micota.results.plots import NOTE, ROW, WIDTH, heading, legend_below, subplots

BAR: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.5}
# Of dropped traces, by reason: greys, as no corpus holds them, then the same hatched.
SHADES = [(shade, hatch) for hatch in (None, "////", "....") for shade in ("#5f5f5f", "#cfcfcf", "#8c8c8c", "#333333")]


def draw(table: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """One bar that lies a corpus, as long as the traces read: kept in its colour, then each reason in a grey."""
    rows = corpora.sort(over_chains(table))
    places = range(len(rows))
    colours = [corpora.colour(row["corpus"]) for row in rows]
    reasons = [key for key in rows[0] if key.startswith("dropped_") and any(row[key] for row in rows)]
    figure, [[axes]] = subplots(1, 1, WIDTH, 1.4 + 1.25 * ROW * len(rows))
    cut = [row["kept"] * row["truncated_percent"] / 100 for row in rows]
    parts: list[tuple[str, list[float], Any, str | None]] = [
        ("kept", [row["kept"] - part for row, part in zip(rows, cut, strict=True)], colours, None)
    ]
    if any(cut):
        parts.append(("kept, truncated", cut, colours, "////"))
    for number, key in enumerate(reasons):
        label = key.replace("dropped_", "dropped: ").replace("_", " ")
        parts.append((label, [row[key] for row in rows], *SHADES[number % len(SHADES)]))
    ends = [0.0] * len(rows)
    handles: dict[str, Any] = {}
    for label, counts, colour, hatch in parts:
        axes.barh(places, counts, left=ends, color=colour, hatch=hatch, height=0.8, **BAR)
        ends = [end + count for end, count in zip(ends, counts, strict=True)]
        shades = list(dict.fromkeys(colours))[:3] if isinstance(colour, list) else [colour]
        handles[label] = tuple(Patch(facecolor=shade, hatch=hatch, **BAR) for shade in shades)
    for place, row, end in zip(places, rows, ends, strict=True):
        note = f"{row['kept']:,.0f} kept ({row['kept_percent']:.0f}%)"
        axes.annotate(note, (end, place), xytext=(4, 0), va="center", **NOTE)
    axes.set_yticks(places, [corpus_label(row["corpus"]) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.25 * max(ends))
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_xlabel("traces read")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0)
    whole = {tuple: HandlerTuple(ndivide=None, pad=0)}
    legend_below(figure, list(handles.values()), columns=3, labels=list(handles), handler_map=whole)
    chains = int(max(row.get("chains") or 1 for row in rows))
    heading(
        figure,
        "Kept traces in the colour of their corpus, dropped ones in grey; the shortest corpus on top. "
        + (f"Means of {chains} chains." if chains > 1 else "Counts of this one chain: no interval."),
    )
    return {"yield": figure}

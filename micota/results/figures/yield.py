"""Yield of the filters: traces kept and dropped, by reason, per corpus; kept ones that were cut off are told apart."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.labels import corpus_label
from micota.results.plots import NOTE, PALETTE, in_order, over_chains, subplots


def draw(table: Sequence[Row]) -> dict[str, Figure]:
    """One horizontal bar per corpus, as long as the traces read, cut into kept and each reason."""
    rows = over_chains(table)
    by_corpus = {row["corpus"]: row for row in rows}
    ordered = [by_corpus[corpus] for corpus in in_order(by_corpus)]
    labels = [corpus_label(row["corpus"]) for row in ordered]
    reasons = [key for key in rows[0] if key.startswith("dropped_") and any(row[key] for row in rows)]
    shades = [PALETTE[index] for index in (1, 4, 9, 3, 8, 5, 7, 6)] + ["#332288", "#882255"]
    figure, [[axes]] = subplots(1, 1, 6.6, 1.3 + 0.42 * len(rows))
    ends = [0.0] * len(ordered)
    cut = [row["kept"] * row["truncated_percent"] / 100 for row in ordered]
    parts: list[tuple[str, list[float], str, str | None]] = [
        ("kept", [row["kept"] - part for row, part in zip(ordered, cut, strict=True)], PALETTE[2], None)
    ]
    if any(cut):
        parts.append(("kept, truncated", cut, PALETTE[2], "////"))
    for number, key in enumerate(reasons):
        label = key.replace("dropped_", "dropped: ").replace("_", " ")
        parts.append((label, [row[key] for row in ordered], shades[number % len(shades)], None))
    bars = {"height": 0.72, "edgecolor": "white", "linewidth": 0.5}
    for label, counts, colour, hatch in parts:
        axes.barh(labels, counts, left=ends, label=label, color=colour, hatch=hatch, **bars)
        ends = [end + count for end, count in zip(ends, counts, strict=True)]
    for row, end in zip(ordered, ends, strict=True):
        note = f"{row['kept']:,.0f} kept ({row['kept_percent']:.0f}%)"
        axes.annotate(note, (end, corpus_label(row["corpus"])), xytext=(5, 0), va="center", **NOTE)
    axes.margins(x=0.24)
    axes.set_xlim(left=0)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_xlabel("traces read" + (", mean over chains" if len(rows) < len(table) else ""))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=3)
    return {"yield": figure}

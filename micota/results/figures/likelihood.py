"""NLL of each corpus under each base student, per token and per trace."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from micota.common.tables import Row
from micota.results.looks import Corpora, covers, over_chains
from micota.results.plots import WIDTH, heading, height_of, lying, subplots

MEASURES = {"nll_per_token": ("NLL per token (nats)", "{:.3f}"), "nll_per_trace": ("NLL per trace (nats)", "{:.1f}")}


def draw(table: Sequence[Row], corpora: Corpora) -> dict[str, Figure]:
    """A panel per measure, one axis for all untrained students; bars by corpus with their intervals."""
    rows = over_chains(table)
    figure, [panels] = subplots(1, len(MEASURES), WIDTH, 0.8 + height_of(rows))
    for axes, (key, (name, form)) in zip(panels, MEASURES.items(), strict=True):
        lying(axes, rows, key, corpora, named=axes is panels[0], value=form.format)
        axes.set_xlim(0, 1.12 * axes.get_xlim()[1])
        axes.set_xlabel(f"{name}; lower is likelier")
    chained = "problems" in rows[0]
    heading(
        figure,
        "How likely each corpus is under each untrained student. "
        + (covers(rows) if chained else covers(rows, problems="traces of a corpus", key="traces")),
    )
    return {"likelihood": figure}

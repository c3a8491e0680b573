"""How much of the proposed corpus' lead is the filter across samplers: the lead with it, without it, and what is left.

With the filter all corpora hold the problems that every sampler solved; without it each holds what its own sampler
solved, as many. A row each for the lead (points) over another corpus with the filter, without, and for the first less
the second. Paired over chains, training seeds and problems.
"""

from pathlib import Path
from typing import Any

from micota.common.tables import Column, write_table
from micota.results import rivals
from micota.results.columns import AGAINST, PROBLEMS, SEEDS, STUDENT, interval
from micota.results.labels import small_p
from micota.results.outcomes import read_models
from micota.results.tables.rivals import estimate, tested

COLUMNS = (
    *STUDENT,
    AGAINST,
    Column("filter", "Filter across samplers"),
    Column("difference", "Difference (points)", "{0:+.1f}"),
    *interval("difference", "+.1f"),
    Column("p_value", "p (two-sided)", small_p),
    Column("chains", "Chains"),
    SEEDS,
    PROBLEMS,
)
WITH, WITHOUT, BOTH = "with", "without", "with \N{MINUS SIGN} without"


def make(files: dict[str, list[Path]], out: Path, *, pairs: list[dict[str, Any]], benchmarks: list[str]) -> None:
    """`pairs`: see micota.results.rivals.unfiltered."""
    arms = [models for pair in pairs for models in (*pair["proposed"], *pair["other"])]
    cells = read_models(files, dict.fromkeys(model for arm in arms for seeds in arm for model in seeds), benchmarks)
    rows = []
    for pair in pairs:
        leads = [
            rivals.difference(cells, mine, other, benchmarks)
            for mine, other in zip(pair["proposed"], pair["other"], strict=True)
        ]
        change = [first - second for first, second in zip(*leads, strict=True)]
        for name, arrays in zip((WITH, WITHOUT, BOTH), (*leads, change), strict=True):
            found = estimate(arrays)
            row = {key: pair[key] for key in ("base", "corpus", "against")} | {"filter": name}
            rows.append(row | {**found.named("difference"), "p_value": tested(found, arrays), **rivals.runs(arrays)})
    write_table(out / "filter", rows, COLUMNS, group="against")

"""Columns that several tables have."""

from micota.common.tables import Column
from micota.results.labels import corpus_label

STUDENT = (Column("base", "Student"), Column("corpus", "Corpus", corpus_label))
AGAINST = Column("against", "Against", corpus_label)
CHAINS = Column("chains", "Chains")
SEEDS = Column("seeds", "Seeds")
PROBLEMS = Column("problems", "Problems", "{0:,}")


def interval(name: str, form: str) -> tuple[Column, Column]:
    """The 95% interval of a value, as `Estimate.named` has it: read as one column, two in the CSV."""
    return (
        Column(f"{name}_low", "95% interval", f"[{{0:{form}}}, {{{name}_high:{form}}}]"),
        Column(f"{name}_high"),
    )

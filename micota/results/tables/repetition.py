"""Traces that were cut off at the limit: how many were going round in circles, how many were merely long.

A row a model and data set, the training seeds of a student together, and all chains; each chain's own rows are in the
CSV. `repeating` are the truncated traces of whose text
`repeating_from` or more is the one phrase that they end in (`repeated_share`: micota/grading/repetition.py).
"""

from collections import Counter
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.records import RecordError
from micota.common.tables import Column, Row
from micota.results.entries import Entry
from micota.results.pooled import by_chain, with_chains, write_pooled

COLUMNS = (
    Column("model", "Model"),
    Column("dataset", "Problems"),
    Column("traces", "Traces", "{0:,}"),
    Column("truncated", "Truncated", "{0:,}"),
    Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
    Column("repeating", "Repeating", "{0:,}"),
    Column("repeating_percent", "Of the truncated (%)", "{0:.1f}"),
)


def make(files: dict[str, list[Path]], out: Path, *, models: list[Entry], repeating_from: float) -> None:
    """`models`: as entries.named has them."""
    counts, paths = contracts.kept_counts(files["reports"]), by_name(files["graded"])

    def counted(own: list[Entry]) -> dict[str, Counter[str]]:
        """Data set -> the traces of some models: all, truncated ones, repeating ones."""
        found: dict[str, Counter[str]] = {}
        for path in (paths[entry["own"]] for entry in own):
            for trace in contracts.graded(path, None, counts):
                if "repeated_share" not in trace:
                    raise RecordError(
                        f"{path}: these traces were graded before `repeated_share` was measured; grade them again, or"
                        " leave out grading.repeating_from, without which the study has no such table"
                    )
                cut = trace["finish_reason"] == "length"
                kinds = found.setdefault(trace["dataset"], Counter())
                kinds["traces"] += 1
                kinds["truncated"] += cut
                kinds["repeating"] += cut and trace["repeated_share"] >= repeating_from
        return found

    rows: list[Row] = []
    for (name,), chains in by_chain(models, "name").items():
        by_number = {chain: counted(own) for chain, own in chains.items()}
        for dataset in dict.fromkeys(dataset for found in by_number.values() for dataset in found):
            of = {"model": name, "dataset": dataset}
            own = {chain: of | shares(found[dataset]) for chain, found in by_number.items() if dataset in found}
            whole = sum((found[dataset] for found in by_number.values() if dataset in found), Counter[str]())
            rows += with_chains(of | shares(whole), own)
    write_pooled(out / "repetition", rows, COLUMNS, group="model")


def shares(kinds: Counter[str]) -> Row:
    """The counts of one row, and their shares in percent."""
    traces, cut, repeating = (kinds[kind] for kind in ("traces", "truncated", "repeating"))
    return {
        "traces": traces,
        "truncated": cut,
        "truncated_percent": 100 * cut / traces,
        "repeating": repeating,
        "repeating_percent": 100 * repeating / cut if cut else None,
    }

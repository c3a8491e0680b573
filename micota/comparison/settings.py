"""What differs in two studies' settings and corpora."""

import json
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from micota.common.contracts import corpus_rows
from micota.common.tables import DASH, Row
from micota.comparison.runs import Run
from micota.comparison.sections import Section, number

MISSING = object()


def settings(one: Run, other: Run) -> Section:
    """A row for each key whose value differs."""
    lacking = [run.name for run in (one, other) if run.settings is None]
    if lacking:
        return Section("Settings", f"No study.json in {' and '.join(lacking)}, so settings are not compared.")
    mine, theirs = (dict(flat(run.settings)) for run in (one, other))
    keys = list(dict.fromkeys([*mine, *theirs]))
    differing = [key for key in keys if mine.get(key, MISSING) != theirs.get(key, MISSING)]
    rows = [[key, written(mine.get(key, MISSING)), written(theirs.get(key, MISSING))] for key in differing]
    words = f"{len(rows)} of {len(keys)} settings differ." if rows else f"All {len(keys)} settings are the same."
    return Section("Settings", words, ["key", "A", "B"], rows)


def flat(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested maps by its dotted key; lists are values."""
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from flat(value, f"{place}.{key}" if place else str(key))
    else:
        yield place, document


def written(value: Any) -> str:
    return DASH if value is MISSING else json.dumps(value, ensure_ascii=False)


def corpora(one: Run, other: Run) -> Section:
    """A row for each corpus of either run."""
    names = list(dict.fromkeys(name for run in (one, other) for name in (*run.corpora, *listed(run))))
    headings = ["corpus", "rows A", "rows B", "problems in both", "equal traces", "mean tokens A", "mean tokens B"]
    words = "Equal traces: the same text for the same problem and sample"
    if not names:
        return Section("Corpora", "No corpora in either run.")
    rows, blind = [], False
    for name in names:
        row, seen = corpus(one, other, name)
        rows.append(row)
        blind |= not seen
    words += f"; {DASH}: a run lacks the corpus or its texts." if blind else "."
    return Section("Corpora", words, headings, rows, range(1, len(headings)))


def corpus(one: Run, other: Run, name: str) -> tuple[list[str], bool]:
    """The row of one corpus, and whether its texts could be compared."""
    both = [list(corpus_rows(run.corpora[name])) if name in run.corpora else None for run in (one, other)]
    texts = [
        {(row["id"], row["sample"]): (row["problem"], row["completion"]) for row in rows}
        if rows and all(row["completion"] is not None for row in rows)
        else None
        for rows in both
    ]
    told = [listed(run).get(name, {}) for run in (one, other)]
    sizes = [len(rows) if rows else row.get("kept") for rows, row in zip(both, told, strict=True)]
    lengths = [
        fmean(trace["n_tokens"] for trace in rows) if rows else row.get("tokens_mean")
        for rows, row in zip(both, told, strict=True)
    ]
    shared, equal = None, None
    if texts[0] and texts[1]:
        shared = len(asked(texts[0]) & asked(texts[1]))
        equal = sum(texts[1].get(key) == text for key, text in texts[0].items())
    counts, means = ([number(n, "{:,.0f}") for n in (*sizes, shared, equal)], [number(n, "{:.1f}") for n in lengths])
    return [name, *counts, *means], equal is not None


def listed(run: Run) -> dict[str, Row]:
    """What the table of corpora says of each, for a run whose corpora are not there."""
    return {row["corpus"]: row for row in run.tables.get("corpora", []) if row.get("chain") is None}


def asked(texts: dict[tuple[str, int], tuple[str, str]]) -> set[str]:
    """The problems of a corpus, by their texts."""
    return {problem for problem, _ in texts.values()}

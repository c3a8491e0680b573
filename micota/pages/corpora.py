"""What students learned from: each corpus' counts, and its rows; one that repeats a graded trace holds no text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micota.common.contracts import corpus_rows
from micota.common.records import Record, read_json
from micota.pages.sample import Chooser
from micota.pages.spans import Tinter
from micota.pages.traces import Model, Problems


def read_corpus(
    path: Path, known: Problems, models: Mapping[str, Model], chooser: Chooser
) -> tuple[dict[str, list[Any]], list[str]]:
    """The rows of a corpus in columns, and the names of their samplers; `known`: the problems that most of them solve.

    `problem` is the number of a problem of these, or -1, and then `own_problem` has its text. `text` is null where the
    row has none here, 0 where it is that of the sampler's graded trace, else the text with its spans.
    """
    keys = ("problem", "own_problem", "sample", "sampler", "tokens", "text")
    columns: dict[str, list[Any]] = {key: [] for key in keys}
    samplers: dict[str, int] = {}
    tinter = Tinter(known.loader)
    for row in corpus_rows(path):
        place = known.places.get(row["id"], -1)
        own = row["problem"] if place < 0 else None
        sampler = samplers.setdefault(row["sampler"], len(samplers))
        taken = chooser.takes_row(row)
        text = text_of(row, models, tinter, own or (known.texts[place] if place >= 0 else "")) if taken else None
        for key, value in zip(keys, (place, own, row["sample"], sampler, row["n_tokens"], text), strict=True):
            columns[key].append(value)
    return columns, list(samplers)


def text_of(row: Record, models: Mapping[str, Model], tinter: Tinter, problem: str) -> Any:
    """The text of a row: 0 where a graded trace on the page has the same one."""
    model = models.get(row["sampler"])
    if model and model.written.get((row["id"], row["sample"])) == hash(row["completion"]):
        return 0
    return [row["completion"], tinter.spans(problem, row["completion"])]


def counts_of(path: Path) -> Record:
    """What was read, kept and dropped, and the lengths; `notes` has what some kinds say more, in words."""
    counts = read_json(path)
    found: Record = {key: counts[key] for key in ("read", "kept", "problems")} | {
        "truncated": counts.get("truncated", 0)
    }
    found |= {"dropped": counts["dropped"], "tokens": counts["tokens"], "notes": []}
    if "of" in counts:
        found["notes"].append(f"Its rows are taken from the corpus {counts['of']}.")
    if "chosen" in counts:
        found["notes"].append(f"Its rows are those of the candidate {counts['chosen']}.")
    if "imported" in counts:
        made = counts["imported"]
        found["notes"].append(
            f"Traces made elsewhere: {made['source']}, {made.get('licence') or 'licence not known'}; {made['traces']}"
            f" of {made['rows']} rows."
        )
    return found

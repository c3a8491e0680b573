"""One side of a comparison: what a folder of results, of a committed reference or of unpacked logs holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from micota.common import contracts
from micota.common.errors import MissingFile
from micota.common.files import by_name
from micota.common.records import read_json
from micota.common.tables import Row, read_csv
from micota.results.entries import ELSEWHERE

SEEDED = re.compile(r"(?:-c(\d+))?-s(\d+)$")
Place = tuple[str, str]  # data set, problem


class Answer(NamedTuple):
    """What a model gave for one sample of a problem."""

    correct: bool
    extracted: str | None
    n_tokens: int


@dataclass
class Answers:
    """What one model answered, and what would have been right."""

    given: dict[Place, dict[int, Answer]] = field(default_factory=dict)  # problem -> sample -> answer
    gold: dict[Place, str] = field(default_factory=dict)

    def same_questions(self, other: "Answers", dataset: str) -> bool:
        """Whether both were asked the same problems of a data set: by their names and gold answers.

        Logs may hold no texts, and other seeds make other problems of the same names.
        """
        own, theirs = (
            {place: gold for place, gold in each.gold.items() if place[0] == dataset} for each in (self, other)
        )
        return own == theirs and bool(own)


@dataclass(frozen=True)
class Run:
    """A study's results, as far as they are there."""

    name: str
    settings: dict[str, Any] | None
    tables: dict[str, list[Row]]
    corpora: dict[str, Path]
    graded: dict[str, Path]

    def students(self) -> dict[tuple[str, str], dict[tuple[int, int], str]]:
        """(base, corpus) -> (chain, seed) -> model, as the main table has them."""
        found: dict[tuple[str, str], dict[tuple[int, int], str]] = {}
        for row in self.tables.get("main_cells", []):
            if row["base"] != ELSEWHERE:
                seeded = SEEDED.search(row["model"])
                unit = tuple(int(number or 0) for number in seeded.groups()) if seeded else (0, 0)
                found.setdefault((row["base"], row["corpus"]), {})[unit] = row["model"]  # type: ignore[index]
        return found

    def benchmarks(self) -> list[str]:
        return list(dict.fromkeys(row["benchmark"] for row in self.tables.get("main_cells", [])))

    def answers(self, model: str) -> Answers:
        """From the model's graded traces, read once, one at a time."""
        found = Answers()
        for trace in contracts.graded(self.graded[model], None, alike=False):
            place = (trace["dataset"], trace["id"])
            answer = Answer(trace["correct"], trace["extracted"], trace["n_tokens"])
            found.given.setdefault(place, {})[trace["sample"]] = answer
            found.gold[place] = trace["answer"]
        return found


def read_run(folder: Path, name: str) -> Run:
    """What is there; UserError where a folder holds neither tables nor graded traces."""
    if not folder.is_dir():
        raise MissingFile(f"{name}: no such folder; there are: {', '.join(there()) or 'none'}")
    tables = {path.stem: rows for path in sorted((folder / "tables").glob("*.csv")) if (rows := rows_of(path))}
    graded, corpora = (by_name((folder / part).glob("*.jsonl")) for part in ("graded", "corpora"))
    if not tables and not graded:
        raise MissingFile(
            f"{name}: neither tables/ nor graded/ is there: give a study's folder of results, of reference/, or of"
            " unpacked logs"
        )
    settings = folder / "study.json"
    return Run(name, read_json(settings) if settings.is_file() else None, tables, corpora, graded)


def rows_of(path: Path) -> list[Row]:
    """A table's rows; none of one that has a header alone."""
    with path.open(encoding="utf-8") as handle:
        lines = sum(1 for _, _ in zip(handle, range(2), strict=False))
    return read_csv(path) if lines > 1 else []


def there() -> Iterator[str]:
    """Folders that could be compared."""
    return (str(path.parent) for root in ("results", "reference") for path in sorted(Path(root).glob("*/tables")))

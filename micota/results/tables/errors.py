"""Why answers are wrong, by kind: what was cut off, what has no answer, and where the steps first went wrong.

A row a student, corpus and benchmark, all its models together. What reads the steps, the data set's file says
(micota/problems/datasets); where nothing does, a wrong answer is wrong and no more is said. Of the right answers
`right_by_fault` are those whose steps have a fault all the same.
"""

from collections import Counter
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.records import Record
from micota.common.tables import Column, Row, write_table
from micota.results.columns import STUDENT
from micota.results.entries import Entry
from micota.results.readings import KINDS, Reader, models_of, problem_texts, text_of, with_texts

HEADINGS = {
    "right": "Right (%)",
    "cut": "Cut off (%)",
    "format": "No answer (%)",
    "lost_place": "Lost its place (%)",
    "slip": "Slip (%)",
    "wrong_box": "Wrong box (%)",
    "wrong": "Wrong (%)",
}
COLUMNS = (
    *STUDENT,
    Column("benchmark", "Benchmark"),
    Column("traces", "Traces", "{0:,}"),
    *(Column(f"{kind}_percent", HEADINGS[kind], "{0:.1f}") for kind in KINDS),
    Column("right_by_fault_percent", "Right, by faulty steps (%)", "{0:.1f}"),
)


def make(files: dict[str, list[Path]], out: Path, *, entries: list[Entry], loaders: dict[str, str]) -> None:
    """`loaders`: benchmark -> the loader of its data set."""
    paths, counts = by_name(files["graded"]), contracts.kept_counts(files["reports"])
    texts = problem_texts(files["problems"])
    readers = {benchmark: Reader(loader) for benchmark, loader in loaders.items()}
    rows: list[Row] = []
    for (base, corpus), models in models_of(entries).items():
        kinds: dict[str, Counter[str]] = {benchmark: Counter() for benchmark in readers}
        for path in (paths[model] for model in models):
            for trace in with_texts(path, contracts.graded(path, loaders, counts)):
                count_trace(trace, text_of(trace, texts), readers[trace["dataset"]], kinds[trace["dataset"]])
        for benchmark, found in kinds.items():
            row = {"base": base, "corpus": corpus, "benchmark": benchmark}
            rows.append(row | shares(found, readers[benchmark]))
    write_table(out / "errors", rows, COLUMNS, group="base")


def count_trace(trace: Record, problem: str, reader: Reader, found: Counter[str]) -> None:
    """Count a graded trace by its kind; a right one with a fault in its steps, beside that."""
    kind = reader.kind(trace, problem)
    found[kind] += 1
    found["right_by_fault"] += kind == "right" and reader.fault(trace, problem) is not None


def shares(found: Counter[str], reader: Reader) -> Row:
    """Percent of each kind that the reader can tell; None of the others."""
    traces = sum(found[kind] for kind in KINDS)
    told = {*reader.kinds, *(["right_by_fault"] if reader.steps else [])}
    named = (*KINDS, "right_by_fault")
    percents = {f"{kind}_percent": 100 * found[kind] / traces if kind in told else None for kind in named}
    return {"traces": traces, **percents}

"""Why answers are wrong, by kind: what was cut off, what has no answer, and where the steps first went wrong.

A row a student, corpus and benchmark, all its models together. What reads the steps, the data set's file says
(micota/problems/datasets); where nothing does, a wrong answer is wrong and no more is said.
"""

from collections import Counter
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
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
                name = trace["dataset"]
                kinds[name][readers[name].kind(trace, text_of(trace, texts))] += 1
        for benchmark, found in kinds.items():
            told, traces = readers[benchmark].kinds, found.total()
            shares = {f"{kind}_percent": 100 * found[kind] / traces if kind in told else None for kind in KINDS}
            rows.append({"base": base, "corpus": corpus, "benchmark": benchmark, "traces": traces, **shares})
    write_table(out / "errors", rows, COLUMNS, group="base")

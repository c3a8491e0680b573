"""Why answers are wrong, by kind: what was cut off, what has no answer, and where the steps first went wrong.

A row a student, corpus and benchmark, all its models together; each chain's own rows are in the CSV. What reads the
steps, the data set's file says (micota/problems/datasets); where nothing does, a wrong answer is wrong and no more is
said. Of the right answers `right_by_fault` are those whose steps have a fault all the same.
"""

from collections import Counter
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.records import Record
from micota.common.tables import Column, Row
from micota.results.columns import STUDENT
from micota.results.entries import Entry
from micota.results.pooled import by_chain, with_chains, write_pooled
from micota.results.readings import KINDS, Reader, problem_texts, text_of, with_texts

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

    def counted(models: list[Entry]) -> dict[str, Counter[str]]:
        """Benchmark -> the kinds of all traces of some models."""
        found: dict[str, Counter[str]] = {benchmark: Counter() for benchmark in readers}
        for path in (paths[entry["model"]] for entry in models):
            for trace in with_texts(path, contracts.graded(path, loaders, counts)):
                count_trace(trace, text_of(trace, texts), readers[trace["dataset"]], found[trace["dataset"]])
        return found

    rows: list[Row] = []
    for (base, corpus), chains in by_chain(entries, "base", "corpus").items():
        by_number = {chain: counted(models) for chain, models in chains.items()}
        for benchmark, reader in readers.items():
            of = {"base": base, "corpus": corpus, "benchmark": benchmark}
            own = {chain: found[benchmark] for chain, found in by_number.items()}
            whole = shares(sum(own.values(), Counter[str]()), reader)
            rows += with_chains(of | whole, {chain: of | shares(each, reader) for chain, each in own.items()})
    write_pooled(out / "errors", rows, COLUMNS, group="base")


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

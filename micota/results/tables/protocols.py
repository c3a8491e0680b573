"""Scores from several samples of each problem: avg@k, pass@k and maj@k of every student, by benchmark.

Training seeds are averaged; the row `average` weighs benchmarks equally. What each measure is, and how ties are
counted: micota/results/pass_at_k.py.
"""

from collections.abc import Mapping
from pathlib import Path

from micota.common.contracts import graded, kept_counts
from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.tables import Column, Row, write_table
from micota.results.columns import CHAINS, PROBLEMS, SEEDS, STUDENT
from micota.results.contrasts import crossed
from micota.results.entries import Entry, by_student
from micota.results.outcomes import check_same_problems
from micota.results.pass_at_k import avg_at_k, ks, maj_at_k, pass_at_k

Samples = dict[str, dict[int, tuple[str | None, bool]]]  # problem -> sample -> extracted answer, verdict
Problems = list[dict[str, float]]  # the measures of each
Measures = dict[str, list[list[Problems]]]  # benchmark -> [chain][seed]


def make(
    files: dict[str, list[Path]], out: Path, *, entries: list[Entry], labels: dict[str, str], temperature: float
) -> None:
    """`labels`: under which name the samples of a benchmark stand in the graded traces."""
    paths, counts = by_name(files["graded"]), kept_counts(files["reports"])
    read = {entry["model"]: read_samples(paths[entry["model"]], labels, counts) for entry in entries}
    check_same_problems(read)
    sizes = {len(samples) for found in read.values() for each in found.values() for samples in each.values()}
    if len(sizes) > 1 or min(sizes) < 2:
        raise DataError(f"the problems have {', '.join(map(str, sorted(sizes)))} samples; all need the same 2 or more")
    n = sizes.pop()
    rows: list[Row] = []
    for (base, corpus), chains in by_student(entries).items():
        known = {"base": base, "corpus": corpus, "samples": n, "temperature": temperature}
        known |= {"chains": len(chains), "seeds": len(chains[0])}
        measured = {
            name: [[measured_problems(read[model][name], n) for model in models] for models in chains]
            for name in labels.values()
        }
        rows += [known | row for row in student_rows(measured)]
    write_table(out / "protocols", rows, columns(n), group="base")


def read_samples(path: Path, labels: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, Samples]:
    """Benchmark -> every sample of its problems; `counts`: benchmark -> how many problems it has."""
    found: dict[str, Samples] = {benchmark: {} for benchmark in labels.values()}
    for trace in graded(path, labels, counts):
        samples = found[labels[trace["dataset"]]].setdefault(trace["id"], {})
        samples[trace["sample"]] = (trace["extracted"], trace["correct"])
    for benchmark, problems in found.items():
        if len(problems) < 2:
            raise DataError(f"{path}: {len(problems)} problems of {benchmark} have samples; an interval needs two")
    return found


def measured_problems(problems: Samples, n: int) -> Problems:
    """Every measure of each problem, in the order of their names."""
    return [measures(samples, n) for _, samples in sorted(problems.items())]


def measures(samples: Mapping[int, tuple[str | None, bool]], n: int) -> dict[str, float]:
    """Every measure of one problem."""
    answers, correct = zip(*(samples[index] for index in sorted(samples)), strict=True)
    passes = {f"pass_at_{k}": pass_at_k(n, sum(correct), k) for k in ks(n)}
    return {"avg": avg_at_k(correct), "maj": maj_at_k(answers, correct), **passes}


def student_rows(measured: Measures) -> list[Row]:
    """The rows of one student and corpus: each benchmark, then their average."""
    rows = []
    for name, chosen in {**{b: [b] for b in measured}, "average": list(measured)}.items():
        row: Row = {"benchmark": name, "problems": sum(len(measured[b][0][0]) for b in chosen)}
        for measure in measured[chosen[0]][0][0][0]:
            values = [
                [[[problem[measure] for problem in seed] for seed in chain] for chain in measured[b]] for b in chosen
            ]
            cells = crossed(values, bounds=(0, 1)).percent().named(measure)
            row |= {f"{key}_percent": value for key, value in cells.items()}
        rows.append(row)
    return rows


def columns(n: int) -> list[Column]:
    """The table's columns; the intervals of maj@k and pass@k are in the CSV alone."""
    shown = [
        *STUDENT,
        Column("benchmark", "Benchmark"),
        Column("avg_percent", f"avg@{n} (%)", "{0:.1f}"),
        Column("avg_low_percent", "95% interval", "[{0:.1f}, {avg_high_percent:.1f}]"),
        Column("avg_high_percent"),
    ]
    for key, heading in {"maj": f"maj@{n}", **{f"pass_at_{k}": f"pass@{k}" for k in ks(n)}}.items():
        shown += [Column(f"{key}_percent", f"{heading} (%)", "{0:.1f}")]
        shown += [Column(f"{key}_{end}_percent") for end in ("low", "high")]
    return [*shown, Column("temperature", "Temperature"), Column("samples", "Samples"), CHAINS, SEEDS, PROBLEMS]

"""What models did on data sets, summed up from their graded traces."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.records import GRADED_FIELDS, Record, RecordError, read_jsonl


@dataclass
class Cell:
    """What one model did on one data set, summed up from its graded traces."""

    outcomes: dict[str, list[bool]] = field(default_factory=dict)  # problem -> one verdict a sample
    lengths: dict[str, list[int]] = field(default_factory=dict)  # problem -> tokens of each sample
    verdicts: Counter[str] = field(default_factory=Counter)  # grader -> traces it accepts
    truncated: int = 0
    no_box: int = 0
    cut: list[bool] = field(default_factory=list)  # of traces that say so: ended by a stop string before any box
    several_answers: int | None = 0  # traces with two different answers in boxes; None: graded before it was counted

    @property
    def correct(self) -> int:
        """How many traces the primary verdict accepts."""
        return sum(map(sum, self.outcomes.values()))

    @property
    def tokens(self) -> list[int]:
        """The length of every trace."""
        return [tokens for samples in self.lengths.values() for tokens in samples]

    def accuracies(self) -> list[float]:
        """Share of correct samples of each problem, in the order of the problems' names."""
        return [fmean(outcomes) for _, outcomes in sorted(self.outcomes.items())]

    def mean_lengths(self) -> list[float]:
        """Mean length (tokens) of each problem's samples, in the same order."""
        return [fmean(tokens) for _, tokens in sorted(self.lengths.items())]

    def measures(self) -> dict[str, float]:
        """The means a table shows beside the accuracy."""
        tokens = self.tokens
        n = len(tokens)
        return {
            "mean_tokens": fmean(tokens),
            "truncated_percent": 100 * self.truncated / n,
            "no_box_percent": 100 * self.no_box / n,
        }


def graded_traces(path: Path, datasets: Iterable[str]) -> Iterator[Record]:
    """A model's graded traces of these data sets, one after the other, since they may be long.

    RecordError for a sample that stands there twice, and in the end for a data set without a trace.
    """
    seen: dict[str, set[tuple[str, int]]] = {dataset: set() for dataset in datasets}
    for trace in read_jsonl(path, GRADED_FIELDS):
        samples = seen.get(trace["dataset"])
        if samples is None:
            continue
        if (trace["id"], trace["sample"]) in samples:
            raise RecordError(f"{path}: sample {trace['sample']} of problem {trace['id']} stands there twice")
        samples.add((trace["id"], trace["sample"]))
        yield trace
    for dataset, samples in seen.items():
        if not samples:
            raise RecordError(f"{path}: no trace of the data set {dataset!r}")


def read_cells(path: Path, datasets: Sequence[str]) -> dict[str, Cell]:
    """One Cell per data set from a model's graded traces."""
    cells = {dataset: Cell() for dataset in datasets}
    for trace in graded_traces(path, datasets):
        cell = cells[trace["dataset"]]
        cell.outcomes.setdefault(trace["id"], []).append(trace["correct"])
        cell.lengths.setdefault(trace["id"], []).append(trace["n_tokens"])
        cell.truncated += trace["finish_reason"] == "length"
        cell.no_box += trace["extracted"] is None
        if "stop_string" in trace:
            cell.cut.append(trace["stop_string"] is not None and trace["extracted"] is None)
        if cell.several_answers is not None:
            boxed = trace.get("boxed_answers")
            cell.several_answers = None if boxed is None else cell.several_answers + (boxed > 1)
        cell.verdicts.update({grader: int(bool(verdict)) for grader, verdict in trace["verdicts"].items()})
    return cells


def read_models(graded: Iterable[Path], models: Iterable[str], datasets: Sequence[str]) -> dict[str, dict[str, Cell]]:
    """model -> data set -> what it did, of models that answered the same problems."""
    paths = by_name(graded)
    cells = {model: read_cells(paths[model], datasets) for model in models}
    check_same_problems({model: {name: cell.outcomes for name, cell in own.items()} for model, own in cells.items()})
    return cells


def check_same_problems(answered: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
    """UserError unless all models answered the same problems (model -> data set -> problems): paired tests need it."""
    first = next(iter(answered), "")
    for model, datasets in answered.items():
        for dataset, problems in datasets.items():
            difference = set(problems) ^ set(answered[first][dataset])
            if difference:
                count, example = len(difference), min(difference)
                raise DataError(f"{model} and {first} differ in {count} problems of {dataset}, such as {example}")

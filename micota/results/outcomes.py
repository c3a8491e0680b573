"""What models did on data sets, summed up from their graded traces."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.files import by_name

Counts = Mapping[str, int]


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


def read_cells(path: Path, datasets: Sequence[str], counts: Counts | None = None) -> dict[str, Cell]:
    """One Cell per data set from a model's graded traces; `counts`: data set -> how many problems it has."""
    cells = {dataset: Cell() for dataset in datasets}
    for trace in contracts.graded(path, datasets, counts):
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


def read_models(
    files: Mapping[str, Sequence[Path]], models: Iterable[str], datasets: Sequence[str]
) -> dict[str, dict[str, Cell]]:
    """model -> data set -> what it did, of models that answered the same problems.

    `files`: their `graded` traces, and the `reports` of the data sets, which say how many problems these have.
    """
    paths, counts = by_name(files["graded"]), contracts.kept_counts(files["reports"])
    cells = {model: read_cells(paths[model], datasets, counts) for model in models}
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

"""What a study's models answered, by model and data set, as another harness has it: problems, samples, verdicts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import fsum, sqrt
from pathlib import Path

from micota.common import contracts
from micota.common.errors import DataError, MissingFile
from micota.common.files import name_of
from micota.common.records import Record
from micota.sampling.engine import Decoding
from micota.study import tasks
from micota.study.graph import Study

PRIMARY = "correct"  # the verdict that tables count
TEXTS = ("prompt", "completion", "answer", "extracted")


@dataclass(frozen=True)
class Answers:
    """What one model wrote on one data set."""

    study: str
    model: str
    task: str  # the data set's name in the traces: `aime24`, or `aime24@8` of eight samples a problem
    decoding: Decoding | None  # None of traces that were made elsewhere
    graded_at: datetime  # when the graded file was written
    problems: Mapping[str, Record]
    traces: Mapping[str, list[Record]]  # by problem, in the order of the problems; of a problem, in that of its samples

    @property
    def graders(self) -> list[str]:
        """The verdicts of a trace, the primary one first."""
        first = next(iter(self.traces.values()))[0]
        return [PRIMARY, *first["verdicts"]]

    def scores(self, grader: str) -> list[float]:
        """Of each problem, the share of its samples that this grader accepts."""
        return [fsum(verdict(trace, grader) for trace in samples) / len(samples) for samples in self.traces.values()]


def verdict(trace: Record, grader: str) -> bool:
    """What a grader says of a trace."""
    return trace["correct"] if grader == PRIMARY else trace["verdicts"][grader]


def mean(values: list[float]) -> float:
    return fsum(values) / len(values)


def standard_error(values: list[float]) -> float:
    """Of the mean, over the problems; 0 of a single one."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1) / len(values))


def answers(study: Study, results: Path) -> Iterator[Answers]:
    """All that is graded below `results`, model by model.

    Raises UserError where nothing is graded, problems are missing, or the traces have no texts (older archives).
    """
    paths = sorted((results / "graded").glob("*.jsonl"))
    if not paths:
        raise MissingFile(f"{results / 'graded'}: no graded traces there; run the study first")
    for path in paths:
        yield from of_model(study, results, path)


def of_model(study: Study, results: Path, path: Path) -> Iterator[Answers]:
    """The answers of the model, or the imported traces, that a graded file is of."""
    model, found = name_of(path), dict[str, dict[str, list[Record]]]()
    for trace in contracts.graded(path, None, alike=name_of(path) not in study.imports):
        if trace["completion"] is None:
            raise DataError(f"{path}: its traces have no texts, for it is of an older archive of logs; run the study")
        found.setdefault(trace["dataset"], {}).setdefault(trace["id"], []).append(legible(trace))
    asked = {} if model in study.imports else {task.dataset: task for task in tasks.tasks(study, model)}
    for label, traces in found.items():
        task = asked.get(label)
        source = results / "problems" / f"{task.problems if task else label}.jsonl"
        problems = {problem["id"]: problem for problem in contracts.problems(source)}
        if lost := traces.keys() - problems.keys():
            raise DataError(f"{path}: {len(lost)} problems are not in {source}: {', '.join(sorted(lost)[:3])}")
        yield Answers(
            study=study.config.study,
            model=model,
            task=label,
            decoding=task.decoding if task else None,
            graded_at=datetime.fromtimestamp(int(path.stat().st_mtime), UTC),
            problems=problems,
            traces={name: sorted(traces[name], key=sample) for name in problems if name in traces},
        )


def sample(trace: Record) -> int:
    return trace["sample"]


def legible(trace: Record) -> Record:
    """The trace, half of a surrogate pair in its texts as an escape: other writers refuse it."""
    texts = {name: trace[name] for name in TEXTS if isinstance(trace[name], str)}
    return trace | {name: text.encode("utf-8", "backslashreplace").decode() for name, text in texts.items()}

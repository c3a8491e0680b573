"""What holds of the records that pass between stages. Who reads a file of them, reads it here, record by record.

A field has its kind, a record stands there once, and in the end the file holds what its task asked for. A fault is an
error that names the file and the line. (Whether a file is as it was written, its seal says: micota/common/seals.py.)
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from micota.common.files import name_of
from micota.common.lines import line_of
from micota.common.records import NoRecords, Record, RecordError, read_json, read_jsonl
from micota.common.seals import check_seal

MEND = "mend the line, or remove the file and run again"
Asked = tuple[str, str, int]  # data set, problem, sample
Kind = tuple[Callable[[Any], bool], str]  # whether a value is of it, and in words

TEXT: Kind = (lambda value: type(value) is str, "a text")
NAME: Kind = (lambda value: type(value) is str and value != "", "a text that is not empty")
ANSWER: Kind = (lambda value: type(value) is str and value.strip() != "", "a text that is not blank")
TEXT_OR_NONE: Kind = (lambda value: value is None or type(value) is str, "a text or null")
COUNT: Kind = (lambda value: type(value) is int and value >= 0, "a whole number")
SEED: Kind = (lambda value: value is None or type(value) is int, "a whole number or null")
FLAG: Kind = (lambda value: type(value) is bool, "true or false")
NATS: Kind = (lambda value: type(value) in (int, float) and isfinite(value), "a finite number")
ENDED: Kind = (lambda value: value in ("stop", "length"), '"stop" or "length"')
VERDICTS: Kind = (
    lambda value: type(value) is dict and all(type(verdict) is bool for verdict in value.values()),
    "true or false by grader",
)

PROBLEM = {"id": NAME, "problem": NAME, "answer": ANSWER, "source": TEXT}
TRACE = {
    "id": NAME, "sample": COUNT, "sampler": NAME, "dataset": NAME, "prompt": TEXT_OR_NONE, "completion": TEXT,
    "finish_reason": ENDED, "n_tokens": COUNT, "seed": SEED,
}  # fmt: skip
# An archive of logs holds graded traces and corpora without their texts (scripts/logs.py).
GRADED = TRACE | {
    "completion": TEXT_OR_NONE, "answer": ANSWER, "extracted": TEXT_OR_NONE, "correct": FLAG, "reason": NAME,
    "verdicts": VERDICTS,
}  # fmt: skip
CORPUS_ROW = {
    "id": NAME, "sample": COUNT, "sampler": NAME, "problem": TEXT_OR_NONE, "completion": TEXT_OR_NONE,
    "n_tokens": COUNT,
}  # fmt: skip
LIKELIHOOD = {"id": NAME, "sample": COUNT, "corpus": NAME, "nll": NATS, "n_tokens": COUNT}
JUDGED = {
    "id": NAME, "dataset": NAME, "answer": ANSWER, "extracted": NAME, "traces": COUNT, "judge": NAME, "output": TEXT,
    "correct": FLAG,
}  # fmt: skip


def readable(path: str | Path, fields: Iterable[str]) -> Iterator[Record]:
    """As read_jsonl, with what to do about a line that cannot be read."""
    try:
        yield from read_jsonl(path, fields)
    except NoRecords:
        raise
    except RecordError as error:
        raise RecordError(f"{error}; {MEND}") from None


def records(path: str | Path, fields: Mapping[str, Kind], may_be_empty: bool = False) -> Iterator[Record]:
    """The records of a file; RecordError, with the line, for a missing field or one of another kind.

    The fields of a file that is as one of our programs wrote it, by its seal, are not looked at one by one.
    """
    number, looked_at = -1, {} if Path(path).is_file() and check_seal(Path(path)) else fields
    for number, record in enumerate(readable(path, fields)):
        for name, (holds, words) in looked_at.items():
            if not holds(record[name]):
                raise RecordError(
                    f"{line_of(path, number)}: `{name}` is {record[name]!r:.80}, expected {words}; {MEND}"
                )
        yield record
    if number < 0 and not may_be_empty:
        raise RecordError(f"{path}: the file is empty; remove it and run again")


def problems(path: str | Path) -> Iterator[Record]:
    """The problems of a file; each id once."""
    seen: set[str] = set()
    for number, problem in enumerate(records(path, PROBLEM)):
        if problem["id"] in seen:
            raise RecordError(f"{line_of(path, number)}: the problem {problem['id']!r} stands there twice")
        seen.add(problem["id"])
        yield problem


def traces(path: Path, sampler: str, asked: Iterable[Asked]) -> Iterator[Record]:
    """The traces of a sampler that a file holds: those that were asked for, in their order, and no others."""
    wanted = iter(asked)
    for number, trace in enumerate(records(path, TRACE, may_be_empty=True)):  # of more shards than problems
        if trace["sampler"] != sampler:
            raise RecordError(
                f"{line_of(path, number)}: a trace of {trace['sampler']!r} in a file of {sampler!r}; remove it and run"
                " again"
            )
        this, due = (trace["dataset"], trace["id"], trace["sample"]), next(wanted, None)
        if this != due:
            said = "more than was asked for" if due is None else "asked for was {2} of {1} of {0}".format(*due)
            raise RecordError(
                f"{line_of(path, number)}: sample {this[2]} of {this[1]} of {this[0]}, {said}: traces are missing,"
                " doubled or of another file; remove it and run again"
            )
        yield trace
    if (due := next(wanted, None)) is not None:
        raise RecordError(
            f"{path}: it ends before sample {due[2]} of {due[1]} of {due[0]}: cut short; remove it and run again"
        )


def judged(path: Path) -> Iterator[Record]:
    """The verdicts of a judge model; none where the string rule accepts all that stands in boxes."""
    return records(path, JUDGED, may_be_empty=True)


@dataclass
class Samples:
    """Which samples of which problems a file of traces holds: each once, and in the end as many of each.

    A problem's samples are the bits of a number, so that a million traces fit into memory.
    """

    path: str | Path
    found: dict[str, dict[str, int]] = field(default_factory=dict)  # data set -> problem -> its samples

    def add(self, trace: Record, number: int) -> None:
        """Note a trace, the file's record of this number; RecordError if it stands there twice."""
        own = self.found.setdefault(trace["dataset"], {})
        before, this = own.get(trace["id"], 0), 1 << trace["sample"]
        if before & this:
            raise RecordError(
                f"{line_of(self.path, number)}: sample {trace['sample']} of problem {trace['id']} stands there twice"
            )
        own[trace["id"]] = before | this

    def check(self, problems: Mapping[str, int], alike: bool = True) -> None:
        """RecordError unless each data set has so many problems (0: any), and each of these its samples from 0 on.

        `alike`: as many of each problem.
        """
        for dataset, count in problems.items():
            own = self.found.get(dataset, {})
            if not own:
                raise RecordError(f"{self.path}: no trace of the data set {dataset!r}")
            first = next(iter(own.values())).bit_length()
            for problem, bits in own.items():
                n = first if alike else bits.bit_length()
                if bits != (1 << n) - 1:
                    raise RecordError(
                        f"{self.path}: problem {problem} ({dataset}) has {bits.bit_count()} samples, where {n} should"
                        " be; remove it and run again"
                    )
            if count and len(own) != count:
                raise RecordError(
                    f"{self.path}: traces of {len(own)} problems of {dataset}, which has {count}; remove it and run"
                    " again"
                )


def graded(
    path: Path, datasets: Iterable[str] | None, counts: Mapping[str, int] | None = None, alike: bool = True
) -> Iterator[Record]:
    """A model's graded traces of these data sets (None: of all): all that there should be, the grader's verdicts.

    `counts` says how many problems a data set has, under its own name (`aime` also for `aime@4`, its samples).
    The file is known by the name of the model, by which every trace must be. `alike`: as many samples of each problem.
    """
    wanted = None if datasets is None else list(datasets)
    samples, model = Samples(path), name_of(path)
    for number, trace in enumerate(records(path, GRADED)):
        if fault := graded_fault(trace, model):
            raise RecordError(f"{line_of(path, number)}: {fault}; remove it and run again")
        if wanted is None or trace["dataset"] in wanted:
            samples.add(trace, number)
            yield trace
    asked = samples.found if wanted is None else wanted
    samples.check({name: (counts or {}).get(name.partition("@")[0], 0) for name in asked}, alike)


def graded_fault(trace: Record, model: str) -> str | None:
    """What is wrong with a graded trace of a model, across its fields."""
    if trace["sampler"] != model:
        return f"a trace of {trace['sampler']!r} in the file of {model!r}"
    primary = next(iter(trace["verdicts"].items()), None)  # a kind of task writes the verdict that counts first
    if primary and primary[1] != trace["correct"]:
        return f"`correct` is {json.dumps(trace['correct'])}, and {primary[0]} says {json.dumps(primary[1])}"
    return None


def kept_counts(paths: Iterable[Path]) -> dict[str, int]:
    """Data set -> its problems, by the reports of scripts/clean.py; corpus -> its rows, by its counts file."""
    return {name_of(path): read_json(path)["kept"] for path in paths}


def corpus_rows(path: Path) -> Iterator[Record]:
    """The rows of a corpus: each once, and as many as its counts file says, where one lies beside it."""
    seen: set[tuple[str, str, int]] = set()
    for number, row in enumerate(records(path, CORPUS_ROW)):
        this = (row["sampler"], row["id"], row["sample"])
        if this in seen:
            raise RecordError(f"{line_of(path, number)}: sample {this[2]} of {this[1]} stands there twice")
        seen.add(this)
        yield row
    counts = path.with_suffix(".counts.json")
    if counts.is_file() and (kept := read_json(counts)["kept"]) != len(seen):
        raise RecordError(f"{path}: {len(seen)} rows, and {counts} says {kept}; remove both and run again")


@dataclass(frozen=True)
class Again:
    """A file that can be read more than once, record by record."""

    read: Callable[[Path], Iterator[Record]]
    path: Path

    def __iter__(self) -> Iterator[Record]:
        return self.read(self.path)


def likelihoods(path: Path, kept: Mapping[str, int] | None = None) -> Iterator[Record]:
    """The negative log-likelihoods of corpora: of each row once; `kept`: corpus -> how many rows it has."""
    seen: dict[str, set[tuple[str, int]]] = {corpus: set() for corpus in kept or {}}
    for number, row in enumerate(records(path, LIKELIHOOD)):
        own, this = seen.setdefault(row["corpus"], set()), (row["id"], row["sample"])
        if this in own:
            raise RecordError(f"{line_of(path, number)}: sample {this[1]} of {this[0]} stands there twice")
        own.add(this)
        ranks, least = row.get("rank_sum", row["n_tokens"]), row["n_tokens"]  # logs of before it was measured lack it
        if not COUNT[0](ranks) or ranks < least:
            raise RecordError(
                f"{line_of(path, number)}: `rank_sum` is {ranks!r:.80}, expected a whole number of {least} or more, for"
                f" a rank is 1 at least; {MEND}"
            )
        yield row
    for corpus, count in (kept or {}).items():
        if len(seen[corpus]) != count:
            raise RecordError(
                f"{path}: {len(seen[corpus])} rows of the corpus {corpus}, which has {count}; make it again"
            )

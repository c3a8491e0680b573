"""Grade traces: every trace gets what its last box held, a verdict and the reason for it.

    python -m scripts.grade --problems P.jsonl [P.jsonl ...] --traces T.jsonl [T.jsonl ...] --graded OUT.jsonl

`id` joins a trace with its problem. `correct` is math-verify's verdict on the last box; a trace without a box, or
whose answer cannot be read or takes longer than `--timeout` seconds, is wrong, and says so. Rows come out in the order
they came in; several files are taken for the shards of one sampling job, and come out as from a job without shards.
With --study and --model the traces must be those that the study asks the model for, each in its shard.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from micota.common import contracts
from micota.common.cli import known, run
from micota.common.errors import ConfigurationError, DataError
from micota.common.lines import line_of
from micota.common.records import Record, read_jsonl, write_jsonl
from micota.grading.grade import Judge, grade, summary
from micota.sampling.shards import in_turn
from micota.study.load import add_study_flag, study_of
from micota.study.tasks import asked_for


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="problem records")
    parser.add_argument(
        "--traces", type=Path, nargs="+", required=True, help="traces, or the shards of one job in order"
    )
    parser.add_argument("--graded", type=Path, required=True, help="graded traces")
    add_study_flag(parser)
    parser.add_argument("--model", help="of the study, whose traces these are: all that it was asked for must be there")
    parser.add_argument("--workers", type=int, default=1, help="processes that judge answers")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one answer")
    return parser.parse_args(argv)


def read_golds(paths: Sequence[Path]) -> dict[str, str]:
    """The gold answer of every problem."""
    golds: dict[str, str] = {}
    for path in paths:
        for index, record in enumerate(contracts.problems(path)):
            if record["id"] in golds:
                raise DataError(f"{line_of(path, index)}: the problem {record['id']!r} stands in another file too")
            golds[record["id"]] = record["answer"]
    return golds


def shards_of(args: argparse.Namespace, golds: Mapping[str, str]) -> list[Iterator[Record]]:
    """The traces of each shard; with a study those that it asks the model for."""
    if not args.study:
        return [read_traces(path, golds) for path in args.traces]
    if args.model is None:
        raise ConfigurationError("--model: say which model of the study wrote the traces")
    study = study_of(args.study)
    known(args.model, study.models, "--model")
    if len(args.traces) != study.config.sampling.shards:
        raise ConfigurationError(
            f"--traces: {len(args.traces)} files, and the study has sampling.shards {study.config.sampling.shards}"
        )
    asked = asked_for(study, args.model, {path.stem: path for path in args.problems})
    return [contracts.traces(path, args.model, each) for path, each in zip(args.traces, asked, strict=True)]


def read_traces(path: Path, golds: Mapping[str, str]) -> Iterator[Record]:
    """The traces of a file; each must belong to a problem."""
    for index, trace in enumerate(read_jsonl(path, ("id", "completion"))):
        if trace["id"] not in golds:
            raise DataError(f"{line_of(path, index)}: id {trace['id']!r} is in none of the problem files")
        if not isinstance(trace["completion"], str):
            raise DataError(f"{line_of(path, index)}: `completion` must be a text")
        yield trace


def main(argv: Sequence[str] | None = None) -> None:
    """Join, grade, write, count."""
    args = parse_args(argv)
    golds = read_golds(args.problems)
    traces = in_turn(shards_of(args, golds))
    reasons: Counter[str] = Counter()

    def counted(rows: Iterator[Record]) -> Iterator[Record]:
        for row in rows:
            reasons[row["reason"]] += 1
            yield row

    with Judge(args.workers, args.timeout) as judge:
        write_jsonl(args.graded, counted(grade(traces, golds, judge)))
    print(summary(reasons))


if __name__ == "__main__":
    run(main)

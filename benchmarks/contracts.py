"""What the contracts and seals cost: seconds to check traces while they are read, beside the stages that read them.

    python -m benchmarks.contracts --traces 40000 --characters 1000

CPU seconds of this process, the least of some rounds: of reading a model's graded traces without any check, of reading
them by their contract and seal, and of two stages that do: grading, and a table.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from micota.common import contracts
from micota.common.cli import run
from micota.common.records import Record, write_json, write_jsonl
from micota.common.seals import checked
from micota.grading.grade import Judge, grade
from micota.results.outcomes import read_cells

ROUNDS = 3
DATASETS = ("easy", "hard")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=40_000)
    parser.add_argument("--characters", type=int, default=1000, help="of a completion")
    return parser.parse_args(argv)


def traces(count: int, characters: int) -> list[Record]:
    """Traces of one sample a problem, half of each data set."""
    return [
        {
            "id": f"{dataset}/{number}", "sample": 0, "sampler": "m", "dataset": dataset, "prompt": "What is it?",
            "completion": ("so it is 12, and then " * characters)[: characters - 12] + f"\\boxed{{{number}}}",
            "finish_reason": "stop", "n_tokens": characters // 4, "seed": number,
        }
        for dataset in DATASETS
        for number in range(count // 2)
    ]  # fmt: skip


def least(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round."""
    found = []
    for _ in range(ROUNDS):
        checked.clear()
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "results/m"
        write_json(home / "study.json", {})
        drawn = traces(args.traces, args.characters)
        golds = {row["id"]: row["id"].rpartition("/")[2] for row in drawn}
        graded, raw = home / "graded/m.jsonl", home / "cot/m/shard-0.jsonl"
        asked = [(row["dataset"], row["id"], row["sample"]) for row in drawn]
        write_jsonl(raw, drawn)

        def stage() -> None:
            with Judge(1) as judge:
                write_jsonl(graded, grade(contracts.traces(raw, "m", asked), golds, judge))

        def plain(path: Path) -> None:
            with path.open(encoding="utf-8") as handle:
                for line in handle:
                    json.loads(line)

        counts = dict.fromkeys(DATASETS, args.traces // 2)
        grading = least(stage)
        before = [least(lambda: plain(raw)), least(lambda: plain(graded))]
        after = [
            least(lambda: [None for _ in contracts.traces(raw, "m", asked)]),
            least(lambda: [None for _ in contracts.graded(graded, DATASETS, counts)]),
        ]
        table = least(lambda: read_cells(graded, DATASETS, counts))
    size = f"{args.traces:,} traces of {args.characters:,} characters"
    for name, stage_seconds, plain_seconds, checked_seconds in (
        ("grading", grading, before[0], after[0]),
        ("a table's traces", table, before[1], after[1]),
    ):
        more = checked_seconds - plain_seconds
        print(
            f"{size}: {name} {stage_seconds:.2f} CPU s, of which reading {plain_seconds:.2f}, contract and seal"
            f" {more:.2f} ({more / stage_seconds:.1%})"
        )


if __name__ == "__main__":
    run(main)

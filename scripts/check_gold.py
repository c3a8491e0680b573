"""Before any score: do the graders accept every gold answer as the answer to its own problem?

    python -m scripts.check_gold --problems P.jsonl [P.jsonl ...] --rules '{"gsm8k": "last_number"}' --out REPORT.json

Each gold answer is put in a box and judged against itself by math-verify, without the short cut for equal strings.
A failure must be among the committed exceptions, `{loader: {row: why}}`, else the check fails and names it. The row is
the index in the source, so that neither a data set's name in a study nor `--limit` matters.

The paper's rule rejects many golds as their sources write them (`raw_answer`), which caps the scores of an evaluation
that compares with those. It is counted on the raw golds and on ours; on a whole benchmark the raw count must be the
committed one, `{loader: {"problems": n, rule: count}}`. A file's name is its data set, whose rule `--rules` gives.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.cli import UserError, json_flag, run
from micota.common.records import PROBLEM_FIELDS, Record, read_json, read_jsonl, write_json
from micota.grading.gold import is_excepted, rejected_golds
from micota.grading.grade import Judge
from micota.grading.string_rule import same_last_number, same_string

SHOWN = 10  # rejected golds that the message names
DATASETS = Path(__file__).parents[1] / "micota" / "problems" / "datasets"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="problem records")
    parser.add_argument("--rules", type=json_flag, default={}, help="the paper's rule by data set (default: string)")
    parser.add_argument(
        "--exceptions", type=Path, default=DATASETS / "gold_exceptions.json", help="failures known and explained, JSON"
    )
    parser.add_argument(
        "--counts", type=Path, default=DATASETS / "gold_counts.json", help="raw golds each rule accepts, JSON"
    )
    parser.add_argument("--out", type=Path, required=True, help="counts by file, JSON")
    parser.add_argument("--workers", type=int, default=1, help="processes that judge answers")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one answer")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Judge every gold answer, count, fail on an unexpected one."""
    args = parse_args(argv)
    exceptions = read_json(args.exceptions)
    expected = read_json(args.counts)
    counts: dict[str, dict[str, Any]] = {}
    unexpected = []
    with Judge(args.workers, args.timeout) as judge:
        for path in args.problems:
            problems = list(read_jsonl(path, PROBLEM_FIELDS))
            rejected = rejected_golds(problems, judge)
            excepted = sum(is_excepted(problem, exceptions) for problem, _ in rejected)
            tally = {"accepted": len(problems) - len(rejected), "excepted": excepted}
            unexpected += [
                f"{problem['id']} ({problem['answer']!r}: {verdict})"
                for problem, verdict in rejected
                if not is_excepted(problem, exceptions)
            ]
            by_rule = rule_counts(problems, args.rules.get(path.stem, "string"), expected)
            counts[str(path)] = {"dataset": path.stem, "problems": len(problems), **tally, **by_rule}
            print(f"{path}: {tally['accepted']} of {len(problems)} gold answers accepted; {by_rule}")
    if unexpected:
        raise UserError(
            f"the judge rejects {len(unexpected)} gold answers: {', '.join(unexpected[:SHOWN])}"
            + (", ..." if len(unexpected) > SHOWN else "")
        )
    for path, count in counts.items():
        if None not in (count["expected"], count["raw"]) and count["expected"] != count["raw"]:
            raise UserError(
                f"{path}: the {count['rule']} rule accepts {count['raw']} of its raw gold answers, not"
                f" {count['expected']}: the copy is another one, or writes its answers otherwise. If that is meant,"
                f" correct the count in {args.counts}"
            )
    write_json(args.out, counts)


def rule_counts(problems: Sequence[Record], rule: str, expected: Mapping[str, Mapping[str, int]]) -> Record:
    """How many golds the paper's rule accepts, given the right answer: raw ones, and ours.

    `raw` is None for made problems, which have no source, and for files older than the field; `expected` is None for a
    part of a benchmark, and for one that nothing is known of.
    """
    known = expected.get(problems[0]["source"], {}) if problems else {}
    whole = known.get("problems") == len(problems)

    def accepted(golds: Sequence[str]) -> int:
        pairs = zip((problem["answer"] for problem in problems), golds, strict=True)
        if rule == "string":
            return sum(same_string(answer, gold) for answer, gold in pairs)
        return sum(same_last_number(rf"\boxed{{{answer}}}", gold) for answer, gold in pairs)

    raw = [problem["raw_answer"] for problem in problems if "raw_answer" in problem]
    return {
        "rule": rule,
        "raw": accepted(raw) if len(raw) == len(problems) else None,
        "ours": accepted([problem["answer"] for problem in problems]),
        "expected": known.get(rule) if whole else None,
    }


if __name__ == "__main__":
    run(main)

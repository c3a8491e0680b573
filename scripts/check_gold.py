"""Before any score: do the graders accept every gold answer as the answer to its own problem?

    python -m scripts.check_gold --study config/paper.yaml --problems problems/*.jsonl --out REPORT.json
    python -m scripts.check_gold --problems P.jsonl [P.jsonl ...] --rules gsm8k=last_number --out REPORT.json

Each gold answer is put in a box and judged against itself by math-verify, without the short cut for equal strings.
A failure must be among the MISPRINTS of its data set (a file of micota/problems/datasets), else the check fails and
names it. They go by the row in the source, so that neither a data set's name in a study nor a limit matters.

The paper's rule rejects many golds as their sources write them (`raw_answer`), which caps the scores of an evaluation
that compares with those. It is counted on the raw golds and on ours; on a whole benchmark the raw count must be that
of its file, RAW_GOLDS. A file's name is its data set, whose rule the study gives, or `--rules`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from micota.common import contracts
from micota.common.cli import known, run
from micota.common.errors import DataError
from micota.common.records import write_json
from micota.grading.gold import misprint, rejected_golds, rule_counts
from micota.grading.grade import Judge
from micota.grading.settings import Grading
from micota.problems.settings import Rule
from micota.study.load import add_study_flag, study_of

SHOWN = 10  # rejected golds that the message names


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="problem records")
    parser.add_argument(
        "--rules", nargs="*", default=[], metavar="DATASET=RULE", help="the paper's rule, where it is not `string`"
    )
    parser.add_argument("--out", type=Path, required=True, help="counts by file, JSON")
    parser.add_argument("--workers", type=int, default=1, help="processes that judge answers")
    parser.add_argument("--timeout", type=float, help="seconds for one answer (default: the study's, or 10)")
    return parser.parse_args(argv)


def rules_of(flags: Sequence[str]) -> dict[str, Rule]:
    """The rules that are given by hand."""
    found: dict[str, Any] = {}
    for flag in flags:
        dataset, _, rule = flag.partition("=")
        known(rule, get_args(Rule), f"--rules {flag}")
        found[dataset] = rule
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Judge every gold answer, count, fail on an unexpected one."""
    args = parse_args(argv)
    study = study_of(args.study) if args.study else None
    rules = (study.rules if study else {}) | rules_of(args.rules)
    grading = study.config.grading if study else Grading()
    counts: dict[str, dict[str, Any]] = {}
    unexpected = []
    with Judge(args.workers, args.timeout or grading.timeout) as judge:
        for path in args.problems:
            problems = list(contracts.problems(path))
            rejected = rejected_golds(problems, judge)
            excepted = sum(misprint(problem) is not None for problem, _ in rejected)
            tally = {"accepted": len(problems) - len(rejected), "excepted": excepted}
            unexpected += [
                f"{problem['id']} ({problem['answer']!r}: {verdict})"
                for problem, verdict in rejected
                if misprint(problem) is None
            ]
            by_rule = rule_counts(problems, rules.get(path.stem, "string"))
            counts[str(path)] = {"dataset": path.stem, "problems": len(problems), **tally, **by_rule}
            print(f"{path}: {tally['accepted']} of {len(problems)} gold answers accepted; {by_rule}")
    if unexpected:
        raise DataError(
            f"the judge rejects {len(unexpected)} gold answers: {', '.join(unexpected[:SHOWN])}"
            + (", ..." if len(unexpected) > SHOWN else "")
        )
    for path, count in counts.items():
        if None not in (count["expected"], count["raw"]) and count["expected"] != count["raw"]:
            raise DataError(
                f"{path}: the {count['rule']} rule accepts {count['raw']} of its raw gold answers, not"
                f" {count['expected']}: the copy is another one, or writes its answers otherwise. If that is meant,"
                f" correct RAW_GOLDS in its file of micota/problems/datasets"
            )
    write_json(args.out, counts)


if __name__ == "__main__":
    run(main)

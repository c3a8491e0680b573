"""Before any score: does the judge accept every gold answer as the answer to its own problem?

    python -m scripts.check_gold --problems P.jsonl [P.jsonl ...] --out REPORT.json

Each gold answer is put in a box and judged against itself by math-verify, without the short cut for equal strings.
A failure must be among the committed exceptions, `{loader: {row: why}}`, else the check fails and names it. The row is
the index in the source, so that neither a data set's name in a study nor `--limit` matters.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from micota.answers import last_box, tidy_pair
from micota.cli import UserError, run
from micota.grading import DIFFERENT, EQUIVALENT, Judge
from micota.records import PROBLEM_FIELDS, read_json, read_jsonl, write_json

EXCEPTIONS = Path(__file__).parents[1] / "micota" / "datasets" / "gold_exceptions.json"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="problem records")
    parser.add_argument("--exceptions", type=Path, default=EXCEPTIONS, help="failures known and explained, JSON")
    parser.add_argument("--out", type=Path, required=True, help="counts by file, JSON")
    parser.add_argument("--workers", type=int, default=1, help="processes that judge answers")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one answer")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Judge every gold answer, count, fail on an unexpected one."""
    args = parse_args(argv)
    exceptions = read_json(args.exceptions)
    counts: dict[str, dict[str, int]] = {}
    unexpected = []
    with Judge(args.workers, args.timeout) as judge:
        for path in args.problems:
            problems = list(read_jsonl(path, PROBLEM_FIELDS))
            pairs = [tidy_pair(p["answer"], last_box(rf"\boxed{{{p['answer']}}}") or "") for p in problems]
            judge.judge(pair for pair in pairs if pair)
            tally = Counter(accepted=0, excepted=0)
            for problem, pair in zip(problems, pairs, strict=True):
                verdict = judge.memory[pair] if pair else DIFFERENT
                row = problem["id"].rpartition("/")[2]
                if verdict == EQUIVALENT:
                    tally["accepted"] += 1
                elif row in exceptions.get(problem["source"], {}):
                    tally["excepted"] += 1
                else:
                    unexpected.append(f"{problem['id']} ({problem['answer']!r}: {verdict})")
            counts[str(path)] = {"problems": len(problems), **tally}
            print(f"{path}: {tally['accepted']} of {len(problems)} gold answers accepted")
    if unexpected:
        raise UserError("the judge rejects the gold answer of " + ", ".join(unexpected))
    write_json(args.out, counts)


if __name__ == "__main__":
    run(main)

"""Write a study's graded traces for the viewers of other harnesses.

    python -m scripts.export --study results/mini/study.json --results results/mini --format lm-eval \\
        --out results/mini_lm-eval

`lm-eval` writes the samples of lm-evaluation-harness, `inspect` the logs of Inspect, which `inspect view` shows and
which need its package (`make export FORMAT=inspect` installs it beside .venv).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.exports import inspect_log, lm_eval
from micota.exports.answers import answers
from micota.study.load import add_study_flag, study_of

WRITERS = {"lm-eval": lm_eval.export, "inspect": inspect_log.export}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser, required=True)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--format", choices=WRITERS, required=True, help="whose viewers are to read it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, in the place of what is there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    count = WRITERS[args.format](answers(study_of(args.study), args.results), args.out)
    print(f"{args.out}: {count:,} answered problems, all models together, as {args.format} logs them")


if __name__ == "__main__":
    run(main)

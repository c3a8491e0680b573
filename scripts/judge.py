"""Let a judge model look at the boxes that the string rule rejects, on the benchmarks that are judged by that rule.

    python -m scripts.judge --study config/paper.yaml --model results/paper/models/qwen32b \\
        --problems results/paper/problems/math500.jsonl --graded results/paper/graded/qwen3b.jsonl --work work --out O
    python -m scripts.judge --name qwen32b --model models/qwen32b --problems math500.jsonl --graded student.jsonl \\
        --prompt-user 'Problem: {problem} Gold answer: {answer} Generated: {extracted} True or False?' \\
        --work work --out O

The files of problems say which benchmarks are judged. A record for each distinct answer to a problem, with the judge's
output; `correct` where it says "True". Killed and started again, it goes on after the last whole chunk in --work.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.errors import ConfigurationError
from micota.common.flags import add_flags, with_flags
from micota.models.prompts import Prompt
from micota.sampling.engine import Decoding, EngineSettings
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--name", help="the judge's name in the records")
    parser.add_argument("--model", type=Path, required=True, help="its folder")
    parser.add_argument("--max-tokens", type=int, help="length of its answer")
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="problems of the benchmarks to judge")
    parser.add_argument("--graded", type=Path, nargs="+", required=True, help="graded traces")
    parser.add_argument("--work", type=Path, required=True, help="folder of the verdicts so far")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True, help="the judge's verdicts")
    add_flags(parser, EngineSettings, "engine_")
    add_flags(parser, Prompt, "prompt_")
    return parser.parse_args(argv)


def asked(args: argparse.Namespace) -> tuple[str, Prompt, EngineSettings, int]:
    """Who judges, how it is asked, by which engine, and how long its answer may be."""
    name, prompt, engine, most = "judge", None, None, 20
    if args.study:
        study = study_of(args.study)
        if study.config.grading.judge is None:
            raise ConfigurationError(f"grading.judge: the study {study.config.study} asks for no judge")
        name, most = study.config.grading.judge.model, study.config.grading.judge.max_tokens
        prompt, engine = study.prompt(study.config.grading.judge.prompt), study.config.sampling.engine
    settings = with_flags(EngineSettings, engine, args, "engine_")
    return args.name or name, with_flags(Prompt, prompt, args, "prompt_"), settings, args.max_tokens or most


def main(argv: Sequence[str] | None = None) -> None:
    """Collect the answers, judge them, write, count."""
    args = parse_args(argv)
    require_gpus(args.gpus)
    name, prompt, settings, most = asked(args)
    from micota.common import contracts
    from micota.common.records import write_jsonl
    from micota.grading.llm_judge import LLMJudge, items, judge
    from micota.models.folders import check_folder
    from micota.models.tokenizer import load_tokenizer
    from micota.sampling.start import start_engine

    check_folder(args.model)
    problems = {row["id"]: row["problem"] for path in args.problems for row in contracts.problems(path)}
    benchmarks = [path.stem for path in args.problems]
    traces = (trace for path in args.graded for trace in contracts.graded(path, benchmarks))
    found = items(traces, problems, benchmarks)
    tokenizer = load_tokenizer(args.model)
    model = LLMJudge(name, args.model, tokenizer, prompt, settings, Decoding(max_tokens=most))
    verdicts = list(
        judge(found, model, lambda: start_engine(str(args.model), tokenizer, settings, args.threads), args.work)
    )
    write_jsonl(args.out, verdicts)
    right = sum(verdict["correct"] for verdict in verdicts)
    print(f"{args.out}: {len(verdicts)} answers judged, {right} of them right")


if __name__ == "__main__":
    run(main)

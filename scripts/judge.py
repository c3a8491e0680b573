"""Let a judge model look at the boxes that the string rule rejects, on the benchmarks that are judged by that rule.

    python -m scripts.judge --model results/paper/models/qwen32b --name qwen32b --engine '{"name": "vllm"}' \\
        --prompt '{"user": "Problem: {problem} Gold answer: {answer} Generated: {extracted} True or False?"}' \\
        --benchmarks '["math500"]' --problems math500.jsonl --graded student.jsonl base.jsonl --work work \\
        --out OUT.jsonl

A record for each distinct answer to a problem, with the judge's output; `correct` where it says "True". Killed and
started again, it goes on after the last whole chunk in --work.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import json_flag, run
from micota.common.devices import add_gpus_flag, require_gpus


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the judge's model folder")
    parser.add_argument("--name", required=True, help="its name in the records")
    parser.add_argument(
        "--prompt", type=json_flag, required=True, help="JSON: user, system, chat; see micota/models/prompts.py"
    )
    parser.add_argument("--max-tokens", type=int, default=20, help="length of its answer")
    parser.add_argument("--engine", type=json_flag, required=True, help="JSON: the engine and its settings")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON list of data sets to judge")
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="their problem records")
    parser.add_argument("--graded", type=Path, nargs="+", required=True, help="graded traces")
    parser.add_argument("--work", type=Path, required=True, help="folder of the verdicts so far")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True, help="the judge's verdicts")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Collect the answers, judge them, write, count."""
    args = parse_args(argv)
    require_gpus(args.gpus)
    from micota.common.records import GRADED_FIELDS, PROBLEM_FIELDS, read_jsonl, write_jsonl
    from micota.common.settings import checked
    from micota.grading.llm_judge import LLMJudge, items, judge
    from micota.models.folders import check_folder, load_tokenizer
    from micota.models.prompts import Prompt
    from micota.sampling.engine import EngineSettings
    from micota.sampling.start import start_engine

    check_folder(args.model)
    problems = {row["id"]: row["problem"] for path in args.problems for row in read_jsonl(path, PROBLEM_FIELDS)}
    traces = (trace for path in args.graded for trace in read_jsonl(path, GRADED_FIELDS))
    asked = items(traces, problems, args.benchmarks)
    settings = checked(EngineSettings, args.engine, "--engine")
    tokenizer = load_tokenizer(args.model)
    model = LLMJudge(args.name, args.model, tokenizer, Prompt(**args.prompt), settings, args.max_tokens)
    verdicts = list(
        judge(asked, model, lambda: start_engine(str(args.model), tokenizer, settings, args.threads), args.work)
    )
    write_jsonl(args.out, verdicts)
    right = sum(verdict["correct"] for verdict in verdicts)
    print(f"{args.out}: {len(verdicts)} answers judged, {right} of them right")


if __name__ == "__main__":
    run(main)

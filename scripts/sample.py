"""Sample a model on one shard of all its data sets.

    python -m scripts.sample --model results/mini/models/small --name small --engine '{"name": "transformers"}' \\
        --tasks '[{"dataset": "easy", "problems": "results/mini/problems/easy.jsonl", "prompt": {"user": "{problem}"},
                   "temperature": 0, "top_p": 1, "n": 1, "max_tokens": 512, "stop": [], "seed": 0}]' \\
        --shard 0 --shards 1 --work work --out traces.jsonl --meta traces.meta.json

--meta says how each data set was put to the model: template, system prompt, tokens, decoding. A tuned model that would
meet another prompt than it was trained on is an error, unless the task names a `deviation`.
Killed and started again, it goes on after the last whole chunk in --work.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from micota.common.cli import json_flag, run
from micota.common.devices import add_gpus_flag, require_gpus


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--name", required=True, help="the sampler's name in the records")
    parser.add_argument("--engine", type=json_flag, required=True)
    parser.add_argument("--tasks", type=json_flag, required=True)
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--meta", type=Path, help="how the traces were made, JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    from micota.common.records import write_json, write_jsonl
    from micota.common.settings import checked
    from micota.models.folders import check_folder, load_tokenizer
    from micota.sampling.engine import EngineSettings
    from micota.sampling.sample import Task, description, gather, sample
    from micota.sampling.start import start_engine

    check_folder(args.model)
    settings = checked(EngineSettings, args.engine, "--engine")
    tokenizer = load_tokenizer(args.model)
    tasks = [Task.from_record(task) for task in args.tasks]
    chunks = sample(
        tasks,
        args.name,
        args.model,
        tokenizer,
        settings,
        partial(start_engine, str(args.model), tokenizer, settings, args.threads),
        args.shard,
        args.shards,
        args.work,
    )
    print(f"{args.out}: {write_jsonl(args.out, gather(chunks))} traces")
    if args.meta:
        write_json(args.meta, description(tasks, args.name, tokenizer, settings))


if __name__ == "__main__":
    run(main)

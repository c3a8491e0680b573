"""Sample a model on one shard of all its data sets.

    python -m scripts.sample --study config/mini.yaml --sampler small --model results/mini/models/small \\
        --problems results/mini/problems/{one_step,two_steps}.jsonl --work work --out traces.jsonl --meta meta.json
    python -m scripts.sample --sampler small --model results/mini/models/small --problems easy.jsonl \\
        --prompt-user '{problem}' --max-tokens 512 --work work --out traces.jsonl

What is sampled, and how, is that of a model of the study: each file of problems is a data set of its name. Flags go
over it, and without a study they are all there is. --meta says how each data set was put to the model: template, system
prompt, tokens, decoding. A tuned model that would meet another prompt than it was trained on is an error, unless the
study names a deviation. Killed and started again, it goes on after the last whole chunk in --work.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from micota.common.cli import Parser, known, run
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.errors import ConfigurationError
from micota.common.flags import add_flags, with_flags
from micota.models.prompts import Prompt
from micota.sampling.engine import Decoding, EngineSettings, Task
from micota.study.load import add_study_flag, study_of
from micota.study.tasks import tasks


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--sampler", required=True, help="the model's name, in the study and in the records")
    parser.add_argument("--model", type=Path, required=True, help="its folder")
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="the data sets' problems, by file name")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, help="jobs that share the problems")
    parser.add_argument("--work", type=Path, required=True, help="folder of the chunks that are done")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True, help="the traces")
    parser.add_argument("--meta", type=Path, help="how the traces were made, JSON")
    add_flags(parser, EngineSettings, "engine_")
    add_flags(parser, Decoding)
    add_flags(parser, Prompt, "prompt_")
    return parser.parse_args(argv)


def asked(args: argparse.Namespace) -> tuple[list[Task], EngineSettings, int]:
    """What is sampled, by which engine, and in how many shards."""
    files = {path.stem: str(path) for path in args.problems}
    if args.study:
        study = study_of(args.study)
        known(args.sampler, study.models, "--sampler")
        found, engine, shards = tasks(study, args.sampler), study.config.sampling.engine, study.config.sampling.shards
        if missing := {task.problems for task in found} - files.keys():
            raise ConfigurationError(
                f"--problems: {args.sampler} samples {', '.join(sorted(missing))} too; name their files"
            )
        found = [
            task.but(
                problems=files[task.problems],
                prompt=with_flags(Prompt, task.prompt, args, "prompt_"),
                decoding=with_flags(Decoding, task.decoding, args),
            )
            for task in found
        ]
        return found, with_flags(EngineSettings, engine, args, "engine_"), args.shards or shards
    prompt, decoding = with_flags(Prompt, None, args, "prompt_"), with_flags(Decoding, None, args)
    found = [Task(dataset=n, problems=path, prompt=prompt, decoding=decoding) for n, path in files.items()]
    return found, with_flags(EngineSettings, None, args, "engine_"), args.shards or 1


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    found, settings, shards = asked(args)
    from micota.common.records import write_json, write_jsonl
    from micota.models.folders import check_folder
    from micota.models.tokenizer import load_tokenizer
    from micota.sampling.sample import Sampler, description, gather, sample
    from micota.sampling.start import start_engine

    check_folder(args.model)
    tokenizer = load_tokenizer(args.model)
    start = partial(start_engine, str(args.model), tokenizer, settings, args.threads)
    sampler = Sampler(args.sampler, args.model, tokenizer, settings, start)
    chunks, made_with = sample(found, sampler, args.shard, shards, args.work)
    print(f"{args.out}: {write_jsonl(args.out, gather(args.sampler, chunks))} traces")
    if args.meta:
        write_json(args.meta, description(found, sampler) | {"made_with": made_with})


if __name__ == "__main__":
    run(main)

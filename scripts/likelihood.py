"""Negative log-likelihood of each corpus under an untrained student.

    python -m scripts.likelihood --study config/mini.yaml --base small --model results/mini/models/small \\
        --corpora results/mini/corpora/{short,mid,long}.jsonl --work work --out results/mini/likelihood/small.jsonl
    python -m scripts.likelihood --base small --model results/mini/models/small --corpora short.jsonl mid.jsonl \\
        --prompt-user '{problem}' --work work --out small.jsonl

A file's name is its corpus. Prompt and dtype are those of the study; flags go over them. Each corpus is written to
--work when it is done: killed and started again, it goes on with the next one.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from micota.common.cli import Parser, run
from micota.common.contracts import corpus_rows
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.errors import DataError
from micota.common.flags import add_flags, with_flags
from micota.common.records import Record, read_jsonl, write_jsonl
from micota.common.stages import VERSIONS
from micota.models.prompts import Prompt
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--base", required=True, help="the model's name in the records")
    parser.add_argument("--model", type=Path, required=True, help="its folder")
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], help="of the computation (default: float32)")
    parser.add_argument("--batch-size", type=int, help="traces computed at a time (default: 32)")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder of the corpora that are done")
    parser.add_argument("--out", type=Path, required=True)
    add_flags(parser, Prompt, "prompt_")
    return parser.parse_args(argv)


def asked(args: argparse.Namespace) -> tuple[Prompt, str, int]:
    """Prompt, dtype and size of the batches: those of the study, and the flags over them."""
    prompt, dtype, batch_size = None, "float32", 32
    if args.study:
        study = study_of(args.study)
        block, dtype = study.config.likelihood, study.config.sampling.engine.dtype
        prompt, batch_size = study.prompt(block.prompt), block.batch_size
    return with_flags(Prompt, prompt, args, "prompt_"), args.dtype or dtype, args.batch_size or batch_size


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    prompt, dtype, batch_size = asked(args)
    import torch

    from micota.common.locks import hold
    from micota.common.seals import file_hash
    from micota.models.fingerprint import portable
    from micota.models.folders import attention, check_folder, model_hash
    from micota.models.likelihood import trace_nll
    from micota.models.loading import load_model
    from micota.models.tokenizer import load_tokenizer

    torch.set_num_threads(args.threads)
    hold(args.out)
    check_folder(args.model)
    tokenizer = load_tokenizer(args.model)
    how = {"dtype": getattr(torch, dtype), "attn_implementation": attention(args.model)}
    model = load_model(args.model, **how)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    shaped_by = [VERSIONS["likelihood"], args.base, model_hash(args.model), prompt.model_dump(), dtype, portable()]

    def rows(path: Path) -> Iterator[Record]:
        traces = list(corpus_rows(path))
        for row in trace_nll(model, tokenizer, prompt, traces, batch_size):
            yield {"model": args.base, "corpus": path.stem, **row}

    done = []
    for path in args.corpora:
        done.append(args.work / f"{key([*shaped_by, path.stem, file_hash(path)])}.jsonl")
        if not done[-1].exists():
            print(f"{path.stem}: {write_jsonl(done[-1], rows(path))} traces", flush=True)
    print(f"{args.out}: {write_jsonl(args.out, chain.from_iterable(map(finished, done, args.corpora)))} traces")


def finished(path: Path, corpus: Path) -> list[Record]:
    """The rows of a finished corpus; UserError if the file lost some (a machine that lost power)."""
    rows, traces = list(read_jsonl(path)), sum(1 for _ in read_jsonl(corpus))
    if len(rows) != traces:
        raise DataError(
            f"{path}: holds the likelihoods of {len(rows)} traces of {traces}, so it was damaged after it was written;"
            " remove it and run again"
        )
    return rows


def key(shaped_by: list[Any]) -> str:
    """The name of a corpus' file: a hash of all that its numbers depend on, but the size of the batches."""
    return hashlib.sha256(json.dumps(shaped_by, sort_keys=True).encode()).hexdigest()[:24]


if __name__ == "__main__":
    run(main)

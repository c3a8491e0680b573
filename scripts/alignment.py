"""Negative log-likelihood of each corpus under an untrained student.

    python -m scripts.alignment --model results/mini/models/small --name small \\
        --corpora short=results/mini/corpora/short.jsonl mid=results/mini/corpora/mid.jsonl \\
        --prompt '{"user": "{problem}"}' --work work --out results/mini/alignment/small.jsonl

Each corpus is written to --work when it is done: killed and started again, it goes on with the next one.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from micota.common.cli import UserError, json_flag, run
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.records import CORPUS_FIELDS, Record, read_jsonl, write_jsonl
from scripts.corpus import named_path

STAGE_VERSION = 2  # raise when micota.models.likelihood's results change: it is part of every finished corpus' key


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--name", required=True, help="the model's name in the records")
    parser.add_argument("--corpora", type=named_path, nargs="+", required=True, help="corpus=path")
    parser.add_argument("--prompt", type=json_flag, required=True)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder of the corpora that are done")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    import torch
    from transformers import AutoModelForCausalLM

    from micota.models.fingerprint import portable
    from micota.models.folders import attention, check_folder, file_hash, load_tokenizer, model_hash
    from micota.models.likelihood import trace_nll
    from micota.models.prompts import Prompt

    torch.set_num_threads(args.threads)
    check_folder(args.model)
    tokenizer = load_tokenizer(args.model)
    how = {"dtype": getattr(torch, args.dtype), "attn_implementation": attention(args.model)}
    model = AutoModelForCausalLM.from_pretrained(args.model, use_safetensors=True, **how)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    shaped_by = [STAGE_VERSION, args.name, model_hash(args.model), args.prompt, args.dtype, portable()]

    def rows(corpus: str, path: Path) -> Iterator[Record]:
        traces = list(read_jsonl(path, CORPUS_FIELDS))
        for row in trace_nll(model, tokenizer, Prompt(**args.prompt), traces, args.batch_size):
            yield {"model": args.name, "corpus": corpus, **row}

    done = []
    for corpus, path in args.corpora:
        done.append(args.work / f"{key([*shaped_by, corpus, file_hash(path)])}.jsonl")
        if not done[-1].exists():
            print(f"{corpus}: {write_jsonl(done[-1], rows(corpus, path))} traces", flush=True)
    paths = [path for _, path in args.corpora]
    print(f"{args.out}: {write_jsonl(args.out, chain.from_iterable(map(finished, done, paths)))} traces")


def finished(path: Path, corpus: Path) -> list[Record]:
    """The rows of a finished corpus; UserError if the file lost some (a machine that lost power)."""
    rows, traces = list(read_jsonl(path)), sum(1 for _ in read_jsonl(corpus))
    if len(rows) != traces:
        raise UserError(
            f"{path}: holds the likelihoods of {len(rows)} traces of {traces}, so it was damaged after it was written;"
            " remove it and run again"
        )
    return rows


def key(shaped_by: list[Any]) -> str:
    """The name of a corpus' file: a hash of all that its numbers depend on, but the size of the batches."""
    return hashlib.sha256(json.dumps(shaped_by, sort_keys=True).encode()).hexdigest()[:24]


if __name__ == "__main__":
    run(main)

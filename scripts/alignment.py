"""Negative log-likelihood of each corpus under an untrained student.

    python -m scripts.alignment --model results/mini/models/small --name small \\
        --corpora short=results/mini/corpora/short.jsonl mid=results/mini/corpora/mid.jsonl \\
        --prompt '{"user": "{problem}"}' --out results/mini/alignment/small.jsonl
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from micota.cli import json_flag, run
from micota.devices import add_gpus_flag, require_gpus
from micota.records import CORPUS_FIELDS, Record, read_jsonl, write_jsonl
from scripts.corpus import named_path


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
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    import torch
    from transformers import AutoModelForCausalLM

    from micota.alignment import trace_nll
    from micota.models import check_folder, load_tokenizer
    from micota.prompts import Prompt

    torch.set_num_threads(args.threads)
    check_folder(args.model)
    tokenizer = load_tokenizer(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=getattr(torch, args.dtype), use_safetensors=True)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    def rows() -> Iterator[Record]:
        for corpus, path in args.corpora:
            traces = list(read_jsonl(path, CORPUS_FIELDS))
            for row in trace_nll(model, tokenizer, Prompt(**args.prompt), traces, args.batch_size):
                yield {"model": args.name, "corpus": corpus, **row}

    print(f"{args.out}: {write_jsonl(args.out, rows())} traces")


if __name__ == "__main__":
    run(main)

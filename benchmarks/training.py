"""How fast models are trained, against TRL's defaults and LLaMA-Factory.

    python -m benchmarks.training compare --base reference/mini/bases/medium --rows 2000 --rounds 3 \\
        --llamafactory .venv-llamafactory

compare: the same model, corpus, batch size, learning rate, schedule and epochs, each as a process of its own. Tokens a
    second are those of the corpus (no padding) over the trainer's own `train_runtime`; beside them the loss on rows
    that none has seen: a faster trainer that learns less is not faster. Other settings are each program's defaults.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Runs, Usage, interleave, report, run_command, spread
from benchmarks.sampling import PROMPT
from micota.common.cli import run
from micota.common.contracts import CORPUS_ROW
from micota.common.flags import as_flags
from micota.common.records import Record, read_jsonl, write_json, write_jsonl
from micota.problems.arithmetic import demonstrations

RUNTIME = re.compile(r"'train_runtime': '?([\d.]+)")  # printed by transformers' Trainer, whoever drives it
LLAMAFACTORY = "llamafactory-cli"
NUMBERS = count()


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MAINS)
    parser.add_argument("--base", type=Path, default=Path("reference/mini/bases/medium"))
    parser.add_argument("--rows", type=int, default=2000, help="rows of the corpus")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--llamafactory", type=Path, help="its environment; without it, it is not measured")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--recipe", type=json.loads, default={}, help="changes to our recipe, JSON")
    parser.add_argument("--out", type=Path, help="JSON with every single run")
    # Of the process that `compare` starts for TRL's defaults.
    for name in ("--corpus", "--model-out", "--settings"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def corpus(seed: int, rows: int) -> Iterator[Record]:
    """CoT of all lengths, as the miniature's bases have read it."""
    rows_of = demonstrations(rows, seed, range(2, 8), 299, verbose_share=0.55, verbosity=(0.0, 1.0))
    return ({**row, "n_tokens": 0} for row in rows_of)  # nobody looks at it here


def token_count(tokenizer: Any, rows: Iterable[Record]) -> int:
    """Tokens of the rows as our trainer sees them, prompts included: every contender is held to the same number."""
    from micota.models.prompts import Prompt, render

    prompt = Prompt(**PROMPT)
    return sum(len(render(tokenizer, prompt, row["problem"], row["completion"]).input_ids) for row in rows)


def held_out_loss(folder: Path, rows: list[Record]) -> float:
    """Nats a token on rows that nobody was trained on, by micota.models.likelihood."""
    import torch
    from transformers import AutoModelForCausalLM

    from micota.models.likelihood import trace_nll
    from micota.models.prompts import Prompt
    from micota.models.tokenizer import load_tokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval()
    found = trace_nll(model, load_tokenizer(folder), Prompt(**PROMPT), rows, 64)
    return float(sum(row["nll"] for row in found) / sum(row["n_tokens"] for row in found))


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Ours, its other ways to make batches, TRL's defaults, these in float32, LLaMA-Factory."""
    from micota.models.tokenizer import load_tokenizer

    path, unseen = folder / "corpus.jsonl", list(corpus(8, 300))
    write_jsonl(path, corpus(7, args.rows))
    tokens = token_count(load_tokenizer(args.base), read_jsonl(path, CORPUS_ROW))
    # What all are told; names of transformers' TrainingArguments.
    told = {"num_train_epochs": 1, "learning_rate": 3e-4, "lr_scheduler_type": "cosine", "seed": 0}
    told |= {"per_device_train_batch_size": args.batch_size}

    def measured(command: Sequence[str], out: Path, extra: Mapping[str, str] | None = None) -> Usage:
        log = out.with_suffix(".log")
        used = run_command(command, log, {"OMP_NUM_THREADS": str(args.threads), **(extra or {})})
        if not (found := RUNTIME.findall(log.read_text(encoding="utf-8", errors="replace"))):
            raise RuntimeError(f"{log}: no train_runtime")
        notes = {"training": float(found[-1]), "loss": held_out_loss(out, unseen)}
        return replace(used, amount=float(tokens), notes=notes)

    def ours(**changes: Any) -> Usage:
        out = folder / f"ours-{next(NUMBERS)}"
        recipe = {"epochs": 1, "learning_rate": 3e-4, "batch_size": args.batch_size, "max_length": 1024}
        recipe |= {**args.recipe, **changes}
        command = [sys.executable, "-m", "scripts.train", "--base", str(args.base), "--corpus", str(path)]
        command += [*as_flags(recipe), *as_flags(PROMPT, "prompt_"), "--work", str(folder / "work")]
        return measured([*command, "--threads", str(args.threads), "--out", str(out)], out)

    def trl(settings: Mapping[str, Any]) -> Usage:
        out = folder / f"trl-{next(NUMBERS)}"
        command = [sys.executable, "-m", "benchmarks.training", "trl", "--base", str(args.base), "--corpus", str(path)]
        command += ["--settings", json.dumps({**told, **settings}), "--model-out", str(out)]
        return measured([*command, "--threads", str(args.threads)], out)

    def llamafactory() -> Usage:
        out = folder / f"llamafactory-{next(NUMBERS)}"
        data = write_llamafactory_data(path, folder / "data")
        settings = {"model_name_or_path": str(args.base), "stage": "sft", "do_train": True, "finetuning_type": "full"}
        settings |= {"dataset_dir": str(data), "dataset": "corpus", "template": "chatml", "cutoff_len": 1024}
        settings |= {"output_dir": str(out), "report_to": "none", "disable_tqdm": True, "use_cpu": not on_gpu(), **told}
        write_json(out.with_suffix(".yaml"), settings)  # JSON is YAML
        command = [str(args.llamafactory / "bin" / LLAMAFACTORY), "train", str(out.with_suffix(".yaml"))]
        return measured(command, out, {"DISABLE_VERSION_CHECK": "1"})

    packed = max(1, round(args.batch_size * tokens / args.rows / 1024))  # rows with about as many tokens as a batch
    contenders: dict[str, Callable[[], Usage]] = {
        "ours": ours,
        "ours, batches in random order": lambda: ours(bucketed=False),
        f"ours, packed to {packed} x 1024 tokens": lambda: ours(packing=True, batch_size=packed),
        "TRL's defaults": lambda: trl({}),
        "TRL's defaults, float32": lambda: trl({"bf16": False}),
    }
    if args.llamafactory:
        contenders["LLaMA-Factory"] = llamafactory
    runs = interleave(contenders, args.rounds)
    title = f"Training {args.base} on {args.rows} rows ({tokens} tokens), batches of {args.batch_size}"
    report(f"{title}: whole processes, start included", runs, "ours", "tokens", args.out)
    print(f"\nTraining alone\n\n{losses(runs)}")
    if not args.llamafactory:
        print("LLaMA-Factory: not measured (no --llamafactory)")


def losses(runs: Runs) -> str:
    """Tokens a second of training alone, and the loss on unseen rows."""
    lines = ["| contender | tokens a second | times ours | nats a token, unseen rows |", "|---|---:|---:|---:|"]
    rates = {name: [usage.amount / usage.notes["training"] for usage in usages] for name, usages in runs.items()}
    for name, usages in runs.items():
        times = [one / other for one, other in zip(rates[name], rates["ours"], strict=True)]
        loss = median(usage.notes["loss"] for usage in usages)
        lines.append(f"| {name} | {median(rates[name]):.0f} | {spread(times)} | {loss:.4f} |")
    return "\n".join(lines)


def on_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def write_llamafactory_data(path: Path, folder: Path) -> Path:
    """The corpus in LLaMA-Factory's format ("alpaca")."""
    columns = {"prompt": "problem", "response": "completion"}
    write_json(folder / "dataset_info.json", {"corpus": {"file_name": "corpus.jsonl", "columns": columns}})
    kept = ({name: row[name] for name in columns.values()} for row in read_jsonl(path, CORPUS_ROW))
    write_jsonl(folder / "corpus.jsonl", kept)
    return folder


def trl_main(args: argparse.Namespace, _: Path) -> None:
    """SFTTrainer on messages, told nothing but what all contenders are told: in a process of its own."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from micota.models.tokenizer import load_tokenizer

    torch.set_num_threads(args.threads)
    rows = [
        {
            "prompt": [{"role": "user", "content": row["problem"]}],
            "completion": [{"role": "assistant", "content": row["completion"]}],
        }
        for row in read_jsonl(args.corpus, CORPUS_ROW)
    ]
    config = SFTConfig(
        output_dir=args.model_out,
        disable_tqdm=True,
        report_to="none",
        use_cpu=not on_gpu(),
        **json.loads(args.settings),
    )
    trainer = SFTTrainer(
        model=str(args.base),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=load_tokenizer(args.base),
    )
    trainer.train()
    trainer.save_model(args.model_out)


MAINS = {"compare": compare, "trl": trl_main}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of them."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        MAINS[args.what](args, Path(folder))


if __name__ == "__main__":
    run(main)

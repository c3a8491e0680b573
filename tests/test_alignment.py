"""The negative log-likelihood of a trace is that of its completion's tokens, whatever the batch it came in."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from micota.alignment import trace_nll
from micota.models import load_tokenizer
from micota.prompts import Prompt, render
from micota.records import read_jsonl, write_jsonl
from scripts import alignment as script
from tests.tiny import PROMPT, corpus, write_model

ROWS = 5
SYSTEM = Prompt("Solve {problem}", system="Hi")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def by_hand(model: Any, ids: list[int], prompt_length: int) -> float:
    """The sum over the completion's tokens of -log p(token | all tokens before it), one prefix at a time."""
    import torch

    total = 0.0
    for position in range(prompt_length, len(ids)):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids[:position]])).logits[0, -1].double()
        total -= float(logits[ids[position]] - torch.logsumexp(logits, dim=0))
    return total


@pytest.fixture(scope="module")
def sums(folder: Path, model: Any) -> list[tuple[float, int]]:
    """By hand: negative log-likelihood and tokens of each row."""
    tokenizer = load_tokenizer(folder)
    found = [render(tokenizer, SYSTEM, row["problem"], row["completion"]) for row in corpus(ROWS)]
    return [(by_hand(model, r.input_ids, len(r.prompt_ids)), len(r.input_ids) - len(r.prompt_ids)) for r in found]


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_the_sum_is_the_one_by_hand(folder: Path, model: Any, sums: list[tuple[float, int]], batch_size: int) -> None:
    found = trace_nll(model, load_tokenizer(folder), SYSTEM, corpus(ROWS), batch_size)
    assert [row["id"] for row in found] == [row["id"] for row in corpus(ROWS)]
    for row, (nll, tokens) in zip(found, sums, strict=True):
        assert row["n_tokens"] == tokens
        assert math.isclose(row["nll"], nll, rel_tol=1e-5)


def test_the_script_names_corpus_and_model(folder: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "short.jsonl", corpus(2))
    write_jsonl(tmp_path / "mid.jsonl", corpus(3))
    arguments = [
        "--model",
        str(folder),
        "--name",
        "small",
        "--prompt",
        json.dumps(PROMPT),
        "--out",
        str(tmp_path / "nll.jsonl"),
    ]
    script.main([*arguments, "--corpora", f"short={tmp_path}/short.jsonl", f"mid={tmp_path}/mid.jsonl"])
    rows = list(read_jsonl(tmp_path / "nll.jsonl", ["model", "corpus", "id", "sample", "nll", "n_tokens"]))
    assert [(row["model"], row["corpus"]) for row in rows] == [("small", "short")] * 2 + [("small", "mid")] * 3
    assert rows[0]["nll"] == pytest.approx(rows[2]["nll"], rel=1e-5)  # the same trace
    assert rows[0]["nll"] > 0

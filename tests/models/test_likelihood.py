"""The negative log-likelihood of a trace is that of its completion's tokens, whatever the batch it came in."""

import math
from pathlib import Path
from typing import Any

import pytest

from micota.common.contracts import likelihoods
from micota.common.errors import UserError
from micota.common.records import read_jsonl, write_jsonl
from micota.models import likelihood
from micota.models.likelihood import trace_nll
from micota.models.prompts import Prompt, render
from micota.models.tokenizer import load_tokenizer
from scripts import likelihood as script
from tests.tiny import NARROW, PROMPT, corpus, write_kind, write_model

ROWS = 5
SYSTEM = Prompt(user="Solve {problem}", system="Hi")


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


def ranks_by_hand(model: Any, ids: list[int], prompt_length: int) -> list[int]:
    """The place of each of the completion's tokens among all of the vocabulary, sorted; the first one of equals.

    The tiny model has many: the rows that its vocabulary is filled up with.
    """
    import torch

    found = []
    for position in range(prompt_length, len(ids)):
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids[:position]])).logits[0, -1]
        found.append(sorted(logits.tolist(), reverse=True).index(float(logits[ids[position]])) + 1)
    return found


@pytest.mark.parametrize("limit", [100, 3])
def test_ranks_are_those_by_hand_each_clipped(
    folder: Path, model: Any, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(likelihood, "RANK_LIMIT", limit)
    monkeypatch.setattr(likelihood, "POSITIONS", 7)
    tokenizer = load_tokenizer(folder)
    found = trace_nll(model, tokenizer, SYSTEM, corpus(ROWS), 3)
    rendered = [render(tokenizer, SYSTEM, row["problem"], row["completion"]) for row in corpus(ROWS)]
    ranks = [ranks_by_hand(model, r.input_ids, len(r.prompt_ids)) for r in rendered]
    assert max(map(max, ranks)) > 3
    assert [row["rank_sum"] for row in found] == [sum(min(rank, limit) for rank in own) for own in ranks]


def test_tokens_that_tie_have_the_best_rank_of_them() -> None:
    import torch

    logits = torch.tensor([[1.0, 3.0, 3.0, 0.0], [2.0, 1.0, 1.0, 1.0], [9.0, 9.0, 9.0, 9.0]])
    for label, rank in ((1, 1), (2, 1), (0, 3), (3, 4)):
        assert likelihood.row_sums(logits, torch.tensor([-100, label, -100]))[1] == rank


def test_a_sum_of_ranks_below_that_of_likeliest_tokens_is_refused(tmp_path: Path) -> None:
    row = {"model": "m", "corpus": "short", "id": "train/0", "sample": 0, "nll": 1.0, "n_tokens": 5}
    write_jsonl(tmp_path / "m.jsonl", [row, row | {"sample": 1, "rank_sum": 5}])
    assert [found.get("rank_sum") for found in likelihoods(tmp_path / "m.jsonl")] == [None, 5], "of old logs, and new"
    for wrong in (4, 5.5, None, "7"):
        write_jsonl(tmp_path / "m.jsonl", [row | {"rank_sum": wrong}])
        with pytest.raises(UserError, match=r"m\.jsonl:1: `rank_sum` is .* 5 or more"):
            list(likelihoods(tmp_path / "m.jsonl"))


def test_the_script_names_corpus_and_model(folder: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "short.jsonl", corpus(2))
    write_jsonl(tmp_path / "mid.jsonl", corpus(3))
    arguments = [
        "--model",
        str(folder),
        "--base",
        "small",
        "--prompt-user",
        PROMPT["user"],
        "--work",
        str(tmp_path / "work"),
        "--out",
        str(tmp_path / "nll.jsonl"),
    ]
    script.main([*arguments, "--corpora", f"{tmp_path}/short.jsonl", f"{tmp_path}/mid.jsonl"])
    rows = list(read_jsonl(tmp_path / "nll.jsonl", ["model", "corpus", "id", "sample", "nll", "n_tokens"]))
    assert [(row["model"], row["corpus"]) for row in rows] == [("small", "short")] * 2 + [("small", "mid")] * 3
    assert rows[0]["nll"] == pytest.approx(rows[2]["nll"], rel=1e-5)  # the same trace
    assert rows[0]["nll"] > 0


def test_no_end_token_is_scored_after_a_trace_that_was_cut_off(folder: Path, model: Any) -> None:
    tokenizer = load_tokenizer(folder)
    row = corpus(1)[0]
    whole, cut = trace_nll(model, tokenizer, SYSTEM, [row, row | {"truncated": True}], 2)
    rendered = render(tokenizer, SYSTEM, row["problem"], row["completion"])
    start = len(rendered.prompt_ids)
    assert whole["n_tokens"] == cut["n_tokens"] + 1
    assert math.isclose(cut["nll"], by_hand(model, rendered.input_ids[:-1], start), rel_tol=1e-5)
    assert math.isclose(
        whole["nll"] - cut["nll"], by_hand(model, rendered.input_ids, len(rendered.input_ids) - 1), rel_tol=1e-4
    )


def test_the_sum_is_the_same_however_many_logits_are_looked_at_together(
    folder: Path, model: Any, sums: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for positions in (1, 7, 10_000):
        monkeypatch.setattr(likelihood, "POSITIONS", positions)
        found = trace_nll(model, load_tokenizer(folder), SYSTEM, corpus(ROWS), 3)
        assert [row["nll"] for row in found] == pytest.approx([nll for nll, _ in sums], rel=1e-5)


def test_a_killed_job_goes_on_with_the_next_corpus(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in (("short", 2), ("mid", 3)):
        write_jsonl(tmp_path / f"{name}.jsonl", corpus(count))
    line = ["--model", str(folder), "--base", "small", "--prompt-user", "{problem}", "--work", str(tmp_path / "w")]
    line += ["--corpora", f"{tmp_path}/short.jsonl", f"{tmp_path}/mid.jsonl", "--out", str(tmp_path / "nll")]
    scored: list[int] = []
    real = likelihood.trace_nll

    def dies_at_the_second(*args: Any) -> Any:
        scored.append(len(args[3]))
        if scored == [2, 3]:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(likelihood, "trace_nll", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        script.main(line)
    script.main(line)
    assert scored == [2, 3, 3]  # the first one is not read again
    assert len(list(read_jsonl(tmp_path / "nll"))) == 5
    write_jsonl(tmp_path / "short.jsonl", corpus(4))
    script.main(line)
    assert scored == [2, 3, 3, 4]  # another corpus under the same name is
    done = next(path for path in (tmp_path / "w").iterdir() if len(path.read_text().splitlines()) == 3)
    done.write_text("".join(done.read_text().splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.raises(UserError, match=r"2 traces of 3, .* remove it"):
        script.main(line)


def test_the_attentions_soft_cap_counts(tmp_path: Path) -> None:
    """Gemma 2 caps its attention's logits; sdpa, the usual way to compute it, leaves that out in silence."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = write_kind(
        tmp_path / "m", "gemma2", **NARROW, head_dim=8, attn_logit_softcapping=0.1, initializer_range=1.0
    )
    write_jsonl(tmp_path / "corpus.jsonl", corpus(2))
    arguments = ["--model", str(folder), "--base", "m", "--corpora", str(tmp_path / "corpus.jsonl")]
    script.main([*arguments, "--prompt-user", "{problem}", "--work", str(tmp_path), "--out", str(tmp_path / "out")])
    found = [row["nll"] for row in read_jsonl(tmp_path / "out")]
    tokenizer = load_tokenizer(folder)
    rendered = [render(tokenizer, Prompt(**PROMPT), row["problem"], row["completion"]) for row in corpus(2)]
    by_way = {}
    for way in ("eager", "sdpa"):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=way).eval()
        by_way[way] = [by_hand(model, one.input_ids, len(one.prompt_ids)) for one in rendered]
    assert found == pytest.approx(by_way["eager"], abs=1e-3)
    assert found != pytest.approx(by_way["sdpa"], abs=1e-1)

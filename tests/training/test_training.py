"""The trainer that every model gets: what it learns from, and that it repeats itself."""

import random
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.common.records import read_json, write_json, write_jsonl
from micota.models.likelihood import trace_nll
from micota.models.prompts import IGNORED, Prompt, render, rendering
from micota.models.tokenizer import load_tokenizer
from micota.problems.arithmetic import demonstrations
from micota.training import trainer
from micota.training.rows import bucketed_order, training_rows
from micota.training.settings import TrainingSettings
from scripts import train as script
from tests.tiny import NARROW, corpus, same_weights, weights, write_kind
from tests.trained import CHAT, SETTINGS, STEPS, arguments, rows_of, train


@pytest.fixture(scope="module")
def unbroken(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert train(base, folder)["steps"] == STEPS
    return folder / "out"


# --- rows -------------------------------------------------------------------------------------------------------------


def test_rows_too_long_are_dropped_with_a_count_and_never_cut(base: Path) -> None:
    tokenizer = load_tokenizer(base)
    whole = [render(tokenizer, CHAT, row["problem"], row["completion"]).input_ids for row in corpus(9)]
    limit = sorted(map(len, whole))[4]
    rows = rows_of(base, SETTINGS.but(max_length=limit), 9)
    assert [row["input_ids"] for row in rows.rows] == [ids for ids in whole if len(ids) <= limit]
    assert all(row["input_ids"][-1] == row["labels"][-1] == tokenizer.eos_token_id for row in rows.rows)
    assert rows.counts["read"] == 9 == rows.counts["kept"] + rows.counts["too_long"]
    assert rows.counts["too_long"] > 0


def test_more_rows_than_asked_for_are_counted_too(base: Path) -> None:
    rows = rows_of(base, SETTINGS.but(max_examples=5), 9)
    assert len(rows.rows) == 5
    assert rows.counts == {"read": 9, "kept": 5, "too_long": 0, "over_max_examples": 4}


@pytest.mark.parametrize(("count", "message"), [(3, r"'read': 3, 'kept': 0, 'too_long': 3"), (0, "the file is empty")])
def test_nothing_to_train_on_is_an_error_with_the_counts(base: Path, tmp_path: Path, count: int, message: str) -> None:
    write_jsonl(tmp_path / "corpus.jsonl", corpus(count))
    with pytest.raises(UserError, match=message):
        script.main(arguments(base, tmp_path, SETTINGS.but(max_length=8)))
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.jsonl"]


# --- weights ----------------------------------------------------------------------------------------------------------


def test_the_script_delivers_a_model_and_how_it_was_made(base: Path, unbroken: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "corpus.jsonl", corpus(16))
    script.main(arguments(base, tmp_path, SETTINGS))
    assert same_weights(tmp_path / "out", unbroken)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "micota.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".pkl"))]
    made = read_json(tmp_path / "out" / "micota.json")
    assert (made["kind"], made["seed"], made["counts"]["kept"], made["steps"]) == ("tuned", 0, 16, STEPS)
    assert made["rendering"] == rendering(load_tokenizer(tmp_path / "out"), Prompt(**made["prompt"]))
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.jsonl", "work", "out"}
    assert list((tmp_path / "work").iterdir()) == []


def test_training_changes_every_weight_and_makes_the_corpus_likelier(base: Path, unbroken: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    def nll(folder: Path) -> float:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        return sum(row["nll"] for row in trace_nll(model, load_tokenizer(base), CHAT, corpus(16), 8))

    before, after = weights(base), weights(unbroken)
    assert before.keys() == after.keys()
    assert [name for name in before if bool((before[name] == after[name]).all())] == []
    assert nll(unbroken) < 0.7 * nll(base)


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides_the_weights(base: Path, unbroken: Path, tmp_path: Path, seed: int, same: bool) -> None:
    train(base, tmp_path, seed=seed)
    assert same_weights(tmp_path / "out", unbroken) == same


def test_bfloat16_is_how_a_model_is_computed_and_delivered(base: Path, unbroken: Path, tmp_path: Path) -> None:
    """Its master weights stay float32: an update of one part in a thousand is lost on a bfloat16 weight."""
    import torch

    train(base, tmp_path, SETTINGS.but(dtype="bfloat16", learning_rate=1e-4))
    moved, start = weights(tmp_path / "out"), weights(base)
    assert {tensor.dtype for tensor in moved.values()} == {torch.bfloat16}
    name = "model.layers.0.mlp.up_proj.weight"
    assert bool((moved[name] != start[name].bfloat16()).any())


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=300),
    batch_size=st.integers(1, 8),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_buckets_hold_every_row_once_an_epoch(lengths: list[int], batch_size: int, epochs: int, seed: int) -> None:
    order = bucketed_order(lengths, batch_size, epochs, seed)
    assert sorted(order) == sorted(list(range(len(lengths))) * epochs)
    assert order == bucketed_order(lengths, batch_size, epochs, seed)
    full = len(lengths) // batch_size * batch_size
    for epoch in range(epochs):  # the rows that fill no batch come after all epochs
        passed = order[epoch * full : (epoch + 1) * full]
        assert len(set(passed)) == full


def test_buckets_are_even_and_in_no_order_of_length() -> None:
    lengths = [random.Random(i).randint(1, 500) for i in range(400)]
    order = bucketed_order(lengths, 8, 1, 0)
    batches = [[lengths[i] for i in order[start : start + 8]] for start in range(0, 400, 8)]
    assert sum(max(batch) - min(batch) for batch in batches) / len(batches) < 25
    means = [sum(batch) for batch in batches]
    assert means != sorted(means)
    assert means != sorted(means, reverse=True)
    rises = sum(a < b for a, b in pairwise(means))
    assert 15 < rises < 35


@pytest.mark.parametrize(
    ("setting", "package"),
    [({"attention": "flash_attention_2"}, "flash-attn"), ({"liger_kernel": True}, "liger-kernel")],
)
def test_a_missing_package_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: dict[str, Any], package: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"{next(iter(setting))}: .*needs the package {package}, .*install"):
        script.main(arguments(tmp_path / "none", tmp_path, SETTINGS.but(**setting)))


# --- packing ----------------------------------------------------------------------------------------------------------


class Seen(Exception):
    """Ends a training after its first forward pass."""


def first_step(base: Path, folder: Path, settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the trainer itself feeds the model first, the hidden states it gets, and the loss it makes of them."""
    from trl import SFTTrainer

    captured: dict[str, Any] = {}
    step = SFTTrainer.training_step

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        def keep(_: Any, __: Any, inputs: dict[str, Any], output: Any) -> None:
            captured.update(inputs, hidden=output.last_hidden_state.detach())

        self.model.model.register_forward_hook(keep, with_kwargs=True)
        captured.update(loss=float(step(self, *args, **kwargs)), model=self.model)
        raise Seen

    monkeypatch.setattr(SFTTrainer, "training_step", watched)
    with pytest.raises(Seen):
        train(base, folder, settings)
    return captured


def documents_of(seen: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
    """Token ids and hidden states of every document of a batch, packed into one row or padded."""
    import torch

    if seen.get("attention_mask") is None:
        starts = [*torch.where(seen["position_ids"][0] == 0)[0].tolist(), seen["input_ids"].shape[1]]
        assert seen["input_ids"].shape[0] == 1
        places = [(0, slice(a, b)) for a, b in pairwise(starts)]
    else:
        places = [(row, slice(0, int(mask.sum()))) for row, mask in enumerate(seen["attention_mask"])]
    return [(tuple(seen["input_ids"][row, span].tolist()), seen["hidden"][row, span]) for row, span in places]


@pytest.mark.parametrize("packing", [True, False])
def test_documents_of_a_batch_do_not_see_each_other(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: bool
) -> None:
    """Logits of each document in what the trainer feeds the model, against the document alone."""
    import torch

    settings = SETTINGS.but(packing=packing, max_length=128, batch_size=8)
    seen = first_step(base, tmp_path, settings, monkeypatch)
    documents = documents_of(seen)
    rows = {tuple(row["input_ids"]): row for row in rows_of(base, settings).rows}
    assert {ids for ids, _ in documents} <= rows.keys()  # none is cut
    assert len(documents) == (len(rows) if packing else settings.batch_size)
    nll, tokens = 0.0, 0
    for ids, hidden in documents:
        with torch.inference_mode():
            alone = seen["model"](input_ids=torch.tensor([ids]), use_cache=False).logits[0]
        assert float((seen["model"].lm_head(hidden).detach() - alone).abs().max()) < 1e-4
        labels = torch.tensor(rows[ids]["labels"])[1:]
        nll += float(torch.nn.functional.cross_entropy(alone[:-1], labels, ignore_index=IGNORED, reduction="sum"))
        tokens += int((labels != IGNORED).sum())
    # and the loss is the mean over the completions' tokens, of every document alike
    assert seen["loss"] == pytest.approx(nll / tokens, rel=1e-4)


def test_a_packed_training_learns_the_same_completions(base: Path, tmp_path: Path, unbroken: Path) -> None:
    """Loss on completions only: a packed row keeps every document's labels."""
    from datasets import Dataset
    from trl import pack_dataset

    rows = rows_of(base).rows
    packed = pack_dataset(Dataset.from_list(rows), 128, "bfd")
    pairs = [pair for row in packed for pair in zip(row["input_ids"], row["labels"], strict=True)]
    assert sorted(pairs) == sorted(pair for row in rows for pair in zip(row["input_ids"], row["labels"], strict=True))
    assert train(base, tmp_path, SETTINGS.but(packing=True, max_length=128))["steps"] > 0
    assert not same_weights(tmp_path / "out", base)


def test_two_threads_give_the_weights_of_one(tmp_path: Path) -> None:
    """Of the miniature's teacher, whose steps are large enough to be shared: the demo's numbers hang on no core."""
    large = Path("reference/mini/bases/large")
    write_jsonl(
        tmp_path / "corpus.jsonl",
        ({**row, "n_tokens": 0} for row in demonstrations(24, 5, range(5, 8), 299, verbose_share=1, verbosity=(1, 1))),
    )
    found = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        (folder / "corpus.jsonl").symlink_to(tmp_path / "corpus.jsonl")
        settings = TrainingSettings(epochs=1, learning_rate=1e-3, batch_size=8)
        script.main([*arguments(large, folder, settings), "--threads", str(threads)])
        assert torch.get_num_threads() == threads
        found.append(folder / "out")
    torch.set_num_threads(1)
    assert same_weights(*found)


# --- what a model is trained on ---------------------------------------------------------------------------------------


def test_no_end_token_is_taught_after_a_trace_that_was_cut_off(base: Path) -> None:
    tokenizer = load_tokenizer(base)
    whole, *others = corpus(3)
    rows = training_rows([whole | {"truncated": True}, *others], tokenizer, CHAT, SETTINGS).rows
    assert [row["labels"][-1] == tokenizer.eos_token_id for row in rows] == [False, True, True]
    assert rows[0]["input_ids"] + [tokenizer.eos_token_id] == rows_of(base, count=1).rows[0]["input_ids"]


def test_equal_trainings_of_two_models_leave_each_other_alone(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same base, corpus, recipe and seed, as an assistant's and a student's may be: one is stopped, the other ends."""
    write_jsonl(tmp_path / "corpus.jsonl", corpus(16))
    line = arguments(base, tmp_path, SETTINGS)
    one, other = ([*line[:-1], str(tmp_path / name)] for name in ("ta", "student"))
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "deliver", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            script.main(one)
    checkpoints = set((tmp_path / "work").rglob("trainer_state.json"))
    assert checkpoints
    script.main(other)
    assert set((tmp_path / "work").rglob("trainer_state.json")) == checkpoints
    script.main(one)
    assert same_weights(tmp_path / "ta", tmp_path / "student")


def test_sampling_defaults_of_a_base_stop_no_training(base: Path, tmp_path: Path) -> None:
    """transformers refuses to save a temperature without do_sample: no checkpoint would ever be written."""
    shutil.copytree(base, tmp_path / "b")
    defaults = {"temperature": 0.6, "top_k": 3, "num_beams": 4, "early_stopping": True, "repetition_penalty": 1.1}
    write_json(tmp_path / "b" / "generation_config.json", {"eos_token_id": 5} | defaults)
    write_json(
        tmp_path / "b" / "config.json", read_json(base / "config.json") | defaults
    )  # older models have them here
    assert train(tmp_path / "b", tmp_path, SETTINGS.but(epochs=1))["steps"] == STEPS / 3
    saved = read_json(tmp_path / "out" / "generation_config.json")
    assert saved["eos_token_id"] == [5, load_tokenizer(base).eos_token_id] and "temperature" not in saved


def test_a_model_without_sdpa_trains_by_the_attention_that_it_needs(tmp_path: Path) -> None:
    folder = write_kind(tmp_path / "m", "gpt_oss", **NARROW, head_dim=8, num_local_experts=2, num_experts_per_tok=1)
    with pytest.raises(UserError, match="gpt_oss has no sdpa; set attention: eager"):
        train(folder, tmp_path / "sdpa", SETTINGS.but(epochs=1))
    assert train(folder, tmp_path / "needed", SETTINGS.but(epochs=1, attention=None))["steps"] == STEPS / 3

"""What several processes learn: what one does at the same global batch, with whole copies and with FSDP2's shards."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micota.common.records import read_json, write_json
from micota.models.prompts import IGNORED
from micota.training import processes
from micota.training.rows import examples_in_order
from tests.processes import TWO, as_launched, fsdp2_on_a_cpu, furthest, train_in_two
from tests.tiny import weights
from tests.trained import SETTINGS, rows_of, train


@pytest.fixture
def log_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import trl

    config = trl.SFTConfig
    monkeypatch.setattr(trl, "SFTConfig", lambda **given: config(**{**given, "logging_steps": 1}))


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 16),
        ({}, 19),  # the last batch is not full: one process' part of it has no label
        ({"accumulation": 2}, 18),
        ({"bucketed": False}, 16),
        ({"bucketed": False, "packing": True, "max_length": 96}, 18),  # 8 packed rows
    ],
    ids=["bucketed", "bucketed, uneven", "accumulated", "random order", "packed"],
)
@pytest.mark.usefixtures("log_every_step")
def test_two_processes_learn_what_one_does(base: Path, tmp_path: Path, change: dict[str, Any], count: int) -> None:
    """At the same global batch the loss of every step to 1e-5 of it, every weight to 5e-5 (they move by about 3e-2)."""
    one = train(base, tmp_path / "one", SETTINGS.but(**change), count=count)
    two = train_in_two(base, tmp_path / "two", TWO.but(**change), count=count)
    assert len(one["log"]) == one["steps"] == two["steps"] > 5
    for key in ("loss", "grad_norm"):
        assert [float(e[key]) for e in two["log"]] == pytest.approx([float(e[key]) for e in one["log"]], rel=1e-5)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert furthest(tmp_path / "one" / "out", tmp_path / "two" / "out") < 5e-5


@pytest.mark.parametrize("bucketed", [True, False])
@pytest.mark.parametrize("count", [16, 17, 19])
def test_no_row_is_seen_twice_by_several_processes(base: Path, bucketed: bool, count: int) -> None:
    rows = rows_of(base, count=count)
    settings = TWO.but(bucketed=bucketed)
    examples, epochs, _ = examples_in_order(rows, settings, 0)
    blank = [example for example in examples if set(example["labels"]) == {IGNORED}]
    assert len(examples) % 4 == 0 and len(blank) < 4
    whole = [example for example in examples if example not in blank]
    assert sorted(map(str, whole * epochs)) == sorted(map(str, rows.rows * settings.epochs))
    alone, _, _ = examples_in_order(rows, SETTINGS.but(bucketed=bucketed), 0)
    assert whole == alone  # in the order that one process has with the same global batch


@pytest.mark.usefixtures("log_every_step")
@pytest.mark.parametrize("checkpointing", [True, False])
def test_sharded_processes_learn_what_one_does(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpointing: bool
) -> None:
    fsdp2_on_a_cpu(monkeypatch)
    as_launched(monkeypatch, checkpointing)
    one = train(base, tmp_path / "one", SETTINGS)
    sharded = TWO.but(sharding="fsdp2", gradient_checkpointing=checkpointing)
    two = train_in_two(base, tmp_path / "two", sharded)
    losses = [[float(entry["loss"]) for entry in report["log"]] for report in (one, two)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert furthest(tmp_path / "one" / "out", tmp_path / "two" / "out") < 5e-5


def test_a_sharded_model_is_delivered_whole(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the dtype asked for, with the files and the tensors of a model that one process trained."""
    import torch
    from transformers import AutoModelForCausalLM

    fsdp2_on_a_cpu(monkeypatch)
    as_launched(monkeypatch, False)
    one, two = tmp_path / "one" / "out", tmp_path / "two" / "out"
    alone = train(base, one.parent, SETTINGS.but(dtype="bfloat16"))
    together = train_in_two(base, two.parent, TWO.but(sharding="fsdp2", dtype="bfloat16"))
    assert together["loss"] == pytest.approx(alone["loss"], rel=0.01)  # autocast there, bfloat16 weights here
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}
    assert read_json(one / "config.json") == read_json(two / "config.json")
    assert read_json(one / "generation_config.json") == read_json(two / "generation_config.json")
    assert {tensor.dtype for tensor in weights(two).values()} == {torch.bfloat16}
    assert {name: tensor.shape for name, tensor in weights(one).items()} == {
        name: tensor.shape for name, tensor in weights(two).items()
    }
    loaded = AutoModelForCausalLM.from_pretrained(two).state_dict()
    assert all(bool((loaded[name] == tensor).all()) for name, tensor in weights(two).items())


@pytest.mark.usefixtures("log_every_step")
def test_sharded_processes_hold_no_whole_gradient_and_no_second_copy(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the batches of a step FSDP2 would keep gradients whole; while loading, every process a model of zeros."""
    from torch.distributed.fsdp import FSDPModule
    from transformers import AutoModelForCausalLM

    fsdp2_on_a_cpu(monkeypatch)
    as_launched(monkeypatch, False)
    one = train(base, tmp_path / "one", SETTINGS.but(accumulation=2))
    set_sync, read = FSDPModule.set_requires_gradient_sync, AutoModelForCausalLM.from_pretrained

    def only_synced(self: Any, wanted: bool, **more: Any) -> None:
        assert wanted, "gradients are kept whole"
        set_sync(self, wanted, **more)

    def only_the_first(*args: Any, **more: Any) -> Any:
        assert processes.is_first(), "another process reads the weights too"
        return read(*args, **more)

    monkeypatch.setattr(FSDPModule, "set_requires_gradient_sync", only_synced)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", only_the_first)
    two = train_in_two(base, tmp_path / "two", TWO.but(sharding="fsdp2", accumulation=2))
    losses = [[float(entry["loss"]) for entry in report["log"]] for report in (one, two)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert furthest(tmp_path / "one" / "out", tmp_path / "two" / "out") < 5e-5


def test_a_process_that_reads_no_weights_takes_no_memory_for_them(tmp_path: Path) -> None:
    """In a process of its own, by its resident memory: 400 MB of weights, of which nothing is ever written."""
    shape: dict[str, Any] = {
        "hidden_size": 2048,
        "intermediate_size": 4096,
        "num_hidden_layers": 2,
        "num_attention_heads": 16,
    }
    shape |= {"num_key_value_heads": 16, "vocab_size": 20_000, "tie_word_embeddings": True, "model_type": "qwen2"}
    write_json(tmp_path / "config.json", shape | {"architectures": ["Qwen2ForCausalLM"]})
    program = (
        "import resource, sys; from pathlib import Path; import torch; from transformers import Qwen2ForCausalLM;"
        " from micota.training.settings import TrainingSettings; from micota.training.trainer import load;"
        " peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024; before = peak();"
        " model = load(Path(sys.argv[1]), TrainingSettings(epochs=1, learning_rate=1e-3, batch_size=1, processes=2,"
        " sharding='fsdp2'));"
        " assert model.lm_head.weight is model.model.embed_tokens.weight;"
        " print(peak() - before, sum(4 * weight.numel() for weight in model.parameters()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "RANK": "1", "LOCAL_RANK": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    grown, weights_bytes = map(int, done.stdout.split())
    assert weights_bytes > 400e6 and grown < weights_bytes / 4

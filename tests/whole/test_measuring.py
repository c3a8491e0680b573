"""What the benchmarks of speed rest on: turns, ratios within a round, CPU time of children, random models."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import jobs, measuring, merging, mfu, sampling
from benchmarks.measuring import Usage
from benchmarks.shapes import SHAPES, write_model
from micota.common.errors import UserError
from micota.models.folders import parameters

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


def test_contenders_take_turns_and_each_begins_a_round() -> None:
    order: list[str] = []

    def contender(name: str) -> Usage:
        order.append(name)
        return Usage(1, 1, 1)

    runs = measuring.interleave({name: lambda name=name: contender(name) for name in "abc"}, 3)  # type: ignore[misc]
    assert "".join(order) == "abcbcacab"
    assert {name: len(usages) for name, usages in runs.items()} == {"a": 3, "b": 3, "c": 3}


def test_ratios_are_of_the_same_round() -> None:
    runs = {"a": [Usage(1, 2, 9), Usage(4, 2, 8)], "b": [Usage(2, 1, 5), Usage(8, 4, 7)]}
    assert measuring.ratios(runs, "b", "a", measuring.by_wall) == [0.5, 0.5]
    assert measuring.ratios(runs, "b", "a", measuring.by_cpu) == [2.0, 0.5]
    assert "| b | 0.3125 | 0.625 | 0.50 (0.50 to 0.50) | 1.25 (0.50 to 2.00) | 7 |" in measuring.table(
        runs, "a", "runs"
    )


def test_cpu_time_counts_processes_below(tmp_path: Path) -> None:
    used = measuring.run_command([sys.executable, "-c", BURN], tmp_path / "log")
    assert used.cpu >= 0.3 and used.peak > 1

    def work() -> tuple[float, dict]:
        subprocess.run([sys.executable, "-c", BURN], check=True)
        return 5.0, {}

    used = measuring.measure(work)
    assert used.cpu >= 0.3 and used.amount == 5.0


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        measuring.run_command([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path / "log")


def test_random_models_load_and_count(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    count = write_model(SHAPES["pico"], tmp_path / "m", shard_bytes=50_000)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert len([*(tmp_path / "m").glob("*.safetensors")]) > 1
    assert model.num_parameters() == parameters(tmp_path / "m") == count
    assert float(model.model.layers[0].self_attn.q_proj.weight.detach().std()) == pytest.approx(0.02, rel=0.1)


def test_tensors_that_differ_are_found(tmp_path: Path) -> None:
    for seed, name in ((0, "a"), (0, "b"), (1, "c")):
        write_model(SHAPES["pico"], tmp_path / name, seed)
    merging.check_same(tmp_path / "a", tmp_path / "b")
    with pytest.raises(UserError, match="differs"):
        merging.check_same(tmp_path / "a", tmp_path / "c")


def test_flops_of_a_pass() -> None:
    shape = {"layers": 2, "hidden_size": 10}
    assert mfu.flops(1000, shape, [3, 5]) == 6 * 1000 * 8 + 6 * 2 * 10 * (9 + 25)


def test_lengths_are_lognormal_with_some_at_the_limit() -> None:
    found = sorted(sampling.lengths([[number] for number in range(1000)], 600).values())
    assert 90 < found[500] < 130 and 20 < found.count(600) < 70 and found[0] >= 1


def test_break_even_of_two_engines() -> None:
    """One starts in 10 s and makes 100 tokens a second; another starts in 50 s and makes 200, or is never faster."""
    one = ((1000.0, 20.0), (5000.0, 60.0))
    said = jobs.break_even({"one": one, "other": ((1000.0, 55.0), (5000.0, 75.0))})
    assert "one starts in 10.0 s, then 100 tokens" in said
    assert "other starts in 50.0 s, then 200 tokens" in said
    assert said.endswith("other pays from 8000 tokens a job on")
    assert jobs.break_even({"one": one, "other": ((1000.0, 70.0), (5000.0, 150.0))}).endswith("pays at no size")
    assert jobs.break_even({"one": one, "other": ((1000.0, 8.0), (5000.0, 28.0))}).endswith("pays at any size")


def test_noise_gives_no_break_even() -> None:
    """As seen on a busy machine: the larger job was over sooner."""
    said = jobs.break_even({"one": ((282.0, 62.6), (1173.0, 16.6)), "other": ((282.0, 171.5), (1173.0, 146.7))})
    assert "no rate" in said and "pays" not in said

"""Training in several processes: what two of them learn, who starts them, and what a kill leaves.

Two processes on a CPU, joined by gloo. FSDP2 runs here as well, on a CPU, where accelerate would not let it: see
`fsdp2_on_a_cpu` for what is bent for that.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from micota import launch
from micota.cli import UserError
from micota.prompts import IGNORED
from micota.records import read_json, write_json, write_jsonl
from micota.training import TrainingSettings, examples_in_order
from scripts import train as script
from tests.conftest import ROOT
from tests.tiny import corpus, same_weights, weights, write_model
from tests.trained import SETTINGS, arguments, rows_of, train

TWO = replace(SETTINGS, batch_size=2, processes=2)  # the global batch of SETTINGS


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "m")


def in_two_processes(work: Callable[[], Any]) -> list[int]:
    """Run a function in two forked processes, with the environment a launcher gives; returns their exit codes."""
    import torch

    torch.set_num_threads(1)  # no pool of threads, which a fork would lose
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(2):
        child = os.fork()
        if child == 0:
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
            try:
                work()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def train_in_two(base: Path, folder: Path, settings: TrainingSettings, count: int = 16) -> dict[str, Any]:
    """As tests.trained.train, by two processes."""

    def work() -> None:
        report = train(base, folder, settings, count=count)
        if launch.is_first():
            write_json(folder / "report.json", report)

    assert in_two_processes(work) == [0, 0]
    return dict(read_json(folder / "report.json"))


def furthest(one: Path, other: Path) -> float:
    """The largest difference between two model folders' weights."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name].float() - second[name].float()).abs().max()) for name in first)


@pytest.fixture
def log_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import trl

    config = trl.SFTConfig
    monkeypatch.setattr(trl, "SFTConfig", lambda **given: config(**{**given, "logging_steps": 1}))


# --- what they learn --------------------------------------------------------------------------------------------------


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
    one = train(base, tmp_path / "one", replace(SETTINGS, **change), count=count)
    two = train_in_two(base, tmp_path / "two", replace(TWO, **change), count=count)
    assert len(one["log"]) == one["steps"] == two["steps"] > 5
    for key in ("loss", "grad_norm"):
        assert [float(e[key]) for e in two["log"]] == pytest.approx([float(e[key]) for e in one["log"]], rel=1e-5)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert furthest(tmp_path / "one" / "out", tmp_path / "two" / "out") < 5e-5


@pytest.mark.parametrize("bucketed", [True, False])
@pytest.mark.parametrize("count", [16, 17, 19])
def test_no_row_is_seen_twice_by_several_processes(base: Path, bucketed: bool, count: int) -> None:
    rows = rows_of(base, count=count)
    settings = replace(TWO, bucketed=bucketed)
    examples, epochs, _ = examples_in_order(rows, settings, 0)
    blank = [example for example in examples if set(example["labels"]) == {IGNORED}]
    assert len(examples) % 4 == 0 and len(blank) < 4
    whole = [example for example in examples if example not in blank]
    assert sorted(map(str, whole * epochs)) == sorted(map(str, rows.rows * settings.epochs))
    alone, _, _ = examples_in_order(rows, replace(SETTINGS, bucketed=bucketed), 0)
    assert whole == alone  # in the order that one process has with the same global batch


# --- who starts them, and checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2])
def test_the_script_starts_its_processes_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    class Launched(Exception):
        pass

    def become(line: list[str]) -> None:
        raise Launched(line)

    monkeypatch.setattr(launch, "become", become)
    flags = arguments(tmp_path / "none", tmp_path, replace(SETTINGS, processes=processes))
    with pytest.raises((Launched, UserError)) as ended:
        script.main(flags)
    if processes == 1:
        assert "no such model folder" in str(ended.value)
    else:
        line = ended.value.args[0]
        assert line[line.index("-m", 3) :] == ["-m", "scripts.train", *flags]
        assert line[line.index("--num_processes") + 1] == "2"


@pytest.mark.parametrize("sharding", ["none", "fsdp2"])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_accelerate_understands_the_launchers_command(sharding: str, checkpointing: bool) -> None:
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    settings = replace(SETTINGS, processes=8, sharding=sharding, gradient_checkpointing=checkpointing)
    line = launch.command("scripts.train", ["--seed", "1"], settings)
    assert line[:3] == [sys.executable, "-m", "accelerate.commands.launch"]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(line[3:]))
    assert (args.num_processes, args.module, args.training_script) == (8, True, "scripts.train")
    assert args.training_script_args == ["--seed", "1"]
    assert (args.multi_gpu, args.use_fsdp, args.use_cpu) == (sharding == "none", sharding == "fsdp2", False)
    assert (args.num_machines, args.main_process_port, args.mixed_precision) == (1, 0, "no")
    if sharding == "fsdp2":
        assert args.fsdp_version == 2 and args.fsdp_cpu_ram_efficient_loading
        assert str(args.fsdp_activation_checkpointing).lower() == str(checkpointing).lower()
        assert (args.fsdp_auto_wrap_policy, args.fsdp_state_dict_type) == (
            "TRANSFORMER_BASED_WRAP",
            "SHARDED_STATE_DICT",
        )


def test_every_sharding_of_the_schema_has_its_file() -> None:
    from typing import get_args

    from micota.config import Training

    assert set(get_args(Training.model_fields["sharding"].annotation)) == set(launch.FILES)
    assert {path.name for path in launch.FOLDER.iterdir()} == set(launch.FILES.values())


def test_fewer_processes_than_asked_for_are_an_error(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has processes: 2, but 1 train together; start `python -m scripts.train`"):
        train(base, tmp_path, TWO)


def test_one_process_with_several_gpus_is_an_error() -> None:
    with pytest.raises(UserError, match=r"one process sees 4 GPUs.*CUDA_VISIBLE_DEVICES.*`processes`"):
        launch.check_processes(SimpleNamespace(n_gpu=4, world_size=1), SETTINGS)


def test_fewer_gpus_than_processes_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="processes: 2, a GPU each, but 1 are visible"):
        launch.check_processes(SimpleNamespace(n_gpu=1, world_size=2), TWO)


def refused(base: Path, folder: Path, settings: TrainingSettings, message: str) -> None:
    """Two processes must both stop with a UserError that holds the message."""

    def work() -> None:
        with pytest.raises(UserError, match=message):
            train(base, folder, settings)

    assert in_two_processes(work) == [0, 0]
    assert not (folder / "out").exists()


def test_more_processes_than_asked_for_are_an_error(base: Path, tmp_path: Path) -> None:
    refused(base, tmp_path, SETTINGS, "has processes: 1, but 2 train together")


def test_sharding_that_silently_became_copies_is_an_error(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What accelerate makes of FSDP on a CPU."""
    as_launched(monkeypatch, False)
    refused(base, tmp_path, replace(TWO, sharding="fsdp2"), "FSDP version 2, but it set up MULTI_CPU on cpu")


# --- FSDP2 ------------------------------------------------------------------------------------------------------------


def as_launched(monkeypatch: pytest.MonkeyPatch, checkpointing: bool) -> None:
    """The environment that `accelerate launch` makes of config/accelerate/fsdp2.yaml."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    settings = replace(TWO, sharding="fsdp2", gradient_checkpointing=checkpointing)
    line = launch.command("scripts.train", [], settings)[3:]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(line))
    for name, value in prepare_multi_gpu_env(args).items():
        if name.startswith(("ACCELERATE_", "FSDP_")):
            monkeypatch.setenv(name, value)


@pytest.fixture
def fsdp2_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make accelerate take gloo processes on a CPU for such on GPUs, at the one place where it turns FSDP down.

    All else is what runs on GPUs: torch's fully_shard, the trainer, its checkpoints, our saving.
    """
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType

    original = AcceleratorState.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        shared = PartialState._shared_state
        sharded = os.environ.get("ACCELERATE_USE_FSDP") == "true"
        if sharded and shared.get("distributed_type") == DistributedType.MULTI_CPU:
            shared["distributed_type"] = DistributedType.MULTI_GPU
        original(self, *args, **kwargs)

    monkeypatch.setattr(AcceleratorState, "__init__", init)


@pytest.mark.usefixtures("fsdp2_on_a_cpu", "log_every_step")
@pytest.mark.parametrize("checkpointing", [True, False])
def test_sharded_processes_learn_what_one_does(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpointing: bool
) -> None:
    as_launched(monkeypatch, checkpointing)
    one = train(base, tmp_path / "one", SETTINGS)
    sharded = replace(TWO, sharding="fsdp2", gradient_checkpointing=checkpointing)
    two = train_in_two(base, tmp_path / "two", sharded)
    losses = [[float(entry["loss"]) for entry in report["log"]] for report in (one, two)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert furthest(tmp_path / "one" / "out", tmp_path / "two" / "out") < 5e-5


@pytest.mark.usefixtures("fsdp2_on_a_cpu")
def test_a_sharded_model_is_delivered_whole(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the dtype asked for, with the files and the tensors of a model that one process trained."""
    import torch
    from transformers import AutoModelForCausalLM

    as_launched(monkeypatch, False)
    one, two = tmp_path / "one" / "out", tmp_path / "two" / "out"
    alone = train(base, one.parent, replace(SETTINGS, dtype="bfloat16"))
    together = train_in_two(base, two.parent, replace(TWO, sharding="fsdp2", dtype="bfloat16"))
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


# --- kills ------------------------------------------------------------------------------------------------------------


def die_in_step(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Every process dies when the given step begins."""
    from trl import SFTTrainer

    step = SFTTrainer.training_step

    def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.state.global_step == number - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(SFTTrainer, "training_step", dying)


def second_dies_while_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process dies before its part of the second checkpoint is written."""
    from trl import SFTTrainer

    save = SFTTrainer._save_rng_state
    calls = []

    def dying(self: Any, *args: Any) -> None:
        calls.append(args)
        if len(calls) == 2 and not launch.is_first():
            os.kill(os.getpid(), signal.SIGKILL)
        save(self, *args)

    monkeypatch.setattr(SFTTrainer, "_save_rng_state", dying)


@pytest.mark.parametrize("sharding", ["none", "fsdp2"])
@pytest.mark.usefixtures("fsdp2_on_a_cpu")
def test_two_killed_processes_end_in_the_same_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sharding: str
) -> None:
    """A death of one while saving, which makes no checkpoint whole, then of both in a step, then the rest."""
    settings = replace(TWO, sharding=sharding)
    if sharding == "fsdp2":
        as_launched(monkeypatch, False)
    train_in_two(base, tmp_path / "unbroken", settings)
    broken = tmp_path / "broken"
    for kill, last in [(second_dies_while_saving, 2), (lambda patched: die_in_step(patched, 8), 6)]:
        with monkeypatch.context() as patched:
            kill(patched)
            assert 0 not in in_two_processes(lambda: train(base, broken, settings))
        (whole,) = broken.glob("work/*/checkpoint-*/trainer_state.json")
        assert read_json(whole)["global_step"] == last
    train_in_two(base, broken, settings)
    assert same_weights(broken / "out", tmp_path / "unbroken" / "out")
    assert list((broken / "work").iterdir()) == []


def start_script(base: Path, folder: Path, settings: TrainingSettings) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "scripts.train", *arguments(base, folder, settings)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(line, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_launched_script_survives_kills_of_its_launcher(base: Path, tmp_path: Path) -> None:
    """SIGKILL, then SIGTERM (Slurm's preemption), each after a checkpoint: no process stays, and no result is lost."""
    settings = replace(TWO, epochs=12, save_steps=8)  # 48 steps
    write_jsonl(tmp_path / "corpus.jsonl", corpus(16))
    for deadly, step in [(signal.SIGKILL, 8), (signal.SIGTERM, 24)]:
        launcher = start_script(base, tmp_path, settings)
        while not list(tmp_path.glob(f"work/*/checkpoint-{step}/trainer_state.json")):
            assert launcher.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.002)
        ranks = [int(pid) for pid in Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()]
        assert len(ranks) == 2 and all(map(alive, ranks))
        launcher.send_signal(deadly)
        assert launcher.wait() != 0
        while any(map(alive, ranks)):
            time.sleep(0.01)
        assert not (tmp_path / "out").exists()
        assert list(tmp_path.glob("work/*/checkpoint-*/trainer_state.json"))
    assert start_script(base, tmp_path, settings).wait() == 0, (tmp_path / "log").read_text()
    train_in_two(base, tmp_path / "unbroken", settings)
    assert same_weights(tmp_path / "out", tmp_path / "unbroken" / "out")
    made = read_json(tmp_path / "out" / "micota.json")
    assert (made["recipe"]["processes"], made["counts"]["kept"], made["steps"]) == (2, 16, 48)
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.jsonl", "log", "work", "out", "unbroken"}
    assert (tmp_path / "log").read_text().count("'kept': 16") == 1  # the first process alone reports


@pytest.mark.parametrize("file", ["ddp.yaml", "fsdp2.yaml"])
def test_the_launchers_files_leave_the_number_of_processes_to_the_recipe(file: str) -> None:
    assert yaml.safe_load((launch.FOLDER / file).read_text())["num_processes"] == -1

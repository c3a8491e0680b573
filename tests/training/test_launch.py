"""Who starts the processes of a training, and that they are checked to be what the recipe asks for."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest
import yaml

from micota.common.errors import UserError
from micota.study.config import Training
from micota.training import processes
from micota.training.settings import TrainingSettings
from scripts import train as script
from tests.processes import TWO, as_launched, in_two_processes
from tests.trained import SETTINGS, arguments, train


@pytest.mark.parametrize("count", [1, 2])
def test_the_script_starts_its_processes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    class Launched(Exception):
        pass

    def become(line: list[str]) -> None:
        raise Launched(line)

    monkeypatch.setattr(processes, "become", become)
    flags = arguments(tmp_path / "none", tmp_path, SETTINGS.but(processes=count))
    with pytest.raises((Launched, UserError)) as ended:
        script.main(flags)
    if count == 1:
        assert "no such model folder" in str(ended.value)
    else:
        line = ended.value.args[0]
        assert line[line.index("-m", 3) :] == ["-m", "scripts.train", *flags]
        assert line[line.index("--num_processes") + 1] == "2"


@pytest.mark.parametrize("sharding", ["none", "fsdp2"])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_accelerate_understands_the_launchers_command(sharding: str, checkpointing: bool) -> None:
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    settings = SETTINGS.but(processes=8, sharding=sharding, gradient_checkpointing=checkpointing)
    line = processes.command("scripts.train", ["--seed", "1"], settings)
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
    assert set(get_args(Training.model_fields["sharding"].annotation)) == set(processes.FILES)
    assert {path.name for path in processes.FOLDER.iterdir()} == set(processes.FILES.values())


def test_fewer_processes_than_asked_for_are_an_error(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has processes: 2, but 1 train together; start `python -m scripts.train`"):
        train(base, tmp_path, TWO)


def test_one_process_with_several_gpus_is_an_error() -> None:
    with pytest.raises(UserError, match=r"one process sees 4 GPUs.*CUDA_VISIBLE_DEVICES.*`processes`"):
        processes.check_processes(SimpleNamespace(n_gpu=4, world_size=1), SETTINGS)


def test_fewer_gpus_than_processes_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="processes: 2, a GPU each, but 1 are visible"):
        processes.check_processes(SimpleNamespace(n_gpu=1, world_size=2), TWO)


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
    refused(base, tmp_path, TWO.but(sharding="fsdp2"), "FSDP version 2, but it set up MULTI_CPU on cpu")


@pytest.mark.parametrize("file", ["ddp.yaml", "fsdp2.yaml"])
def test_the_launchers_files_leave_the_number_of_processes_to_the_recipe(file: str) -> None:
    assert yaml.safe_load((processes.FOLDER / file).read_text())["num_processes"] == -1

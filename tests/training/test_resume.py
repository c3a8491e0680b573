"""A training that is killed, at whatever moment, ends in the weights of one that was not."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micota.common.records import read_json, write_jsonl
from micota.models.prompts import IGNORED
from micota.training.checkpoints import job_key, last_checkpoint
from micota.training.rows import TrainingRows
from micota.training.settings import TrainingSettings
from tests.conftest import ROOT
from tests.processes import TWO, as_launched, fsdp2_on_a_cpu, in_two_processes, train_in_two
from tests.tiny import corpus, same_weights, write_model
from tests.trained import SETTINGS, STEPS, arguments, rows_of, train


@pytest.fixture(scope="module")
def unbroken(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert train(base, folder)["steps"] == STEPS
    return folder / "out"


def kill_self(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_step(number: int) -> Callable[[pytest.MonkeyPatch], None]:
    """Die when the given step begins."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        from trl import SFTTrainer

        step = SFTTrainer.training_step

        def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.state.global_step == number - 1:
                kill_self()
            return step(self, *args, **kwargs)

        monkeypatch.setattr(SFTTrainer, "training_step", dying)

    return patch


def die_in(method: str, rank: int = 0, time: int = 2) -> Callable[[pytest.MonkeyPatch], None]:
    """Die when the trainer calls a method for the second or given time; of several processes the given one dies."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        from trl import SFTTrainer

        original = getattr(SFTTrainer, method)
        calls = []

        def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(method)
            dies = len(calls) == time and os.environ.get("RANK", "0") == str(rank)
            return kill_self() if dies else original(self, *args, **kwargs)

        monkeypatch.setattr(SFTTrainer, method, dying)

    return patch


def train_in_child(base: Path, folder: Path, patch: Callable[[pytest.MonkeyPatch], None]) -> int:
    """Train in a forked process, so that a real SIGKILL can end it; returns the signal that did."""
    import torch

    torch.set_num_threads(1)  # no pool of threads, which a fork would lose
    child = os.fork()
    if child == 0:
        try:
            patch(pytest.MonkeyPatch())
            train(base, folder)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status)


@pytest.mark.parametrize(
    ("deaths", "resumed_from"),
    [
        ([die_at_step(2)], 0),
        ([die_at_step(8)], 6),  # in the second epoch
        ([die_at_step(4), die_at_step(11)], 10),
        ([die_in("_save_optimizer_and_scheduler")], 2),  # a checkpoint with weights alone
        ([die_in("_save_rng_state")], 2),
    ],
    ids=["before a checkpoint", "in an epoch", "twice", "while saving", "while saving, later"],
)
def test_a_killed_training_ends_in_the_same_weights(
    base: Path,
    unbroken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deaths: list[Callable[[pytest.MonkeyPatch], None]],
    resumed_from: int,
) -> None:
    from trl import SFTTrainer

    for patch in deaths:
        assert train_in_child(base, tmp_path, patch) == signal.SIGKILL
    steps: list[int] = []
    step = SFTTrainer.training_step

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        steps.append(self.state.global_step)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(SFTTrainer, "training_step", counting)
    report = train(base, tmp_path)
    assert steps == list(range(resumed_from, STEPS))
    assert report["steps"] == STEPS
    assert same_weights(tmp_path / "out", unbroken)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("change", ["settings", "seed", "model", "rows", "labels"])
def test_another_jobs_checkpoints_are_never_resumed(base: Path, tmp_path: Path, change: str) -> None:
    rows = rows_of(base)
    job: dict[str, Any] = {"model": base, "rows": rows, "settings": SETTINGS, "seed": 0}
    others: dict[str, Any] = {
        "settings": SETTINGS.but(learning_rate=2e-3),
        "seed": 1,
        "model": write_model(tmp_path / "other", seed=1),
        "rows": rows_of(base, count=15),
    }
    other = job | {change: others[change]} if change in others else job
    if change == "labels":
        moved = [{**rows.rows[0], "labels": [IGNORED, *rows.rows[0]["labels"][1:-1], IGNORED]}, *rows.rows[1:]]
        other = job | {"rows": TrainingRows(moved, rows.counts)}
    assert job_key(**job) == job_key(**(job | {"rows": rows_of(base)}))
    assert job_key(**job) != job_key(**other)


# --- damaged checkpoints ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def killed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training with whole checkpoints of steps 4 and 6."""
    folder = tmp_path_factory.mktemp("killed")
    assert train_in_child(base, folder, die_at_step(8)) == signal.SIGKILL
    return folder


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def change(path: Path) -> None:
    """A bit flips: what no reader of the file need notice."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


FILES = ["optimizer.pt", "scheduler.pt", "rng_state.pth", "model.safetensors", "trainer_state.json"]


def found(folder: Path, file: str, steps: int) -> Path:
    (path,) = folder.glob(f"work/*/checkpoint-{steps}/{file}")
    return path


@pytest.mark.parametrize(
    ("harm", "hashed"), [(cut, True), (Path.unlink, True), (change, True), (cut, False), (Path.unlink, False)]
)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_checkpoint_is_named_and_put_aside(
    killed: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Path], None],
    hashed: bool,
    file: str,
) -> None:
    shutil.copytree(killed / "work", tmp_path / "work")
    harmed = found(tmp_path, file, 6)
    harm(harmed)
    if not hashed:
        (harmed.parent / "hashes.json").unlink()
    work = harmed.parents[1]
    assert last_checkpoint(work, ranks=1) == str(work / "checkpoint-4")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{work}/checkpoint-6: ") and said[1].startswith(f"{work}/checkpoint-4: ")
    if file == "trainer_state.json" and harm is Path.unlink and not hashed:  # as a kill leaves it
        assert not (work / "damaged-checkpoint-6").exists()
    else:
        assert file in said[0] and (work / "damaged-checkpoint-6").is_dir()


@pytest.mark.parametrize("damaged", [[6], [6, 4]], ids=["goes on from the one before", "begins anew"])
def test_training_ends_in_the_same_weights_after_a_damaged_checkpoint(
    base: Path, unbroken: Path, killed: Path, tmp_path: Path, damaged: list[int]
) -> None:
    shutil.copytree(killed / "work", tmp_path / "work")
    for steps in damaged:
        cut(found(tmp_path, "optimizer.pt", steps))
    assert train(base, tmp_path)["steps"] == STEPS
    assert same_weights(tmp_path / "out", unbroken)


def test_two_checkpoints_are_kept_and_no_third_while_one_is_written(base: Path, tmp_path: Path) -> None:
    assert train_in_child(base, tmp_path, die_in("_save_optimizer_and_scheduler", time=3)) == signal.SIGKILL
    assert sorted(path.name for path in tmp_path.glob("work/*/checkpoint-*")) == ["checkpoint-4", "checkpoint-6"]
    assert not (found(tmp_path, "", 6) / "trainer_state.json").exists()


# --- several processes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sharding", ["none", "fsdp2"])
def test_two_killed_processes_end_in_the_same_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sharding: str
) -> None:
    """The second dies before its part of a checkpoint is saved, which so never is whole; then both die in a step."""
    settings = TWO.but(sharding=sharding)
    if sharding == "fsdp2":
        fsdp2_on_a_cpu(monkeypatch)
        as_launched(monkeypatch, False)
    train_in_two(base, tmp_path / "unbroken", settings)
    broken = tmp_path / "broken"
    for kill, last in [(die_in("_save_rng_state", rank=1), 2), (die_at_step(8), 6)]:
        with monkeypatch.context() as patched:
            kill(patched)
            assert 0 not in in_two_processes(lambda: train(base, broken, settings))
        steps = [read_json(path)["global_step"] for path in broken.glob("work/**/checkpoint-*/trainer_state.json")]
        assert max(steps) == last
    parts = [*broken.glob("work/*/checkpoint-6/optimizer*/*.distcp"), *broken.glob("work/*/checkpoint-6/optimizer.pt")]
    change(parts[-1])
    train_in_two(base, broken, settings)
    assert same_weights(broken / "out", tmp_path / "unbroken" / "out")
    assert not (broken / "work").exists()


def start_script(base: Path, folder: Path, settings: TrainingSettings) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "scripts.train", *arguments(base, folder, settings)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(line, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)


def saved_steps(folder: Path) -> int:
    """The step of the newest checkpoint that is whole."""
    whole = folder.glob("work/*/*/checkpoint-*/trainer_state.json")  # `**` would look into one that is just removed
    return max((int(path.parent.name.rpartition("-")[2]) for path in whole), default=0)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_launched_script_survives_kills_of_its_launcher(base: Path, tmp_path: Path) -> None:
    """SIGKILL, then SIGTERM (Slurm's preemption), each after a checkpoint: no process stays, and no result is lost."""
    settings = TWO.but(epochs=10, save_steps=4)  # 40 steps
    write_jsonl(tmp_path / "corpus.jsonl", corpus(16))
    for deadly, step in [(signal.SIGKILL, 4), (signal.SIGTERM, 16)]:
        launcher = start_script(base, tmp_path, settings)
        while saved_steps(tmp_path) < step:
            assert launcher.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.002)
        ranks = [int(pid) for pid in Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()]
        assert len(ranks) == 2 and all(map(alive, ranks))
        launcher.send_signal(deadly)
        assert launcher.wait() != 0
        while any(map(alive, ranks)):
            time.sleep(0.01)
        assert not (tmp_path / "out").exists()
        assert saved_steps(tmp_path) >= step
    assert start_script(base, tmp_path, settings).wait() == 0, (tmp_path / "log").read_text()
    train_in_two(base, tmp_path / "unbroken", settings)
    assert same_weights(tmp_path / "out", tmp_path / "unbroken" / "out")
    made = read_json(tmp_path / "out" / "micota.json")
    assert (made["recipe"]["processes"], made["counts"]["kept"], made["steps"]) == (2, 16, 40)
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.jsonl", "log", "work", "out", "unbroken"}
    assert (tmp_path / "log").read_text().count("'kept': 16") == 1  # the first process alone reports

"""Replicas share a job's chunks: devices are parted, a failure and a kill end all, and the result is the same."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from micota.common.errors import UserError
from micota.common.flags import as_flags
from micota.common.records import read_jsonl
from micota.sampling.replicas import VISIBLE, on_replicas, part
from tests.tiny import PROMPT, ROOT, write_model, write_problems


@pytest.mark.parametrize(
    ("given", "each", "expected"),
    [
        (None, 1, ["0", "1", "2"]),
        (None, 2, ["0,1", "2,3", "4,5"]),
        ("4,5,6,7,2,3", 2, ["4,5", "6,7", "2,3"]),
        ("GPU-a,GPU-b,GPU-c", 1, ["GPU-a", "GPU-b", "GPU-c"]),
    ],
)
def test_each_replica_has_devices_of_its_own(given: str | None, each: int, expected: list[str]) -> None:
    assert [part(given, replica, each) for replica in range(3)] == expected


def note(path: Path) -> None:
    path.write_text(os.environ[VISIBLE])


def sleep() -> None:
    time.sleep(600)


def fail() -> None:
    """... with a child that waits for more, as vLLM's engine does."""
    multiprocessing.get_context("fork").Process(target=sleep).start()
    raise ValueError("no room")


def wait_for_ever(path: Path) -> None:
    path.write_text(str(os.getpid()))
    while True:
        time.sleep(0.1)


def written_pid(path: Path) -> int:
    """What `wait_for_ever` wrote, within a minute."""
    for _ in range(600):
        if path.exists() and (text := path.read_text()):
            return int(text)
        time.sleep(0.1)
    raise AssertionError(f"{path} was not written")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def ends(pid: int) -> bool:
    """Whether a process is gone within half a minute."""
    for _ in range(300):
        if gone(pid):
            return True
        time.sleep(0.1)
    return False


def test_works_run_in_processes_that_see_their_devices_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "7,5,3,1")
    on_replicas([partial(note, tmp_path / "0"), partial(note, tmp_path / "1")], 2)
    assert [(tmp_path / name).read_text() for name in "01"] == ["7,5", "3,1"]
    assert os.environ[VISIBLE] == "7,5,3,1"


def test_a_replica_that_fails_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VISIBLE, raising=False)
    with pytest.raises(UserError, match=r"replica 1 failed \(exit status 1\)"):
        on_replicas([partial(wait_for_ever, tmp_path / "pid"), fail], 1)
    assert VISIBLE not in os.environ
    if (tmp_path / "pid").exists() and (pid := (tmp_path / "pid").read_text()):  # it had begun
        assert ends(int(pid))


@pytest.mark.parametrize("kind", ["replicas", "children"])
def test_processes_end_when_their_job_is_killed(tmp_path: Path, kind: str) -> None:
    """They would else go on, and hold their devices, while the job is started again."""
    body = {
        "replicas": "on_replicas(works, 1)",
        "children": "for work in works: Process(target=work).start()\n    take_along(active_children())",
    }
    code = (
        "from functools import partial\nfrom multiprocessing import Process, active_children\n"
        "from pathlib import Path\nfrom micota.sampling.replicas import on_replicas, take_along\n"
        "from tests.sampling.test_replicas import wait_for_ever\n"
        f"works = [partial(wait_for_ever, Path({str(tmp_path)!r}) / name) for name in '01']\n"
        f"if __name__ == '__main__':\n    {body[kind]}\n    print('ready', flush=True)\n"
    )
    (tmp_path / "job.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "job.py")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as job:
        if kind == "children":
            assert job.stdout and job.stdout.readline() == "ready\n"
        pids = [written_pid(tmp_path / name) for name in "01"]
        assert not any(gone(pid) for pid in pids)
        job.send_signal(signal.SIGKILL)
    assert all(ends(pid) for pid in pids)


def test_two_replicas_draw_what_one_does_and_nothing_twice(tmp_path: Path) -> None:
    model = write_model(tmp_path / "m", seed=3)
    problems = write_problems(tmp_path / "train.jsonl", 20)
    decoding = {"temperature": 1.0, "max_tokens": 8, "seed": 1}
    logs = {}
    for replicas in (1, 2):
        engine = {"chunk_size": 4, "max_model_len": 512, "data_parallel": replicas}
        arguments = ["--model", str(model), "--sampler", "m", "--problems", str(problems), *as_flags(decoding)]
        arguments += [*as_flags(engine, "engine_"), *as_flags(PROMPT, "prompt_")]
        arguments += ["--work", str(tmp_path / f"work-{replicas}"), "--out", str(tmp_path / f"{replicas}.jsonl")]
        command = [sys.executable, "-m", "scripts.sample", *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        logs[replicas] = run.stdout
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert len(list(read_jsonl(tmp_path / "2.jsonl"))) == 20
    for log in logs.values():
        assert sorted(re.findall(r"chunk (\d) of 5 \(", log)) == ["1", "2", "3", "4", "5"]

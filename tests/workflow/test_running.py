"""One run of a study at a time in a folder; a lock goes when its run is known to have ended, and never otherwise."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from micota.common import locks
from micota.common.errors import UserError
from micota.common.records import read_json
from micota.workflow import running
from micota.workflow.running import LOCKS, RUNS, check_unlock, start_run
from tests.conftest import ROOT
from tests.project import copy_project, output_of, snakemake

HOLD = (
    "import sys, time; from micota.workflow.running import start_run;"
    " print(start_run(sys.argv[1]), flush=True); time.sleep(99)"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    ends: list[tuple] = []
    monkeypatch.setattr(running.atexit, "register", lambda *call: ends.append(call))
    yield tmp_path
    for call, *arguments in ends:
        call(*arguments)


def other_run(study: str, submits: bool = False) -> subprocess.Popen[str]:
    """Another process that has started a run of a study in the current folder."""
    submitting = HOLD.replace("sys.argv[1]", "sys.argv[1], submits=True") if submits else HOLD
    run = subprocess.Popen(
        [sys.executable, "-c", submitting, study],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout and run.stdout.readline() == "None\n"
    return run


def lock(study: str, number: int = 0) -> Path:
    """A lock file as Snakemake writes it."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    path = LOCKS / f"{number}.output.lock"
    path.write_text(f"results/{study}/tables/main.md\nresults/{study}/graded/small.jsonl\n")
    return path


def test_a_live_run_is_named_and_refused(folder: Path) -> None:
    with other_run("mini") as run:
        held = lock("mini")
        with pytest.raises(UserError, match=f"mini is being run in this folder, by process {run.pid} on .*, since 20"):
            start_run("mini")
        with pytest.raises(UserError, match=f"process {run.pid} .* nothing is unlocked"):
            check_unlock()
        assert held.is_file()
        assert start_run("study") is None  # another study is none of its business
        run.kill()


def test_the_lock_of_a_killed_run_is_taken_away(folder: Path) -> None:
    with other_run("mini") as run:
        run.send_signal(signal.SIGKILL)
    mine, others = lock("mini"), lock("study", 1)
    said = start_run("mini")
    assert said and said.startswith(f"process {run.pid} on ") and "was cut short" in said
    assert not mine.exists() and others.exists()
    assert read_json(RUNS / "mini.json")["pid"] == os.getpid()


def test_a_run_that_ended_in_order_leaves_nothing_to_say(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD.replace("time.sleep(99)", "pass"), "mini"]
    for _ in range(2):
        run = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == "None\n"
        assert (tmp_path / RUNS / "mini.json").read_text() == ""


@pytest.mark.parametrize(
    ("machine", "said"),
    [(["login2", "other"], "process 7 on login2, since noon.*can't be asked from here"), (None, None)],
)
def test_a_lock_that_may_be_held_stays(folder: Path, machine: list[str] | None, said: str | None) -> None:
    """By a machine that can't be asked, or by who knows whom: by an older version of this file, or by --nolock."""
    RUNS.mkdir(parents=True)
    if machine:
        (RUNS / "mini.json").write_text(json.dumps({"pid": 7, "machine": machine, "since": "noon", "submits": False}))
    held = lock("mini")
    with pytest.raises(UserError, match=f"(?s){said or 'nothing says who holds it'}.*make unlock"):
        start_run("mini")
    assert held.is_file()
    check_unlock()
    held.unlink()  # as Snakemake does then
    assert start_run("mini") is None


def test_jobs_that_were_submitted_may_outlive_their_run(folder: Path) -> None:
    """On a cluster they do, and would write beside those that the next run submits."""
    with other_run("mini", submits=True) as run:
        run.send_signal(signal.SIGKILL)
    held = lock("mini")
    with pytest.raises(UserError, match=f"process {run.pid} on .*cut short, and jobs .*squeue --me.*make unlock"):
        start_run("mini")
    assert held.exists()
    check_unlock()
    held.unlink()
    assert start_run("mini") is None


def test_a_file_system_without_locks_counts_as_unsure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    assert start_run("mini") is None
    with pytest.raises(UserError, match="can't be asked from here"):
        start_run("mini")


def test_a_record_that_a_power_cut_spoilt_does_not_stop_the_next_run(folder: Path) -> None:
    RUNS.mkdir(parents=True)
    (RUNS / "mini.json").write_text("\0\0\0")
    held = lock("mini")
    said = start_run("mini")
    assert said and "was cut short" in said and not held.exists()


def test_looking_at_a_study_takes_no_part_in_this(tmp_path: Path) -> None:
    """While a run is alive: a dry run, a graph, a report's kin. And --unlock is refused."""
    project = copy_project(tmp_path)
    command = [sys.executable, "-c", HOLD, "mini"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout and run.stdout.readline() == "None\n"
        for flags in (["-n"], ["--dag"], ["--summary"]):
            look = snakemake(project, "results/mini/problems/train.jsonl", *flags)
            assert look.returncode == 0, output_of(look)
        for flags in ([], ["--unlock"]):
            refused = snakemake(project, "results/mini/problems/train.jsonl", *flags)
            lines = [line for line in output_of(refused).splitlines() if line.startswith("error:")]
            assert refused.returncode == 2 and len(lines) == 1 and f"by process {run.pid} on" in lines[0]
        run.kill()

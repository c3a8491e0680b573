"""What a run writes down when it starts, and what it tells of results that were made otherwise."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micota.common.orphans import SNAKEMAKE, process_mark
from micota.common.records import write_json
from micota.study.load import load_study, study_of
from micota.workflow.future import dated_in_future
from micota.workflow.kept import made_otherwise
from micota.workflow.paths import Paths
from micota.workflow.start import told_when_killed, write_settings
from tests.tiny import EXTENDED, ROOT, raw_config


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("changes", [{}, EXTENDED], ids=["mini", "extended"])
def test_what_is_written_is_the_study_as_it_is_in_effect(changes: dict) -> None:
    study = load_study(raw_config("mini", changes))
    path = Path(Paths.of_study("mini").settings)
    write_settings(study, anew=True)
    assert study_of([path]).config == study.config
    before = path.stat()
    write_settings(study, anew=True)
    assert path.stat().st_ino == before.st_ino  # it stands there already
    path.write_text('{"study": ')
    write_settings(study, anew=False)  # a job leaves what is there alone
    assert path.read_text() == '{"study": '
    write_settings(study, anew=True)
    assert study_of([path]).config == study.config


def test_what_was_made_otherwise_is_told_in_a_line_and_kept() -> None:
    paths = Paths.of_study("mini")
    made = {"batch_size": 256, "tensor_parallel": 2, "enforce_eager": False, "attention": None}
    for model in ("small", "medium"):
        write_json(f"{paths.home}/cot/{model}/shard-0.meta.json", {"made_with": [made]})
    write_json(f"{paths.home}/cot/gone/shard-0.meta.json", {"made_with": [made]})  # no model of the study
    write_json(f"{paths.home}/models/teacher/micota.json", {"made_with": [{"attention": "eager"}]})
    write_json(f"{paths.home}/models/ta_long/micota.json", ["something else's"])
    study = load_study(raw_config("mini", {"sampling.engine.tensor_parallel": 4, "sampling.engine.batch_size": 256}))
    again = "kept (made again by --forcerun"
    assert made_otherwise(study, paths) == [
        f"made with tensor_parallel 2, asked for 4: 2 of sample, {again} sample without results/mini/work/sampling)",
        f"made with attention eager, asked for sdpa: 1 of train, {again} train)",
    ]


@pytest.mark.parametrize(
    ("ends", "status", "said"),
    [
        ("kill -9 $BASHPID", 137, "error: the job was killed by signal 9: out of memory? Lower batch_size"),
        ("kill -11 $BASHPID", 139, "error: the job was killed by signal 11: a library crashed"),
        ("kill -15 $BASHPID", 143, None),  # somebody's wish
        ("exit 130", 130, None),  # Ctrl-C, as a program says it
        ("exit 2", 2, None),
        ("exit 0", 0, None),
    ],
)
def test_a_killed_job_says_so(ends: str, status: int, said: str | None) -> None:
    """And ends as its program did."""
    line = f"set -euo pipefail; export {SNAKEMAKE}='{process_mark()}'; {told_when_killed(ROOT)}"
    line += f"bash -c '{ends}' > log 2>&1"
    job = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert job.returncode == status
    told = [text for text in job.stderr.splitlines() if text.startswith("error: ")]
    assert [text.startswith(said or "") for text in told] == ([True] if said else [])


def test_a_killed_job_says_how_much_memory_it_took(tmp_path: Path) -> None:
    program = "from micota.common.cli import run; import os, time; "
    program += "run(lambda _: (b'1' * 300_000_000, time.sleep(1.5), os.kill(os.getpid(), 9)))"
    line = f'set -e; export {SNAKEMAKE}="{process_mark()}"; {told_when_killed(ROOT)}{sys.executable} -c "{program}"'
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    job = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment)
    assert re.search(r"error: the job was killed by signal 9; its memory was 0\.[3-9] GB: out of memory\?", job.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_ends_with_its_snakemake_blames_nobody() -> None:
    with subprocess.Popen(["sleep", "0"]) as gone:
        pass
    line = f"set -e; export {SNAKEMAKE}='{gone.pid} x'; {told_when_killed(ROOT)}bash -c 'kill -9 $BASHPID'"
    job = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert job.returncode == 128 + signal.SIGKILL and "error: " not in job.stderr


def test_files_dated_in_the_future_are_named() -> None:
    study, paths = load_study(raw_config("mini")), Paths.of_study("mini")
    model, traces = Path(paths.home, "models", "small"), Path(paths.home, "cot", "small", "shard-0.jsonl")
    model.mkdir(parents=True)
    traces.parent.mkdir(parents=True)
    traces.touch()
    stamp = Path(paths.home, "models", "medium", ".snakemake_timestamp")  # of a folder that a job has made
    stamp.parent.mkdir()
    stamp.touch()
    assert dated_in_future(study, paths) is None
    for path, more in ((traces, ""), (model, " and 1 more"), (stamp, " and 2 more")):
        os.utime(path, (time.time() + 9e4,) * 2)
        said = dated_in_future(study, paths)
        assert said and said.startswith(f"{path}{more}: dated in the future") and f"touch {path}" in said


def test_a_local_models_folder_is_looked_at(tmp_path: Path) -> None:
    config = tmp_path / "theirs" / "config.json"
    write_json(config, {})
    os.utime(config, (time.time() + 9e4,) * 2)
    study = load_study(raw_config("mini", {"bases.small": {"source": "local", "path": str(config.parent)}}))
    said = dated_in_future(study, Paths.of_study("mini"))
    assert said and said.startswith(f"{config}: ")

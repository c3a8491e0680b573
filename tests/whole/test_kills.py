"""Sampling jobs killed at random moments, with a real engine: nothing is drawn twice or missing, the same bytes.

And a whole Snakemake, with or without its job.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from micota.common.flags import as_flags
from micota.common.records import read_jsonl
from tests.project import copy_project, output_of, snakemake
from tests.tiny import PROMPT, ROOT, raw_config, write_model, write_problems

KILLS = 20
CHUNKS = 60  # 80 completions of one data set, 40 of the other, 2 a chunk
PATIENCE = 240.0  # seconds; a busy machine may be slow, but a test must end


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "m", seed=3)


class Forks:
    """A process (tests/forked.py) that runs scripts/sample.py as often as asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin and process.stdout
        self.stdin, self.stdout = process.stdin, process.stdout

    def start(self, argv: list[str], log: Path) -> int:
        """The process id of a new run."""
        self.stdin.write(json.dumps({"argv": argv, "log": str(log)}) + "\n")
        self.stdin.flush()
        return int(self.stdout.readline())

    def status(self) -> int:
        """How the run ended: an exit status, or a signal's number below zero."""
        return int(self.stdout.readline())


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "tests.forked"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield Forks(process)
        assert process.stdin
        process.stdin.close()


def wait_until(true: Callable[[], bool], pause: float = 0.0005) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)


def sampling(model: Path, folder: Path, name: str) -> list[str]:
    """Arguments of scripts/sample.py: two data sets, drawn at random, with work folder and output of that name."""
    decoding = {"temperature": 1.0, "max_tokens": 12, "n": 2, "seed": 1}
    problems = [write_problems(folder / "train.jsonl", 40), write_problems(folder / "test.jsonl", 20, "test")]
    arguments = ["--model", str(model), "--sampler", "m", "--problems", *map(str, problems), *as_flags(decoding)]
    arguments += [*as_flags({"chunk_size": 2, "max_model_len": 512}, "engine_"), *as_flags(PROMPT, "prompt_")]
    arguments += ["--work", str(folder / name / "work"), "--meta", str(folder / name / "traces.meta.json")]
    return [*arguments, "--out", str(folder / name / "traces.jsonl")]


def chunks(work: Path) -> dict[str, tuple[int, int]]:
    """The chunks there are, with what changes when one is written again."""
    found = {path.name: path.stat() for path in work.rglob("*.jsonl") if not path.name.startswith(".")}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def unfinished(folder: Path) -> set[Path]:
    """What writers of traces have begun, or have left behind."""
    return set(folder.rglob(".*.jsonl.*.tmp"))


def seeds(work: Path) -> set[int]:
    """Of the chunks there are: each has its own."""
    return {row["seed"] for path in work.rglob("*.jsonl") if not path.name.startswith(".") for row in read_jsonl(path)}


def test_twenty_kills_at_random_moments(forks: Forks, model: Path, tmp_path: Path) -> None:
    argv, folder, log = sampling(model, tmp_path, "killed"), tmp_path / "killed", tmp_path / "log"
    work, out = folder / "work", folder / "traces.jsonl"
    chance = random.Random(7)
    written: dict[str, tuple[int, int]] = {}
    drawing: list[int] = []
    said: list[str] = []
    where = {"before a chunk": 0, "after chunks": 0, "while writing": 0}
    for kill in range(KILLS + 1):
        there, held, left = len(written), seeds(work), unfinished(work)
        fork = forks.start(argv, log)
        if kill < KILLS:
            wait_until(lambda: log.exists() and "to draw" in log.read_text())
            if chance.random() < 0.4:
                wait_until(lambda: bool(unfinished(work) - left))  # noqa: B023 (called at once)
            else:
                more = there + chance.choice((0, 1, 3))
                wait_until(lambda: len(chunks(work)) >= more)  # noqa: B023 (called at once)
                time.sleep(chance.uniform(0, 0.06))
            os.kill(fork, signal.SIGKILL)
        assert forks.status() == (-signal.SIGKILL if kill < KILLS else 0), log.read_text()
        lines = log.read_text()
        assert f"m: {CHUNKS} chunks, {CHUNKS - there} to draw" in lines
        begun = [int(seed) for seed in re.findall(r"^drawing (\d+)$", lines, re.MULTILINE)]
        assert not held & set(begun), "a chunk that was written is drawn again"
        drawing += begun
        said += re.findall(r"chunk \d+ of", lines)
        now = chunks(work)
        assert written.items() <= now.items(), "a chunk that was written is written again, or lost"
        assert kill == KILLS or not out.exists()
        cut = unfinished(work) - left
        moment = "while writing" if cut else "before a chunk" if len(now) == there else "after chunks"
        where[moment] += kill < KILLS
        written = now
        log.unlink()
    assert all(where.values()), f"the kills hit no moment of one kind: {where}"
    assert len(written) == CHUNKS and len(set(drawing)) == CHUNKS
    assert len(said) == len(set(said)), "a chunk was finished twice"
    assert CHUNKS <= len(drawing) <= CHUNKS + KILLS  # a kill costs the chunk in hand at most
    assert not unfinished(folder), "what killed writers left is not cleared away"

    forks.start(sampling(model, tmp_path, "unbroken"), log)
    assert forks.status() == 0, log.read_text()
    assert len(re.findall("^drawing", log.read_text(), re.MULTILINE)) == CHUNKS
    for name in ("traces.jsonl", "traces.meta.json"):
        assert (folder / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()
    rows = [(row["dataset"], row["id"], row["sample"]) for row in read_jsonl(out)]
    of = [("train", 40), ("test", 20)]
    assert rows == [(name, f"{name}/{i}", sample) for name, count in of for i in range(count) for sample in (0, 1)]


def test_a_kill_while_the_chunks_are_put_together(forks: Forks, model: Path, tmp_path: Path) -> None:
    argv, folder, log = sampling(model, tmp_path, "killed"), tmp_path / "killed", tmp_path / "log"
    fork = forks.start(argv, log)
    wait_until(lambda: any(folder.glob(".traces.jsonl.*.tmp")))
    os.kill(fork, signal.SIGKILL)
    assert forks.status() == -signal.SIGKILL
    assert not (folder / "traces.jsonl").exists() and any(folder.glob(".traces.jsonl.*.tmp"))
    written = chunks(folder / "work")
    log.unlink()
    forks.start(argv, log)
    assert forks.status() == 0
    assert f"m: {CHUNKS} chunks, 0 to draw" in log.read_text()
    assert chunks(folder / "work") == written and not unfinished(folder)
    assert len(list(read_jsonl(folder / "traces.jsonl"))) == 120


class Sampled:
    """A study in a copy of the project, one of whose models has been sampled once, without a break."""

    def __init__(self, project: Path, model: Path) -> None:
        self.project = project
        changes: dict[str, Any] = {
            "study": "killed",
            "bases.small": {"source": "local", "path": str(model)},
            "sampling.engine.chunk_size": 2,
            "sampling.evaluation.max_tokens": 60,
        }
        raw = raw_config("mini", changes)
        for dataset in raw["benchmarks"]:
            raw["datasets"][dataset]["options"]["count"] = 12
        (project / "config" / "killed.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
        results = project / "results" / "killed"
        self.traces, self.work = results / "cot" / "small" / "shard-0.jsonl", results / "work" / "sampling" / "small"
        self.log = results / "logs" / "sample" / "small-0.log"
        self.arguments = [str(self.traces.relative_to(project)), "--configfile", "config/killed.yaml"]
        whole = snakemake(project, *self.arguments)
        assert whole.returncode == 0, output_of(whole)
        self.unbroken = self.traces.read_bytes()


@pytest.fixture(scope="module")
def sampled(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Sampled:
    return Sampled(copy_project(tmp_path_factory.mktemp("sampled")), model)


@pytest.mark.parametrize("hit", ["job", "snakemake", "both"])
def test_a_run_of_which_something_is_killed_goes_on(sampled: Sampled, tmp_path: Path, hit: str) -> None:
    """The job alone, Snakemake alone, or all at once (a power cut): the same command goes on, to the same bytes.

    Snakemake removes the outputs of a killed job; the work folder, which no rule declares, stays. A killed Snakemake
    leaves its lock behind, and would leave its job running.
    """
    sampled.traces.unlink()
    shutil.rmtree(sampled.work)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *sampled.arguments]
    told = tmp_path / "told"
    with (
        told.open("w") as stderr,
        subprocess.Popen(command, cwd=sampled.project, stderr=stderr, start_new_session=True) as run,
    ):
        wait_until(lambda: len(chunks(sampled.work)) >= 3 or run.poll() is not None, 0.02)
        family = psutil.Process(run.pid).children(recursive=True)
        jobs = [process for process in family if "scripts.sample" in process.cmdline()]
        assert jobs
        if hit == "both":
            os.killpg(run.pid, signal.SIGKILL)
        for process in {"job": jobs, "snakemake": [run], "both": []}[hit]:
            process.send_signal(signal.SIGKILL)
        assert run.wait() == (1 if hit == "job" else -signal.SIGKILL)
        wait_until(lambda: not any(is_alive(process) for process in family), 0.02)
    assert ("error: the job was killed by signal 9" in told.read_text()) == (hit == "job")
    written = chunks(sampled.work)
    assert not sampled.traces.exists() and len(written) >= 3

    again = snakemake(sampled.project, *sampled.arguments)
    assert again.returncode == 0, output_of(again)
    assert ("was cut short: its lock on the study killed is taken away" in output_of(again)) == (hit != "job")
    assert sampled.traces.read_bytes() == sampled.unbroken
    log = sampled.log.read_text()
    total, missing = map(int, re.findall(r"small: (\d+) chunks, (\d+) to draw", log)[0])
    assert missing == total - len(written) and len(re.findall(r"chunk \d+ of", log)) == missing
    assert written.items() <= chunks(sampled.work).items()


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still does something; a zombie does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False

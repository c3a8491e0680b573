"""The table of what a study cost."""

from pathlib import Path

import pytest

from micota.common.errors import UserError
from micota.common.records import read_json
from micota.common.tables import DASH
from scripts import cost


def benchmark(folder: Path, rule: str, job: str, seconds: str, memory: str) -> None:
    path = folder / rule / f"{job}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:00\t{memory}\n")


def test_jobs_too_short_to_sample_have_a_dash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [("train", "10.5", "900.4"), ("train", "20.5", "NA"), ("clean", "0.1", "NA"), ("clean", "0.3", "-")]
    jobs += [("odd", "NA", "-")]
    for number, (rule, seconds, memory) in enumerate(jobs):
        benchmark(tmp_path / "benchmarks", rule, f"job{number}", seconds, memory)
    out = tmp_path / "seconds.json"
    cost.main(["--benchmarks", str(tmp_path / "benchmarks"), "--seconds", str(out)])
    shown = capsys.readouterr().out.splitlines()
    assert shown[2:5] == [
        f"| clean | 2 | 0.2 | 0 | {DASH} |",
        f"| odd | 1 | {DASH} | {DASH} | {DASH} |",
        "| train | 2 | 15.5 | 31 | 900 |",
    ]
    assert read_json(out) == {"clean": {"job2": 0.1, "job3": 0.3}, "train": {"job0": 10.5, "job1": 20.5}}


def test_seconds_are_told_apart_by_training_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [("train", "teacher", 40), ("train", "small-mid-s7", 10), ("train", "small-mid-s12", 11)]
    jobs += [("sample", "ta-w0.2-d0.5-m7-0", 5), ("sample", "small-mid-s7-0", 2), ("sample", "small-mid-s7-1", 3)]
    for rule, job, seconds in jobs:
        benchmark(tmp_path, rule, job, str(seconds), "1")
    cost.main(["--benchmarks", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "| seconds for | sample | train | in all |",
        "|---|---:|---:|---:|",
        "| every seed, once | 5 | 40 | 45 |",
        "| seed 7 | 5 | 10 | 15 |",
        "| seed 12 | 0 | 11 | 11 |",
    ]


def test_seconds_are_told_apart_by_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [("train", "teacher-c1", 40), ("train", "small-mid-c1-s0", 10), ("train", "small-mid-c12-s0", 11)]
    jobs += [("sample", "ta-c12-w0.2-d0.5-m1200-0", 5), ("sample", "small-c1-0", 2), ("sample", "large-0", 3)]
    for rule, job, seconds in jobs:
        benchmark(tmp_path, rule, job, str(seconds), "1")
    cost.main(["--benchmarks", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "| every chain, once | 3 | 0 | 3 |",
        "| chain 1 | 2 | 50 | 52 |",
        "| chain 12 | 5 | 11 | 16 |",
    ]


def test_a_study_that_has_not_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the study first"):
        cost.main(["--benchmarks", str(tmp_path)])

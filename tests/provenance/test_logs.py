"""The archive of per-sample logs: what it keeps, what it leaves out, and that a study's tables need no more."""

from pathlib import Path

import pytest

from micota.common.errors import UserError
from micota.common.records import read_jsonl, write_json, write_jsonl
from scripts.logs import main

TRACE = {"id": "t/0", "completion": "1+1=2 \\boxed{2}", "prompt": "1+1?", "correct": True, "n_tokens": 9}


def results(folder: Path) -> Path:
    write_jsonl(folder / "graded" / "small.jsonl", [TRACE])
    write_jsonl(folder / "likelihood" / "small.jsonl", [{"id": "t/0", "corpus": "mid", "nll": 1.5, "n_tokens": 9}])
    write_json(folder / "corpora" / "mid.counts.json", {"kept": 1})
    write_jsonl(folder / "cot" / "small.jsonl", [TRACE])
    return folder


def test_verdicts_lengths_and_counts_survive_and_texts_do_not(tmp_path: Path) -> None:
    archive, again = tmp_path / "logs.tar.xz", tmp_path / "again"
    main(["pack", "--results", str(results(tmp_path / "study")), "--archive", str(archive)])
    main(["unpack", "--results", str(again), "--archive", str(archive)])
    assert list(read_jsonl(again / "graded" / "small.jsonl")) == [{**TRACE, "completion": None, "prompt": None}]
    for same in ("likelihood/small.jsonl", "corpora/mid.counts.json"):
        assert (again / same).read_bytes() == (tmp_path / "study" / same).read_bytes()
    assert not (again / "cot").exists()


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    archives = [tmp_path / "one.tar.xz", tmp_path / "two.tar.xz"]
    for number, archive in enumerate(archives):
        main(["pack", "--results", str(results(tmp_path / f"study{number}")), "--archive", str(archive)])
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_logs_of_two_runs_never_mix(tmp_path: Path) -> None:
    study, archive = results(tmp_path / "study"), tmp_path / "logs.tar.xz"
    main(["pack", "--results", str(study), "--archive", str(archive)])
    with pytest.raises(UserError, match="exists already"):
        main(["unpack", "--results", str(study), "--archive", str(archive)])


def test_a_cut_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = tmp_path / "logs.tar.xz"
    main(["pack", "--results", str(results(tmp_path / "study")), "--archive", str(archive)])
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(UserError, match="not a whole"):
        main(["unpack", "--results", str(tmp_path / "again"), "--archive", str(archive)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs.tar.xz", "study"]


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the study first"):
        main(["pack", "--results", str(tmp_path / "none"), "--archive", str(tmp_path / "logs.tar.xz")])

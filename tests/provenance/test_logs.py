"""The archive of per-sample logs: all that tables and graders need comes back as it was, and texts stand there once."""

import json
import tarfile
from pathlib import Path

import pytest

from micota.common.errors import UserError
from micota.common.records import Record, read_jsonl, write_json, write_jsonl
from micota.grading.grade import Judge, grade
from micota.provenance.texts import Texts
from micota.sampling.shards import dealt, in_turn
from scripts import grade as grading
from scripts.logs import main

TRACE = {"id": "t/0", "completion": "1+1=2 \\boxed{2}", "prompt": "1+1?", "correct": True, "n_tokens": 9}
TRACE |= {"dataset": "t", "sample": 0}
ROW = {"id": "t/0", "sample": 0, "sampler": "small", "problem": "1+1?", "completion": TRACE["completion"]}


def results(folder: Path) -> Path:
    write_jsonl(
        folder / "graded" / "small.jsonl", [TRACE, TRACE | {"id": "t/1", "completion": "half \ud800", "prompt": None}]
    )
    write_jsonl(folder / "corpora" / "mid.jsonl", [ROW, ROW | {"id": "made/0", "completion": "made"}])
    write_jsonl(folder / "likelihood" / "small.jsonl", [{"id": "t/0", "corpus": "mid", "nll": 1.5, "n_tokens": 9}])
    write_json(folder / "corpora" / "mid.counts.json", {"kept": 1})
    write_jsonl(folder / "cot" / "small" / "shard-0.jsonl", [TRACE])
    return folder


def member(archive: Path, name: str) -> list[Record]:
    with tarfile.open(archive) as tar:
        handle = tar.extractfile(name)
        assert handle is not None
        return [json.loads(line) for line in handle]


def test_every_kept_file_comes_back_byte_for_byte_with_its_texts(tmp_path: Path) -> None:
    archive, again = tmp_path / "logs.tar.xz", tmp_path / "again"
    study = results(tmp_path / "study")
    main(["pack", "--results", str(study), "--archive", str(archive)])
    main(["unpack", "--results", str(again), "--archive", str(archive)])
    kept = ["corpora/mid.counts.json", "corpora/mid.jsonl", "graded/small.jsonl", "likelihood/small.jsonl"]
    for name in kept:
        assert (again / name).read_bytes() == (study / name).read_bytes(), name
    traces = "cot/small/shard-0.jsonl"
    assert sorted(str(p.relative_to(again)) for p in again.rglob("*") if p.is_file()) == sorted([*kept, traces])
    packed_again = tmp_path / "logs2.tar.xz"
    main(["pack", "--results", str(again), "--archive", str(packed_again)])
    assert packed_again.read_bytes() == archive.read_bytes()


def test_a_text_stands_there_once_a_problem(tmp_path: Path) -> None:
    archive = tmp_path / "logs.tar.xz"
    main(["pack", "--results", str(results(tmp_path / "study")), "--archive", str(archive)])
    first, *_ = member(archive, "texts.jsonl")
    assert first["id"] == "t/0" and set(first["texts"]) == {TRACE["prompt"], TRACE["completion"]}
    (row, _), (trace, _) = member(archive, "corpora/mid.jsonl"), member(archive, "graded/small.jsonl")
    assert row["completion"] == trace["completion"] and row["problem"] == trace["prompt"]


def test_a_number_without_a_text_is_refused() -> None:
    with pytest.raises(UserError, match="t/0: the archive has no text 1"):
        Texts([{"id": "t/0", "texts": ["only"]}]).put({"id": "t/0", "completion": 1})


def test_an_archive_that_lost_a_text_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    archive, inside = tmp_path / "logs.tar.xz", tmp_path / "inside"
    main(["pack", "--results", str(results(tmp_path / "study")), "--archive", str(archive)])
    with tarfile.open(archive) as tar:
        tar.extractall(inside, filter="data")
    (inside / "texts.jsonl").write_text("")
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(inside, ".")
    with pytest.raises(UserError, match=f"^{archive}: t/0: the archive has no text 0"):
        main(["unpack", "--results", str(tmp_path / "again"), "--archive", str(archive)])
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("shards", [1, 2, 3, 9])
def test_shards_are_dealt_out_as_they_were_put_together(shards: int) -> None:
    rows = [{"dataset": name, "id": f"{name}/{n}", "sample": k} for name in "ab" for n in range(5) for k in range(2)]
    parts = dealt(rows, shards)
    assert len(parts) == shards and list(in_turn([iter(part) for part in parts])) == rows
    assert {row["id"] for row in parts[0]} == {f"{name}/{n}" for name in "ab" for n in range(0, 5, shards)}


def test_graded_again_from_the_archive_traces_are_graded_as_before(tmp_path: Path) -> None:
    study, again = tmp_path / "study", tmp_path / "again"
    texts = ["\\boxed{1}", "\\boxed{2}", "none", "\\boxed{\\frac{2}{2}}"]
    problems = [{"id": f"t/{n}", "problem": f"{n}?", "answer": "1", "source": "t"} for n in range(4)]
    traces = [
        {"id": f"t/{n}", "sample": 0, "sampler": "small", "dataset": "t", "prompt": f"{n}?", "completion": text,
         "finish_reason": "stop", "n_tokens": 5, "seed": 1}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    write_jsonl(tmp_path / "problems.jsonl", problems)
    for shard in range(2):
        write_jsonl(study / f"cot/small/shard-{shard}.jsonl", traces[shard::2])
    with Judge() as judge:
        write_jsonl(study / "graded/small.jsonl", grade(traces, {row["id"]: "1" for row in problems}, judge))
        assert [row["correct"] for row in read_jsonl(study / "graded/small.jsonl")] == [True, False, False, True]
    main(["pack", "--results", str(study), "--archive", str(tmp_path / "logs.tar.xz")])
    main(["unpack", "--results", str(again), "--archive", str(tmp_path / "logs.tar.xz")])
    shards = sorted(map(str, (again / "cot/small").iterdir()))
    grading.main(["--problems", str(tmp_path / "problems.jsonl"), "--traces", *shards,
                  "--graded", str(tmp_path / "regraded.jsonl")])  # fmt: skip
    assert (tmp_path / "regraded.jsonl").read_bytes() == (study / "graded/small.jsonl").read_bytes()


def test_an_older_archive_has_no_texts_and_no_traces(tmp_path: Path) -> None:
    old, again = tmp_path / "old.tar.xz", tmp_path / "again"
    write_jsonl(tmp_path / "graded/small.jsonl", [TRACE | {"prompt": None, "completion": None}])
    with tarfile.open(old, "w:xz") as tar:
        tar.add(tmp_path / "graded/small.jsonl", "graded/small.jsonl")
    main(["unpack", "--results", str(again), "--archive", str(old)])
    assert [path.relative_to(again).as_posix() for path in again.rglob("*.jsonl")] == ["graded/small.jsonl"]
    assert (again / "graded/small.jsonl").read_bytes() == (tmp_path / "graded/small.jsonl").read_bytes()


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

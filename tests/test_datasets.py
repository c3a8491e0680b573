"""Every loader against a row as published, the whole files where they are at hand, and the command line."""

import json
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pytest

from micota.cli import UserError
from micota.datasets import LOADERS, Home, answer_text, check_content, load, loader_module
from micota.records import PROBLEM_FIELDS, RecordError, read_jsonl
from scripts import problems

GSM8K = {"question": "How many clips?", "answer": "48/2 = <<48/2=24>>24\nand so on\n#### 2,125"}
OLYMPIAD = {"question": "Find all.", "final_answer": ["$69$,$84$"], "is_multiple_answer": True, "unit": "$cm^2$"}
MATH = {"problem": "Degree?", "solution": "It is $\\boxed{4}$.", "answer": "4", "subject": "Algebra", "level": 2}


@pytest.mark.parametrize(
    ("loader", "row", "expected"),
    [
        ("gsm8k", GSM8K, {"problem": "How many clips?", "answer": "2125"}),
        ("math500", MATH, {"answer": "4", "subject": "Algebra", "level": 2}),
        ("math12k", {"problem": "Degree?", "answer": "4"}, {"problem": "Degree?", "answer": "4"}),
        ("aime24", {"problem": "Walk?", "answer": "025", "solution": "s"}, {"answer": "25", "solution": "s"}),
        ("aime24", {"problem": "Walk?", "answer": 204}, {"answer": "204"}),
        ("amc23", {"problem": "Miles?", "answer": 27.0}, {"problem": "Miles?", "answer": "27"}),
        ("amc23", {"question": "Miles?", "answer": "27.0"}, {"problem": "Miles?", "answer": "27"}),
        ("amc23", {"problem": "Miles?", "answer": 2.5}, {"answer": "2.5"}),
        ("olympiadbench", OLYMPIAD, {"answer": "69,84", "multiple": True, "unit": "cm^2"}),
        ("olympiadbench", {"question": "n?", "final_answer": ["2", "3"]}, {"answer": "2", "answers": ["2", "3"]}),
        ("plain", {"problem": "2+3?", "answer": 5, "level": 1}, {"answer": "5", "level": 1}),
    ],
)
def test_problem(loader: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    fields = loader_module(loader).problem(row)
    assert {field: fields[field] for field in expected} == expected


@pytest.mark.parametrize(("value", "text"), [(27.0, "27"), (0.5, "0.5"), (12, "12"), (" 3 ", "3"), (None, "")])
def test_answer_text(value: Any, text: str) -> None:
    assert answer_text(value) == text


@pytest.mark.parametrize("loader", [name for name in LOADERS if name != "arithmetic"])
def test_docstrings_say_what_a_row_is(loader: str) -> None:
    module = loader_module(loader)
    assert '{"' in (module.__doc__ or "")
    assert set(module.HUB) == {"repo", "config", "split", "revision"}
    assert loader == "plain" or module.HUB["split"] in module.ROWS


@pytest.mark.parametrize(
    ("loader", "file", "split", "count"),
    [
        ("aime24", "aime24.jsonl", None, 30),
        ("amc23", "amc23.jsonl", None, 40),
        ("olympiadbench", "olympiadbench.jsonl", None, 675),
        ("math500", "math500.jsonl", None, 500),
        ("gsm8k", "gsm8k_test.jsonl", "test", 1319),
        ("gsm8k", "gsm8k_train.jsonl", None, 7473),
    ],
)
def test_real_files(real_data: Path, loader: str, file: str, split: str | None, count: int) -> None:
    found = load("set", loader, Home(real_data / file, split=split))
    assert len(found) == len({record["id"] for record in found}) == count
    assert all(isinstance(record[field], str) and record[field] for record in found for field in PROBLEM_FIELDS)
    if loader == "olympiadbench":
        assert not any("$" in record["answer"] for record in found)
        assert sum(record["multiple"] for record in found) == 94


def test_a_copy_with_another_word_or_answer_is_refused(real_data: Path, tmp_path: Path) -> None:
    """Order, spacing and case are not content; a subset is not checked."""
    lines = (real_data / "amc23.jsonl").read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "amc23.jsonl"
    copy.write_text("\n".join([lines[0].replace("Cities ", "CITIES  "), *reversed(lines[1:])]), encoding="utf-8")
    found = load("amc", "amc23", Home(copy))
    changed = {
        "word": lines[0].replace("Cities", "Towns"),
        "answer": lines[0].replace('"answer":27.0', '"answer":28.0'),
    }
    for first in changed.values():
        assert first != lines[0]
        copy.write_text("\n".join([first, *lines[1:]]), encoding="utf-8")
        with pytest.raises(
            UserError, match=r"amc23.jsonl are not those known .*set `sha256: \w{64}` under datasets.amc"
        ) as said:
            load("amc", "amc23", Home(copy))
        accepted = str(said.value).rpartition("`sha256: ")[2].partition("`")[0]
        assert len(load("amc", "amc23", Home(copy), sha256=accepted)) == len(found) == 40
        assert len(load("amc", "amc23", Home(copy), limit=40)) == 40
    with pytest.raises(UserError, match="are not those known"):
        load("amc", "amc23", Home(real_data / "amc23.jsonl"), sha256="0" * 64)


def test_the_content_of_a_split_is_that_splits(real_data: Path) -> None:
    """Of a split that is named, no other split's content will do."""
    found = load("test", "gsm8k", Home(real_data / "gsm8k_test.jsonl", split="test"))
    module = loader_module("gsm8k")
    check_content("test", Home(split="test"), found, module.SHA256)
    with pytest.raises(UserError, match="are not those known"):
        check_content("train", Home(split="train"), found, module.SHA256)


def test_olympiadbench_keeps_units_and_several_answers_as_documented(real_data: Path) -> None:
    found = {row["id"]: row for row in load("o", "olympiadbench", Home(real_data / "olympiadbench.jsonl"))}
    units = {row["unit"] for row in found.values() if "unit" in row}
    assert sum("unit" in row for row in found.values()) == 8 and {"minute", "km", "cm^2"} <= units
    assert "69,84" in [row["answer"] for row in found.values() if row["multiple"]]
    assert not any("answers" in row for row in found.values())


def test_wrong_split_is_a_wrong_count(real_data: Path) -> None:
    with pytest.raises(UserError, match="has 1319 rows, expected 7473"):
        load("train", "gsm8k", Home(real_data / "gsm8k_test.jsonl", split="train"))


@pytest.fixture
def gsm8k_file(tmp_path: Path) -> Path:
    path = tmp_path / "gsm8k.jsonl"
    rows = [{"question": f"Question {n}?", "answer": f"Well.\n#### {n}"} for n in range(50)]
    path.write_text("\n\n".join(json.dumps(row) for row in rows))
    return path


def test_limit_is_a_seeded_sample_in_source_order(gsm8k_file: Path) -> None:
    def ids(limit: int, seed: int) -> list[str]:
        return [record["id"] for record in load("easy", "gsm8k", Home(gsm8k_file), limit=limit, seed=seed)]

    first = ids(10, 1)
    rows = [int(name.removeprefix("easy/")) for name in first]
    assert rows == sorted(set(rows)) and len(rows) == 10
    assert first == ids(10, 1) != ids(10, 2)
    assert ids(50, 1) == ids(99, 2) == [f"easy/{n}" for n in range(50)]
    sample = load("easy", "gsm8k", Home(gsm8k_file), limit=10, seed=1)
    assert all(record["answer"] == record["id"].removeprefix("easy/") for record in sample)


def test_a_count_that_is_not_the_published_one_is_an_error(gsm8k_file: Path) -> None:
    with pytest.raises(UserError, match="has 50 rows, expected 1319 or 7473"):
        load("easy", "gsm8k", Home(gsm8k_file))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"question": "?", "answer": "no hashes"}', r"rows.jsonl:3: the row has no answer"),
        ('{"question": "?", "answer": "#### "}', r"rows.jsonl:3: the row has no answer"),
        ('{"question": " ", "answer": "#### 1"}', r"rows.jsonl:3: the row has no problem"),
        ('{"problem": "?", "answer": "#### 1"}', r"rows.jsonl:3: not a row of gsm8k \(KeyError: 'question'\)"),
        ('{"question": "?", "answer": null}', r"rows.jsonl:3: not a row of gsm8k"),
        ('{"question": "?", "answer"', r"rows.jsonl:3: not valid JSON"),
    ],
)
def test_bad_rows_are_named_by_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GSM8K) + "\n\n" + line + "\n")
    with pytest.raises((UserError, RecordError), match=message):
        load("easy", "gsm8k", Home(path), limit=5)


def test_a_download_needs_a_pinned_revision() -> None:
    for revision in (None, "unresolved"):
        with pytest.raises(UserError, match=r"HuggingFaceH4/MATH-500 needs a pinned `revision:`.*`path:`"):
            load("math", "math500", Home(revision=revision))


def test_an_unreachable_hub_names_set_revision_and_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(repo: str, *, repo_type: str, revision: str, allow_patterns: Any) -> None:
        assert (repo, repo_type, revision, allow_patterns) == ("HuggingFaceH4/MATH-500", "dataset", "abc123", None)
        raise ConnectionError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(UserError, match=r"datasets.math.hub: .*HuggingFaceH4/MATH-500.*revision abc123.*`path:`"):
        load("math", "math500", Home(revision="abc123"))


def test_hub_rows_become_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"problem": "1+1?", "answer": "2"}] * 12000
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: "folder")
    monkeypatch.setattr(
        datasets, "load_dataset", lambda folder, config, split, streaming: rows if split == "train" else []
    )
    found = load("train", "math12k", Home(revision="abc123"))
    assert len(found) == 12000 and found[-1]["id"] == "train/11999" and found[0]["source"] == "math12k"


def test_command_line(gsm8k_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    argv = ["--dataset", "easy", "--loader", "gsm8k", "--path", str(gsm8k_file), "--limit", "4", "--out", str(out)]
    problems.main(argv)
    found = list(read_jsonl(out, PROBLEM_FIELDS))
    assert len(found) == 4 and "easy: 4 problems" in capsys.readouterr().out
    with pytest.raises(UserError):
        problems.main([*argv[:-4], "--out", str(tmp_path / "none.jsonl")])
    assert not (tmp_path / "none.jsonl").exists()


def test_arithmetic(tmp_path: Path) -> None:
    options = {"part": "test", "count": 20, "seed": 1, "operations": [2], "bound": 99}
    out = tmp_path / "out.jsonl"
    argv = ["--dataset", "easy", "--loader", "arithmetic", "--out", str(out), "--options"]
    problems.main([*argv, json.dumps(options)])
    found = list(read_jsonl(out, PROBLEM_FIELDS))
    assert [record["id"] for record in found] == [f"easy/{n}" for n in range(20)]
    assert {record["source"] for record in found} == {"arithmetic"}
    with pytest.raises(UserError, match=r"wrong options for arithmetic.*operatons"):
        problems.main([*argv, json.dumps({**options, "operatons": 3})])

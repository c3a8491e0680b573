"""Every loader against a row as published, the whole files where they are at hand, and the command line."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pyarrow.parquet
import pytest

from micota.common.contracts import PROBLEM
from micota.common.errors import UserError
from micota.common.records import RecordError, read_json, read_jsonl, write_json
from micota.problems.answers import answer_text
from micota.problems.content import check_content, normalise
from micota.problems.datasets import LOADERS, card, loader_module
from micota.problems.loading import load
from micota.problems.settings import LeaveOut
from micota.problems.source import Source
from scripts import clean, problems
from tests import hub_cache
from tests.tiny import ROOT, config_files, raw_config

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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(27.0, "27"), (0.5, "0.5"), (12, "12"), (" 3 ", "3"), (None, ""), (float("nan"), "")],
        *[(5e-05, "0.00005"), (1e-07, "0.0000001"), (1e23, "1" + "0" * 23), (-0.0, "0"), (1.5e300, "15" + "0" * 299)],
        *[("5e-05", "0.00005"), ("-1.5E+3", "-1500"), ("2e", "2e"), ("e-7", "e-7"), ("3,000", "3,000")],
        *[
            ("1E5", "100000"),
            (" -5.0E-3 ", "-0.005"),
            ("$5e-05$", "$0.00005$"),
            ("5e-05, 1e+16", "0.00005, 1" + "0" * 16),
        ],
        *[
            ("\u200b7\ufeff", "7"),
            ("+5", "+5"),
            ("x^{2e}", "x^{2e}"),
            ("3e-2x", "3e-2x"),
            ("1.5e", "1.5e"),
        ],
        *[(Decimal("5.00"), "5"), (date(2024, 1, 5), "2024-01-05"), (datetime(2024, 1, 5), "2024-01-05")],
    ],
)
def test_answer_text(value: Any, text: str) -> None:
    assert answer_text(value) == text


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), [1], {"a": 1}, b"1", True, "2e-1", " $5e-3$"])
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(ValueError, match=r"no answer|not a|not true|is a decimal number or a term"):
        answer_text(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is  $x$?", "what is\n$x$?"),
        (r"Find $a\, b\;c\!$", "find $a b c $"),
        (r"$1\quad 2$ and~3", "$1 2$ and 3"),
    ],
)
def test_spacing_and_case_are_no_content(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert normalise(r"\quadrant") == r"\quadrant" and normalise("148a*2?") != normalise("148a*3?")


@pytest.mark.parametrize("loader", [name for name in LOADERS if name != "arithmetic"])
def test_docstrings_say_what_a_row_is(loader: str) -> None:
    assert '{"' in (loader_module(loader).__doc__ or "")
    known = card(loader)
    assert set(known.hub) == {"repo", "config", "split", "revision"}
    assert loader == "plain" or known.hub["split"] in known.rows


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
    found = load("set", loader, Source(real_data / file, split=split))
    assert len(found) == len({record["id"] for record in found}) == count
    assert all(isinstance(record[field], str) and record[field] for record in found for field in PROBLEM)
    if loader == "olympiadbench":
        assert not any("$" in record["answer"] for record in found)
        assert sum(record["multiple"] for record in found) == 94


def test_a_copy_with_another_word_or_answer_is_refused(real_data: Path, tmp_path: Path) -> None:
    """Order, spacing and case are not content; a subset is not checked."""
    lines = (real_data / "amc23.jsonl").read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "amc23.jsonl"
    copy.write_text("\n".join([lines[0].replace("Cities ", "CITIES  "), *reversed(lines[1:])]), encoding="utf-8")
    found = load("amc", "amc23", Source(copy))
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
            load("amc", "amc23", Source(copy))
        accepted = str(said.value).rpartition("`sha256: ")[2].partition("`")[0]
        assert len(load("amc", "amc23", Source(copy), sha256=accepted)) == len(found) == 40
        assert len(load("amc", "amc23", Source(copy), limit=40)) == 40
    with pytest.raises(UserError, match="are not those known"):
        load("amc", "amc23", Source(real_data / "amc23.jsonl"), sha256="0" * 64)


def test_the_content_of_a_split_is_that_splits(real_data: Path) -> None:
    """Of a split that is named, no other split's content will do."""
    found = load("test", "gsm8k", Source(real_data / "gsm8k_test.jsonl", split="test"))
    module = loader_module("gsm8k")
    check_content("test", Source(split="test"), found, module.SHA256)
    with pytest.raises(UserError, match="are not those known"):
        check_content("train", Source(split="train"), found, module.SHA256)


def test_olympiadbench_keeps_units_and_several_answers_as_documented(real_data: Path) -> None:
    found = {row["id"]: row for row in load("o", "olympiadbench", Source(real_data / "olympiadbench.jsonl"))}
    units = {row["unit"] for row in found.values() if "unit" in row}
    assert sum("unit" in row for row in found.values()) == 8 and {"minute", "km", "cm^2"} <= units
    assert "69,84" in [row["answer"] for row in found.values() if row["multiple"]]
    assert not any("answers" in row for row in found.values())


def test_wrong_split_is_a_wrong_count(real_data: Path) -> None:
    with pytest.raises(UserError, match="has 1319 rows, expected 7473"):
        load("train", "gsm8k", Source(real_data / "gsm8k_test.jsonl", split="train"))


@pytest.fixture
def gsm8k_file(tmp_path: Path) -> Path:
    path = tmp_path / "gsm8k.jsonl"
    rows = [{"question": f"Question {n}?", "answer": f"Well.\n#### {n}"} for n in range(50)]
    path.write_text("\n\n".join(json.dumps(row) for row in rows))
    return path


def test_limit_is_a_seeded_sample_in_source_order(gsm8k_file: Path) -> None:
    def ids(limit: int, seed: int) -> list[str]:
        return [record["id"] for record in load("easy", "gsm8k", Source(gsm8k_file), limit=limit, seed=seed)]

    first = ids(10, 1)
    rows = [int(name.removeprefix("easy/")) for name in first]
    assert rows == sorted(set(rows)) and len(rows) == 10
    assert first == ids(10, 1) != ids(10, 2)
    assert ids(50, 1) == ids(99, 2) == [f"easy/{n}" for n in range(50)]
    sample = load("easy", "gsm8k", Source(gsm8k_file), limit=10, seed=1)
    assert all(record["answer"] == record["id"].removeprefix("easy/") for record in sample)


def test_a_count_that_is_not_the_published_one_is_an_error(gsm8k_file: Path) -> None:
    with pytest.raises(UserError, match="has 50 rows, expected 1319 or 7473"):
        load("easy", "gsm8k", Source(gsm8k_file))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"question": "?", "answer": "no hashes"}', r"rows.jsonl:3: the row has no answer"),
        ('{"question": "?", "answer": "#### "}', r"rows.jsonl:3: the row has no answer"),
        ('{"question": " ", "answer": "#### 1"}', r"rows.jsonl:3: the row has no problem"),
        (
            '{"problem": "?", "answer": "#### 1"}',
            r"rows.jsonl:3: not a row of gsm8k: it has no 'question'; there are: problem",
        ),
        ('{"question": "?", "answer": null}', r"rows.jsonl:3: not a row of gsm8k"),
        ('{"question": "?", "answer"', r"rows.jsonl:3: not valid JSON"),
    ],
)
def test_bad_rows_are_named_by_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GSM8K) + "\n\n" + line + "\n")
    with pytest.raises((UserError, RecordError), match=message):
        load("easy", "gsm8k", Source(path), limit=5)


def test_a_download_needs_a_pinned_revision() -> None:
    for revision in (None, "unresolved"):
        with pytest.raises(UserError, match=r"HuggingFaceH4/MATH-500 needs a pinned `revision:`.*`path:`"):
            load("math", "math500", Source(revision=revision))


def test_an_unreachable_hub_names_set_revision_and_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(repo: str, *, repo_type: str, revision: str, allow_patterns: Any, ignore_patterns: Any) -> None:
        assert (repo, repo_type, revision) == ("HuggingFaceH4/MATH-500", "dataset", "abc123")
        assert allow_patterns is ignore_patterns is None
        raise ConnectionError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(UserError, match=r"datasets.math.hub: .*HuggingFaceH4/MATH-500.*revision abc123.*`path:`"):
        load("math", "math500", Source(revision="abc123"))


def test_hub_rows_become_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"problem": "1+1?", "answer": "2"}] * 12000
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: "folder")
    monkeypatch.setattr(
        datasets, "load_dataset", lambda folder, config, split, streaming: rows if split == "train" else []
    )
    found = load("train", "math12k", Source(revision="abc123"))
    assert len(found) == 12000 and found[-1]["id"] == "train/11999" and found[0]["source"] == "math12k"


def test_command_line(gsm8k_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    argv = ["--dataset", "easy", "--loader", "gsm8k", "--path", str(gsm8k_file), "--limit", "4", "--out", str(out)]
    problems.main(argv)
    found = list(read_jsonl(out, PROBLEM))
    assert len(found) == 4 and "easy: 4 problems" in capsys.readouterr().out
    with pytest.raises(UserError):
        problems.main([*argv[:-4], "--out", str(tmp_path / "none.jsonl")])
    assert not (tmp_path / "none.jsonl").exists()


def test_arithmetic(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    argv = ["--dataset", "easy", "--loader", "arithmetic", "--out", str(out), "--options-part", "test"]
    options = ["--options-seed", "1", "--options-operations", "2", "--options-bound", "99"]
    problems.main([*argv, "--options-count", "20", *options])
    found = list(read_jsonl(out, PROBLEM))
    assert [record["id"] for record in found] == [f"easy/{n}" for n in range(20)]
    assert {record["source"] for record in found} == {"arithmetic"}
    with pytest.raises(UserError, match=r"--options-count: Field required"):
        problems.main([*argv, *options])
    with pytest.raises(UserError, match=r"--options-count: .*greater than or equal to 1"):
        problems.main([*argv, "--options-count", "0", *options])
    with pytest.raises(UserError, match=r"--options-\*: the arithmetic loader needs them"):
        problems.main([*argv[:-2]])


def test_a_study_says_what_a_set_is_and_flags_go_over_it(gsm8k_file: Path, tmp_path: Path) -> None:
    """From the local copy where the study reads one; what is not a flag is as the study has it."""
    block = {"loader": "plain", "path": "rows.jsonl", "leave_out": {"no_answer": True}, "limit": 3, "seed": 5}
    rows_file(tmp_path, [{"problem": f"{n}?", "answer": n if n != 4 else None} for n in range(9)])
    hub = {"repo": "me/mine", "split": "train", "revision": "abc"}
    changes = {"datasets.mine": block, "datasets.away": block | {"hub": hub}, "data_folder": str(tmp_path)}
    write_json(tmp_path / "s.json", raw_config("mini", changes))
    argv = ["--study", str(tmp_path / "s.json"), "--out", str(tmp_path / "out.jsonl")]

    def ids(*flags: str) -> list[str]:
        problems.main([*argv, *flags])
        return [row["id"] for row in read_jsonl(tmp_path / "out.jsonl", PROBLEM)]

    rules, left_out = LeaveOut(no_answer=True), Counter[str]()
    found = load("mine", "plain", Source(tmp_path / "rows.jsonl"), None, 3, 5, None, rules, left_out)
    assert ids("--dataset", "mine", "--counts", str(tmp_path / "c.json")) == [row["id"] for row in found]
    assert read_json(tmp_path / "c.json") == {"problems": 3, "left_out": dict(left_out)} and left_out["no_answer"] == 1
    assert len(ids("--dataset", "away")) == 3, "the local copy of data_folder"
    assert len(ids("--dataset", "mine", "--limit", "5", "--seed", "6")) == 5
    assert ids("--dataset", "mine", "--loader", "gsm8k", "--path", str(gsm8k_file), "--seed", "1")
    with pytest.raises(UserError, match=r"--config, --revision: the rows are read from .*rows.jsonl"):
        ids("--dataset", "mine", "--revision", "abc")
    with pytest.raises(UserError, match=r"--dataset: there is no 'yours'; there are: .*mine"):
        ids("--dataset", "yours")
    with pytest.raises(UserError, match=r"--limit: .*greater than or equal to 1"):
        ids("--dataset", "mine", "--limit", "0")
    with pytest.raises(UserError, match=r"me/other needs a pinned `revision:`"):
        ids("--dataset", "away", "--hub", "me/other")


@pytest.mark.parametrize(("study", "dataset"), [("paper", "gsm8k"), ("smoke", "gsm8k"), ("mini", "two_steps")])
def test_flags_alone_read_what_a_study_reads(study: str, dataset: str) -> None:
    """The block of a study, and the same by hand: one block, one source."""
    by_study, source = problems.described(
        problems.parse_args(
            ["--study", *(str(ROOT / file) for file in config_files(study)), "--dataset", dataset, "--out", "o"]
        )
    )
    flags = {"limit": by_study.limit, "seed": by_study.seed, "sha256": by_study.sha256}
    argv = [part for name, value in flags.items() if value is not None for part in (f"--{name}", str(value))]
    place = {"path": source.path, "hub": source.repo, "config": source.config, "split": source.split}
    place |= {"revision": source.revision}
    argv += [part for name, value in place.items() if value is not None for part in (f"--{name}", str(value))]
    if by_study.options:
        for name, value in by_study.options.model_dump().items():
            argv += [f"--options-{name}", *map(str, value if isinstance(value, list) else [value])]
    by_hand, place_by_hand = problems.described(
        problems.parse_args(["--dataset", dataset, "--loader", by_study.loader, "--out", "o", *argv])
    )
    read = {"loader", "limit", "seed", "sha256", "leave_out", "options"}
    assert by_hand.model_dump(include=read) == by_study.model_dump(include=read) and place_by_hand == source


NUMINA: list[dict[str, Any]] = [
    {"problem": "What is 3+4?", "answer": "7", "problem_is_valid": "Yes", "source": "cn_k12"},
    {"problem": "Prove it.", "answer": "proof", "source": "olympiads"},
    {"problem": "Find the value below. ![](https://x.invalid/a.png)", "answer": "12", "source": None},
    {"problem": "Find all n.", "answer": "NotFound"},
    {"problem": "Open.", "answer": None},
    {"problem": "What is 3*4?", "answer": r"\text{N/A}"},
    {"problem": "What is 5*4?", "answer": "20", "problem_is_valid": "No"},
]


def rows_file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rows_without_an_answer_are_left_out_by_rule_and_counted(tmp_path: Path) -> None:
    path = rows_file(tmp_path, NUMINA)
    leave_out = LeaveOut(no_answer=True, pictures=True, where={"problem_is_valid": ["No"]})
    left_out = Counter[str]()
    found = load("mine", "plain", Source(path), leave_out=leave_out, left_out=left_out)
    assert [row["id"] for row in found] == ["mine/0"]  # the row's index in the source
    assert left_out == {"no_answer": 4, "pictures": 1, "where problem_is_valid is No": 1}
    out, counts = tmp_path / "out.jsonl", tmp_path / "counts.json"
    argv = ["--dataset", "mine", "--loader", "plain", "--path", str(path)]
    rules = ["--leave-out-no-answer", "true", "--leave-out-pictures", "true"]
    rules += ["--leave-out-where", "problem_is_valid=No"]
    problems.main([*argv, *rules, "--out", str(out), "--counts", str(counts)])
    report = tmp_path / "report.json"
    clean.main(
        [*("--problems", str(out), "--loaded", str(counts)), *("--out", str(tmp_path / "c"), "--report", str(report))]
    )
    assert json.loads(report.read_text())["left_out"] == dict(left_out)


@pytest.mark.parametrize(("row", "said"), [(1, "'proof' says"), (3, "'NotFound' says"), (4, "no answer"), (5, "says")])
def test_without_a_rule_a_row_without_an_answer_is_an_error(tmp_path: Path, row: int, said: str) -> None:
    path = rows_file(tmp_path, [NUMINA[0], NUMINA[row]])
    with pytest.raises(UserError, match=rf"rows.jsonl:2: .*{said}.*leave_out: {{no_answer: true}}"):
        load("mine", "plain", Source(path))


SENTINELS = [
    "N/A",
    "None",
    "NA",
    "See the solution.",
    "not_found",
    r"$\text{None}$",
    "-",
    "?",
    "unknown",
    "TBD",
    "see figure",
]


@pytest.mark.parametrize("answer", SENTINELS)
def test_what_says_that_there_is_no_answer_is_one_only_where_a_study_says_so(tmp_path: Path, answer: str) -> None:
    path = rows_file(tmp_path, [NUMINA[0], {"problem": "Which?", "answer": answer}])
    with pytest.raises(UserError, match=r"rows.jsonl:2: .* says that the row has no answer.*`no_answer: false`"):
        load("mine", "plain", Source(path))
    assert len(load("mine", "plain", Source(path), leave_out=LeaveOut(no_answer=True))) == 1
    assert len(load("mine", "plain", Source(path), leave_out=LeaveOut(no_answer=False))) == 2


@pytest.mark.parametrize("answer", ["", " ", "\u200b", None, float("nan")])
def test_an_empty_answer_is_none_whatever_a_study_says(tmp_path: Path, answer: Any) -> None:
    path = rows_file(tmp_path, [NUMINA[0], {"problem": "Which?", "answer": answer}])
    with pytest.raises(UserError, match=r"rows.jsonl:2: the row has no answer"):
        load("mine", "plain", Source(path), leave_out=LeaveOut(no_answer=False))


def test_a_rule_sees_the_texts_of_a_csv_and_one_that_finds_nothing_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("problem,answer,valid,kind\n1?,1,0,a\n2?,2,1,b\n3?,3,False,b\n")
    rules = LeaveOut(where={"valid": [0, False], "kind": ["c"]})
    left_out = Counter[str]()
    assert [row["id"] for row in load("mine", "plain", Source(path), leave_out=rules, left_out=left_out)] == ["mine/1"]
    assert dict(left_out) == {"where valid is 0": 1, "where valid is False": 1, "where kind is c": 0}


PICTURES = [
    "![a][1]",
    "<img src=x>",
    "<image_1>",
    r"\includegraphics[width=3cm]{a}",
    "<|image_pad|>",
    "https://x.invalid/a.PNG",
]


@pytest.mark.parametrize(
    ("shown", "left"), [*((text, 1) for text in PICTURES), ("[asy] draw(); [/asy]", 2), ("5! [x]", 2)]
)
def test_pictures_are_left_out(tmp_path: Path, shown: str, left: int) -> None:
    path = rows_file(tmp_path, [NUMINA[0], {"problem": f"What is shown? {shown}", "answer": "1"}])
    assert len(load("mine", "plain", Source(path), leave_out=LeaveOut(pictures=True))) == left


def test_a_picture_in_a_column_is_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = [
        {"problem": "1?", "answer": "1", "image": None},
        {"problem": "2?", "answer": "2", "image": {"bytes": b"\x89"}},
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert [row["id"] for row in load("d", "plain", Source(path), leave_out=LeaveOut(pictures=True))] == ["d/0"]
    assert len(load("d", "plain", Source(path))) == 2


def test_a_rule_for_a_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"datasets.mine.leave_out.where: no row has a column problem_valid"):
        load(
            "mine",
            "plain",
            Source(rows_file(tmp_path, NUMINA[:1])),
            leave_out=LeaveOut(where={"problem_valid": ["No"]}),
        )


@pytest.mark.parametrize("field", ["problem", "answer", "solution"])
def test_half_a_surrogate_pair_is_refused_with_its_line(tmp_path: Path, field: str) -> None:
    path = rows_file(tmp_path, [NUMINA[0], {"problem": "1?", "answer": "1"} | {field: "x \ud835 + 1"}])
    with pytest.raises(UserError, match=rf"rows.jsonl:2: {field} holds half of a surrogate pair"):
        load("mine", "plain", Source(path))


def test_a_rows_own_source_stays(tmp_path: Path) -> None:
    found = load("mine", "plain", Source(rows_file(tmp_path, [NUMINA[0], {"problem": "1?", "answer": "1"}])))
    assert [(row["source"], row.get("loader")) for row in found] == [("cn_k12", "plain"), ("plain", None)]


def test_a_hash_holds_for_a_sample_too(tmp_path: Path) -> None:
    path = rows_file(tmp_path, [{"problem": f"{n}?", "answer": n} for n in range(9)])
    with pytest.raises(UserError, match="are not those known") as said:
        load("mine", "plain", Source(path), limit=5, sha256="00")
    right = str(said.value).rpartition("`sha256: ")[2].partition("`")[0]
    assert len(load("mine", "plain", Source(path), limit=5, sha256=right)) == 5


ROWS = [{"problem": "1, or\n2?", "answer": "025"}, {"problem": "When?", "answer": "2024-01-05"}]


def write_form(folder: Path, form: str, rows: Sequence[dict[str, Any]] = ROWS) -> Path:
    path = folder / f"rows.{form}"
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if form == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row | {"picture": b"\x89"} for row in rows]), path)
    elif "csv" in form or "tsv" in form:
        comma = "," if "csv" in form else "\t"
        lines = f"problem{comma}answer\n" + "".join(f'"{row["problem"]}"{comma}{row["answer"]}\n' for row in rows)
    elif "json" in form and "jsonl" not in form:
        lines = json.dumps(rows, indent=1)
    if form != "parquet":
        path.write_bytes(gzip.compress(lines.encode()) if form.endswith("gz") else lines.encode())
    return path


def test_a_csv_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes('\ufeffproblem; answer\r\n"1,\n""2""?";025\r\n\r\n{};3,5\r\n'.format("x" * 200_000).encode())
    found = load("mine", "plain", Source(path))
    assert [(row["problem"][:8], row["answer"]) for row in found] == [('1,\n"2"?', "025"), ("x" * 8, "3,5")]


FORMS = ["jsonl", "jsonl.gz", "json", "json.gz", "csv", "csv.gz", "tsv", "parquet"]


@pytest.mark.parametrize("form", FORMS)
def test_files_are_read_as_they_stand(tmp_path: Path, form: str) -> None:
    found = load("mine", "plain", Source(write_form(tmp_path, form)))
    assert [{field: row[field] for field in ("problem", "answer")} for row in found] == ROWS
    assert not any("picture" in row for row in found)


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize("rows", [ROWS[:1], ROWS[1:]], ids=["025", "date"])
def test_the_hub_gives_the_same_rows(
    tmp_path: Path, form: str, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a snapshot as the hub's cache has it, whose folder is named after the commit."""
    (tmp_path / "set").mkdir()
    write_form(tmp_path / "set", form, rows)
    folder = hub_cache.put(tmp_path, "dataset", "me/mine", tmp_path / "set")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(folder))
    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", tmp_path / "cache")
    found = load("mine", "plain", Source(None, "me/mine", None, "train", hub_cache.commit_of("me/mine")))
    assert [row["raw_answer"] for row in found] == [row["answer"] for row in rows]
    assert [{field: row[field] for field in ("problem", "answer")} for row in found] == rows


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.zip", b"PK\x03\x04", r"a.zip: a compressed file of a kind that is not read; unpack it to JSON Lines"),
        ("a.csv", b"problem,answer\n1?,1,2\n", r"a.csv, row 0: it has not as many cells"),
        ("a.csv", b"problem,answer,answer\n1?,1,2\n", r"a.csv: two columns have one name"),
        ("a.csv", b"problem,answer\n", r"data set mine: it has no rows"),
        ("a.txt", b"problem,answer\n1?,1\n", r"a.txt: no form that is read; make it JSON Lines"),
        ("a.jsonl.gz", gzip.compress(b"{}" * 9, mtime=0)[:-9], r"a.jsonl.gz: not a whole gzip file"),
        ("a.jsonl", b'{"problem": "?", "answer": ' + b"9" * 5000 + b"}", r"a.jsonl:1: not readable JSON"),
        (
            "a.jsonl",
            b'{"problem": "?", "answer": 1, "\\ud800": 1}',
            r"a.jsonl:1: .ud800 holds half of a surrogate pair",
        ),
        ("a.json", b'[{"problem": "1?", "answer": "1"}, 5]', r"a.json, row 1: expected a JSON object, found int"),
        ("a.json", b'[{"problem": "1?"', r"a.json:1: not valid JSON"),
        ("a.parquet", b"PAR1 and no more", r"a.parquet: not valid Parquet"),
        ("a.jsonl", b'{"problem": "caf\xe9", "answer": "1"}', r"a.jsonl:1: not valid UTF-8"),
        ("a.jsonl", b'{"problem": "?", "answer": "1"}\n{"problem": "?"}', r"a.jsonl:2: not a row of plain"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        load("mine", "plain", Source(tmp_path / name))

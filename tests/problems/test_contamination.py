"""The table of what data sets share: its counts are those of the reports, its pairs carry both texts."""

import json
from pathlib import Path

import pytest

from micota.common.records import RecordError, read_json
from micota.common.tables import read_csv
from micota.results.tables import contamination
from scripts import clean
from tests.problems.test_cleaning import LONG, record, write


@pytest.fixture
def reports(tmp_path: Path) -> list[Path]:
    """Reports of a training set held against two benchmarks, and of the benchmarks themselves."""
    texts = [LONG, LONG.upper(), LONG.replace("noon", "nine"), "What is 2 + 3?", "what is 2 +  3?", "And 4?"]
    sets = {
        "train": [record(f"train/{n}", text) for n, text in enumerate(texts)],
        "hard": [record("hard/0", LONG), record("hard/1", LONG)],
        "easy": [record("easy/0", "And 4?")],
    }
    loaded = {name: write(tmp_path / f"{name}.jsonl", rows) for name, rows in sets.items()}
    paths = []
    for name in sets:
        against = ["--against", loaded["hard"], loaded["easy"], "--drop-duplicates"] if name == "train" else []
        paths.append(tmp_path / f"{name}.report.json")
        files = ["--out", str(tmp_path / "clean.jsonl"), "--report", str(paths[-1])]
        clean.main(["--problems", loaded[name], *against, "--ngram", "0", "--near", "0.5", *files])
    return paths


def test_every_match_is_counted_where_it_belongs(reports: list[Path], tmp_path: Path) -> None:
    contamination.make({"reports": reports}, tmp_path)
    counts = {
        (row["dataset"], row["against"]): (row["duplicate"], row["overlap_exact"], row["overlap_near"], row["dropped"])
        for row in read_csv(tmp_path / "contamination.csv")
    }
    assert counts == {
        ("train", "hard"): (0, 2, 1, 3),
        ("train", "easy"): (0, 1, 0, 1),
        ("train", "train"): (1, 0, 0, 1),
        ("hard", "hard"): (1, 0, 0, 0),  # a benchmark stays whole
        ("easy", "easy"): (0, 0, 0, 0),
    }
    pairs = read_csv(tmp_path / "contamination_pairs.csv")
    assert len(pairs) == 6
    near = next(pair for pair in pairs if pair["reason"] == "overlap_near")
    assert (near["id"], near["with"], near["similarity"]) == ("train/2", "hard/0", 0.7)
    assert (near["text"], near["with_text"]) == (LONG.replace("noon", "nine"), LONG)
    text = (tmp_path / "contamination.md").read_text()
    assert "| train | hard | 6 | 0 | 2 | 0 | 1 | 3 | 50.00 | 3 | 0 | 0.5 |" in text


def test_a_report_that_loses_a_problem_is_refused(reports: list[Path], tmp_path: Path) -> None:
    report = read_json(reports[0])
    for change, said in (
        ({"kept": report["kept"] - 1}, "differ from that by 1"),
        ({"pairs": [{"id": "x/0"}]}, "older"),
    ):
        reports[0].write_text(json.dumps(report | change), encoding="utf-8")
        with pytest.raises(RecordError, match=said):
            contamination.make({"reports": reports}, tmp_path)


def test_what_was_left_out_and_contradictions_have_columns_only_where_there_are_some(tmp_path: Path) -> None:
    def table(answer: str, left_out: dict[str, int]) -> tuple[list[str], list[str]]:
        rows = [record("t/0", "1 + 1?"), record("t/1", "1+1?") | {"answer": answer}]
        (tmp_path / "loaded.json").write_text(json.dumps({"left_out": left_out}))
        files = ["--problems", write(tmp_path / "t.jsonl", rows), "--loaded", str(tmp_path / "loaded.json")]
        out = ["--out", str(tmp_path / "o.jsonl"), "--report", str(tmp_path / "t.report.json")]
        clean.main([*files, *out, "--drop-duplicates"])
        contamination.make({"reports": [tmp_path / "t.report.json"]}, tmp_path)
        counts, pairs = (read_csv(tmp_path / f"contamination{part}.csv")[0] for part in ("", "_pairs"))
        return list(counts), list(pairs)

    counts, pairs = table("1", {})
    assert not {"left_out", "duplicate_other_answer"} & set(counts) and "with_answer" not in pairs
    counts, pairs = table("2", {"no_answer": 3})
    assert {"left_out", "duplicate_other_answer"} <= set(counts) and "with_answer" in pairs


def test_problems_that_are_too_long_have_a_column_where_there_are_some(tmp_path: Path) -> None:
    problems = write(tmp_path / "t.jsonl", [record("t/0", "1 + 1?"), record("t/1", "one more? " * 9)])
    out = ["--out", str(tmp_path / "o.jsonl"), "--report", str(tmp_path / "t.report.json")]
    for longest, counted in (("50", 1), ("500", None)):
        clean.main(["--problems", problems, *out, "--longest", longest])
        contamination.make({"reports": [tmp_path / "t.report.json"]}, tmp_path)
        (row,) = read_csv(tmp_path / "contamination.csv")
        assert row.get("too_long") == counted

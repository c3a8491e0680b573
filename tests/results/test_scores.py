"""Three scores, agreement and the gallery, from small graded files whose every number is known."""

from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import Record, RecordError, read_jsonl, write_json, write_jsonl
from micota.common.tables import read_csv
from micota.grading.reasons import asks_judge
from micota.results.disagreements import code
from micota.results.scores import kappa
from micota.results.tables import gold, scores
from tests.graded import entry, trace, write_graded, write_traces

ENTRIES = [entry("s", "s", "base"), entry("s-mid-s0", "s", "mid")]
RULES = {"amc": "string", "gsm8k": "last_number"}


def graded(problem: str, rule: bool, math_verify: bool, **changes: Any) -> Record:
    """A trace with the verdicts of the benchmark's own rule and of math-verify; the other rule says the opposite."""
    dataset = problem.split("/")[0]
    other = "last_number" if RULES[dataset] == "string" else "string_rule"
    own = "string_rule" if RULES[dataset] == "string" else "last_number"
    verdicts = {"math_verify": math_verify, own: rule, other: not rule}
    return trace(problem, dataset, math_verify, verdicts=verdicts, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models on two benchmarks of two problems; the third answer below is what a rule alone gets wrong."""
    base = [
        graded("amc/0", True, True),
        graded("amc/1", False, True, answer="3/4", extracted="0.75"),
        graded("gsm8k/0", True, False, answer="7", extracted=None, reason="no_box"),
        graded("gsm8k/1", False, False),
    ]
    mid = [
        graded("amc/0", True, True),
        graded("amc/1", False, True, answer="3/4", extracted="0.75"),
        graded("gsm8k/0", True, True),
        graded("gsm8k/1", False, False),
    ]
    write_traces(tmp_path / "graded/s.jsonl", [*base, trace("train/0", "train", True)])
    write_traces(tmp_path / "graded/s-mid-s0.jsonl", mid)
    problems = [f"{name}/{number}" for name in RULES for number in range(2)]
    write_jsonl(
        tmp_path / "problems.jsonl",
        [{"id": name, "problem": f"What is\n{name}?", "answer": "1", "source": "t"} for name in problems],
    )
    return tmp_path


def make(folder: Path, *judged: Path) -> dict[str, list[dict[str, Any]]]:
    graded = [folder / f"graded/{entry['model']}.jsonl" for entry in ENTRIES]
    files = {"graded": graded, "problems": [folder / "problems.jsonl"], "judged": list(judged), "reports": []}
    scores.make(files, folder / "tables", entries=ENTRIES, rules=RULES)
    return {name: read_csv(folder / f"tables/{name}.csv") for name in ("scores", "agreement", "disagreements")}


def judged(folder: Path, *verdicts: tuple[str, str, bool]) -> Path:
    rows = [
        {"id": name, "dataset": name.split("/")[0], "answer": "3/4", "extracted": extracted, "traces": 2, "judge": "j",
         "output": str(correct), "correct": correct}
        for name, extracted, correct in verdicts
    ]  # fmt: skip
    write_jsonl(folder / "judged.jsonl", rows)
    return folder / "judged.jsonl"


def test_each_benchmark_is_scored_by_its_own_rule(folder: Path) -> None:
    base, mid = make(folder)["scores"]
    assert (base["paper_rule_amc"], base["paper_rule_gsm8k"], base["paper_rule_average"]) == (50, 50, 50)
    assert (base["math_verify_amc"], base["math_verify_gsm8k"], base["math_verify_average"]) == (100, 0, 50)
    assert (mid["paper_rule_average"], mid["math_verify_average"], mid["problems"], mid["seeds"]) == (50, 75, 4, 1)
    assert "rule_judge_average" not in base
    assert "| Student | Corpus | The paper's rule (%) | math-verify (%) |" in (folder / "tables/scores.md").read_text()


def test_the_judge_seconds_the_string_rule_alone(folder: Path) -> None:
    rows = make(folder, judged(folder, ("amc/1", "0.75", True)))
    assert [row["rule_judge_amc"] for row in rows["scores"]] == [100, 100]
    assert [row["rule_judge_gsm8k"] for row in rows["scores"]] == [50, 50]
    assert {(row["one"], row["other"]) for row in rows["agreement"]} == {
        ("paper_rule", "rule_judge"),
        ("paper_rule", "math_verify"),
        ("rule_judge", "math_verify"),
    }
    with pytest.raises(RecordError, match=r"no verdict on '0\.75' for amc/1"):
        make(folder, judged(folder, ("amc/0", "0.75", True)))


@pytest.mark.parametrize(
    ("extracted", "rule", "asked"),
    [
        ("0.75", False, True),
        ("0.75", True, False),
        ("", False, False),
        (None, False, False),
        ("1" * 9999, False, False),
    ],
)
def test_the_judge_is_asked_about_boxes_that_the_rule_rejects(extracted: str | None, rule: bool, asked: bool) -> None:
    assert asks_judge({"extracted": extracted, "verdicts": {"string_rule": rule}}) is asked


def test_agreement_counts_every_pair_of_verdicts(folder: Path) -> None:
    rows = {row["benchmark"]: row for row in make(folder)["agreement"]}
    counts = ("n", "both_right", "only_one", "only_other", "both_wrong")
    assert [rows["all"][key] for key in counts] == [8, 3, 1, 2, 2]
    assert [rows["amc"][key] for key in counts] == [4, 2, 0, 2, 0]
    assert [rows["gsm8k"][key] for key in counts] == [4, 1, 1, 0, 2]
    assert rows["all"]["agreement_percent"] == 62.5
    assert rows["amc"]["kappa"] == 0 and rows["gsm8k"]["kappa"] == 0.5


@pytest.mark.parametrize(
    ("counts", "value"),
    [((20, 5, 10, 15), 0.4), ((5, 0, 0, 5), 1.0), ((0, 5, 5, 0), -1.0), ((9, 0, 0, 0), None), ((0, 0, 0, 9), None)],
)
def test_kappa(counts: tuple[int, int, int, int], value: float | None) -> None:
    assert kappa(*counts) == (value if value is None else pytest.approx(value))


def test_the_gallery_begins_with_what_moves_scores_most(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(folder)["disagreements"]
    assert [(row["id"], row["traces"], row["models"]) for row in rows] == [
        ("amc/1", 2, "s s-mid-s0"),
        ("gsm8k/0", 1, "s"),
    ]
    assert rows[0]["problem"] == "What is\namc/1?"
    page = (folder / "tables/disagreements.md").read_text()
    assert "3 of 8 traces, 2 different answers; shown: 2." in page
    assert "the paper's rule: **wrong**, math-verify: **right** (math-verify's reason: equal)" in page
    assert "- the model's answer: no box\n" in page and "- problem: ` What is amc/1? `\n" in page
    monkeypatch.setattr(scores, "SHOWN", 1)
    make(folder)
    page = (folder / "tables/disagreements.md").read_text()
    assert "2 different answers; shown: 1." in page and "gsm8k/0" not in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a`b", "`` a`b ``"), ("\0x", "` \\x00x `"), ("\ud800", "` \\ud800 `"), (" \n", "(empty)"), ("|", "` | `")],
)
def test_no_answer_breaks_the_page(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_missing_benchmark_or_problem_is_named(folder: Path) -> None:
    write_jsonl(folder / "problems.jsonl", [{"id": "amc/9", "problem": "?", "answer": "1", "source": "s"}])
    with pytest.raises(UserError, match=r"amc/1 is in none of .*problems\.jsonl"):
        make(folder)
    write_traces(folder / "graded/s.jsonl", [graded("amc/0", True, True)])
    with pytest.raises(RecordError, match="no trace of the data set 'gsm8k'"):
        make(folder)


def test_every_model_must_have_answered_the_same_problems_once(folder: Path) -> None:
    """The reader of the other tables checks them: here, too."""
    rows = list(read_jsonl(folder / "graded/s.jsonl"))
    write_traces(folder / "graded/s.jsonl", [*rows, graded("amc/2", True, True)])
    with pytest.raises(UserError, match="s-mid-s0 and s differ in 1 problems of amc, such as amc/2"):
        make(folder)
    write_traces(folder / "graded/s.jsonl", [*rows, rows[0]])
    with pytest.raises(RecordError, match="sample 0 of problem amc/0 stands there twice"):
        make(folder)


def test_no_disagreement_is_a_table_with_a_head_alone(folder: Path) -> None:
    for model in ("s", "s-mid-s0"):
        write_graded(folder / "graded", model, dict.fromkeys(RULES, (True, True)))
    with pytest.raises(RecordError, match="the table has no rows"):
        make(folder)
    assert (
        (folder / "tables/disagreements.csv").read_text().startswith("benchmark,id,problem,answer,extracted,paper_rule")
    )
    assert "0 of 8 traces, 0 different answers; shown: 0." in (folder / "tables/disagreements.md").read_text()


def test_gold_table(tmp_path: Path) -> None:
    count = {"problems": 30, "accepted": 30, "excepted": 0, "ours": 30}
    golds = {
        "p/aime24.jsonl": {"dataset": "aime24", "rule": "string", "raw": 23, "expected": 23, **count},
        "p/made.jsonl": {"dataset": "made", "rule": "last_number", "raw": None, "expected": None, **count},
    }
    write_json(tmp_path / "gold.json", golds)
    gold.make({"gold": [tmp_path / "gold.json"]}, tmp_path)
    text = (tmp_path / "gold.md").read_text()
    assert "| aime24 | 30 | string | 23 | 23 | 30 | 30 | 0 |" in text
    assert "| made | 30 | last number | – | – | 30 | 30 | 0 |" in text

"""Two made-up studies side by side: settings, corpora, claims, accuracy, verdicts and numbers."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import write_json, write_jsonl
from micota.common.tables import Column, Row, write_csv
from micota.comparison import numbers, settings, traces
from micota.comparison.runs import read_run
from micota.comparison.sections import SHOWN, Section, in_terminal, write_page
from scripts import compare, logs
from tests.graded import traces as graded_traces
from tests.graded import write_traces

RIGHT = {"s": [1, 0, 1, 0], "s-new": [1, 1, 1, 0], "s-old": [1, 0, 0, 0], "teacher": [1, 1, 1, 1]}
SCRIPT = "<script>alert(1)</script>"


def table(path: Path, rows: list[Row]) -> None:
    write_csv(path, rows, [Column(key) for key in rows[0]])


def study(
    folder: Path, seeds: tuple[int, ...] = (1, 2), flips: dict[str, list[int]] | None = None, **changes: Any
) -> Path:
    """Results of a study of one base, two corpora and one benchmark; `flips`: other verdicts of a model."""
    arms = {"s-new": "new", "s-old": "old"}
    models = {"s": ("base", 0), **{f"{arm}-s{seed}": (corpus, seed) for arm, corpus in arms.items() for seed in seeds}}
    for model in [*models, "teacher"]:
        right = (flips or {}).get(model, RIGHT[re.sub(r"-s\d+$", "", model)])
        rows = graded_traces("easy", right, extracted=changes.get("extracted", "1"))
        gold = [row | {"answer": f"{changes.get('gold', 'g')}{number}"} for number, row in enumerate(rows)]
        write_traces(folder / f"graded/{model}.jsonl", gold)
    cells = [
        {"model": model, "base": "s", "corpus": corpus, "seed": seed, "benchmark": "easy", "accuracy": 50.0 + seed}
        for model, (corpus, seed) in models.items()
    ]
    table(folder / "tables/main_cells.csv", cells)
    main = [{"base": "s", "corpus": corpus, "accuracy_average": 50.0} for corpus in ("base", "new", "old")]
    table(folder / "tables/main.csv", main)
    claim = {"claim": "c", "part": 1, "text": "new beats old", "unit": "points", "effect": 3.0, "effect_low": 1.0}
    claim |= {"effect_high": 5.0, "verdict": changes.get("verdict", "reproduced")}
    table(folder / "tables/claims.csv", [claim])
    write_json(folder / "study.json", {"study": "x", "merge": {"weight": changes.get("weight", 0.5)}, "seeds": [1]})
    corpus = [
        {"id": f"t/{number}", "sample": 0, "sampler": "teacher", "problem": f"{number}?", "n_tokens": 10 + number}
        | {"completion": changes.get("completion", "text") if number else "text"}
        for number in range(3)
    ]
    write_jsonl(folder / "corpora/new.jsonl", corpus)
    return folder


def both(tmp_path: Path, **changes: Any) -> tuple[Any, Any]:
    one, other = study(tmp_path / "one"), study(tmp_path / "other", **changes)
    return read_run(one, "one"), read_run(other, "other")


def test_a_run_against_itself_differs_in_nothing(tmp_path: Path) -> None:
    pair = both(tmp_path)
    assert settings.settings(*pair).words == "All 3 settings are the same."
    assert settings.corpora(*pair).rows == [["new", "3", "3", "3", "3", "11.0", "11.0"]]
    assert numbers.tables(*pair)[0].words == "0 numbers differ." and len(numbers.tables(*pair)) == 1
    students, verdicts = traces.answers(*pair)
    assert [row[4:] for row in students.rows] == [
        ["0.0", "no verdict differs", f"problems, {runs} runs"] for runs in (1, 2, 2)
    ]
    assert verdicts.words.startswith("0 of 24 traces of 6 pairs") and not verdicts.rows


def test_what_differs_is_told(tmp_path: Path) -> None:
    flips = {"s-new-s1": [0, 1, 1, 1], "teacher": [0, 0, 1, 1]}
    changes: dict[str, Any] = {"weight": 0.7, "completion": "other", "verdict": "contradicted", "extracted": SCRIPT}
    pair = both(tmp_path, flips=flips, **changes)
    assert settings.settings(*pair).rows == [["merge.weight", "0.5", "0.7"]]
    assert settings.corpora(*pair).rows[0][3:5] == ["3", "1"]
    assert numbers.claims(*pair).rows[0][4:] == ["reproduced", "contradicted"]
    students, verdicts, changed = traces.answers(*pair)
    assert {row[1]: row[4] for row in students.rows} == {"base (untrained)": "0.0", "new": "+0.0", "old": "0.0"}
    assert verdicts.rows == [["s-new-s1", "easy", "2", "1", "1", "0"], ["teacher", "easy", "2", "2", "0", "0"]]
    assert changed.rows[0] == ["s-new-s1", "easy", "easy/0", "0", "A", "g0", "1", SCRIPT]


def test_the_difference_is_paired_by_problem_and_run(tmp_path: Path) -> None:
    """+1 of 4 problems in both runs of one student: an interval over problems and runs around 25 points."""
    pair = both(tmp_path, flips={"s-old-s1": [1, 1, 0, 0], "s-old-s2": [1, 1, 0, 0]})
    row = next(row for row in traces.answers(*pair)[0].rows if row[1] == "old")
    low, high = (float(end) for end in row[5].strip("[]").split(", "))
    assert row[4] == "+25.0" and low < 25 < high and row[6] == "problems, 2 runs"


def test_other_seeds_are_paired_in_order_and_other_numbers_of_runs_are_averaged(tmp_path: Path) -> None:
    one, more = study(tmp_path / "one"), study(tmp_path / "more", seeds=(7, 8, 9))
    moved = study(tmp_path / "moved", seeds=(7, 8), flips={"s-new-s8": [0, 0, 0, 0]})
    first = read_run(one, "one")
    assert ("s-new-s2", "s-new-s8") in list(traces.pairs(first, read_run(moved, "moved")))
    assert traces.answers(first, read_run(moved, "moved"))[1].rows[0][0] == "s-new-s2 | s-new-s8"
    row = next(row for row in traces.students(*args(first, read_run(more, "more"))).rows if row[1] == "new")
    assert row[4:] == ["0.0", "no verdict differs", "problems; mean of each study's runs"]
    matched = numbers.tables(first, read_run(moved, "moved"))[0]
    assert next(row for row in matched.rows if row[0] == "main_cells")[3] == "5"


def args(one: Any, other: Any) -> tuple[Any, ...]:
    return one, other, traces.Read(one), traces.Read(other)


def test_other_problems_of_the_same_names_are_not_paired(tmp_path: Path) -> None:
    pair = both(tmp_path, gold="h")
    students, verdicts = traces.answers(*pair)
    assert {row[6] for row in students.rows} == {"nothing: other problems"}
    assert {tuple(row[2:4]) for row in students.rows} == {("50.0", "50.0")}
    assert "No model answered the same problems" in verdicts.words


def test_what_a_folder_lacks_is_said(tmp_path: Path) -> None:
    one, tables_alone = study(tmp_path / "one"), study(tmp_path / "reference")
    for part in ("graded", "corpora"):
        shutil.rmtree(tables_alone / part)
    (tables_alone / "study.json").unlink()
    pair = read_run(one, "one"), read_run(tables_alone, "committed")
    assert settings.settings(*pair).words == "No study.json in committed, so settings are not compared."
    assert settings.corpora(*pair).rows == [["new", "3", "–", "–", "–", "11.0", "–"]]
    assert {row[6] for row in traces.answers(*pair)[0].rows} == {"nothing: a run has no graded traces"}
    table(tables_alone / "tables/corpora.csv", [{"corpus": "new", "kept": 2, "tokens_mean": 9.5}])
    assert settings.corpora(pair[0], read_run(tables_alone, "x")).rows == [["new", "3", "2", "–", "–", "11.0", "9.5"]]
    shutil.rmtree(one / "tables")
    assert "No tables in one" in numbers.tables(read_run(one, "one"), pair[1])[0].words


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="x: no such folder"):
        read_run(tmp_path / "x", "x")
    with pytest.raises(UserError, match="x: neither tables/ nor graded/ is there"):
        read_run(tmp_path, "x")


def test_the_program_writes_the_page_and_opens_packed_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = study(tmp_path / "one")
    other = study(tmp_path / "other", flips={"teacher": [0, 1, 1, 1]}, extracted=SCRIPT)
    logs.main(["pack", f"--results={other}", f"--archive={other}/logs.tar.xz"])
    for part in ("graded", "corpora"):
        shutil.rmtree(other / part)
    compare.main([f"--a={one}", f"--b={other}", f"--out={tmp_path}/compare.html"])
    shown, page = capsys.readouterr().out, (tmp_path / "compare.html").read_text()
    assert "1 of 24 traces of 6 pairs of models changed" in shown and f"As a page: {tmp_path}/compare.html" in shown
    assert SCRIPT not in page and "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!#)|https?:|@import|url\(", page), "no network"
    with pytest.raises(UserError, match="--b: name a folder"):
        compare.main([f"--a={one}", "--b=", f"--out={tmp_path}/x.html"])
    assert not (tmp_path / "x.html").exists()


def test_marks_that_steer_a_terminal_or_turn_text_round_are_not_shown(tmp_path: Path) -> None:
    section = Section("Hostile", "Words.", ["a"], [["\x1b[2J\u202egnorw"]])
    write_page(tmp_path / "p.html", "t", [section])
    for shown in (in_terminal("t", [section]), (tmp_path / "p.html").read_text()):
        assert "\ufffd[2J\ufffdgnorw" in shown and "\x1b" not in shown and "\u202e" not in shown


def test_long_sections_are_cut_in_the_terminal_and_say_so(tmp_path: Path) -> None:
    rows = [["x" * 99 + "\n", str(number)] for number in range(SHOWN + 5)]
    section = Section("Many", "Words.", ["a", "n"], rows, (1,))
    shown = in_terminal("t", [section])
    assert "... and 5 more rows" in shown and "x" * 60 not in shown
    write_page(tmp_path / "p.html", "t", [section])
    assert (tmp_path / "p.html").read_text().count("<tr>") == len(rows) + 1

"""`make verify` passes a run that differs by chance and fails one that does not, naming the cell."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from micota.cli import UserError
from micota.records import read_json
from micota.tables import Column, read_csv, write_csv
from scripts import verify

MAIN = [
    {"base": "small", "corpus": corpus, "accuracy_easy": easy, "problems_easy": 500, "accuracy_average": easy,
     "accuracy_average_low": easy - 3, "mean_tokens": 180.0, "no_box_percent": 0.2, "seeds": 2, "problems": 1500}
    for corpus, easy in (("long", 43.7), ("mid", 46.2))
]  # fmt: skip
OTHERS = {
    "corpora": [{"corpus": "mid", "read": 2200, "kept": 1989, "dropped_no_box": 4, "tokens_mean": 180.2}],
    "alignment": [{"base": "small", "corpus": "mid", "nll_per_token": 0.0485, "perplexity": 1.0497}],
    "main_cells": [{"model": "m", "benchmark": "easy", "n": 500, "problems": 500, "correct": 231, "seed": None}],
    "main_differences": [
        {"base": "small", "corpus": "mid", "against": "long", "difference": 2.5, "p_value": 0.1, "problems": 1500}
    ],
    "lengths": [{"corpus": "mid", "bin_left": 0, "count": 3}],
}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    write_csv(path, rows, [Column(key) for key in rows[0]])


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """The flags of a comparison of two equal runs."""
    for name, rows in {"main": MAIN, **OTHERS}.items():
        write(tmp_path / f"reference/{name}.csv", rows)
    shutil.copytree(tmp_path / "reference", tmp_path / "fresh")
    return [f"--fresh={tmp_path}/fresh", f"--reference={tmp_path}/reference", f"--out={tmp_path}/report.json"]


def change(folder: Path, table: str, column: str, value: float | str) -> None:
    rows = read_csv(folder / f"fresh/{table}.csv")
    for row in rows:
        row.setdefault(column, value)
    rows[-1][column] = value
    write(folder / f"fresh/{table}.csv", rows)


def test_equal_runs_agree_whatever_the_order_of_rows(folders: list[str], tmp_path: Path, capsys: Any) -> None:
    write(tmp_path / "fresh/main.csv", MAIN[::-1])
    verify.main(folders)
    assert "0 outside their tolerance" in capsys.readouterr().out
    report = read_json(tmp_path / "report.json")
    assert report["problems"] == [] and {number["table"] for number in report["compared"]} == {"main", *OTHERS} - {
        "lengths"
    }


@pytest.mark.parametrize(
    ("table", "column", "within", "outside"),
    [
        ("main", "accuracy_easy", 46.2 + 12, 46.2 + 13),  # 4 * sqrt(2 * .52 * .48 / 500) = 12.6 points
        ("main", "accuracy_average_low", 43.2 - 12, 43.2 - 13),
        ("main", "no_box_percent", 1.1, 5.0),
        ("main", "mean_tokens", 197, 199),
        ("main", "seeds", 2, 3),
        ("corpora", "kept", 1800, 1780),
        ("corpora", "dropped_no_box", 20, 50),
        ("alignment", "nll_per_token", 0.053, 0.054),
        ("alignment", "perplexity", 2.0, None),
        ("main_cells", "correct", 291, 297),
        ("main_differences", "difference", 8.0, 13.0),
        ("main_differences", "p_value", 1.0, None),
        ("lengths", "count", 99, None),
    ],
)
def test_tolerances(
    folders: list[str], tmp_path: Path, capsys: Any, table: str, column: str, within: float, outside: float | None
) -> None:
    change(tmp_path, table, column, within)
    verify.main(folders)
    if outside is None:
        return
    change(tmp_path, table, column, outside)
    with pytest.raises(SystemExit) as stop:
        verify.main(folders)
    shown = capsys.readouterr()
    assert stop.value.code == 1
    assert f"differs: {table}: " in shown.err and f": {column} is {outside:.6g}" in shown.err
    worst = shown.out[shown.out.rindex("used ") :].splitlines()[1]
    assert worst.endswith(f": {column}"), "worst first"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "fresh/main.csv").unlink(), "main: only in the reference"),
        (lambda folder: (folder / "reference/main.csv").unlink(), "main: has no reference"),
        (lambda folder: write(folder / "fresh/main.csv", MAIN[:1]), "main: row not in both runs: small mid"),
        (lambda folder: change(folder, "main", "extra", 1), "main: columns not in both runs: extra"),
        (lambda folder: change(folder, "main", "mean_tokens", ""), "main: small mid: mean_tokens is None"),
        (lambda folder: change(folder, "main", "corpus", "mix"), "main: row not in both runs: small mix"),
    ],
)
def test_differing_structure_is_named(
    folders: list[str], tmp_path: Path, capsys: Any, damage: Any, message: str
) -> None:
    rows = read_csv(tmp_path / "fresh/main.csv")
    assert len(rows) == 2
    damage(tmp_path)
    with pytest.raises(SystemExit) as stop:
        verify.main(folders)
    assert stop.value.code == 1 and message in capsys.readouterr().err


def test_missing_folder_is_an_error_not_an_agreement(folders: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no tables to compare"):
        verify.main([f"--fresh={tmp_path}/nowhere", *folders[1:]])


def test_average_over_unequal_benchmarks_is_allowed_its_own_noise() -> None:
    row = {"accuracy_average": 50.0, "problems_a": 30.0, "problems_b": 1319.0, "problems": 1349.0}
    expected = 400 * ((0.25 / 30 + 0.25 / 1319) / 4 * 2) ** 0.5
    assert verify.share(row, row, "accuracy_average") == pytest.approx(expected)


def test_every_tolerance_gives_a_reason() -> None:
    assert all(reason for _, reason in verify.TOLERANCES.values()) and all(verify.SKIPPED.values())

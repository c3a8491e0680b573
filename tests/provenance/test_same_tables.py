"""Tables made again are held against the reference: equal but for rounding, or the cells that are not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from micota.common.errors import UserError
from micota.common.tables import Column, write_table
from scripts import same_tables
from tests.project import ROOT

ROWS = [
    {"corpus": "long", "n": 300, "accuracy": 20.25, "effect": 0.0, "p": 4e-15},
    {"corpus": "mid", "n": 1300, "accuracy": 66.6 + 0.1 / 3, "effect": 26.25, "p": 0.25},
]
COLUMNS = [
    Column("corpus", "Corpus"), Column("n", "Problems", "{0:,}"), Column("accuracy", "Accuracy", "{0:.1f}"),
    Column("effect", "Effect", "{0:+.2f}"), Column("p"),
]  # fmt: skip
Folders = tuple[Path, Path]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Tables made again, and the same as their reference."""
    write_table(tmp_path / "reference/main", ROWS, COLUMNS)
    (tmp_path / "reference/texts.csv").write_text('id,text\ntrain/1,"1.5, or\n2"\n', encoding="utf-8")
    shutil.copytree(tmp_path / "reference", tmp_path / "fresh")
    return tmp_path / "fresh", tmp_path / "reference"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def compare(folders: Folders) -> None:
    same_tables.main([f"--fresh={folders[0]}", f"--reference={folders[1]}"])


def test_equal_tables_are_equal(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    compare(folders)
    assert capsys.readouterr().out == f"tables: equal to {folders[1]}\n"


def test_the_summary_is_made_of_the_others_and_of_the_confirmation_run(folders: Folders) -> None:
    (folders[0] / "summary.md").write_text("- All 3 effects are those of the confirmation run.\n")
    compare(folders)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("main.csv", "66.6333333333", "66.6333333334"),  # a billionth and a half of a billionth off
        ("main.csv", ",4e-15", ",4.000000001e-15"),
        ("main.csv", "20.25,0.0,", "20.25,-1e-14,"),  # what rounding leaves of a difference that is 0
        ("main.csv", "1300", "1300.0"),
        ("main.md", " 20.2 ", " 20.3 "),  # 20.25, rounded down or up
        ("main.tex", " 20.2 ", " 20.3 "),
        ("main.md", "+0.00", "-0.00"),
    ],
)
def test_rounding_is_no_difference(folders: Folders, table: str, old: str, new: str) -> None:
    change(folders[0] / table, old, new)
    compare(folders)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("main.csv", "20.25", "20.2500001", "main.csv:2: accuracy is 20.2500001 instead of 20.25"),
        ("main.csv", "20.25", "", "main.csv:2: accuracy is empty instead of 20.25"),
        ("main.csv", "20.25", "nan", "main.csv:2: accuracy is nan instead of 20.25"),
        ("main.csv", "20.25", "inf", "main.csv:2: accuracy is inf instead of 20.25"),
        ("main.csv", "4e-15", "5e-15", "main.csv:2: p is 5e-15 instead of 4e-15"),
        ("main.csv", "mid", "mix", "main.csv:3: corpus is mix instead of mid"),
        ("main.csv", "1300", '"1,300"', "main.csv:3: n is 1,300 instead of 1300"),
        ("main.csv", "accuracy", "score", "main.csv: 2 rows of the columns corpus, n, score, effect, p instead of 2"),
        ("main.csv", "mid,1300", "mid,0,1300", "main.csv: 2 rows of the columns"),
        ("main.md", " 66.6 ", " 66.7 ", "main.md:4: '| mid | 1,300 | 66.7 |"),  # of 66.63 it cannot be
        ("main.md", "1,300", "1,301", "main.md:4: "),
        ("main.tex", "mid &", "mix &", "main.tex:6: "),
        ("main.tex", "\\midrule\n", "", "main.tex: 7 lines instead of 8"),
        ("texts.csv", "1.5, or", "1.5, and", "texts.csv:2: text is 1.5, and"),
    ],
)
def test_any_other_difference_is_named(
    folders: Folders, capsys: pytest.CaptureFixture[str], table: str, old: str, new: str, said: str
) -> None:
    change(folders[0] / table, old, new)
    with pytest.raises(SystemExit, match="1"):
        compare(folders)
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith(said)
    assert last == f"tables: not equal to {folders[1]}"


@pytest.mark.parametrize(
    ("take", "said"),
    [
        (lambda fresh, reference: fresh, "main.tex: missing, the reference has it"),
        (lambda fresh, reference: reference, "main.tex: the reference has no such file"),
    ],
)
def test_a_file_that_is_only_on_one_side_is_named(
    folders: Folders, capsys: pytest.CaptureFixture[str], take: Callable[[Path, Path], Path], said: str
) -> None:
    (take(*folders) / "main.tex").unlink()
    with pytest.raises(SystemExit, match="1"):
        compare(folders)
    assert capsys.readouterr().err.splitlines()[0] == said


def test_of_many_differences_ten_are_shown(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, answer in zip(folders, ("1", "2"), strict=True):
        (folder / "texts.csv").write_text("id,text\n" + f"train/1,{answer}\n" * 25, encoding="utf-8")
    with pytest.raises(SystemExit, match="1"):
        compare(folders)
    *shown, left, _ = capsys.readouterr().err.splitlines()
    assert len(shown) == 10
    assert left == "... and 15 more"


def test_a_folder_without_tables_is_said(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no tables to compare"):
        compare((tmp_path / "nowhere", folders[1]))


def test_no_target_compares_tables_byte_by_byte() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "diff -r" not in makefile
    assert makefile.count("scripts.same_tables") == 2  # tables; regrade and reevaluate

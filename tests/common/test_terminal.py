"""Tables and sentences as a terminal shows them."""

from pathlib import Path

from micota.common.tables import Column, Row, write_table
from micota.common.terminal import WIDTH, aligned, from_markdown, wrapped


def test_text_stands_left_and_numbers_right() -> None:
    shown = aligned(["name", "n"], [["a", "10"], ["long name", "9"]], [False, True])
    assert shown.splitlines() == ["name        n", "---------  --", "a          10", "long name   9"]


def test_a_table_in_markdown_is_read_back(tmp_path: Path) -> None:
    rows: list[Row] = [{"a": "x|y", "n": 1}, {"a": "z", "n": None}]
    write_table(tmp_path / "t", rows, [Column("a", "A"), Column("n", "N")])
    assert from_markdown((tmp_path / "t.md").read_text()).splitlines() == ["A    N", "---  -", "x|y  1", "z    –"]


def test_a_sentence_is_wrapped() -> None:
    lines = wrapped("word " * 60, "- ", "  ").splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= WIDTH
    assert lines[0].startswith("- word") and all(line.startswith("  word") for line in lines[1:])

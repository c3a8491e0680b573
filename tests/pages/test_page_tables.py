"""Tables as the page shows them."""

from pathlib import Path

import pytest
from markupsafe import Markup

from micota.common.errors import UserError
from micota.common.tables import Column, write_csv, write_table
from micota.pages.tables import Table, caption, link_cells, read_table

ROWS = [
    {"base": "small", "corpus": "mid | x", "set": 81.25, "p": None},
    {"base": "large", "corpus": "<b>", "set": 7.0, "p": 0.0001},
]
COLUMNS = (
    Column("base", "Student"),
    Column("corpus", "Corpus"),
    Column("set", "set (%)", "{0:.1f}"),
    Column("p", "p", lambda p: "< 0.001"),
)


def test_cells_are_those_of_the_markdown(tmp_path: Path) -> None:
    write_table(tmp_path / "main", ROWS, COLUMNS)
    table = read_table(tmp_path, "main.md", "main", Markup(""))
    assert table.headings == ["Student", "Corpus", "set (%)", "p"]
    assert table.rows == [["small", "mid | x", "81.2", "–"], ["large", "<b>", "7.0", "< 0.001"]]
    assert table.numeric == [False, False, True, True]


def test_a_table_without_markdown_is_read_from_its_csv(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "cells.csv",
        [{"model": "m", "share": 1 / 3, "n": 4, "none": None}],
        [Column(k) for k in ("model", "share", "n", "none")],
    )
    table = read_table(tmp_path, "cells.csv", "cells", Markup(""))
    assert table.rows == [["m", "0.333333", "4", "–"]]
    write_csv(tmp_path / "empty.csv", [], [Column("model")])
    assert read_table(tmp_path, "empty.csv", "empty", Markup("")).rows == []


def test_a_markdown_page_that_is_no_table_gives_way_to_its_csv(tmp_path: Path) -> None:
    (tmp_path / "gallery.md").write_text("# Disagreements\n", encoding="utf-8")
    write_csv(tmp_path / "gallery.csv", [{"id": "set/0"}], [Column("id")])
    assert read_table(tmp_path, "gallery.md", "gallery", Markup("")).rows == [["set/0"]]


def test_rows_beyond_what_is_shown_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("micota.pages.tables.SHOWN", 3)
    write_csv(tmp_path / "many.csv", [{"n": n} for n in range(10)], [Column("n")])
    table = read_table(tmp_path, "many.csv", "many", Markup(""))
    assert (len(table.rows), table.left_out) == (3, 7)


def test_a_table_that_was_not_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read_table(tmp_path, "main.md", "main", Markup(""))
    assert error.value.place == str(tmp_path / "main.md")


def test_cells_lead_to_models_and_corpora() -> None:
    rows = [["small", "mid", "81.2", "set"], ["small", "other", "80.0", "set"]]
    table = Table("main", "main", Markup(""), ["Student", "Corpus", "set (%)", "Benchmark"], rows)
    link_cells(table, {("small", "mid"): "small-mid-s0"}, {"small": "#model/small"}, {"set"})
    assert table.links[0, 0] == table.links[1, 0] == "#model/small"
    assert table.links[0, 1] == "#model/small-mid-s0"
    assert table.links[0, 2] == table.links[0, 3] == "#model/small-mid-s0?data=set"
    assert (1, 1) not in table.links and (1, 2) not in table.links


def test_a_caption_is_escaped_and_its_marks_become_html(tmp_path: Path) -> None:
    path = tmp_path / "table.rst"
    path.write_text("**Claims.** *Seen* in ``claims.csv``, p < 2 * 3 * 4 & more.\n", encoding="utf-8")
    assert caption(path) == Markup(
        "<strong>Claims.</strong> <em>Seen</em> in <code>claims.csv</code>, p &lt; 2 * 3 * 4 &amp; more."
    )
    assert caption(tmp_path / "none.rst") == Markup("")

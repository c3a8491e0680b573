"""Rows of a source become traces: by the columns that a study names, with our marks, and with a word on each fault."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from micota.common.errors import DataError
from micota.common.records import Record
from micota.corpora.importing import generations
from micota.corpora.kinds import Imported
from micota.problems.source import rows as rows_in
from micota.study.load import load_study
from micota.study.tasks import source
from tests.imported import ADD, PLAIN, study_of, trace


def imported(**settings: Any) -> Imported:
    return Imported.model_validate({"kind": "imported", **settings})


@pytest.mark.parametrize(
    ("text", "whole"),
    [("Hm.</think> 5", "<think>\nHm.</think> 5"), ("\n<think> Hm.</think> 5", "\n<think> Hm.</think> 5")],
)
def test_a_trace_gets_the_mark_that_its_prompt_wrote(text: str, whole: str) -> None:
    block = imported(columns={"completion": "a"}, begun="<think>\n")
    (made,) = generations({"a": text}, block, "k")
    assert made.text == whole
    (made,) = generations({"a": text}, imported(columns={"completion": "a"}), "k")
    assert made.text == text


@pytest.mark.parametrize("form", ["parquet", "csv", "gz", "array"])
def test_any_form_of_file_gives_the_same_traces(form: str, tmp_path: Path) -> None:
    rows = [{"problem": ADD[n], "answer": str(21 + 2 * n), "text": trace(21 + 2 * n), "done": n % 2} for n in range(4)]
    shape = PLAIN._replace(rows=rows, corpus={"columns": {"completion": "text", "finished": "done"}})
    raw = study_of(tmp_path, shape)
    path = tmp_path / "theirs.jsonl"  # told by what is in it; a CSV by its name
    if form == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif form == "gz":
        path.write_bytes(gzip.compress(path.read_bytes()))
    elif form == "array":
        path.write_text(json.dumps(rows, indent=1))
    else:
        path = tmp_path / "theirs.csv"
        cells = [list(rows[0]), *([str(value).replace('"', '""') for value in row.values()] for row in rows)]
        path.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in cells))
    raw["datasets"]["train"]["path"] = str(path)
    study = load_study(raw)
    block = study.corpus("long")
    assert isinstance(block, Imported)
    found = [made for row in rows_in("train", source(study, "train")) for made in generations(row, block, "key")]
    assert [made.finished for made in found] == [False, True, False, True]
    assert [made.text for made in found] == [row["text"] for row in rows]


@pytest.mark.parametrize(
    ("row", "columns", "said"),
    [
        ({"a": "x", "b": 1}, {"completion": "c"}, r"no column 'c' \(k\.completion\); there are: a, b"),
        ({"a": "x"}, {"completion": "a", "finished": "f"}, r"no column 'f' \(k\.finished\)"),
        ({"a": "x"}, {"completion": "a", "thinking": "t"}, r"no column 't' \(k\.thinking\)"),
        ({"a": 1}, {"completion": "a"}, "not a int"),
        ({"a": ["x", "y"], "f": [True]}, {"completion": "a", "finished": "f"}, "holds 1 values beside 2 traces"),
        ({"a": "x", "f": "perhaps"}, {"completion": "a", "finished": "f"}, r"'perhaps' \(k\.finished\) is no flag"),
        ({"m": "x"}, {"messages": "m"}, r"column 'm' \(k\.messages\) holds no conversation"),
        ({"m": [{"role": "judge", "content": "x"}]}, {"messages": "m"}, "holds no conversation"),
        ({"m": [{"role": "user", "content": None}]}, {"messages": "m"}, "holds no conversation"),
    ],
)
def test_a_row_that_cannot_be_read_is_said_by_key(row: Record, columns: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        generations(row, imported(columns=columns), "k")


@pytest.mark.parametrize(
    ("flag", "finished"),
    [
        (True, True),
        (1, True),
        ("true", True),
        ("stop", True),
        ("yes", True),
        (False, False),
        ("0", False),
        ("length", False),
        (None, False),
    ],
)
def test_what_says_that_a_trace_ended(flag: Any, finished: bool) -> None:
    block = imported(columns={"completion": "a", "finished": "f"})
    (made,) = generations({"a": "x", "f": flag}, block, "k")
    assert made.finished == finished


def test_openais_conversations_are_read_as_sharegpts_are() -> None:
    block = imported(columns={"messages": "m"})
    one = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    other = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    assert generations({"m": one}, block, "k") == generations({"m": other}, block, "k")

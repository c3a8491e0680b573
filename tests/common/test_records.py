"""Record files are read strictly and appear only when whole."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.contracts import PROBLEM
from micota.common.files import whole
from micota.common.lines import line_of
from micota.common.records import Record, RecordError, read_json, read_jsonl, write_json, write_jsonl

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(records=st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), max_size=5))
def test_records_come_back_as_written(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    path = tmp_path_factory.mktemp("records") / "deep" / "r.jsonl"
    assert write_jsonl(path, records) == len(records)
    assert list(read_jsonl(path)) == records
    assert [p.name for p in path.parent.iterdir()] == ["r.jsonl"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": 1}\n{"id": \n', r"r\.jsonl:2: not valid JSON"),
        ('{"id": 1}\n\n[1]\n', r"r\.jsonl:3: expected a JSON object, found list"),
        ('{"id": 1}\n{"answer": 2}\n', r"r\.jsonl:2: the record lacks id"),
        ('{"id": 1}\n{"id": 2}{"id": 3}\n', r"r\.jsonl:2: not valid JSON"),
        ('{"id": 1}\n{"id": 2', r"r\.jsonl:2: not valid JSON"),
        ('{"id": 1}\n{"id": 2, "of": {"a": 1, "b": 2, "a": 3}}\n', r"r\.jsonl:2: .*'a' stands twice"),
        ('{"id": 1}\n{"id": NaN}\n', r"r\.jsonl:2: .*NaN"),
        ('{"id": 1}\n{"id": -Infinity}\n', r"r\.jsonl:2: .*-Infinity"),
        ('{"id": 1}\n{"id": ' + "9" * 5000 + "}\n", r"r\.jsonl:2: not readable JSON"),
        ('{"id": 1}\n{"id": ' + "[" * 100_000 + "}\n", r"r\.jsonl:2: not readable JSON"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=message):
        list(read_jsonl(path, ["id"]))


@pytest.mark.parametrize("answer", [["5"], True, 5, None])
def test_an_answer_is_a_text(tmp_path: Path, answer: object) -> None:
    problem = {"id": "a/0", "problem": "?", "source": "a"}
    write_jsonl(tmp_path / "p.jsonl", [{**problem, "answer": "5"}, {**problem, "answer": answer}])
    with pytest.raises(RecordError) as error:
        list(read_jsonl(tmp_path / "p.jsonl", PROBLEM))
    assert error.value.place == f"{tmp_path}/p.jsonl:2"


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '{"a": 1, "a": 2}', '{"a": "\udce9"}'])
def test_a_document_that_json_cannot_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordError) as error:
        read_json(tmp_path / "d.json")
    assert error.value.place == f"{tmp_path}/d.json"


def test_a_file_in_another_encoding_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes('{"id": 1}\n{"id": "é"}\n'.encode("latin-1"))
    with pytest.raises(RecordError, match=r"r\.jsonl.*UTF-8"):
        list(read_jsonl(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.jsonl: no such file"):
        list(read_jsonl(tmp_path / "none.jsonl"))
    with pytest.raises(RecordError, match=r"none\.json: no such file"):
        read_json(tmp_path / "none.json")


def test_a_broken_document_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{\n"a": }', encoding="utf-8")
    with pytest.raises(RecordError, match=r"d\.json:2: not valid JSON"):
        read_json(tmp_path / "d.json")
    write_json(tmp_path / "d.json", {"a": "é"})
    assert read_json(tmp_path / "d.json") == {"a": "é"}


@pytest.mark.parametrize("before", [None, '{"id": "old"}\n'])
def test_a_writer_that_dies_leaves_what_was_there(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "r.jsonl"
    if before is not None:
        path.write_text(before, encoding="utf-8")

    def dying() -> Iterator[Record]:
        yield {"id": "new"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_jsonl(path, dying())
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == before
    assert {p.name for p in tmp_path.iterdir()} == ({"r.jsonl"} if before is not None else set())


def test_what_a_killed_writer_left_goes_when_its_file_is_written(tmp_path: Path) -> None:
    for left in (".r.jsonl.1.tmp", ".r.jsonl.22.tmp", ".other.jsonl.1.tmp"):
        (tmp_path / left).write_text("half")
    write_jsonl(tmp_path / "r.jsonl", [{"id": 1}])
    assert {p.name for p in tmp_path.iterdir()} == {"r.jsonl", ".other.jsonl.1.tmp"}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    with whole(path) as handle:
        handle.write("half")
        handle.flush()
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "half"


def test_line_of_counts_blank_lines_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("\n" + json.dumps({"id": 1}) + "\n\n" + json.dumps({"id": 2}) + "\n", encoding="utf-8")
    assert [line_of(path, 0), line_of(path, 1)] == [f"{path}:2", f"{path}:4"]

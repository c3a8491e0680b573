"""A result that is no longer as it was written is refused by whoever reads it."""

import os
from pathlib import Path

import pytest

from micota.common.errors import DataError
from micota.common.files import whole
from micota.common.records import read_json, read_jsonl, write_json, write_jsonl
from micota.common.seals import check_seal, seal_of
from micota.common.tables import Column, read_csv, write_csv


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A study's results."""
    home = tmp_path / "results/mini"
    write_json(home / "study.json", {})
    return home


def test_every_reader_sees_a_change_and_a_new_file_is_sealed_anew(home: Path) -> None:
    for path, write, read in (
        (home / "graded/m.jsonl", lambda p: write_jsonl(p, [{"id": "12"}]), lambda p: list(read_jsonl(p))),
        (home / "corpora/mid.counts.json", lambda p: write_json(p, {"kept": 12}), read_json),
        (home / "tables/main.csv", lambda p: write_csv(p, [{"n": 12}], [Column("n")]), read_csv),
    ):
        write(path)
        read(path)
        changed = path.read_text().replace("12", "13")
        path.write_text(changed)
        with pytest.raises(DataError, match=rf"{path.name}: its bytes are not those .*Remove it") as error:
            read(path)
        assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)
        path.write_text(changed + "\n")
        with pytest.raises(DataError, match=r"bytes and was written with \d+: damaged, or edited"):
            read(path)
        write(path)
        read(path)


def test_a_change_that_is_meant_is_taken_when_its_seal_is_gone(home: Path) -> None:
    path = home / "graded/m.jsonl"
    write_jsonl(path, [{"id": "a"}])
    path.write_text('{"id": "b"}\n')
    place = seal_of(path)
    assert place == home / ".seals/graded/m.jsonl"
    place.unlink()
    assert list(read_jsonl(path)) == [{"id": "b"}]


def test_settings_unfinished_work_and_what_is_no_study_have_none(home: Path, tmp_path: Path) -> None:
    for path in (home / "study.json", home / "work/sampling/chunk.jsonl", tmp_path / "by_hand.jsonl"):
        write_json(path, {})
        assert seal_of(path) is None
    assert not (home / ".seals").exists()


def test_a_link_is_checked_by_what_it_leads_to_and_replaced_without_it(home: Path, tmp_path: Path) -> None:
    """As an offshoot of a study has it."""
    other = tmp_path / "results/regraded"
    write_json(other / "study.json", {})
    write_json(home / "sizes/m.json", {"n": 1})
    (other / "sizes").mkdir()
    (other / "sizes/m.json").symlink_to(os.path.relpath(home / "sizes/m.json", other / "sizes"))
    (home / "sizes/m.json").write_text("{}")
    with pytest.raises(DataError, match=r"sizes/m\.json"):
        read_json(other / "sizes/m.json")
    write_json(other / "sizes/m.json", {"n": 2})
    assert read_json(other / "sizes/m.json") == {"n": 2}
    with pytest.raises(DataError):
        read_json(home / "sizes/m.json")


def test_a_kill_between_file_and_seal_leaves_a_file_without_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "sizes/m.json"
    write_json(path, {"n": 1})

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("micota.common.files.seal", killed)
    with pytest.raises(KeyboardInterrupt), whole(path) as handle:
        handle.write('{"n": 2}')
    check_seal(path)
    assert read_json(path) == {"n": 2}


def test_a_broken_seal_says_so(home: Path) -> None:
    write_json(home / "sizes/m.json", {"n": 1})
    (home / ".seals/sizes/m.json").write_text("")
    with pytest.raises(DataError, match=r"\.seals/sizes/m\.json: not a seal; remove it"):
        read_json(home / "sizes/m.json")

"""A study that begins where another one stands reads its results by links, and writes none of them."""

from pathlib import Path

import pytest

from micota.common.errors import UserError
from scripts import offshoot

FILES = ("graded/small.jsonl", "models/small/model.safetensors", "problems/train.jsonl", "problems/gold.json")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (*FILES, "tables/main.csv"):
        path = tmp_path / "results" / "mini" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "results"


def begin(*more: str, parts: str = "graded models problems") -> None:
    offshoot.main(["--study", "mini", "--name", "other", "--parts", *parts.split(), *more])


def test_every_entry_is_a_link_of_the_same_age(results: Path) -> None:
    begin("--but", "problems/gold.json")
    found = {str(path.relative_to(results / "other")) for path in (results / "other").glob("*/*")}
    assert found == {"graded/small.jsonl", "models/small", "problems/train.jsonl"}
    for name in found:
        link, entry = results / "other" / name, results / "mini" / name
        assert link.is_symlink() and not Path(link.readlink()).is_absolute() and link.resolve() == entry.resolve()
        assert link.lstat().st_mtime_ns == entry.stat().st_mtime_ns
    assert (results / "other/models/small/model.safetensors").read_text() == FILES[1]


def test_what_a_job_makes_anew_takes_the_place_of_the_link_alone(results: Path) -> None:
    begin()
    made = results / "other/graded/small.jsonl"
    made.unlink()
    made.write_text("new")
    assert (results / "mini/graded/small.jsonl").read_text() == FILES[0]


def test_a_second_beginning_is_fresh_or_keeps_its_own(results: Path) -> None:
    begin()
    own = results / "other/graded/theirs.jsonl"
    own.touch()
    (results / "mini/graded/small.jsonl").rename(results / "mini/graded/renamed.jsonl")
    begin("--keep")
    assert {path.name for path in own.parent.iterdir()} == {"theirs.jsonl", "renamed.jsonl"}
    begin()
    assert {path.name for path in own.parent.iterdir()} == {"renamed.jsonl"}


def test_nothing_is_touched_where_a_part_is_missing(results: Path) -> None:
    begin()
    with pytest.raises(UserError, match="its cot are not there"):
        begin(parts="graded cot")
    with pytest.raises(UserError, match=r"results/none: this study has not been run here; there are: mini"):
        offshoot.main(["--study", "none", "--name", "other", "--parts", "graded"])
    assert (results / "other/graded/small.jsonl").exists()


def test_some_parts_come_along_where_they_are_there(results: Path) -> None:
    begin("--also", "models", "sizes", parts="graded")
    assert {path.name for path in (results / "other").iterdir()} == {"graded", "models"}

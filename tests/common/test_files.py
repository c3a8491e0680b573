"""Files and folders appear only when whole, whoever writes them; what a killed writer left is taken away."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from micota.common.files import fresh, publish, replacing
from micota.common.seals import file_hash


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_of_any_kind_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    """Figures and archives are written by libraries that take a name."""
    path = tmp_path / "deep" / "a[1].png"
    path.parent.mkdir()
    (path.parent / ".a[1].png.77.tmp").write_bytes(b"of a writer that was killed")
    (path.parent / ".a1.png.77.tmp").write_bytes(b"another file's")
    with replacing(path) as temporary:
        temporary.write_bytes(b"one")
        assert not path.exists() and temporary.parent == path.parent

    def die() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    assert path.read_bytes() == b"one" and names(path.parent) == {"a[1].png", ".a1.png.77.tmp"}
    assert file_hash(path) == hashlib.sha256(b"one").hexdigest()


def test_a_folder_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "model"
    for content in ("old", "new"):
        temporary = fresh(out)
        (temporary / content).touch()
        publish(temporary, out)
        assert names(out) == {content} and names(out.parent) == {"model"}
    (fresh(out) / "half").touch()
    assert names(out) == {"new"} and names(fresh(out)) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="looks up open files in /dev/fd")
def test_what_gets_a_name_is_on_the_disk_before_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync = os.fsync

    def noting(handle: int) -> None:
        named = (tmp_path / "a").exists(), (tmp_path / "model").exists()
        done.append(f"{Path(f'/dev/fd/{handle}').resolve().name} {named}")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    with replacing(tmp_path / "a") as temporary:
        temporary.write_bytes(b"a")
    temporary_name = temporary.name
    assert done == [f"{temporary_name} (False, False)", f"{tmp_path.name} (True, False)"]
    (fresh(tmp_path / "model") / "deep").mkdir()
    done.clear()
    (tmp_path / ".model.tmp" / "deep" / "weights").touch()
    publish(tmp_path / ".model.tmp", tmp_path / "model")
    assert sorted(done[:-1]) == [f"{name} (True, False)" for name in (".model.tmp", "deep", "weights")]
    assert done[-1] == f"{tmp_path.name} (True, True)"


def test_a_file_that_finds_no_room_in_the_end_does_not_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")  # as file systems say that give blocks late

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"), replacing(tmp_path / "a") as temporary:
        temporary.write_bytes(b"a")
    assert names(tmp_path) == set()

"""What libraries say of a full disk or a place that may not be written to is said in one line, and ends in status 2."""

import errno
import shutil
from collections import namedtuple
from typing import Any

import pytest

from micota.common.cli import run
from micota.common.faults import SHARED, fault

Usage = namedtuple("Usage", "total used free")
RUST = "Error while serializing: I/O error: {} (os error {})"


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a/b.json"), "no room left on the disk for a/b.json"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no room left on the disk (Disk quota exceeded)"),
        (ValueError(RUST.format("No space left on device", 28)), "no room left on the disk"),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 5 vs 4"), "no room left on the disk"),
        (PermissionError(errno.EACCES, "Permission denied", "results/mini"), "results/mini: Permission denied"),
        (OSError(errno.EROFS, "Read-only file system", "results/mini"), "results/mini: Read-only file system"),
    ],
)
def test_a_fault_of_the_disk_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, begins: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 0, 9 << 30))

    def main(_: Any) -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        run(main)
    (said,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and said.startswith(f"error: {begins}")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared memory there")
def test_full_shared_memory_is_not_taken_for_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(64 << 20, 64 << 20, 0))
    said = fault(OSError(errno.ENOSPC, "No space left on device"))
    assert said and said.startswith("/dev/shm: full")


@pytest.mark.parametrize(
    "error", [ValueError("(os error 2)"), FileNotFoundError(2, "none", "a"), RuntimeError("a bug"), KeyError("x")]
)
def test_other_errors_are_left_alone(error: Exception) -> None:
    assert fault(error) is None

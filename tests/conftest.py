"""What tests share."""

import builtins
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# A busy machine must not fail a property.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def data_folder() -> Path:
    """Where the real benchmark files are looked for: MICOTA_DATA, or ../shared/data beside the repository."""
    given = os.environ.get("MICOTA_DATA")
    return Path(given) if given else ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real benchmark files."""
    folder = data_folder()
    if not (folder / "math500.jsonl").is_file():
        pytest.skip(f"no benchmark files in {folder}: set MICOTA_DATA to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_sum_of_floats() -> Iterator[None]:
    """The project's code may not add floats with `sum`: since Python 3.12 that gives other last digits than before."""
    builtin = builtins.sum

    def checked(items: Any, /, start: Any = 0) -> Any:
        total = builtin(items, start)
        if isinstance(total, float | complex):
            caller = sys._getframe(1).f_globals["__name__"]
            assert caller.split(".")[0] not in ("micota", "scripts"), f"{caller} adds floats with sum(): use math.fsum"
        return total

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "sum", checked)
        yield

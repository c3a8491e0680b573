"""What tests share."""

import os
import sys
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


def whole_sum(items: Any, /, start: Any = 0) -> Any:
    """As the builtin, for anything but floats: since Python 3.12 it gives other last digits of these than before."""
    total = sum(items, start)
    assert not isinstance(total, float | complex), "floats are added with sum(): use math.fsum"
    return total


@pytest.fixture(autouse=True)
def no_sum_of_floats() -> None:
    """Give the project's modules that are loaded by now their own `sum`; torch must find the builtin untouched."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("micota", "scripts"):
            vars(module)["sum"] = whole_sum

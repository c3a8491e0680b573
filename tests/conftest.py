"""What tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real benchmark files: MICOTA_DATA, or ../shared/data beside the repository."""
    given = os.environ.get("MICOTA_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not (folder / "math500.jsonl").is_file():
        pytest.skip(f"no benchmark files in {folder}: set MICOTA_DATA to their folder")
    return folder

"""What tests share."""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.graph import LOCAL_DATA, jobs_of, project_with_data
from tests.tiny import config_files

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


@pytest.fixture(scope="session")
def study_jobs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, Any]]]:
    """Study -> all its jobs, as Snakemake makes them of the rules; each study's once for all tests."""
    project = project_with_data(tmp_path_factory.mktemp("graphs"))
    return cache(lambda study: jobs_of(project, "--configfile", *config_files(study), *LOCAL_DATA))

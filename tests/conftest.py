"""What tests share."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.graph import LOCAL_DATA, jobs_of, project_with_data
from tests.tiny import config_files, write_model
from tests.workflow import output_of, snakemake

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


def stamps(folder: Path) -> dict[Path, int]:
    """When each file in a folder was written last; of those that running Snakemake leaves, nothing."""
    own = {".snakemake", "__pycache__"}
    files = [path for path in folder.rglob("*") if path.is_file() and not own & set(path.parts)]
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A random model, to be read: a test that changes one writes its own (tests.tiny.write_model)."""
    folder = write_model(tmp_path_factory.mktemp("model") / "m")
    before = stamps(folder)
    yield folder
    assert stamps(folder) == before, "a test has changed the model that all share"


@pytest.fixture(scope="session")
def base(model: Path) -> Path:
    """The same model, as one that trainings start from."""
    return model


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project to plan studies in: a test that runs jobs or changes a file makes its own."""
    folder = project_with_data(tmp_path_factory.mktemp("project"))
    before = stamps(folder)
    yield folder
    assert stamps(folder) == before, "a test has changed the project that all share"


@pytest.fixture(scope="session")
def graph(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Study -> a file with its graph as `snakemake --dag` draws it; each study's once for all tests."""
    folder = tmp_path_factory.mktemp("drawn")

    def draw(study: str) -> Path:
        run = snakemake(project, "--dag", "--configfile", *config_files(study), *LOCAL_DATA)
        assert run.returncode == 0, output_of(run)
        (folder / f"{study}.dot").write_text(run.stdout)
        return folder / f"{study}.dot"

    return cache(draw)


@pytest.fixture(scope="session")
def study_jobs(project: Path) -> Callable[[str], list[dict[str, Any]]]:
    """Study -> all its jobs, as Snakemake makes them of the rules; each study's once for all tests."""
    return cache(lambda study: jobs_of(project, "--configfile", *config_files(study), *LOCAL_DATA))

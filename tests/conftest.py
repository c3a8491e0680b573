"""What tests share."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from micota.common.records import read_json
from tests.graph import LOCAL_DATA, jobs_of, project_with_data
from tests.project import output_of, snakemake
from tests.tiny import config_files, write_model

ROOT = Path(__file__).parents[1]

# A busy machine must not fail a property.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


# Files of a minute and more. Their tests come first: begun last, one would keep a single worker busy at the end.
LONGEST = (
    "test_smoke",
    "test_kills",
    "test_resume",
    "test_reruns",
    "test_matrix",
    "test_figures",
    "test_dag",
    "test_planning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; of the others, and within a file, the order stays."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


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
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[], str]], Path]:
    """A file by its name, with the text that a function gives: it is called once, whatever the number of workers."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent

    def made(name: str, text: Callable[[], str]) -> Path:
        with FileLock(folder / f"{name}.lock"):
            if not (folder / name).exists():
                whole = text()
                (folder / name).write_text(whole, encoding="utf-8")
        return folder / name

    return made


@pytest.fixture(scope="session")
def graph(project: Path, made_once: Callable[[str, Callable[[], str]], Path]) -> Callable[[str], Path]:
    """Study -> a file with its graph as `snakemake --dag` draws it."""

    def drawn(study: str) -> str:
        run = snakemake(project, "--dag", "--configfile", *config_files(study), *LOCAL_DATA)
        assert run.returncode == 0, output_of(run)
        return run.stdout

    return lambda study: made_once(f"{study}.dot", lambda: drawn(study))


@pytest.fixture(scope="session")
def study_jobs(
    project: Path, made_once: Callable[[str, Callable[[], str]], Path]
) -> Callable[[str], list[dict[str, Any]]]:
    """Study -> all its jobs, as Snakemake makes them of the rules."""

    def made(study: str) -> str:
        return json.dumps(jobs_of(project, "--configfile", *config_files(study), *LOCAL_DATA))

    return cache(lambda study: read_json(made_once(f"{study}.jobs", lambda: made(study))))

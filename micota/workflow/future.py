"""Files dated in the future: Snakemake would make again, in every run, what is made from them."""

import time
from collections.abc import Iterator
from pathlib import Path

from micota.study.graph import Study
from micota.study.tasks import cleaned_datasets, local_copy
from micota.workflow.paths import Paths

SLACK = 60.0  # seconds by which the clocks of a file server and of this machine may differ


def dated_in_future(study: Study, paths: Paths) -> str | None:
    """One line that names such files of a study, inputs and results; None where there is none."""
    latest = time.time() + SLACK
    found = [path for path in map(dated, looked_at(study, Path(paths.home))) if moment(path) > latest]
    if not found:
        return None
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"{found[0]}{more}: dated in the future, so what is made from it is made again in every run;"
        f" `touch {found[0]}` when this machine's clock is right"
    )


def dated(path: Path) -> Path:
    """What Snakemake takes the date of a path from: of a folder that a job made, a file in there."""
    stamp = path / ".snakemake_timestamp"
    return stamp if stamp.exists() else path


def moment(path: Path) -> float:
    """When a file was changed, in seconds since 1970; 0 if it is not there."""
    return path.stat().st_mtime if path.exists() else 0.0


def looked_at(study: Study, home: Path) -> Iterator[Path]:
    """The local files that a study begins with, and the outputs of its jobs; not what lies in models' folders."""
    yield from (Path(path) for name in study.bases for path in study.base_files(name))
    yield from (Path(path) for name in cleaned_datasets(study) if (path := local_copy(study, name)))
    yield from sorted(home.glob("*/*"))
    yield from sorted(home.glob("cot/*/*"))

"""The whole graph of a study's jobs, as Snakemake makes it of the rules, and its drawing that is committed.

`python -m tests.graph` writes `tests/graphs/` again, after a change that is meant to change the graph.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.project import ROOT, copy_project, run_python
from tests.tiny import config_files, raw_config

STUDIES = sorted(path.stem for path in (ROOT / "config").glob("*.yaml"))
DRAWINGS, PRINTER = (Path(__file__).with_name(name) for name in ("graphs", "print_jobs.py"))
LOCAL_DATA = ("--config", "data_folder=data")


def project_with_data(folder: Path) -> Path:
    """A copy of the project with empty stand-ins for the data files, which a graph only has to find."""
    copy_project(folder)
    (folder / "data").mkdir()
    for study in STUDIES:
        for block in raw_config(study)["datasets"].values():
            if block.get("path"):
                (folder / "data" / block["path"]).touch()
    return folder


def jobs_of(project: Path, *arguments: str) -> list[dict[str, Any]]:
    """The jobs of a study in a copy of the project; arguments are Snakemake's."""
    run = run_python(project, str(PRINTER), *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def name_of(job: dict[str, Any]) -> str:
    return " ".join([job["rule"], *(f"{name}={value}" for name, value in job["wildcards"].items())])


def drawing(study: str, jobs: Sequence[dict[str, Any]]) -> str:
    """A paragraph a job, in order of their names: its files (> made, < given) and, by rule, the jobs it waits for."""
    makers = {path: job for job in jobs for path in job["output"]}
    paragraphs = []
    for job in jobs:
        needs: dict[str, set[str]] = {}
        for path in job["input"]:
            if path in makers:
                rule, _, wildcards = name_of(makers[path]).partition(" ")
                needs.setdefault(rule, set()).add(wildcards)
        lines = [f"  > {path.replace(f'results/{study}/', '')}" for path in job["output"]]
        lines += [f"  < {path}" for path in job["input"] if path not in makers]
        lines += [f"  after {rule}: {', '.join(sorted(found))}".rstrip(": ") for rule, found in sorted(needs.items())]
        paragraphs.append("\n".join([name_of(job), *lines]) + "\n")
    return "".join(sorted(paragraphs))


def draw() -> None:
    """Write the drawings of all studies."""
    DRAWINGS.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        project = project_with_data(Path(folder))
        for study in STUDIES:
            jobs = jobs_of(project, "--configfile", *config_files(study), *LOCAL_DATA)
            (DRAWINGS / f"{study}.txt").write_text(drawing(study, jobs), encoding="utf-8")


if __name__ == "__main__":
    draw()

"""Run the real Snakefile in a copy of the project, so that a test never touches the user's results."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = (
    "Snakefile",
    "workflow",
    "Makefile",
    "rules",
    "scripts",
    "micota",
    "config",
    "profiles",
    "envs",
    "report",
    "reference",
    "slurm",
)


def copy_project(folder: Path) -> Path:
    """A copy of what a run needs, without results."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copyfile(source, folder / part)
    return folder


def run_python(
    folder: Path, *arguments: str, timeout: int = 2700, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with `settings` in its environment; the caller looks at the exit status and output."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | dict(settings or {}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def snakemake(
    folder: Path, *arguments: str, timeout: int = 2700, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run snakemake in a folder."""
    return run_python(folder, "-m", "snakemake", "--cores", "2", *arguments, timeout=timeout, settings=settings)


def make(folder: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a target of the Makefile with the tests' environment, which it takes for set up."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    command = ["make", "-o", "setup", f"VENV={Path(sys.prefix)}", *arguments]
    return subprocess.run(
        command, cwd=folder, env=kept | dict(settings or {}), capture_output=True, text=True, check=False
    )


def output_of(run: subprocess.CompletedProcess[str]) -> str:
    return run.stdout + run.stderr


def planned(run: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Rule -> number of jobs, from the statistics of a dry run."""
    assert run.returncode == 0, output_of(run)
    text = output_of(run)
    if "Job stats:" not in text:
        return {}
    counts = {}
    for line in text.split("Job stats:")[-1].splitlines()[3:]:
        words = line.split()
        if len(words) != 2 or words[0] == "total":
            break
        counts[words[0]] = int(words[1])
    return counts

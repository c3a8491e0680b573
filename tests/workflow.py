"""Run the real Snakefile in a copy of the project, so that a test never touches the user's results."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("Snakefile", "rules", "scripts", "micota", "config", "profiles", "envs", "report", "reference")


def copy_project(folder: Path) -> Path:
    """A copy of what a run needs, without results."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copyfile(source, folder / part)
    return folder


def snakemake(project: Path, *arguments: str, timeout: int = 840) -> subprocess.CompletedProcess[str]:
    """Run snakemake in a project folder; the caller looks at the exit status and the output."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=timeout, check=False
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

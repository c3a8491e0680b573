"""What Snakemake itself costs: a dry run and a run with nothing to do, of our Snakefile and of an otherwise empty one.

    python -m benchmarks.workflow --jobs 100 1000 2000 --repeats 3 --idle

Ours is the miniature with more seeds and a longer sweep of merge weights, half of the jobs from each. The empty one has
the same number of jobs: chains of three rules, `make -> sample -> grade`, for each model, and one rule that gathers
them; no parameters, logs, messages, environments or functions. Both run in a temporary folder, in turn, so that what
else the machine does falls on both; the ratio is of the CPU time of both processes (user and system), which that
disturbs least. `--idle` also makes every output as an empty file and lets `snakemake --touch` record it, which takes
0.1 s a job, then times a run that finds nothing to do. Writes a Markdown table; ends with an error where the numbers of
jobs differ.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import run
from micota.common.errors import UserError
from micota.study.load import load_study

ROOT = Path(__file__).resolve().parent.parent
EMPTY = """
rule all:
    input:
        expand("done/{model}", model=range(MODELS)),

rule make:
    output: "made/{model}"
    shell: "touch {output}"

rule sample:
    input: "made/{model}"
    output: "sampled/{model}"
    shell: "touch {output}"

rule grade:
    input: "sampled/{model}"
    output: "done/{model}"
    shell: "touch {output}"
"""


@dataclass(frozen=True)
class Cost:
    """Of one run of a command: seconds by the clock, seconds of CPU (user and system), largest resident set (MB)."""

    wall: float
    cpu: float
    memory: float


def measured(command: Sequence[str], folder: Path) -> tuple[Cost, str]:
    """Run a command; what it cost, and what it said. UserError with that if it fails."""
    output = folder / "said.txt"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    started = time.monotonic()
    with output.open("w") as handle:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=handle, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = output.read_text(encoding="utf-8")
    if process.returncode:
        raise UserError(f"{' '.join(command)} ended with {process.returncode}:\n{said[-3000:]}")
    cost = Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    return cost, said


def our_config(jobs: int) -> dict[str, Any]:
    """The miniature with so many seeds and merge weights that it has about as many jobs, half from each."""
    raw: dict[str, Any] = yaml.safe_load((ROOT / "config" / "mini.yaml").read_text(encoding="utf-8"))
    a_seed = 3 * len(load_study(raw).students)  # train, sample, grade
    raw["seeds"] = list(range(max(1, round(jobs / 2 / a_seed))))
    raw["merges"][0]["weights"] += [round(0.3 + i / 100_000, 5) for i in range(round(jobs / 2 / 3))]
    return raw


def project(folder: Path, jobs: int) -> Path:
    """Our Snakefile on that configuration, its files by link."""
    folder.mkdir(parents=True)
    for part in ("Snakefile", "rules", "scripts", "micota", "envs", "report", "profiles", "reference"):
        (folder / part).symlink_to(ROOT / part)
    (folder / "config.json").write_text(json.dumps(our_config(jobs)), encoding="utf-8")
    return folder


def empty(folder: Path, jobs: int) -> Path:
    """A Snakefile with exactly that number of jobs, the gathering one included."""
    folder.mkdir(parents=True)
    whole, rest = divmod(jobs - 1, 3)
    spare = f"\nfor i in range({rest}):\n    rule:\n        output: f'spare/{{i}}'\n        shell: 'touch {{output}}'\n"
    text = EMPTY.replace("MODELS", str(whole))
    if rest:
        text = text.replace("rule make:", f"        expand('spare/{{i}}', i=range({rest})),\n\nrule make:") + spare
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    return folder


def snakemake(folder: Path, *flags: str) -> list[str]:
    """The command line of one of the two."""
    config = ["--configfile", "config.json"] if (folder / "config.json").exists() else []
    profile = ["--workflow-profile", "none"] if not config else []
    return [sys.executable, "-m", "snakemake", "--cores", "2", "--nolock", *flags, *profile, *config]


def jobs_in(said: str) -> int:
    """The total of a dry run's statistics."""
    (total,) = {line.split()[1] for line in said.splitlines() if line.startswith("total ")}
    return int(total)


def finish(folder: Path) -> None:
    """Every output as an empty file, recorded by Snakemake as made."""
    _, said = measured(snakemake(folder, "--summary"), folder)
    names = [line.split("\t")[0] for line in said.splitlines() if line.count("\t") == 5][1:]
    for name in names:
        path = folder / name
        if path.parent.name == "models":
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    measured(snakemake(folder, "--touch", "--forceall", "--quiet", "all"), folder)


def compare(jobs: int, repeats: int, idle: bool, work: Path) -> list[str]:
    """The rows of the table for one number of jobs."""
    ours = project(work / f"ours-{jobs}", jobs)
    count = jobs_in(measured(snakemake(ours, "--dry-run", "--quiet", "rules"), ours)[1])
    other = empty(work / f"empty-{jobs}", count)
    if (found := jobs_in(measured(snakemake(other, "--dry-run", "--quiet", "rules"), other)[1])) != count:
        raise UserError(f"the empty Snakefile has {found} jobs, ours {count}")
    kinds = {"dry run": ("--dry-run", "--quiet", "all")} | ({"nothing to do": ()} if idle else {})
    rows = []
    for kind, flags in kinds.items():
        if kind == "nothing to do":
            for folder in (ours, other):
                finish(folder)
                if "Nothing to be done" not in measured(snakemake(folder), folder)[1]:
                    raise UserError(f"{folder}: there was still something to do")
        costs = [[measured(snakemake(folder, *flags), folder)[0] for folder in (ours, other)] for _ in range(repeats)]
        rows.append(row(kind, count, costs))
        print(rows[-1], flush=True)
    return rows


def row(kind: str, count: int, costs: Sequence[Sequence[Cost]]) -> str:
    """Medians of both, and the median ratio of CPU time with its range over the repeats."""
    mine, others = zip(*costs, strict=True)
    ratios = [one.cpu / other.cpu for one, other in costs]
    cells = [kind, f"{count:,}"]
    for group in (mine, others):
        cells += [f"{statistics.median(cost.wall for cost in group):.1f}"]
        cells += [f"{statistics.median(cost.cpu for cost in group):.1f}", f"{max(cost.memory for cost in group):.0f}"]
    cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return f"| {' | '.join(cells)} |"


HEADING = """| | jobs | ours: s | CPU s | MB | empty: s | CPU s | MB | CPU, ours / empty |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[100, 1000, 2000], help="about how many jobs")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turn")
    parser.add_argument("--idle", action="store_true", help="time a run with nothing to do as well")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table."""
    args = parse_args(argv)
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        for jobs in args.jobs:
            rows += compare(jobs, args.repeats, args.idle, Path(work))
    print(HEADING, *rows, sep="\n")


if __name__ == "__main__":
    run(main)

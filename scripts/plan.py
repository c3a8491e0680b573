"""What a study will take, before it is submitted: jobs, GPU-hours, wall time, disk, memory, downloads, files.

    snakemake --dag --cores 1 --configfile config/paper.yaml \\
        | python -m scripts.plan --configs config/paper.yaml --gpus 8

Reads Snakemake's graph of the jobs still to run; `snakemake -n` shows them one by one. Everything else is an estimate:
the assumptions stand below it, and `--pilot` puts what a pilot measured (`make pilot`) in the place of most of them.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError
from micota.common.files import free_bytes
from micota.common.records import write_json
from micota.planning.assumptions import Assumption, assumed
from micota.planning.costs import Workload
from micota.planning.disk import gigabytes, least_disk
from micota.planning.jobs import Job, read_dot
from micota.planning.pilot import Pilot, as_document, pilot_lengths, pilot_rates, read_pilot, share_of
from micota.planning.plan import Plan, Totals, make_plan, too_large
from micota.study.graph import Study
from micota.study.load import load_study, read_config

GPUS = 8  # where a study needs some and nobody says how many
CORES_BESIDE_GPUS = 16
SMALL = 10  # seconds a job: no row of its own
COLUMNS = ["rule", "jobs", "job time", "GPU-hours", "M tokens sampled", "M tokens trained", "written"]
COLUMNS += ["host memory of a job", "memory of one GPU", "files"]


def setting(text: str) -> tuple[str, float]:
    """NAME=VALUE."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give a name and a number, such as long_cot=6000") from None


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", type=Path, required=True, help="as --configfile takes them")
    parser.add_argument("--dag", type=Path, help="output of snakemake --dag (default: standard input)")
    parser.add_argument("--gpus", type=int, help=f"default: {GPUS} where the study needs any, else 0")
    parser.add_argument("--cores", default="all", help=f"default: this machine's, or {CORES_BESIDE_GPUS} with GPUs")
    parser.add_argument("--pilot", type=Path, help="results/S_pilot, or the JSON that --save-pilot wrote")
    parser.add_argument("--save-pilot", type=Path, metavar="JSON", help="keep what the pilot measured")
    parser.add_argument("--assume", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    return parser.parse_args(argv)


def hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:,.1f} min"


def line(name: str, totals: Totals) -> str:
    """A row of the table of rules."""
    cells = [name, f"{totals.jobs:,}", hours(totals.seconds), f"{totals.gpu_seconds / 3600:,.1f}"]
    cells += [f"{totals.sampled / 1e6:,.1f}", f"{totals.trained / 1e6:,.1f}", gigabytes(totals.stored)]
    cells += [gigabytes(totals.host), gigabytes(totals.gpu) if totals.gpu else "-", f"{totals.files:,}"]
    return f"| {' | '.join(cells)} |"


def described(study: Study, plan: Plan, workload: Workload) -> Iterator[str]:
    """The plan as lines of Markdown."""
    cores, gpus = plan.capacity
    total = plan.totals()
    yield f"# Plan of the study {study.config.study}: {total.jobs} jobs still to run\n"
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|" + "---:|" * (len(COLUMNS) - 1)
    totals = {rule: plan.totals(rule) for rule in plan.rules}
    small = {rule: found.jobs for rule, found in totals.items() if found.seconds <= SMALL * found.jobs}
    for rule in [rule for rule in totals if rule not in small]:
        yield line(rule, totals[rule])
    yield line("**all**", total) + "\n"
    yield f"- Small jobs: {', '.join(f'{rule} {jobs}' for rule, jobs in sorted(small.items()))}"
    yield f"- Wall time on {gpus} GPUs and {cores} cores: **{hours(plan.wall)}**"
    yield f"- The longest chain of jobs: {hours(plan.chain)}"
    home = Path("results") / study.config.study
    yield f"- Disk: **{gigabytes(plan.peak_disk)}** at the peak, {gigabytes(plan.final_disk)} at the end"
    yield f"- Disk with one job after the other: at least {gigabytes(least_disk(plan.jobs, workload))}"
    yield f"- Free in {home}: {gigabytes(free_bytes(home))}" + (
        " **TOO LITTLE**" if free_bytes(home) < plan.peak_disk else ""
    )
    yield f"- Downloads from the hub: {gigabytes(total.download)}"
    for fault in too_large(plan, workload.device["memory"]) if gpus else []:
        yield f"- **Does not fit**: {fault}: more `tensor_parallel`, or `sharding` over more `processes`"


def other_machines(jobs: Sequence[Job], workload: Workload, rates: dict, plan: Plan) -> Iterator[str]:
    """Wall time on other numbers of GPUs."""
    most = max(cost.gpus for cost in plan.costs.values())
    for gpus in (1, 2, 4, 8, 16, 32, 64):
        if gpus >= most:
            yield f"{hours(make_plan(jobs, workload, rates, (plan.capacity[0], gpus)).wall)} on {gpus}"


def grounds(study: Study, workload: Workload, assumptions: dict[str, Assumption], rates: dict) -> Iterator[str]:
    """What the estimate rests on: sizes, measured rates, assumptions."""
    yield "\n## Sizes of the models (from their files or shapes; of one that is not at hand: from its name)\n"
    yield ", ".join(f"{name} {workload.parameters(name) / 1e6:,.3g} M" for name in study.bases)
    if rates:
        yield "\n## Measured by the pilot (speeds below are only the yardstick of `factor`)\n"
        yield "| rule | start (s) | factor on the assumed work |\n|---|---:|---:|"
        for rule, (start, factor) in sorted(rates.items()):
            yield f"| {rule} | {start:.1f} | {factor:.2f} |"
    yield f"\n## Assumed ({'an H100 with 80 GB' if workload.gpu else 'one CPU core'}; change one with --assume)\n"
    yield "| name | value | unit | why |\n|---|---:|---|---|"
    for name, assumption in assumptions.items():
        yield f"| {name} | {assumption.value:g} | {assumption.unit} | {assumption.reason} |"


def machine(study: Study, gpus: int | None, cores: str) -> tuple[int, int]:
    """(cores, GPUs) to plan for."""
    device, engine = study.config.device, study.config.sampling.engine.name
    if gpus is None:
        gpus = GPUS if device == "cuda" or (device == "auto" and engine == "vllm") else 0
    if cores != "all" and not cores.isdigit():
        raise ConfigurationError(f"--cores {cores}: give a number, or all")
    here = CORES_BESIDE_GPUS if gpus else os.cpu_count() or 1
    return (here if cores == "all" else int(cores)), gpus


def main(argv: Sequence[str] | None = None) -> None:
    """Print the plan."""
    args = parse_args(argv)
    raw = read_config(args.configs)
    study = load_study(raw)
    capacity = machine(study, args.gpus, args.cores)
    assumptions = assumed(gpu=capacity[1] > 0, changes=dict(args.assume))
    jobs = read_dot(args.dag.read_text(encoding="utf-8") if args.dag else sys.stdin.read())
    pilot: Pilot | None = read_pilot(args.pilot) if args.pilot else None
    rates = pilot_rates(raw, pilot, capacity[1] > 0, assumptions) if pilot else {}
    workload = Workload(study, capacity[1] > 0, assumptions, pilot_lengths(study, pilot) if pilot else None)
    plan = make_plan(jobs, workload, rates, capacity)
    print("\n".join(described(study, plan, workload)))
    if capacity[1]:
        print(f"- Wall time by number of GPUs: {', '.join(other_machines(jobs, workload, rates, plan))}")
    speeds = f"measured by a pilot of {share_of(study, pilot):.0%}" if pilot else "assumed, not measured"
    print(f"- Speeds: {speeds}")
    print("\n".join(grounds(study, workload, assumptions, rates)))
    if pilot and args.save_pilot:
        write_json(args.save_pilot, as_document(pilot))


if __name__ == "__main__":
    run(main)

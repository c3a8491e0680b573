"""In place of `snakemake --dag ...`: prints a line of JSON a job, with its files and params. Run by its path."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from snakemake import cli
from snakemake.workflow import Workflow


def described(job: Any, compared: Sequence[str]) -> dict[str, Any]:
    """What a job is; `compared` is what Snakemake records of its params, to tell whether it must run again."""
    return {
        "rule": job.rule.name,
        "wildcards": {name: value for name, value in sorted(job.wildcards_dict.items()) if name != "study"},
        "input": sorted(map(str, job.input)),
        "output": sorted(map(str, job.output)),
        "params": {name: type(getattr(job.params, name)).__name__ for name in job.params.keys()},  # noqa: SIM118
        "compared": list(compared),
        "shell": job.shellcmd,
    }


def print_jobs(workflow: Any) -> None:
    """In place of Snakemake's own drawing, which names no files."""
    workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
    workflow._build_dag()
    for job in workflow.dag.jobs:
        print(json.dumps(described(job, workflow.persistence._params(job))))


if __name__ == "__main__":
    Workflow.printdag = print_jobs
    sys.path.pop(0)  # the tests' folder
    sys.argv = ["snakemake", "--dag", *sys.argv[1:]]  # rules/common.smk looks at it
    cli.main(sys.argv[1:])

"""docs/pipeline.md: the commands that make one number of the smoke study, from raw problems to a table.

`python -m tests.pipeline FOLDER` writes the page from a project in which the smoke study has run.
"""

import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.graph import jobs_of
from tests.project import ROOT

PAGE = ROOT / "docs" / "pipeline.md"
HEAD = """# The pipeline on a page

These are the commands that Snakemake runs for one student of the smoke study, from raw problems to the main table, each
with the line of numbers that it prints. The models are pico models that learn nothing: what counts is what goes where.
The page is made from a run of the study, and a test compares it with another (`tests/pipeline.py`).

`results/smoke/study.json` is the study as it is in effect, written by `make smoke DATA=../data`, which does all of this
and the rest. By hand, `--study config/smoke.yaml` does as well, and flags go over what the study says (`--help`).
"""
# Step: what it does, its rule and wildcards.
STEPS: list[tuple[str, str, dict[str, str]]] = [
    ("Read a data set: each row becomes a problem.", "load_problems", {"dataset": "train"}),
    ("Drop duplicates, and what the benchmarks hold too.", "clean_problems", {"dataset": "train"}),
    ("The grader must accept the benchmarks' own answers.", "check_gold", {}),
    ("The assistant's base. (A study of real models downloads or copies it.)", "base_model", {"base": "medium"}),
    ("The teacher (`large`) writes its long chain of thought, half of the problems in this shard.", "sample",
     {"model": "large", "shard": "0"}),
    ("Every trace gets a verdict.", "grade", {"model": "large"}),
    ("The long corpus: of this study all traces, else the correct ones.", "corpus", {"corpus": "long"}),
    ("Fine-tune the assistant on it.", "train", {"tuned": "ta_long"}),
    ("Merge it with its own base (DARE).", "merge", {"merged": "ta_long-w0.4-d0.5-m0"}),
    ("The merged assistant writes traces of intermediate length.", "sample",
     {"model": "ta_long-w0.4-d0.5-m0", "shard": "0"}),
    ("Grade them.", "grade", {"model": "ta_long-w0.4-d0.5-m0"}),
    ("The Mid-CoT corpus.", "corpus", {"corpus": "mid"}),
    ("Fine-tune the student on it.", "train", {"tuned": "small-mid-s0"}),
    ("The student answers the benchmarks.", "sample", {"model": "small-mid-s0", "shard": "0"}),
    ("Grade its answers.", "grade", {"model": "small-mid-s0"}),
    ("The main table, of this and all other students.", "table_main", {}),
]  # fmt: skip


def page(project: Path, flags: Sequence[str]) -> str:
    """The page, from a project in which the smoke study has run."""
    jobs = {(job["rule"], tuple(sorted(job["wildcards"].items()))): job for job in jobs_of(project, *flags)}
    parts = [HEAD]
    for number, (what, rule, wildcards) in enumerate(STEPS, start=1):
        job = jobs[rule, tuple(sorted(wildcards.items()))]
        parts.append(f"{number}. {what}\n\n```sh\n{command(job)}\n```\n```text\n{said(project, job)}\n```\n")
    return "\n".join(parts)


def command(job: dict[str, Any]) -> str:
    """A job's command, in lines that can be read."""
    line = re.sub(r" > \S+ 2>&1$", "", job["shell"])
    lines = textwrap.wrap(line, 108, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return " \\\n".join(lines)


def said(project: Path, job: dict[str, Any]) -> str:
    """The last line of numbers that the program itself printed; of a table's files the first."""
    log = re.search(r" > (\S+) 2>&1$", job["shell"])
    assert log, job["shell"]
    lines = (project / log.group(1)).read_text(encoding="utf-8").splitlines()
    ours = [line for line in lines if re.match(r"(results/\S+|[\w.-]+|\d+ graded)(:|,) .*\d", line)]
    return ours[0] if job["rule"].startswith("table_") else ours[-1]


if __name__ == "__main__":
    folder, *rest = sys.argv[1:]
    PAGE.write_text(page(Path(folder), ["--configfile", "config/smoke.yaml", *rest]), encoding="utf-8")

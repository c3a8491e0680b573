"""What Snakemake measured of each job: its benchmark files, `benchmarks/{rule}/{job}.tsv`, read in this one place."""

import csv
from pathlib import Path

Timings = dict[str, dict[str, dict[str, float]]]


def read_timings(folder: Path) -> Timings:
    """Rule -> job -> column -> number: `s` seconds by the clock, `cpu_time` seconds, `max_rss` MB, and more.

    Left out are columns without a number: words, and NA or - where a job ended before it could be sampled.
    """
    found: Timings = {}
    for path in sorted(folder.glob("*/*.tsv")):
        job = found.setdefault(path.parent.name, {}).setdefault(path.stem, {})
        with path.open(encoding="utf-8") as handle:
            for row in csv.DictReader(handle, delimiter="\t"):
                job |= {name: value for name, text in row.items() if (value := number(text)) is not None}
    return found


def seconds(timings: Timings) -> dict[str, dict[str, float]]:
    """Rule -> job -> seconds by the clock; jobs without a measurement are left out, and rules without such a job."""
    found = {rule: {job: row["s"] for job, row in jobs.items() if "s" in row} for rule, jobs in timings.items()}
    return {rule: jobs for rule, jobs in found.items() if jobs}


def number(text: str | None) -> float | None:
    """A cell as a number, if it is one."""
    try:
        return float(text or "")
    except ValueError:
        return None

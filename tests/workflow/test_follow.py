"""What a user sees while the demo runs."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from micota.common.records import read_json, write_json
from micota.planning.jobs import Job, read_dot, schedule
from scripts.follow import follow
from tests.conftest import ROOT
from tests.project import copy_project, output_of, planned, snakemake

OUTPUT = """\
Provided cores: 1
Job stats:
job        count
-------  -------
train          2
figure         1
total          3

[Mon Nov 23 07:00:00 2026]
Job 3: Training: small-mid-s0
Reason: Missing output files: results/x
[Mon Nov 23 07:02:00 2026]
Finished jobid: 3 (Rule: train)
1 of 3 steps (33%) done
[Mon Nov 23 07:02:00 2026]
Job 4: Training: small-long-s0
"""
REFERENCE: Mapping[str, Mapping[str, float]] = read_json(ROOT / "reference/mini/seconds.json")
NAMED = {"train": "tuned", "merge": "merged", "sample": "model", "grade": "model", "likelihood": "base"}
NAMED |= {"base_model": "base"}
BEGIN = datetime(2026, 11, 23, 7)


def shown(output: str, seconds: Mapping[str, float | Mapping[str, float]] | None = None) -> list[str]:
    clock = iter([0, 150])
    return list(follow(output.splitlines(), seconds or {"train": 60, "figure": 30}, lambda: next(clock)))


def test_each_job_is_one_line_with_the_time_left() -> None:
    # When the second job starts, 90 s of work are left, at half the pace of the reference.
    assert shown(OUTPUT) == [
        "[  0 of 3 jobs] Training: small-mid-s0",
        "[  1 of 3 jobs] Training: small-long-s0  (about 3 min left)",
        "1 jobs in 2.5 min",
    ]


def test_trouble_is_passed_through_whole() -> None:
    lines = shown(OUTPUT + "Error in rule train:\n    log: results/x.log\n")
    assert lines[2:4] == ["Error in rule train:", "    log: results/x.log"]


def test_names_that_sound_like_trouble_are_none() -> None:
    """`make tables` names a rule `table_errors`; a folder may be called anything."""
    head = "  Command: snakemake --allowed-rules table_errors\n  Working directory: /tmp/missing errors\n"
    tail = "    reason: Missing output files: results/x\nComplete log(s): /tmp/missing errors/x.log\n"
    assert shown(head + OUTPUT + tail) == shown(OUTPUT)


def test_a_run_that_never_began_is_not_counted() -> None:
    assert shown("error: config/x.yaml: no such file\n") == ["error: config/x.yaml: no such file"]


def test_what_the_rules_say_is_passed_through() -> None:
    said = "micota: process 7 on here, since noon, was cut short: its lock on the study mini is taken away"
    assert shown(f"{said}\n{OUTPUT}")[0] == said
    assert len(shown(f"{said}\n{OUTPUT}")) == 4  # it is no sign of trouble


# --- the time left, on the demo's own jobs and what they took in the reference run ---


@pytest.fixture(scope="module")
def demo(graph: Callable[[str], Path]) -> list[Job]:
    """The jobs of the demo."""
    return read_dot(graph("mini").read_text())


def name_of(job: Job) -> str:
    """As its benchmark file is called."""
    name = job.wildcards.get(NAMED.get(job.rule, ""), "")
    return f"{name}-0" if job.rule == "sample" else name


def took(job: Job) -> float:
    return REFERENCE.get(job.rule, {}).get(name_of(job), 1.5)


def threads(job: Job) -> int:
    return 2 if job.rule == "train" and job.wildcards["tuned"] in ("teacher", "ta_long") else 1


def log_of(jobs: list[Job], before: int, cores: int, speed: float, graph: Path) -> Iterator[tuple[str, float]]:
    """The log of a run of these jobs, and the seconds that are left at each line."""
    seconds = {job.number: max(1.0, speed * took(job)) for job in jobs}
    needed = {job.number: (threads(job), 0) for job in jobs}
    times = schedule(jobs, seconds, needed, (cores, 0))
    end = max(end for _, end in times.values())
    told = [
        {"number": job.number, "rule": job.rule, "name": name_of(job), "threads": threads(job), "needs": job.needs}
        for job in jobs
    ]
    write_json(graph, {"before": before, "jobs": told})
    counts = Counter(job.rule for job in jobs)
    head = [f"Provided cores: {cores}", "job count", *(f"{rule} {count}" for rule, count in counts.items())]
    for line in [*head, f"total {len(jobs)}", f"micota: jobs in {graph}"]:
        yield line, end
    moments = [(times[job.number][0], 1, f"Job {job.number}: {job.rule}") for job in jobs]
    moments += [(times[job.number][1], 0, f"Finished jobid: {job.number} (Rule: {job.rule})") for job in jobs]
    for moment, _, line in sorted(moments):
        stamp = (BEGIN + timedelta(seconds=round(moment))).strftime("%a %b %d %H:%M:%S %Y")
        yield f"[{stamp}]", end - moment
        yield line, end - moment


def foretold(log: list[tuple[str, float]]) -> list[tuple[float, float]]:
    """(seconds foretold, seconds left) at each job that starts while more than three minutes are left."""
    starts = [left for line, left in log if line.startswith("Job ")]
    lines = [line for line in follow([line for line, _ in log], REFERENCE) if line.startswith("[")]
    found = [(re.search(r"about (\d+) min left", line), left) for line, left in zip(lines, starts, strict=True)]
    return [(60.0 * int(match[1]), left) for match, left in found if match and left > 180]


@pytest.mark.parametrize("speed", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_time_left_fits_the_machine(demo: list[Job], tmp_path: Path, cores: int, speed: float) -> None:
    """The demo begins with a long chain of jobs, and ends with many side by side: neither may lead it astray."""
    guesses = foretold(list(log_of(demo, 0, cores, speed, tmp_path / "jobs")))
    assert len(guesses) > 2
    assert [(guess, left) for guess, left in guesses if not 0.7 * left < guess < 1.3 * left + 60] == []


def test_a_run_that_goes_on_counts_what_was_done_before(demo: list[Job], tmp_path: Path) -> None:
    """And its time is that of the jobs left, not that of an average job."""
    late = [job for job in demo if job.rule in ("train", "sample", "grade") and "small" in name_of(job)]
    numbers = {job.number for job in late}
    left = [Job(job.number, job.rule, job.wildcards, tuple(n for n in job.needs if n in numbers)) for job in late]
    log = list(log_of(left, len(demo) - len(left), 2, 1.0, tmp_path / "jobs"))
    first = next(line for line in follow([line for line, _ in log], REFERENCE) if line.startswith("["))
    assert first.startswith(f"[ {len(demo) - len(left)} of {len(demo)} jobs]")
    assert all(0.7 * left < guess < 1.3 * left + 60 for guess, left in foretold(log))


def test_seeds_of_another_study_make_no_difference(tmp_path: Path) -> None:
    jobs = [Job(1, "train", {"tuned": "teacher"}), Job(2, "train", {"tuned": "small-long-s201"}, (1,))]
    log = [line for line, _ in log_of(jobs, 0, 1, 1.0, tmp_path / "jobs")]
    reference = {"train": {"teacher": took(jobs[0]), "small-long-s0": 600.0, "small-mid-s0": 9.0}}
    (second,) = [line for line in follow(log, reference) if "[  1 of" in line]
    assert re.search(r"about 1[01] min left", second)


def test_the_rules_tell_of_the_jobs_of_a_run(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    first = "results/mini/problems/train.jsonl"
    before = planned(snakemake(project, first, "-n"))
    assert snakemake(project, first).returncode == 0
    run = snakemake(project, "results/mini/tables/contamination.md", "results/mini/models/small")
    assert run.returncode == 0, output_of(run)
    (path,) = re.findall(r"^micota: jobs in (.+)$", output_of(run), re.MULTILINE)
    graph = read_json(project / path)
    assert graph["before"] == sum(before.values()) and len(graph["jobs"]) == len(planned_jobs(run))
    base = next(job for job in graph["jobs"] if job["rule"] == "base_model")
    assert (base["name"], base["threads"], base["needs"]) == ("small", 1, [])
    table = next(job for job in graph["jobs"] if job["rule"] == "table_contamination")
    assert table["needs"] and set(table["needs"]) <= {job["number"] for job in graph["jobs"]}


def planned_jobs(run: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^Finished jobid: (\d+)", output_of(run), re.MULTILINE)


# --- the program ---


def program(**settings: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "scripts.follow"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdin=pipe, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize(
    "settings", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"PYTHONUTF8": "0", "LC_ALL": "C"}]
)
@pytest.mark.parametrize("line", ["Error: /\xfcbung/x.yaml: missing\n".encode(), b"Error: \xff\xfe/x.yaml: missing\n"])
def test_any_bytes_are_shown_whatever_the_locale(settings: dict[str, str], line: bytes) -> None:
    out, err = program(**settings).communicate(line)
    assert b"x.yaml: missing\n" in out and b"Traceback" not in err


def test_ctrl_c_leaves_the_last_word_to_snakemake() -> None:
    with program() as follower:
        assert follower.stdin and follower.stdout and follower.stderr
        follower.stdin.write(OUTPUT.encode())
        follower.stdin.flush()
        assert b"[  0 of 3 jobs]" in follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        follower.stdin.write(b"Error in rule train:\n" * 3)
        follower.stdin.close()
        rest, err = follower.stdout.read(), follower.stderr.read()
        assert follower.wait() == 0
    assert rest.endswith(b"stopped: run it again, finished jobs are kept\n") and b"Error" not in rest
    assert err == b""


def test_the_reference_names_the_jobs_of_the_demo(demo: list[Job]) -> None:
    named = [(job.rule, name_of(job)) for job in demo if job.rule in NAMED]
    known = json.loads((ROOT / "reference/mini/seconds.json").read_text())
    assert sorted(named) == sorted((rule, name) for rule, names in known.items() for name in names)

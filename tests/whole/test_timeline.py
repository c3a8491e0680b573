"""The time-line reads the log of Snakemake; here one of jobs a and b at once, c after b, d after c but kept waiting."""

from pathlib import Path

import pytest

from benchmarks import timeline
from micota.common.errors import UserError

LOG = """\
[Mon Nov 23 10:00:00 2026]
Job 1: Reading a
Reason: Missing output files: a.txt
[Mon Nov 23 10:00:00 2026]
Job 2: Reading b
Reason: Missing output files: b.txt, b.json
[Mon Nov 23 10:00:10 2026]
Finished jobid: 2 (Rule: load)
[Mon Nov 23 10:00:10 2026]
Job 3: Training c
Reason: Missing output files: c; Input files updated by another job: b.json, b.txt
[Mon Nov 23 10:00:30 2026]
Finished jobid: 1 (Rule: load)
[Mon Nov 23 10:00:40 2026]
Finished jobid: 3 (Rule: train)
[Mon Nov 23 10:00:45 2026]
Job 4: Tables: d
Reason: Missing output files: d.md; Input files updated by another job: a.txt, c
[Mon Nov 23 10:00:50 2026]
Finished jobid: 4 (Rule: table)
[Mon Nov 23 10:00:50 2026]
Job 5: Tables: killed
Reason: Missing output files: e.md
"""


@pytest.fixture
def jobs(tmp_path: Path) -> dict[int, timeline.Job]:
    path = tmp_path / "x.snakemake.log"
    path.write_text(LOG)
    return timeline.read_jobs(path)


def test_jobs_have_their_times_and_what_they_waited_for(jobs: dict[int, timeline.Job]) -> None:
    assert jobs == {
        1: timeline.Job("load", "a", 0, 30, ()),
        2: timeline.Job("load", "b", 0, 10, ()),
        3: timeline.Job("train", "c", 10, 40, (2,)),
        4: timeline.Job("table", "d", 45, 50, (1, 3)),
    }


def test_chain_goes_back_through_what_ended_last(jobs: dict[int, timeline.Job]) -> None:
    assert timeline.chain(jobs) == [2, 3, 4]
    assert timeline.longest_path(jobs) == 10 + 30 + 5


def test_jobs_that_ran_at_once_and_what_is_printed(jobs: dict[int, timeline.Job]) -> None:
    assert list(timeline.running(jobs)) == [(0, 10, 2), (10, 30, 2), (30, 40, 1), (40, 45, 0), (45, 50, 1)]
    text = timeline.summary(jobs, 2, 60.0)
    assert "4 jobs in 50 s; longest path through them 45 s" in text
    assert "jobs at once: 2, 60%" in text and "thread: 75%" in text and "60% of the cores" in text
    assert "| in all | | 5 | 45 |" in text


def test_jobs_at_once_get_lanes_of_their_own(jobs: dict[int, timeline.Job]) -> None:
    assert timeline.lanes([jobs[1], jobs[2], jobs[3], jobs[4]]) == [0, 1, 1, 0]


def test_figure_is_written(jobs: dict[int, timeline.Job], tmp_path: Path) -> None:
    path = tmp_path / "x.snakemake.log"
    timeline.main(["--log", str(path), "--out-stem", str(tmp_path / "figure")])
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_a_log_without_jobs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.snakemake.log").write_text("Nothing to be done\n")
    with pytest.raises(UserError, match="no job"):
        timeline.read_jobs(tmp_path / "x.snakemake.log")
    with pytest.raises(UserError, match="--log"):
        timeline.newest_log(tmp_path)

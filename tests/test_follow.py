"""What a user sees while the demo runs."""

from scripts.follow import follow

OUTPUT = """\
Job stats:
job        count
-------  -------
train          2
figure         1
total          3

[Mon Nov 23 07:00:00 2026]
Job 3: Training: small-mid-s0
Reason: Missing output files: results/x
[Mon Nov 23 07:01:40 2026]
Finished jobid: 3 (Rule: train)
1 of 3 steps (33%) done
[Mon Nov 23 07:01:40 2026]
Job 4: Training: small-long-s0
"""


def shown(output: str, ticks: list[float]) -> list[str]:
    clock = iter(ticks)
    return list(follow(output.splitlines(), {"train": 60, "figure": 30}, lambda: next(clock)))


def test_each_job_is_one_line_with_the_time_left() -> None:
    # When the second job starts, 90 s of work are left, at half the pace of the reference.
    assert shown(OUTPUT, [0, 1, 120, 121]) == [
        "[  0 of 3 jobs] Training: small-mid-s0",
        "[  1 of 3 jobs] Training: small-long-s0  (about 3 min left)",
        "1 jobs in 2.0 min",
    ]


def test_trouble_is_passed_through_whole() -> None:
    lines = shown(OUTPUT + "Error in rule train:\n    log: results/x.log\n", [0, 1, 120, 121])
    assert lines[2:4] == ["Error in rule train:", "    log: results/x.log"]

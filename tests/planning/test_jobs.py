"""The graph of jobs that Snakemake draws, and the order in which a machine would run it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.planning.jobs import Job, chains, in_order, read_dot, schedule

DOT = r"""Config file config/mini.yaml is extended.
digraph snakemake_dag {
    graph[bgcolor=white, margin=0];
	0[label = "all", color = "0.02 0.6 0.85", style="rounded"];
	1[label = "likelihood", color = "0.1 0.6 0.85", style="rounded"];
	2[label = "base_model\nbase: small\nstudy: mini", color = "0.1 0.6 0.85", style="rounded,dashed"];
	3[label = "sample\nmodel: small-mid-s0\nshard: 1", color = "0.1 0.6 0.85", style="rounded"];
	1 -> 0
	2 -> 1
	2 -> 3
	3 -> 0
}
"""


def test_jobs_are_read_from_the_graph_with_the_wildcards_of_what_they_wait_for() -> None:
    assert read_dot(DOT) == [
        Job(0, "all", {"model": "small-mid-s0", "shard": "1"}, (1, 3)),
        Job(1, "likelihood", {"base": "small"}, ()),  # its base is done
        Job(3, "sample", {"model": "small-mid-s0", "shard": "1", "base": "small"}, ()),
    ]


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(UserError, match="snakemake --dag"):
        read_dot("Nothing to be done.\n")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Job], dict[int, float], dict[int, tuple[int, int]]]:
    """Jobs that wait for earlier ones, their seconds, and their cores and GPUs."""
    count = draw(st.integers(1, 12))
    jobs = [
        Job(number, "r", {}, tuple(sorted(draw(st.sets(st.integers(0, number - 1), max_size=3)))) if number else ())
        for number in range(count)
    ]
    seconds = {job.number: float(draw(st.integers(0, 9))) for job in jobs}
    needed = {job.number: (draw(st.integers(1, 3)), draw(st.integers(0, 2))) for job in jobs}
    return draw(st.permutations(jobs)), seconds, needed


@given(graphs(), st.integers(3, 5), st.integers(2, 4))
def test_a_schedule_keeps_order_and_capacity_and_wastes_no_time(
    graph: tuple[list[Job], dict[int, float], dict[int, tuple[int, int]]], cores: int, gpus: int
) -> None:
    jobs, seconds, needed = graph
    times = schedule(jobs, seconds, needed, (cores, gpus))
    assert times.keys() == seconds.keys()
    for job in jobs:
        start, end = times[job.number]
        assert end == start + seconds[job.number]
        assert all(times[before][1] <= start for before in job.needs)
        running = [n for n, (begin, over) in times.items() if begin <= start < over]
        assert sum(needed[n][0] for n in running) <= cores
        assert sum(needed[n][1] for n in running) <= gpus
    wall = max(end for _, end in times.values())
    assert max(chains(jobs, seconds).values()) <= wall <= sum(seconds.values())
    numbers = [job.number for job in in_order(jobs)]
    assert all(numbers.index(before) < numbers.index(job.number) for job in jobs for before in job.needs)


def test_without_limits_the_longest_chain_is_the_wall_time() -> None:
    jobs = [Job(0, "a", {}), Job(1, "b", {}, (0,)), Job(2, "c", {}, (0,)), Job(3, "d", {}, (1, 2))]
    seconds = {0: 1.0, 1: 5.0, 2: 2.0, 3: 1.0}
    needed = dict.fromkeys(range(4), (1, 1))
    assert schedule(jobs, seconds, needed, (4, 4))[3] == (6.0, 7.0)
    assert schedule(jobs, seconds, needed, (4, 1))[3] == (8.0, 9.0)


def test_more_cores_than_there_are_is_all_of_them_but_a_gpu_can_not_be_split() -> None:
    job = [Job(0, "train", {})]
    assert schedule(job, {0: 1.0}, {0: (8, 0)}, (2, 0)) == {0: (0.0, 1.0)}
    with pytest.raises(UserError, match=r"rule train needs 4 GPUs, 2 are given"):
        schedule(job, {0: 1.0}, {0: (1, 4)}, (2, 2))

"""The smoke study through profiles/slurm, on a Slurm of two nodes that this machine plays.

`make test-slurm` runs it; `make test` does not. A site's values are put into the profile as its comments say; two flags
shorten the intervals at which Snakemake looks at its jobs.
"""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import data_folder
from tests.project import copy_project, planned, snakemake
from tests.slurm.cluster import Cluster, cluster, missing_programs, wait_for
from tests.tiny import raw_config

# What a site writes into profiles/slurm/config.yaml: a pattern there -> what takes its place.
SITE = {
    r'slurm_account: "CHANGE-ME"': "",  # no accounting
    r'slurm_partition: "CHANGE-ME"': "slurm_partition: cpu",
    r'gpu_partition: "CHANGE-ME"': "gpu_partition: gpu",
    r"software-deployment-method: conda": "",  # an environment on a shared disk
    r"# slurm-status-command: squeue": "slurm-status-command: squeue",
}
PATIENCE = 3600  # seconds; only a run that hangs takes so long


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing := missing_programs():
        pytest.skip(f"not installed: {', '.join(missing)} (tests/slurm/install.sh installs Debian's packages)")
    if os.geteuid() != 0:
        pytest.skip("Slurm's daemons need root here")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Slurm is stopped then too
    with cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose profile a site has filled in."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    profile = folder / "profiles" / "slurm" / "config.yaml"
    text = profile.read_text()
    for pattern, value in SITE.items():
        text, found = re.subn(pattern, value, text)
        assert found == 1, pattern
    profile.write_text(text)
    return folder


@pytest.fixture(scope="module")
def study(project: Path) -> list[str]:
    """Flags of the smoke study; where the real benchmark files are missing, its data sets are procedural ones."""
    if (data_folder() / "math500.jsonl").is_file():
        return ["--configfile", "config/smoke.yaml", "--config", f"data_folder={data_folder()}"]
    raw = raw_config("smoke", {"cleaning": {"ngram": 0, "near": 0.0}})
    for seed, (name, block) in enumerate(raw["datasets"].items()):
        part, count = {"train": ("train", 40), "validation": ("validation", 8)}.get(name, ("test", 8))
        options = {"part": part, "count": count, "seed": seed, "operations": [1 + seed % 7], "bound": 99}
        kept = {key: block[key] for key in ("prompt", "stop", "rule") if key in block}
        raw["datasets"][name] = {"loader": "arithmetic", "options": options, **kept}
    (project / "config" / "procedural.yaml").write_text(yaml.safe_dump(raw))
    return ["--configfile", "config/procedural.yaml"]


class Submitted:
    """Snakemake at work on the cluster."""

    def __init__(self, slurm: Cluster, project: Path, name: str, *arguments: str) -> None:
        self.path = project / f"{name}.log"
        command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm"]
        command += ["--slurm-init-seconds-before-status-checks", "3", "--seconds-between-status-checks", "3"]
        environment = slurm.environment
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], cwd=project, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        return self.path.read_text()

    def next_running(self, slurm: Cluster) -> tuple[str, str]:
        """Wait until four more jobs have ended; one that runs then, and its node. Fails where Snakemake has ended."""
        ended = len(slurm.ended())
        running: dict[str, str] = {}

        def found() -> bool:
            assert self.process.poll() is None, self.log[-5000:]
            running.update(slurm.running() if len(slurm.ended()) >= ended + 4 else {})
            return bool(running)

        wait_for("a running job", found, PATIENCE)
        return next(iter(running.items()))

    def end(self) -> int:
        """Wait for Snakemake's end: its exit status."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()


def cancel_a_job(slurm: Cluster, submitted: Submitted) -> None:
    job, _ = submitted.next_running(slurm)
    slurm.run("scancel", job)
    wait_for("the job's end", lambda: slurm.state(job) not in ("RUNNING", "COMPLETING"), PATIENCE)


def lose_a_node(slurm: Cluster, submitted: Submitted) -> None:
    """Set a node DOWN on which a job runs; give it back when Slurm has taken its jobs away."""
    _, node = submitted.next_running(slurm)
    slurm.set_node(node, "DOWN")
    wait_for("its jobs to leave", lambda: node not in slurm.running().values(), PATIENCE)
    slurm.set_node(node, "RESUME")


@pytest.fixture(scope="module")
def run(slurm: Cluster, project: Path, study: list[str]) -> Iterator[Submitted]:
    """The smoke study, in whose course a job is cancelled, and a node lost and given back."""
    submitted = Submitted(slurm, project, "smoke", *study)
    try:
        # After some jobs have ended, so that there is something that could be run twice. Tried again, should the job
        # have ended by itself in the same moment.
        while "CANCELLED" not in states(slurm):
            cancel_a_job(slurm, submitted)
        while "NODE_FAIL" not in states(slurm):
            lose_a_node(slurm, submitted)
        assert submitted.end() == 0, submitted.log[-5000:]
        yield submitted
    finally:
        submitted.process.kill()


def states(slurm: Cluster) -> list[str]:
    return [job["JobState"] for job in slurm.ended()]


def test_the_study_is_whole(run: Submitted, project: Path, study: list[str]) -> None:
    tables = project / "results" / "smoke" / "tables"
    for name in (
        "main",
        "scores",
        "agreement",
        "gold",
        "corpora",
        "likelihood",
        "assistants",
        "claims",
        "contamination",
        "repetition",
    ):
        for ending in ("csv", "md", "tex"):
            assert (tables / f"{name}.{ending}").stat().st_size > 50
    assert planned(snakemake(project, "-n", *study)) == {}


def test_what_was_lost_was_run_again_and_nothing_else(run: Submitted, slurm: Cluster) -> None:
    # Snakemake's own count: each job of the study ended once. (The log of a failed job, which is shown in this one, has
    # a count of its own, in which the job is number 0; here that is `all`.)
    finished = re.findall(r"Finished jobid: (\d+) \(Rule: (\w+)\)", run.log)
    ended = [job for job, rule in finished if job != "0" or rule == "all"]
    total = re.search(r"^total +(\d+)$", run.log, re.MULTILINE)
    assert total is not None
    assert (len(ended), len(set(ended))) == (int(total[1]), int(total[1]))
    # Slurm's: of all that was submitted one was cancelled, the rest completed, each once.
    submitted = run.log.count("submitted with SLURM jobid")
    completed = Counter(job["JobId"] for job in slurm.ended() if job["JobState"] == "COMPLETED")
    assert states(slurm).count("CANCELLED") == 1
    assert len(completed) == submitted - 1
    assert set(completed.values()) == {1}
    assert run.log.count("Trying to restart job") == 1  # the cancelled one; Slurm itself took care of the lost node's
    assert "FAILED" not in states(slurm)


def test_small_rules_are_grouped_or_stay_here(run: Submitted) -> None:
    jobs = set(re.findall(r"SLURM jobid \d+ \(log: \S+/slurm_logs/(\S+)/\d+\.log\)", run.log))
    assert len([job for job in jobs if job.startswith("rule_sample/")]) == 20
    assert {"group_tables_figure_accuracy_table_main", "group_problems_check_gold_clean_problems"} <= jobs
    assert not [job for job in jobs if re.match("rule_(table|figure|clean|check|load|model_size|all)", job)]


def test_a_second_attempt_asks_for_more(run: Submitted, slurm: Cluster) -> None:
    """Of a job with one core; a group asks for what its parts ask for at a time."""
    asked = {job["JobId"]: job["Tres"] for job in slurm.ended()}
    memory = Counter(re.findall(r"cpu=1,mem=(\d+)M", " ".join(asked.values())))
    assert memory["16000"] == 1  # the cancelled job's second attempt
    assert set(memory) == {"8000", "16000"}


def test_a_job_for_a_gpu_asks_the_device(slurm: Cluster, project: Path, study: list[str]) -> None:
    """It gets its GPU from Slurm, on the GPU partition, and stops because no driver shows one."""
    before = len(slurm.ended())
    target = "results/gpu/models/small"
    flags = (
        [*study, "study=gpu", "device=cuda"]
        if "--config" in study
        else [*study, "--config", "study=gpu", "device=cuda"]
    )
    asked = Submitted(slurm, project, "gpu", target, "--retries", "0", *flags)
    assert asked.end() == 1, asked.log[-5000:]
    (job,) = slurm.ended()[before:]
    assert (job["JobState"], job["Partition"], job["NodeList"]) == ("FAILED", "gpu", "gpu1")
    assert "TresPerJob=gres:gpu:1" in slurm.run("scontrol", "show", "job", job["JobId"])
    assert "this job needs 1 GPU, and torch finds 0" in asked.log

"""The plan of a study: as many jobs as Snakemake counts, arithmetic that a reader can redo, close to what runs took."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.common.errors import UserError
from micota.common.records import read_json
from micota.models.folders import parameters
from micota.planning.assumptions import assumed
from micota.planning.costs import Workload
from micota.planning.disk import check_disk, least_disk
from micota.planning.expected_lengths import problem_count
from micota.planning.gpu_memory import training_bytes
from micota.planning.jobs import Job, read_dot
from micota.planning.model_sizes import named_size
from micota.planning.pilot import Pilot, fit, pilot_lengths, pilot_rates, read_pilot
from micota.planning.plan import make_plan, too_large
from micota.study.load import load_study
from scripts import pilot as pilot_script
from scripts import plan as script
from tests.graph import LOCAL_DATA
from tests.project import ROOT, copy_project, output_of, planned, snakemake
from tests.tiny import config_files, raw_config

REFERENCE = ROOT / "reference" / "mini"
STUDIES = ("mini", "smoke", "paper", "openr1")
MERGED = "ta_long-w0.4-d0.5-m0"


def workload(study: str, gpu: bool = True, changes: dict[str, Any] | None = None, **assume: float) -> Workload:
    return Workload(load_study(raw_config(study, changes)), gpu, assumed(gpu, assume))


def job(rule: str, **wildcards: str) -> Job:
    return Job(0, rule, wildcards)


# --- jobs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_a_plan_has_the_jobs_that_snakemake_has(
    study_jobs: Callable[[str], list[dict[str, Any]]],
    graph: Callable[[str], Path],
    study: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    jobs = read_dot(graph(study).read_text())
    assert Counter(job.rule for job in jobs) == Counter(job["rule"] for job in study_jobs(study))
    script.main(["--configs", *(str(ROOT / path) for path in config_files(study)), "--dag", str(graph(study))])
    shown = capsys.readouterr().out
    assert f"# Plan of the study {study}: {len(jobs)} jobs still to run" in shown
    for said in ("Wall time on", "at the peak", "Downloads from the hub", "assumed, not", "longest chain", "| why |"):
        assert said in shown


def test_every_job_of_a_model_is_costed_by_that_model(graph: Callable[[str], Path]) -> None:
    """A wildcard that the graph leaves out must not make a dear job a small one."""
    plan_of = workload("paper")
    for found in read_dot(graph("paper").read_text()):
        if found.rule in ("sample", "train", "merge", "base_model", "likelihood", "judge"):
            assert plan_of.cost(found).work > 1, found


# --- arithmetic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["small", "medium", "large"])
def test_a_shape_has_as_many_parameters_as_its_model(base: str) -> None:
    found = workload("mini", gpu=False, changes={"study": "not_run"}).parameters(base)
    assert found == parameters(REFERENCE / "bases" / base)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 32e9),
        ("Qwen/Qwen2.5-1.5B-Instruct", 1.5e9),
        ("Qwen/Qwen2.5-0.5B", 0.5e9),
        ("org/model-8bit", None),
        ("org/7Bravo", None),
        ("gpt2", None),
    ],
)
def test_sizes_by_name(name: str, size: float | None) -> None:
    assert named_size(name) == size


def test_training_is_eight_flop_a_parameter_and_token_on_the_devices_it_has() -> None:
    """The 3B student on long CoT: 9,000 rows of 150 + 4,000 tokens, twice, with gradient checkpointing."""
    name = "qwen3b-long-s0"
    cost = workload("paper", training_step=0, flops=1e15, training_mfu=0.25).cost(job("train", tuned=name))
    assert cost.trained == pytest.approx(2 * 9000 * 4150)
    devices = raw_config("paper")["training"]["student"].get("processes", 1)
    assert cost.work == pytest.approx(8 * 3e9 * 2 * 9000 * 4150 / (1e15 * 0.25) / devices)
    assert cost.gpus == devices
    assert cost.stored == 3e9 * 2
    assert cost.passing == 2 * 12 * 3e9  # over 1,000 steps: a checkpoint is there while the next one is written
    without = {"training.student.gradient_checkpointing": False}
    other = workload("paper", changes=without, training_step=0, flops=1e15, training_mfu=0.25)
    assert other.cost(job("train", tuned=name)).work == pytest.approx(cost.work * 6 / 8)


def test_sharding_divides_what_a_gpu_holds() -> None:
    tuned = job("train", tuned="ta_long")
    changes = {"training.assistant.processes": 1, "training.assistant.sharding": "none"}
    found = workload("paper", changes=changes)
    alone, head = found.cost(tuned), 152_064 * 5_120 * 4  # the head's weight is gathered again
    recipe, shape = found.study.config.training["assistant"], found.sizes.shape("ta_long")
    assert alone.gpu == training_bytes(shape, recipe) > 16 * 14e9
    changes = {"training.assistant.processes": 8, "training.assistant.sharding": "fsdp2"}
    shared = workload("paper", changes=changes).cost(tuned)
    assert (alone.gpu - shared.gpu, shared.gpus) == (18 * 14e9 * 7 / 8 - head, 8)


def test_samples_are_problems_by_samples_by_tokens() -> None:
    once = workload("paper", short_cot=500).cost(job("sample", model="qwen3b"))
    benchmarks = {"aime24": (30, 2.5), "amc23": (40, 1.6), "olympiadbench": (675, 1.8), "math500": (500, 1.0)}
    benchmarks["gsm8k"] = (1319, 0.45)
    shards = raw_config("paper")["sampling"]["shards"]
    assert once.sampled == pytest.approx(sum(n * 500 * harder for n, harder in benchmarks.values()) / shards)
    twice = workload(
        "paper", changes={"sampling.evaluation.n": 2, "sampling.evaluation.temperature": 0.7}, short_cot=500
    ).cost(job("sample", model="qwen3b"))
    assert twice.sampled == pytest.approx(2 * once.sampled)
    assert twice.work > once.work


def test_a_student_writes_what_it_was_taught_and_a_merge_lies_between() -> None:
    lengths = workload("paper").lengths
    of = {name: lengths.trace(name, "math500") for name in ("qwen14b", "ta_long", MERGED, "qwen3b-mid-s0")}
    assert of["ta_long"] == 4000 and of["qwen14b"] == 550
    assert of["qwen14b"] < of[MERGED] < of["ta_long"]
    assert of["qwen3b-mid-s0"] == of[MERGED]
    assert lengths.trace("qwen3b-long-s0", "aime24") == 2.5 * 4000


def test_what_does_not_fit_is_said() -> None:
    def faults(size: float) -> list[str]:
        changes: dict[str, Any] = {f"training.{recipe}.processes": 1 for recipe in ("assistant", "student")}
        changes |= {f"training.{recipe}.sharding": "none" for recipe in ("assistant", "student")}
        found = workload("paper", changes=changes)
        return too_large(make_plan([job("train", tuned="qwen3b-short-s0")], found, {}, (8, 8)), size)

    assert faults(80e9) == []
    assert "train needs 58.5 GB" in faults(40e9)[0] and "it may fill 40.0" in faults(40e9)[0]


def test_vllm_has_its_share_of_a_gpu() -> None:
    """32 B in 16 bits take 64 GB and 16,384 tokens of cache 4.3; of 80 GB vLLM may take 85 %."""
    found = workload("paper", changes={"sampling.engine.tensor_parallel": 1})
    plan = make_plan([job("sample", model="qwen32b")], found, {}, (8, 8))
    assert too_large(plan, 81e9) == []
    assert "sample needs 68.3 GB on each of its GPUs, it may fill 68.0" in too_large(plan, 80e9)[0]


# --- disk -------------------------------------------------------------------------------------------------------------


def paper_disk(graph: Callable[[str], Path], keep_merged: bool) -> tuple[float, float]:
    found = workload("paper", changes={"keep_merged": keep_merged})
    gpus = 8 * max(1, *(found.study.config.training[r].processes for r in ("student", "assistant")))
    plan = make_plan(read_dot(graph("paper").read_text()), found, {}, (16, gpus))
    assert plan.wall >= plan.chain
    return plan.peak_disk, plan.final_disk


def test_merged_models_that_go_leave_room(graph: Callable[[str], Path]) -> None:
    kept, dropped = paper_disk(graph, True), paper_disk(graph, False)
    assert kept[1] - dropped[1] == pytest.approx(18 * 14e9 * 2)
    assert dropped[0] <= kept[0] and dropped[0] > dropped[1]


def test_one_job_after_the_other_needs_the_least_disk() -> None:
    found = workload("paper")
    trainings = [Job(n, "train", {"tuned": f"qwen3b-short-s{n}"}) for n in range(3)]
    gpus = found.study.config.training["student"].processes
    assert least_disk(trainings, found) == 3 * 6e9 + 2 * 36e9  # the third one's checkpoints beside three students
    assert make_plan(trainings, found, {}, (8, 3 * gpus)).peak_disk == 3 * 6e9 + 3 * 2 * 36e9


def test_too_little_disk_stops_a_run_before_its_first_job(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    raw = raw_config("mini", {"bases.small": {"source": "hub", "repo": "org/Big-900000B", "revision": "abc"}})
    (tmp_path / "big.yaml").write_text(yaml.safe_dump(raw))
    run = snakemake(project, "--configfile", str(tmp_path / "big.yaml"))
    assert run.returncode != 0
    for said in ("results/mini: this run needs at least about", "are free", "make plan", "check_disk=False"):
        assert said in output_of(run)
    assert "Finished jobid" not in output_of(run) and not (project / "results" / "mini" / "models").exists()
    # what is small is not stopped by what it does not make
    run = snakemake(project, "results/mini/problems/two_steps.jsonl", "--configfile", str(tmp_path / "big.yaml"))
    assert run.returncode == 0, output_of(run)


def test_enough_disk_is_enough(tmp_path: Path) -> None:
    check_disk(tmp_path / "not" / "there" / "yet", 1.0)
    with pytest.raises(UserError, match="are free"):
        check_disk(tmp_path, 1e18)


# --- pilot ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0.0, 10.0), (5.0, 20.0), (10.0, 30.0)], (10.0, 2.0)),
        ([(1.0, 2.0), (2.0, 4.0), (4.0, 8.0)], (0.0, 2.0)),
        ([(1.0, 10.0), (2.0, 30.0)], (18.5, 1.0)),  # two jobs say nothing of a rate
        ([(1.0, 12.0), (1.5, 9.0), (2.0, 11.0), (2.5, 12.5)], (9.375, 1.0)),  # noise
        ([(5.0, 9.0), (5.0, 11.0), (5.0, 10.0)], (5.0, 1.0)),  # all alike
        ([(50.0, 9.0)], (0.0, 1.0)),
    ],
)
def test_rates_are_fitted_where_the_pilot_can_tell(
    points: list[tuple[float, float]], expected: tuple[float, float]
) -> None:
    assert fit(points) == pytest.approx(expected)


def test_a_line_that_would_start_below_zero_starts_at_zero() -> None:
    assert fit([(1.0, 1.0), (2.0, 4.0), (3.0, 7.0)]) == pytest.approx((0.0, 30 / 14))


def test_a_pilot_is_the_same_study_on_fewer_problems(
    project: Path, graph: Callable[[str], Path], tmp_path: Path
) -> None:
    paths = [str(ROOT / path) for path in config_files("smoke")]
    out = tmp_path / "smoke_pilot.yaml"
    pilot_script.main(["--configs", *paths, "--share", "0.5", "--out", str(out)])
    overlay = yaml.safe_load(out.read_text())
    assert overlay["study"] == "smoke_pilot"
    assert overlay["datasets"]["train"] == {"limit": 20} and overlay["datasets"]["aime24"] == {"limit": 4}
    assert overlay["bases"]["small"]["demonstrations"] == {"count": 100}
    run = snakemake(project, "-n", "--configfile", *config_files("smoke"), str(out), *LOCAL_DATA)
    assert planned(run) == Counter(job.rule for job in read_dot(graph("smoke").read_text()))
    assert "results/smoke_pilot/" in output_of(run) and "results/smoke/" not in output_of(run)
    with pytest.raises(UserError, match="between 0 and 1"):
        pilot_script.main(["--configs", *paths, "--share", "1", "--out", str(out)])


def test_the_miniature_is_planned_within_a_factor_of_two_by_its_pilot(graph: Callable[[str], Path]) -> None:
    """`seconds.json` is the committed demo, wall time on shared cores; `pilot.json` a pilot of 5 %, CPU time."""
    raw = raw_config("mini")
    study, pilot, assumptions = load_study(raw), read_pilot(REFERENCE / "pilot.json"), assumed(gpu=False)
    rates = pilot_rates(raw, pilot, False, assumptions)
    jobs = read_dot(graph("mini").read_text())
    plan = make_plan(jobs, Workload(study, False, assumptions, pilot_lengths(study, pilot)), rates, (1, 0))
    took = {rule: sum(jobs.values()) for rule, jobs in read_json(REFERENCE / "seconds.json").items()}
    for rule in ("sample", "train", "likelihood", "merge"):
        assert plan.totals(rule).jobs == len(read_json(REFERENCE / "seconds.json")[rule])
        assert 0.5 < plan.totals(rule).seconds / took[rule] < 2, rule
    assert 0.5 < sum(plan.totals(rule).seconds for rule in took) / sum(took.values()) < 2
    # and the jobs of one rule are told apart
    order = ["large", "medium-long-s0", "teacher"]
    seconds = {found.wildcards["model"]: plan.seconds[found.number] for found in jobs if found.rule == "sample"}
    assert [seconds[name] for name in order] == sorted(seconds[name] for name in order)


def test_a_pilot_says_nothing_of_the_lengths_of_models_that_it_trained() -> None:
    study = load_study(raw_config("mini"))
    measured = pilot_lengths(study, read_pilot(REFERENCE / "pilot.json"))
    assert set(measured.traces) == {"small", "medium", "large"}
    assert measured.corpora["demonstrations"][0] == 4000 and set(measured.corpora) == {"demonstrations"}


def test_a_pilot_says_how_much_of_an_imported_corpus_is_kept() -> None:
    """Its rows are a part of the source's, and as long as all."""
    study = load_study(raw_config("openr1"))
    pilot = Pilot({"datasets": {"train": {"limit": 120}}}, {}, {}, {"long": (90, 5000.0)})
    assert pilot_lengths(study, pilot).corpora == {"long": (9000, 5000.0)}
    drawn = pilot_script.overlay(study, 0.01)["datasets"]["train"]
    assert drawn == {"limit": 120}


@pytest.mark.parametrize(("changes", "count"), [({}, 12000), ({"datasets.train.limit": None}, 1000)])
def test_a_set_of_which_only_the_limit_is_known_has_so_many_problems(changes: dict[str, Any], count: int) -> None:
    assert problem_count(load_study(raw_config("openr1", changes)), "train") == count


def test_an_imported_corpus_has_the_long_traces_that_its_filter_leaves() -> None:
    found = workload("openr1", changes={"corpora.long.max_tokens": 3000}, kept=0.5).lengths
    assert (found.rows("long"), found.corpus("long")) == (6000, 3000)
    cost = workload("openr1", bytes_a_token=4, tokenising=1e6, long_cot=4000).cost(
        job("import_traces", imported="long")
    )
    assert (cost.work, cost.stored) == (192, 2 * 12000 * 4000 * 4)


def test_an_assumption_without_a_number_is_refused() -> None:
    with pytest.raises(UserError, match=r"--assume: 'x': give a name and a number"):
        script.parse_args(["--configs", "config/mini.yaml", "--assume", "x"])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--assume", "long_cto=1"], "there is no such assumption"),
        (["--assume", "x"], "give a name and a number"),
        (["--pilot", "results/no_pilot"], "make pilot"),
        (["--cores", "many"], "give a number, or all"),
        (["--gpus", "1", "--assume", "memory=1"], None),
    ],
)
def test_wrong_flags_are_named(graph: Callable[[str], Path], flags: list[str], said: str | None) -> None:
    arguments = ["--configs", str(ROOT / "config" / "mini.yaml"), "--dag", str(graph("mini")), *flags]
    if said is None:
        script.main(arguments)
    else:
        with pytest.raises(UserError, match=said):
            script.main(arguments)

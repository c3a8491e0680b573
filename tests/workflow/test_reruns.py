"""What a changed value of each block of a configuration runs again, in a study that is finished."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from tests.graph import jobs_of
from tests.project import copy_project, output_of, planned, snakemake
from tests.tiny import raw_config

FOLDERS = {"base_model", "train", "merge"}  # rules whose output is a folder

# The change; the jobs that run again, counted by rule; the tables that are made again.
CHANGES: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "", ""),
    "a benchmark's seed": (
        {"datasets.two_steps.options.seed": 33},
        # its words must leave the training problems, and the models' jobs on training problems are those on benchmarks
        "load_problems=1 clean_problems=3 check_gold=1 sample=17 grade=17 corpus=6 train=9 merge=4 likelihood=2",
        "likelihood assistants claims summary contamination corpora gold lengths main scores repetition errors styles"
        " predictors",
    ),
    "a data set's rule": (
        {"datasets.two_steps.rule": "last_number"},
        "check_gold=1",
        "claims summary gold main scores predictors",
    ),
    "cleaning": (
        {"cleaning.ngram": 8},
        "clean_problems=5 check_gold=1 sample=17 grade=17 corpus=6 train=9 merge=4 likelihood=2",
        "likelihood assistants claims summary contamination corpora gold lengths main scores repetition errors styles"
        " predictors",
    ),
    "a prompt": (
        {"prompts.chat.user": "Solve {problem}"},
        "base_model=3 sample=17 grade=17 corpus=7 train=10 merge=4 likelihood=2",
        "likelihood assistants claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "a base's seed": (
        {"bases.small.seed": 12},
        "base_model=1 sample=6 grade=6 train=5 likelihood=1",
        "likelihood claims summary main scores repetition errors styles predictors",
    ),
    "a teacher's recipe": (
        {"training.teacher.learning_rate": 2.0e-3},
        "sample=14 grade=14 corpus=6 train=10 merge=4 likelihood=2",
        "likelihood assistants claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "the students' recipe": (
        {"training.student.epochs": 3},
        "sample=8 grade=8 train=8",
        "claims summary main scores repetition errors styles predictors",
    ),
    "the merges' dtype": (
        {"merge_dtype": "bfloat16"},
        "sample=12 grade=12 corpus=5 train=8 merge=4 likelihood=2",
        "likelihood assistants claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "a merge's weight": (
        {
            "merges": [raw_config("mini")["merges"][0] | {"weights": [0.1, 0.175, 0.25, 0.8]}],
            "claims.family.length_between": ...,
            "claims.family.length_grows": ...,
        },
        "sample=1 grade=1 merge=1",
        "assistants claims summary repetition",
    ),
    "a corpus of demonstrations": (
        {"corpora.demonstrations.seed": 5},
        "sample=14 grade=14 corpus=7 train=10 merge=4 likelihood=2",
        "likelihood assistants claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "a sampled corpus": (
        {"corpora.mid.keep": "all"},
        "sample=2 grade=2 corpus=1 train=2 likelihood=2",
        "likelihood claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "a mixed corpus": (
        {"corpora.mix.shares": {"long": 1, "short": 3}},
        "sample=1 grade=1 corpus=1 train=1",
        "corpora main summary scores repetition errors styles",
    ),
    "the engine": (
        {"sampling.engine.max_model_len": 900},
        "sample=17 grade=17 corpus=6 train=9 merge=4 likelihood=2",
        "likelihood assistants claims summary corpora lengths main scores repetition errors styles predictors",
    ),
    "the decoding of evaluations": (
        {"sampling.evaluation.max_tokens": 500},
        "sample=10 grade=10",
        "assistants claims summary main scores repetition errors styles predictors",
    ),
    "what likelihood compares": (
        {"likelihood.corpora": ["short", "mid", "long"]},
        "likelihood=2",
        "likelihood claims summary lengths predictors",
    ),
    "a claim": ({"claims.alpha": 0.01}, "", "claims summary"),
    "the proposed corpus": ({"students.proposed": "short"}, "", "assistants main summary"),
    "what shapes no result": (
        {
            "sampling.engine.gpu_memory_utilization": 0.5,
            "sampling.engine.batch_size": 8,
            "sampling.engine.data_parallel": 2,
            "sampling.engine.tensor_parallel": 2,
            "sampling.engine.enforce_eager": True,
            "sampling.engine.attention": "eager",
            "training.student.save_steps": 7,
            "training.student.gradient_checkpointing": True,
            "training.student.attention": "eager",
            "training.teacher.threads": 2,
            "likelihood.batch_size": 8,
            "grading": {"workers": 2},
            "device": "cpu",
            "check_disk": False,
        },
        "",
        "",
    ),
    "another seed": (
        {"seeds": [0, 1]},
        "sample=8 grade=8 train=8",
        "claims summary main scores repetition errors styles predictors",
    ),
}


@pytest.fixture(scope="module")
def run_again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """Change -> the jobs of a dry run, by rule, in a miniature whose outputs are all there and hold nothing."""
    project = copy_project(tmp_path_factory.mktemp("reruns"))

    def written(name: str) -> str:
        path = project / f"{name.replace(' ', '_')}.yaml"
        path.write_text(yaml.safe_dump(raw_config("mini", CHANGES[name][0])))
        return str(path)

    finished = ("--configfile", written("nothing"))
    for job in jobs_of(project, *finished):
        for output in (project / path for path in job["output"]):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.mkdir(exist_ok=True) if job["rule"] in FOLDERS else output.touch()
    run = snakemake(project, "--touch", "--forceall", *finished)
    assert run.returncode == 0, output_of(run)
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda name: snakemake(project, "-n", "--nolock", "--configfile", written(name)), CHANGES)
    return {name: planned(run) for name, run in zip(CHANGES, runs, strict=True)}


def counted(text: str) -> dict[str, int]:
    return {rule: int(count) for rule, count in (words.split("=") for words in text.split())}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_runs_again_what_it_shapes(run_again: dict[str, dict[str, int]], change: str) -> None:
    found = run_again[change]
    _, jobs, tables = CHANGES[change]
    drawn = {rule: count for rule, count in found.items() if not rule.startswith(("table_", "figure_"))}
    assert {rule.removeprefix("table_") for rule in found if rule.startswith("table_")} == set(tables.split())
    assert {rule: count for rule, count in drawn.items() if rule not in ("all", "manifest", "report_page")} == counted(
        jobs
    )
    assert ("manifest" in found) == ("report_page" in found) == bool(found), (
        "the manifest says what a study was made with"
    )

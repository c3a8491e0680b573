"""The benchmarks at a small size: the grader's verdicts are its judge's; what the others compare is alike."""

import importlib
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import grading, growth, growth_tables, workflow
from micota.common.contracts import CORPUS_ROW, PROBLEM
from micota.common.records import read_jsonl
from micota.grading.grade import Judge


def test_verdicts_are_those_of_the_judge_alone(real_data: Path) -> None:
    """A few hundred pairs; `python -m benchmarks.grading --pairs 5000` judges more."""
    golds = grading.golds_of(real_data)
    rng = random.Random(1)
    pairs = [(gold, answer) for gold in rng.sample(golds, 40) for answer in grading.answers_to(gold, golds, rng)]
    with Judge(workers=2, timeout=20) as judge:
        assert len(pairs) == 400
        assert grading.compare(pairs, judge) == []


def test_a_verdict_that_differs_is_a_fault() -> None:
    with Judge() as judge:
        judge.memory["12", "10+2"] = "different"
        [fault] = grading.compare([("12", "10+2"), ("12", "12")], judge)
    assert "the judge alone says equivalent" in fault


def test_typical_traces_are_mostly_right_and_all_graded() -> None:
    pairs = list(grading.answered(1000, grading.BUILT_IN))
    assert 0.4 < sum(gold == answer for gold, answer in pairs) / 1000 < 0.6
    assert sum(answer is None for _, answer in pairs) > 20
    texts = [trace["completion"] for trace in grading.traces(pairs[:50])]
    assert sum("boxed" in text for text in texts) == sum(answer is not None for _, answer in pairs[:50])


def test_the_empty_snakefile_has_as_many_jobs(tmp_path: Path) -> None:
    """Whatever the remainder of a division by the three jobs of a chain."""
    for jobs in (7, 8, 9):
        folder = workflow.empty(tmp_path / str(jobs), jobs)
        _, said = workflow.measured(workflow.snakemake(folder, "--dry-run", "--quiet", "rules"), folder)
        assert workflow.jobs_in(said) == jobs


def test_exponents() -> None:
    assert growth.exponent([1, 4, 16], [3, 12, 48]) == pytest.approx(1)
    assert growth.exponent([1, 4, 16], [3, 48, 768]) == pytest.approx(2)
    assert math.isnan(growth.exponent([1, 4, 16], [0.1, 0, 0.2]))


@pytest.mark.parametrize("stages", [growth.stages, growth.model_stages])
def test_stages_are_called_as_their_scripts_ask(stages: Callable[[], dict[str, list[str]]]) -> None:
    for script, *flags in stages().values():
        if script == "benchmarks.growth_tables":
            assert flags[0] in growth_tables.SETTINGS and len(flags) == 1
        else:
            importlib.import_module(f"scripts.{script}").parse_args(flags)


def test_stages_with_models_have_their_input(tmp_path: Path) -> None:
    folder = growth.make_for_models(tmp_path / "f", 10)
    assert len(list(read_jsonl(folder / "problems.jsonl", PROBLEM))) == 10
    assert len(list(read_jsonl(folder / "corpus.jsonl", CORPUS_ROW))) == 10
    assert growth.BASE.is_dir()

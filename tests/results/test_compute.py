"""The compute of a student: every training and every trace that went into it, once, on graphs small enough to count."""

from typing import Any

import pytest

from micota.common.errors import UserError
from micota.results.compute import Measured, compute, needs
from micota.study.graph import Study
from micota.study.load import load_study
from tests.tiny import raw_config

SIZES = {"small": 10, "medium": 100, "large": 1000}
MERGED = "ta_long-w0.175-d0.5-m0"
SWEPT = [f"ta_long-w{weight}-d0.5-m0" for weight in (0.1, 0.175, 0.25)]


def study_with(**changes: Any) -> Study:
    return load_study(raw_config("mini", {key.replace("__", "."): value for key, value in changes.items()}))


def measured(study: Study) -> Measured:
    corpora = study.config.corpora
    tokens = {name: 7 + place for place, name in enumerate(corpora)}
    sampled = {(model, "train"): 3 + place for place, model in enumerate(study.models)}
    return Measured(dict(SIZES), tokens, dict.fromkeys(corpora, 5), sampled | {(MERGED, "validation"): 10**6})


def test_everything_behind_a_student_counts_once() -> None:
    study = study_with()
    numbers = measured(study)
    found = compute(study, "small-mid-s0", numbers)
    tokens, sampled = numbers.tokens, {model: count for (model, _), count in numbers.sampled.items()}
    assert found.tokens == 2 * tokens["mid"] and found.own_training == 6 * 10 * 2 * tokens["mid"]
    # the teacher on demonstrations, the assistant for two epochs on what the teacher solved
    assert found.other_training == 6 * 1000 * tokens["demonstrations"] + 6 * 100 * 2 * tokens["long_own"]
    # the teacher's traces serve twice: for the assistant, and to choose problems
    traces = 1000 * (sampled["large"] + sampled["teacher"]) + 100 * numbers.sampled[MERGED, "train"]
    assert (found.sampling, found.scoring) == (2 * traces, 0)
    assert found.total == found.own_training + found.other_training + found.sampling


def test_what_makes_corpora_comparable_can_be_left_out() -> None:
    study = study_with(corpora__few={"kind": "matched", "of": "short", "match": "tokens", "to": "mid"})
    numbers = measured(study)
    alone = compute(study, "small-short-s0", numbers, controls=False)
    assert (alone.other_training, alone.sampling) == (0, 2 * 1000 * numbers.sampled["large", "train"])
    assert compute(study, "small-short-s0", numbers).other_training > 0
    study = study_with(
        corpora__few={"kind": "matched", "of": "short", "match": "tokens", "to": "mid"},
        students__extra_corpora={"small": ["few"]},
    )
    assert list(needs(study, "small-few-s0", controls=False).corpora) == ["few", "short"]
    assert "ta_long" in needs(study, "small-few-s0").models


def chosen(by: dict[str, Any]) -> Study:
    candidates = {f"w{n}": {"kind": "sampled", "sampler": model} for n, model in enumerate(SWEPT)}
    auto = {"kind": "chosen", "candidates": list(candidates), **by}
    corpora = {f"corpora.{name}": block for name, block in {**candidates, "auto": auto}.items()}
    likely = ["short", "mid", "unmerged", "long", *candidates]
    changes = {"students.extra_corpora": {"small": ["auto"]}, "likelihood.corpora": likely}
    return load_study(raw_config("mini", corpora | changes))


def test_a_chosen_corpus_cost_all_its_candidates() -> None:
    study = chosen({"by": "nll", "base": "small"})
    need = needs(study, "small-auto-s0", controls=False)
    assert {model for model, _ in need.sampled} == {*SWEPT, "teacher"}
    numbers = measured(study)
    found = compute(study, "small-auto-s0", numbers, controls=False)
    assert found.scoring == 2 * 10 * sum(numbers.tokens[f"w{n}"] for n in range(3))
    study = chosen({"by": "length", "between": ["short", "long"]})
    need = needs(study, "small-auto-s0", controls=False)
    assert {model for model, _ in need.sampled} == {*SWEPT, "teacher", "large"}, "what it was compared with decided"
    assert compute(study, "small-auto-s0", measured(study), controls=False).scoring == 0


def test_a_sweep_that_decided_counts_where_it_is_named() -> None:
    study = study_with()
    numbers = measured(study)
    more = compute(study, "small-mid-s0", numbers, chosen_on=[(MERGED, "validation")])
    assert more.total - compute(study, "small-mid-s0", numbers).total == 2 * 100 * 10**6


def test_a_merged_model_cost_what_its_trained_half_did() -> None:
    study = study_with()
    numbers = measured(study)
    assert compute(study, MERGED, numbers) == compute(study, "ta_long", numbers)
    assert compute(study, MERGED, numbers).other_training == 6 * 1000 * numbers.tokens["demonstrations"]


def test_a_part_of_a_corpus_is_a_part_of_its_tokens() -> None:
    study = study_with(training__student__max_examples=2)
    numbers = measured(study)
    assert compute(study, "small-mid-s0", numbers).tokens == round(2 * 2 / 5 * numbers.tokens["mid"])


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("parameters", "large: no number of parameters"),
        ("tokens", "mid: no number of tokens"),
        ("sampled", "teacher on train: no number of sampled"),
    ],
)
def test_what_is_not_measured_is_named(lost: str, said: str) -> None:
    study = study_with()
    numbers = measured(study)
    key: Any = {"parameters": "large", "tokens": "mid", "sampled": ("teacher", "train")}[lost]
    del getattr(numbers, lost)[key]
    with pytest.raises(UserError, match=said):
        compute(study, "small-mid-s0", numbers)

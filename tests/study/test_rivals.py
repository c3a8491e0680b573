"""Rivals of the proposed corpus: which models a study makes, asks and scores for them, and faults of the block."""

from typing import Any

import pytest

from micota.common.errors import ConfigurationError
from micota.study import tasks
from micota.study.graph import Study
from micota.study.load import load_study
from tests.tiny import raw_config

OWN = "own-task_arithmetic-w0.5"
RIVALS: dict[str, Any] = {
    "proposed": "mid",
    "bases": ["small"],
    "families": {
        "mix": {"label": "Mix", "corpora": ["mix", "unmerged"]},
        "own": {"label": "own merge", "merges_of": "own"},
    },
    "unfiltered": {"mid": "mix", "long": "short"},
}


def with_rivals(changes: dict[str, Any] | None = None, **block: Any) -> Study:
    raw = raw_config("mini")
    own = {"tuned": "own", "method": "task_arithmetic", "weights": [0.5]}
    given = {
        "rivals": RIVALS | block,
        "tuned.own": {"base": "small", "corpus": "long", "recipe": "student"},
        "merges": [*raw["merges"], own],
    }
    return load_study(raw_config("mini", given | (changes or {})))


def test_candidates_are_scored_on_validation_and_benchmarks_and_no_others_are() -> None:
    study, plain = with_rivals(), load_study(raw_config("mini"))
    both = ["validation", *study.config.benchmarks]
    for model in ("small-mid-s0", "small-mix-s0", "small-unmerged-s0", OWN):
        assert tasks.sampled_datasets(study, model) == both, model
    assert tasks.sampled_datasets(study, "small-long-s0") == study.config.benchmarks
    assert tasks.sampled_datasets(study, "own") == ["validation"], "it is in the sweep, and no candidate"
    assert set(study.evaluated) - set(plain.evaluated) == {OWN} and len(study.evaluated) == len(set(study.evaluated))
    assert plain.rivals == [] and tasks.sampled_datasets(plain, "small-mid-s0") == plain.config.benchmarks


def test_the_proposed_comes_first_and_a_merge_is_one_model_whatever_the_seeds() -> None:
    found = with_rivals({"seeds": [0, 1]}).rivals
    assert [(each.family, each.name) for each in found] == [
        (None, "mid"), ("mix", "mix"), ("mix", "unmerged"), ("own", OWN),
    ]  # fmt: skip
    assert found[1].models == ((None, ("small-mix-s0", "small-mix-s1")),) and found[3].models == ((None, (OWN,)),)


def test_a_candidate_is_another_model_in_each_chain() -> None:
    study = with_rivals({"chains": [301, 302]})
    own = study.rivals[-1]
    assert own.name == OWN and own.models == tuple(
        (chain, (f"own-c{chain}-task_arithmetic-w0.5",)) for chain in (301, 302)
    )
    assert study.rivals[0].models == ((301, ("small-mid-c301-s0",)), (302, ("small-mid-c302-s0",)))
    models = {model for each in study.rivals for _, models in each.models for model in models}
    assert models <= set(study.models) and models <= set(study.evaluated) and models <= set(study.validated)


def test_a_merge_competes_on_its_own_base_alone() -> None:
    study = with_rivals(bases=["small", "medium"], families={"own": RIVALS["families"]["own"]}, unfiltered={})
    assert [(each.base, each.family) for each in study.rivals] == [("small", None), ("small", "own"), ("medium", None)]


def test_what_students_answer_is_asked_as_they_were_trained() -> None:
    with pytest.raises(
        ConfigurationError, match="validation of validation differs from the training prompt of the stu"
    ):
        with_rivals({"prompts.terse": {"user": "Q: {problem}"}, "sampling.validation.prompt": "terse"})


@pytest.mark.parametrize(
    ("changes", "block", "said"),
    [
        ({}, {"proposed": "middle", "unfiltered": {}}, r"rivals.proposed.*: there is no 'middle'"),
        ({}, {"bases": ["tiny"]}, r"rivals.bases: there is no 'tiny'"),
        ({}, {"bases": ["large"]}, r"rivals.bases: there is no 'large'"),
        ({}, {"bases": ["medium"]}, r"rivals.families.mix.corpora \(.* students of medium .*\): there is no 'mix'"),
        ({}, {"families": {"x": {"label": "x"}}}, r"rivals.families.x.corpora: name the candidates, or"),
        (
            {},
            {"families": {"x": {"label": "x", "merges_of": "teacher"}}},
            r"families.x.merges_of: there is no 'teacher'",
        ),
        (
            {},
            {"families": {"x": {"label": "x", "merges_of": "ta_long"}}},
            r"families.x.merges_of: ta_long is a medium, which is not one of rivals.bases",
        ),
        ({}, {"unfiltered": {"mid": "nosuch", "long": "short"}}, r"rivals.unfiltered.*: there is no 'nosuch'"),
        ({}, {"unfiltered": {"long": "short"}}, r"rivals.unfiltered: it needs mid and another corpus"),
        ({"merges": [], "validation_problems": None, "claims": None}, {}, "rivals: candidates are chosen on"),
    ],
)
def test_a_block_that_leads_nowhere_is_refused_by_key(changes: Any, block: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        with_rivals(changes, **block)


def test_the_committed_study_asks_what_it_should() -> None:
    study = load_study(raw_config("rivals"))
    per_chain = len(study.students) / len(study.chains) / len(study.given.seeds)
    assert per_chain < 30
    assert study.given.rivals is not None and len(study.given.rivals.families) == 8
    equal = [name for name in study.given.students.corpora if name.endswith("_eq")]
    for name in equal:
        block: Any = study.given.corpora[name]
        assert (block.kind, block.problems_of) == ("matched", ["common"]), name
    for name in study.given.rivals.unfiltered.values():
        block = study.given.corpora[name]
        assert (block.match, block.to, block.problems_of) == ("examples", "common", []), name

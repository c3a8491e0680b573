"""A study of several chains: each has its own teacher, assistant, mask and students, by name and by seed."""

import re
from typing import Any

import pytest

from micota.common.errors import ConfigurationError
from micota.common.settings import laid_over
from micota.results import entries
from micota.study.graph import Study
from micota.study.load import load_study
from micota.workflow.patterns import name_patterns
from scripts.pilot import overlay
from tests.tiny import REPEATED, raw_config

BUDGET = {
    "variance": {"base": "small", "corpora": ["mid", "long"], "dataset": "repeated"},
    "sampling.repeated": {"prompt": "chat", "temperature": 0.7, "n": 4, "max_tokens": 560},
    "datasets.repeated": {"loader": "arithmetic", "options": REPEATED},
}


def study_of_chains(**changes: Any) -> Study:
    return load_study(raw_config("mini", {"chains": [301, 302], **changes}))


def test_what_is_drawn_is_drawn_in_every_chain() -> None:
    study = study_of_chains()
    assert study.config.tuned["teacher-c301"].corpus == "demonstrations-c301"
    demonstrations: Any = study.corpus("demonstrations-c302")
    assert demonstrations.seed == 30204  # 100 x chain + the seed in the configuration
    mid: Any = study.corpus("mid-c302")
    assert mid.sampler == "ta_long-c302-w0.175-d0.5-m30200"
    assert mid.only_if_solved_by == ["large", "teacher-c302", mid.sampler]
    student = study.tunes["small-mid-c302-s0"]
    assert (student.base, student.corpus, student.seed, student.chain) == ("small", "mid-c302", 30200, 302)
    assert study.corpus("mix-c301").made_of() == ["long-c301", "short-c301"]


def test_no_two_chains_share_a_seed_or_a_name() -> None:
    study = study_of_chains(seeds=[0, 1])
    seeds = [tune.seed for name, tune in study.tunes.items() if name not in study.students]
    assert len(seeds) == len(set(seeds)) * 2  # teacher and assistant of a chain have its seed
    by_chain = [{t.seed for t in study.students.values() if t.chain == chain} for chain in (301, 302)]
    assert not by_chain[0] & by_chain[1]
    assert len(study.models) == len(set(study.models))


def test_what_no_chain_draws_is_there_once() -> None:
    changes = {
        "corpora.short_own": {"kind": "sampled", "sampler": "large"},
        "students.corpora": ["short_own", "long", "mid"],
    }
    study = study_of_chains(**changes, claims=None, **{"students.extra_corpora": {}})
    assert "short_own" in study.config.corpora
    assert [name for name in study.config.corpora if name.startswith("long-")] == ["long-c301", "long-c302"]
    assert study.tunes["small-short_own-c301-s0"].corpus == "short_own"


def test_what_chains_share_is_the_same_whichever_are_run() -> None:
    changes = {
        "corpora.short_own": {"kind": "sampled", "sampler": "large"},
        "corpora.few": {"kind": "matched", "of": "short_own", "match": "examples", "at_most": 9, "seed": 5},
    }
    studies = [study_of_chains(**changes), *(study_of_chains(**changes, only_chains=[n]) for n in (301, 302))]
    few: list[Any] = [study.corpus("few") for study in studies]
    assert [block.seed for block in few] == [5, 5, 5]
    assert all("few" in study.config.corpora for study in studies)


def test_a_base_may_be_another_in_every_chain() -> None:
    study = study_of_chains(**{"bases.small.seeds": [8, 9], "bases.small.pretrained": "bases/small-{seed}"})
    base: Any = study.base_block("small-c302")
    assert (base.seed, base.pretrained) == (9, "bases/small-9")
    assert study.tunes["small-mid-c302-s0"].base == "small-c302"
    assert study.likely("small-c302") == [f"{name}-c302" for name in study.given.likelihood.corpora]
    assert len(study.likely("medium")) == 2 * len(study.given.likelihood.corpora)
    untrained = [entry for entry in entries.main(study) if entry["corpus"] == "base"]
    assert [(e["model"], e["base"], e["chain"]) for e in untrained] == [
        ("small-c301", "small", 301), ("small-c302", "small", 302), ("medium", "medium", None),
    ]  # fmt: skip


def test_every_model_has_a_name_that_the_rules_accept() -> None:
    study = study_of_chains(seeds=[0, 1], **{"bases.small.seeds": [8, 9]})
    pattern = name_patterns(study)
    assert all(re.fullmatch(pattern["model"], model) for model in study.models)
    assert all(re.fullmatch(pattern["corpus"], corpus) for corpus in study.config.corpora)
    assert not re.fullmatch(pattern["model"], "small-mid-c303-s0")


def test_a_chain_that_runs_alone_is_the_one_that_it_is_among_all() -> None:
    bases = {"bases.small.seeds": [8, 9], "bases.small.pretrained": "bases/small-{seed}"}
    whole, alone = study_of_chains(**bases), study_of_chains(only_chains=[302], **bases)
    assert set(alone.models) < set(whole.models)
    assert alone.students == {name: tune for name, tune in whole.students.items() if tune.chain == 302}
    for name, base in alone.config.bases.items():
        assert base == whole.config.bases[name]
    assert all(corpus == whole.corpus(name) for name, corpus in alone.config.corpora.items())


def test_claims_and_errors_speak_in_the_names_of_the_configuration() -> None:
    assert "small-mid" in study_of_chains().measured("accuracy")
    assert "ta_long-w0.175-d0.5-m0" in study_of_chains().measured("validation_tokens")
    with pytest.raises(ConfigurationError, match=r"students.corpora.*there is no 'middle'.*: .*mid"):
        study_of_chains(**{"students.corpora": ["short", "middle"]})


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"seeds": [100]}, "seeds: 100 is too large"),
        ({"tuned.teacher.seed": 201}, "tuned.teacher.seed: 201"),
        ({"bases.small.seeds": [8]}, "bases.small.seeds: 1 for 2 chains"),
        ({"chains": [1, 2**30]}, "chains.1"),
        ({"corpora.medium": {"kind": "mixed", "shares": {"long": 1}}}, "corpora.medium: a model is called so too"),
        (BUDGET, "variance: the budget is of one chain's masks and seeds"),
        ({"only_chains": [303]}, "only_chains: there is no '303'; there are: 301, 302"),
    ],
)
def test_seeds_that_another_chain_could_have_are_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(key)):
        study_of_chains(**changes)


def test_what_is_written_down_is_the_configuration_as_it_was_given() -> None:
    study = study_of_chains()
    again = load_study(study.given.model_dump(mode="json"))
    assert again.models == study.models


def test_a_pilot_runs_one_of_the_chains() -> None:
    changes: dict[str, Any] = {"chains": [301, 302], "bases.small.seeds": [8, 9], "bases.small.pretrained": "b/{seed}"}
    raw = raw_config("mini", changes)
    pilot = load_study(laid_over(raw, overlay(load_study(raw), 0.05)))
    assert [chain.number for chain in pilot.chains] == [301]
    base: Any = pilot.base_block("small-c301")
    assert base.pretrained == "b/8"

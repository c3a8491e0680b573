"""Who may learn from what: an oracle is for students alone, where the study says so; and what a map asks for."""

from typing import Any

import pytest

from micota.common.errors import ConfigurationError
from micota.study.graph import Study
from micota.study.load import load_study
from tests.tiny import raw_config

PROCEDURAL = {"kind": "oracle", "verbosity": 0.5, "seed": 5}
CLAIM = {"measure": "accuracy", "contrast": {"small-oracle_half": 1, "small-mid": -1}, "expected": "positive"}
WORDS = {"loader": "plain", "path": "words.jsonl"}
MAP = {"weights": {"corpora": ["short", "mid", "long"], "short": "short", "mid": "mid", "long": "long"}}
BY_ORACLE = {
    "corpora": ["oracle_half", "oracle_cut"],
    "short": "oracle_cut",
    "mid": "oracle_half",
    "long": "oracle_half",
}
WITH_ORACLE: dict[str, Any] = {
    "corpora.oracle_half": PROCEDURAL,
    "corpora.oracle_cut": {"kind": "matched", "of": "oracle_half", "problems_of": ["mid"]},
    "students.oracle": ["oracle_half", "oracle_cut"],
    "map": MAP | {"oracle": BY_ORACLE},
}


def study_with(**changes: Any) -> Study:
    return load_study(raw_config("mini", WITH_ORACLE | changes))


def test_every_student_base_learns_from_the_oracles() -> None:
    study = study_with()
    assert {"small-oracle_half-s0", "small-oracle_cut-s0", "medium-oracle_half-s0"} <= study.students.keys()
    assert study.corpus("oracle_half").reads(study.around("oracle_half")) == {
        "problems": ["problems/train.jsonl"], "tokenizer": ["models/small"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"students.oracle": ["oracle_half"]}, "map.oracle: there is no 'oracle_cut'"),
        (
            {"students.oracle": [], "map": None, "students.extra_corpora": {"small": ["oracle_cut"]}},
            r"students \(oracle_cut\): corpus oracle_cut holds procedural demonstrations",
        ),
        ({"students.oracle": ["oracle_all"]}, "students.oracle: there is no 'oracle_all'"),
        ({"students.oracle": ["oracle_half", "oracle_cut", "mid"]}, "students.oracle: no program wrote mid"),
        ({"students.oracle": ["demonstrations"]}, "students.oracle: demonstrations must begin with `oracle`"),
        ({"students.corpora": ["short", "mid", "long", "oracle_cut"]}, "students.oracle: oracle_cut is among"),
        ({"tuned.ta_long.corpus": "oracle_half"}, "tuned.ta_long: corpus oracle_half holds procedural"),
        (
            {"claims": {"family": {"x": {"text": "x", "parts": [CLAIM]}}}},
            "claims.family.x.contrast: small-oracle_half has read an oracle",
        ),
        (
            {"datasets.words": WORDS, "training_problems": "words"},
            "corpora.oracle_half.kind: an oracle is written by a program, for arithmetic alone, and words is none",
        ),
        ({"map": {"weights": BY_ORACLE}}, "map.weights: oracle_half belongs under map.oracle"),
        ({"map": MAP | {"oracle": MAP["weights"]}}, "map.oracle: short belongs under map.weights"),
        ({"map": {"weights": MAP["weights"] | {"mid": "mix"}}}, "map.weights.mid: mix is none of `corpora`"),
        (
            {"map": {"weights": MAP["weights"] | {"corpora": ["short", "mid", "long", "unmerged"]}}},
            "map.weights: medium does not learn from unmerged; a map has no holes",
        ),
    ],
)  # fmt: skip
def test_what_is_no_oracle_or_has_no_place_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        study_with(**changes)


def test_the_number_of_traces_may_be_varied_for_single_students() -> None:
    changes = {"students.extra_corpora": {"small": ["unmerged", "mix"]}, "map": MAP | {"traces": ["long", "unmerged"]}}
    assert load_study(raw_config("mini", changes)).config.map is not None


def test_the_map_has_six_sizes_and_eleven_lengths_in_three_chains() -> None:
    study = load_study(raw_config("map"))
    assert study.config.map
    axes = study.config.map.axes
    assert {name: len(corpora) for name, corpora in axes.items()} == {"weights": 6, "oracle": 5, "traces": 3}
    assert len(study.students) == (6 * (6 + 5) + 2 * 2) * 3
    cut: Any = [study.corpus(f"w{weight}-c2") for weight in (0, 10, 18, 25, 70, 100)]
    assert len({(corpus.at_most, corpus.seed) for corpus in cut}) == 1
    solvers: Any = [study.corpus(corpus.of) for corpus in cut]
    assert len({tuple(sorted(corpus.only_if_solved_by)) for corpus in solvers}) == 1, "so they hold the same problems"

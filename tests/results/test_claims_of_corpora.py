"""Claims of corpora: measures of likelihood records, and of what a corpus' sampler solved."""

from typing import Any

import pytest

from micota.common.errors import UserError
from micota.results import entries
from micota.results.measures import RATIOS, Data, measure
from micota.study.asked import UNDER_A_BASE
from micota.study.load import load_study
from micota.workflow.paths import Paths
from micota.workflow.tables import TABLES
from tests.graded import ACCURACY
from tests.tiny import raw_config


def solved(**corpora: Any) -> dict[str, Any]:
    """A miniature that claims something of what these corpora's samplers solved."""
    parts = [{"measure": "solved", "contrast": {name: 1 - 2 * place for place, name in enumerate(corpora)}}]
    family = {"price": {"text": "p", "kind": "estimate", "parts": parts}}
    return raw_config(
        "mini", {"claims": {"family": family}} | {f"corpora.{name}": block for name, block in corpora.items()}
    )


OWN = {"kind": "sampled", "sampler": "medium"}
TWO = {"kind": "chosen", "by": "length", "between": ["short"]}


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"kind": "matched", "of": "one", "problems_of": ["short"]}, "it is matched"),
        ({"kind": "mixed", "shares": {"one": 1, "short": 1}}, "it is mixed"),
        (OWN | {"only_if_solved_by": ["large"]}, "only_if_solved_by"),
        (OWN | {"max_tokens": 90}, "max_tokens"),
        (OWN | {"keep": "all"}, "keep: all"),
        (TWO | {"candidates": ["one", "short"]}, "of its candidate short: it has `only_if_solved_by`"),
    ],
)
def test_no_row_must_mean_not_solved(block: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=rf"claims\.family\.price\.contrast: other: .*{reason}"):
        load_study(solved(one=OWN, other=block))


def test_what_a_claim_of_solved_problems_reads() -> None:
    study = load_study(solved(one=OWN, other=OWN | {"sampler": "large"}) | {"chains": [1, 2]})
    assert entries.solved(study) == ["one", "other"], "no chain has its own of what a shared base writes"
    assert TABLES["claims"].reads(study, Paths("r", ""))["corpora"] == ["r/corpora/one.jsonl", "r/corpora/other.jsonl"]


def test_the_likelihoods_of_own_bases_are_read_by_their_own_names() -> None:
    parts = [{"measure": "tokens_per_trace", "base": "small", "contrast": {"mid": 1, "long": -1}}]
    changes: dict[str, Any] = {"chains": [1, 2], "bases.small.seeds": [8, 9], "bases.small.pretrained": "b/{seed}"}
    changes |= {"claims": {"family": {"length": {"text": "t", "kind": "estimate", "parts": parts}}}}
    read = TABLES["claims"].reads(load_study(raw_config("mini", changes)), Paths("r", ""))
    assert read["likelihood"] == ["r/likelihood/small-c1.jsonl", "r/likelihood/small-c2.jsonl"]
    assert entries.claimed(load_study(raw_config("mini", changes))) == []


def test_measures_of_likelihoods_are_those_that_need_a_base() -> None:
    assert tuple(RATIOS) == UNDER_A_BASE


def test_more_problems_than_there_are_is_refused() -> None:
    data = Data({"a": [["a"]], "b": [["b"]]}, [], None, {}, {}, {"a": {"p0", "p1"}, "b": {"p2"}}, 2)
    with pytest.raises(UserError, match="solved: a, b hold 3 problems in all, and there are 2"):
        measure(ACCURACY | {"measure": "solved", "contrast": {"a": 1, "b": -1}}, data)

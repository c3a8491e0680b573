"""The table of conventions: every rule has its reason and source, and changes its example."""

import pytest

from micota.grading.grading_rules import RULES
from micota.grading.normal_form import compiled, normal_form

STAGES = ("kept", "sign", "first", "name", "dressed", "typed", "number")
ROWS = [(stage, at) for stage in STAGES for at in range(len(RULES[stage]))]


def test_every_rule_has_an_example_a_reason_and_a_source() -> None:
    assert set(RULES) == {*STAGES, "part", "moment", "unit", "beside", "nothing"}
    for stage, rules in RULES.items():
        for pattern, _, example, reason, source in rules:
            assert pattern and reason, (stage, pattern)
            assert stage == "part" or (example and source), (stage, pattern)


@pytest.mark.parametrize(("stage", "at"), ROWS)
def test_without_a_rule_its_example_comes_out_otherwise(stage: str, at: int) -> None:
    rules = {name: [rule for place, rule in enumerate(RULES[name]) if (name, place) != (stage, at)] for name in STAGES}
    example = RULES[stage][at][2]
    assert normal_form(example, compiled(rules)) != normal_form(example)


@pytest.mark.parametrize("example", [rule[2] for stage in STAGES for rule in RULES[stage]])
def test_a_normal_form_is_its_own(example: str) -> None:
    assert normal_form(normal_form(example)) == normal_form(example)

"""The regular expressions for names match the study's names, and nothing else."""

import re

import pytest

from micota.study.graph import Study
from micota.study.load import load_study
from micota.workflow.patterns import either, name_patterns, one_of
from tests.tiny import EXTENDED, raw_config

STUDIES = [("mini", None), ("paper", None), ("smoke", None), ("controls", None), ("rivals", None), ("mini", EXTENDED)]


def names(study: Study) -> dict[str, list[str]]:
    return {
        "study": [study.config.study],
        "dataset": list(study.config.datasets),
        "base": study.bases,
        "tuned": list(study.tunes),
        "merged": list(study.merges),
        "model": study.models,
        "corpus": list(study.config.corpora),
    }


def near(name: str) -> set[str]:
    """Names that differ a little: a figure or a letter more, less or other, a part of it, both ends swapped."""
    parts = re.split("(-)", name)
    swapped = "".join(parts[::-1])
    return {name[:-1], name[1:], f"{name}0", f"x{name}", f"{name}-s0", swapped, re.sub(r"\d", "9", name), parts[0]}


@pytest.mark.parametrize(("config", "changes"), STUDIES)
def test_patterns_match_the_names_and_nothing_else(config: str, changes: dict[str, object] | None) -> None:
    study = load_study(raw_config(config, changes))
    patterns, every = name_patterns(study), names(study)
    candidates = {name for group in every.values() for name in group}
    candidates |= {other for name in candidates for other in near(name)}
    for wildcard, known in every.items():
        matching = {name for name in candidates if re.fullmatch(patterns[wildcard], name)}
        assert matching == set(known), wildcard


def test_no_names_match_nothing() -> None:
    assert not any(re.fullmatch(pattern, "") for pattern in (one_of([]), either()))


def test_patterns_grow_with_the_parts_not_with_their_product() -> None:
    """Ten times the seeds are ten times the students; the pattern grows by the seeds' digits."""
    few, many = (
        len(name_patterns(load_study(raw_config("mini", {"seeds": list(range(count)), "claims": ...})))["model"])
        for count in (10, 100)
    )
    added = len("|".join(map(str, range(10, 100)))) + 1
    assert many - few == added * len(raw_config("mini")["students"]["bases"])

"""The jobs of every study are the committed ones, file by file; what their params are, Snakemake can compare."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph import DRAWINGS, STUDIES, drawing

Jobs = Callable[[str], list[dict[str, Any]]]
# Snakemake records params of these types alone; a change of any other is no change, and nothing runs again.
COMPARED = {"int", "float", "bool", "str", "list", "tuple", "dict", "set", "NoneType"}


@pytest.mark.parametrize("study", STUDIES)
def test_the_graph_is_the_committed_one(study_jobs: Jobs, study: str) -> None:
    committed = (DRAWINGS / f"{study}.txt").read_text(encoding="utf-8")
    assert drawing(study, study_jobs(study)) == committed, "if it is meant to change: python -m tests.graph"


@pytest.mark.parametrize("study", STUDIES)
def test_snakemake_can_compare_every_param(study_jobs: Jobs, study: str) -> None:
    for job in study_jobs(study):
        assert set(job["params"].values()) <= COMPARED, job["rule"]

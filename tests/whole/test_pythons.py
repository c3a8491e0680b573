"""The same numbers on every Python that the project runs on: nothing is used whose arithmetic changed between them."""

import ast
import re

import pytest

from micota.results import estimates
from tests.project import ROOT

# Equal on Python 3.11 to 3.13: fmean is fsum / n, median takes the middle. Others of `statistics` were rewritten in
# 3.12 or 3.13, and so were these of `math`.
SAME = {"fmean", "median"}
REWRITTEN = {"dist", "hypot", "sumprod"}
SOURCES = sorted(path for folder in ("micota", "scripts") for path in (ROOT / folder).rglob("*.py"))


def imported(module: str, source: str) -> set[str]:
    """The names that a source takes from a module; `*` if it imports the module whole."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import) and module in [alias.name for alias in node.names]:
            found.add("*")
    return found


def test_averages_are_those_that_every_python_takes_alike() -> None:
    wrong = {path.name: imported("statistics", path.read_text(encoding="utf-8")) - SAME for path in SOURCES}
    assert not {name: names for name, names in wrong.items() if names}


def test_no_function_is_used_that_was_rewritten() -> None:
    calls = re.compile(rf"\bmath\.({'|'.join(REWRITTEN)})\b")
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        assert not REWRITTEN & imported("math", source), path.name
        assert not calls.search(source), path.name


def test_the_test_run_refuses_a_sum_of_floats_in_the_projects_code() -> None:
    """The fixture in conftest.py, in whatever the tests call."""
    ours = vars(estimates)["sum"]
    assert ours([1, 2]) == 3 and ours([[1.5]], []) == [1.5]
    for items, start in (([0.1, 0.2], 0), ([1, 2], 0.5), ((x / 3 for x in range(3)), 0)):
        with pytest.raises(AssertionError, match=r"use math\.fsum"):
            ours(items, start)
    assert sum([0.1, 0.2]) > 0.3  # everybody else's is the builtin

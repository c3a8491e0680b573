"""The same numbers on every Python that the project runs on: nothing is used whose arithmetic changed between them."""

import ast
import re

import pytest

from tests.workflow import ROOT

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


@pytest.mark.parametrize("module", ["micota.any", "scripts.any"])
def test_the_test_run_refuses_a_sum_of_floats(module: str) -> None:
    """The fixture in conftest.py: whatever the tests call."""
    for allowed in ("sum([1, 2])", "sum([[1.5]], [])"):
        exec(allowed, {"__name__": module})
    exec("sum([0.1, 0.2])", {"__name__": "numpy.any"})
    for refused in ("sum([0.1, 0.2])", "sum([1, 2], 0.5)", "sum(x / 3 for x in range(3))"):
        with pytest.raises(AssertionError, match=f"{module} adds floats"):
            exec(refused, {"__name__": module})

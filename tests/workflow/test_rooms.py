"""The rooms of the library stand on floors: none imports upwards or sideways, and no files import in a circle."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.project import ROOT

# From the ground up. Rooms of one floor do not use each other.
FLOORS = (
    ["common"],
    ["problems"],
    ["models"],
    ["sampling", "training"],
    ["grading"],
    ["corpora"],
    ["study"],
    ["results", "planning"],
    ["provenance", "exports", "pages"],
    ["workflow", "comparison"],
    ["preflight"],
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "micota").rglob("*.py")
}


def imported(path: Path) -> set[str]:
    """The library's modules that a file imports, wherever in it; for type checking alone, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {name for alias in node.names if (name := f"{node.module}.{alias.name}") in FILES} or {node.module}
    return found & FILES.keys()


def room(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("module", sorted(FILES.keys() - {"micota"}))
def test_a_file_imports_from_its_room_and_from_floors_below(module: str) -> None:
    wrong = [
        other
        for other in imported(FILES[module])
        if room(other) != room(module) and FLOOR[room(other)] >= FLOOR[room(module)]
    ]
    assert wrong == []


def test_no_files_import_each_other_in_turn() -> None:
    TopologicalSorter({module: imported(path) - {module} for module, path in FILES.items()}).prepare()


@pytest.mark.parametrize("name", FLOOR)
def test_a_room_says_what_comes_in_and_what_goes_out(name: str) -> None:
    text = ast.get_docstring(ast.parse((ROOT / "micota" / name / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert re.search(r"In: .*Out: .*May import: ", text, re.DOTALL)


def test_the_map_names_files_that_are_there() -> None:
    """docs/architecture.md: where to change what."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    places = page.split("## Where do I change")[1]
    rows = [row for row in places.splitlines() if row.startswith("| ") and not row.startswith("| I want")]
    assert len(rows) >= 15
    for row in rows:
        named = re.findall(r"`([\w./-]+)`", row.split("|")[2])
        assert 1 <= len(named) <= 2, row
        assert all((ROOT / path).exists() for path in named), row
    assert all(f"`{name}`" in page.split("## Where do I change")[0] for name in FLOOR)

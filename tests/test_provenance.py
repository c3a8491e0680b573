"""Every value of the studies on hub models says, on its line, where it comes from; every deviation id has its row."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.config import Alignment, Cleaning, Decoding, Engine, Grading, JudgeModel, MergeSweep, Training, parse_config
from tests.conftest import ROOT

TAGS = {"paper", "code", "SMG", "hub", "ours", "assumption"}
TAGGED = ["paper.yaml", "single_gpu.yaml"]
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))
TAG = re.compile(r"\[([^\[\]]+)\]")
DEVIATION = re.compile(r"\bD-[a-z]+(?:-[a-z]+)*\b")
# What shapes numbers is written out, never left to a default of the code.
WRITTEN_OUT = (Alignment, Cleaning, Decoding, Engine, Grading, JudgeModel, MergeSweep, Training)


def leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    """The values of a YAML tree that hold no other: scalars, and empty lists and maps."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for _, value in node.value:
            yield from leaves(value)
    elif isinstance(node, yaml.SequenceNode) and node.value:
        for value in node.value:
            yield from leaves(value)
    else:
        yield node


def lines_with_values(text: str) -> set[int]:
    """The lines on which a value begins; one that is only referred to (`*name`) counts where it stands."""
    tree = yaml.compose(text, yaml.SafeLoader)
    assert tree is not None
    return {node.start_mark.line for node in leaves(tree)}


def comments(text: str) -> dict[int, str]:
    """Line -> what follows its last token, without the `#`; a `#` within a quoted text is none."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, yaml.SafeLoader):
        mark = token.end_mark
        if mark.index > token.start_mark.index:
            ends[mark.line] = max(ends.get(mark.line, 0), mark.column)
    found = {}
    for number, line in enumerate(text.split("\n")):
        _, hash_sign, comment = line[ends.get(number, 0) :].partition("#")
        if hash_sign:
            found[number] = comment.strip()
    return found


def untagged(text: str) -> list[str]:
    """What is wrong with the tags of a configuration: one line for each value that does not say where it comes from."""
    said = comments(text)
    faults = []
    for line in sorted(lines_with_values(text)):
        tags = TAG.match(said.get(line, ""))
        if tags is None or tags[1] not in TAGS:
            faults.append(f"line {line + 1}: no tag of {sorted(TAGS)} begins its comment")
        elif not said[line][tags.end() :].strip():
            faults.append(f"line {line + 1}: [{tags[1]}] without a word on why")
    return faults


@cache
def ledger() -> dict[str, list[str]]:
    """Id -> cells of its row in docs/deviations.md."""
    rows: dict[str, list[str]] = {}
    for line in (ROOT / "docs" / "deviations.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if DEVIATION.fullmatch(cells[0].strip("`")):
            name = cells[0].strip("`")
            assert name not in rows, f"{name} has two rows"
            rows[name] = cells[1:]
    return rows


@pytest.mark.parametrize("config", TAGGED)
def test_every_value_says_where_it_comes_from(config: str) -> None:
    assert not untagged((ROOT / "config" / config).read_text(encoding="utf-8"))


@pytest.mark.parametrize("config", TAGGED)
def test_no_tag_is_made_up(config: str) -> None:
    said = comments((ROOT / "config" / config).read_text(encoding="utf-8"))
    assert {tag for comment in said.values() for tag in TAG.findall(comment)} <= TAGS


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("a: 1 # [ours] why\n", []),
        ("a: 1\n", [1]),
        ("a: 1 # [ours]\n", [1]),
        ("a: 1 # [guess] why\n", [1]),
        ("a: 1 # why [ours]\n", [1]),
        ('a: "# [ours] no comment"\n', [1]),
        ("a: # [ours] a map's own line\n  b: 1\n", [2]),
        ("a: {b: 1,\n    c: 2} # [ours] the last line alone\n", [1]),
        ("a: [] # [ours] an empty list is a value\n", []),
        ("a: []\n", [1]),
        ("a:\n  - 1 # [ours] why\n  - 2\n", [3]),
        ("a: null\n", [1]),
    ],
)
def test_an_untagged_value_is_found(text: str, faulty: list[int]) -> None:
    assert [int(fault.split()[1].rstrip(":")) for fault in untagged(text)] == faulty


def test_the_paper_study_leaves_nothing_that_shapes_numbers_to_a_default() -> None:
    silent: list[str] = []

    def look(key: str, value: Any) -> None:
        if isinstance(value, WRITTEN_OUT):
            silent.extend(f"{key}.{name}" for name in set(type(value).model_fields) - value.model_fields_set)
        if isinstance(value, dict):
            children = value.items()
        elif isinstance(value, list):
            children = {str(index): part for index, part in enumerate(value)}.items()
        elif hasattr(type(value), "model_fields"):
            children = {name: getattr(value, name) for name in type(value).model_fields}.items()
        else:
            return
        for name, child in children:
            look(f"{key}.{name}".lstrip("."), child)

    look("", parse_config(yaml.safe_load((ROOT / "config" / "paper.yaml").read_text(encoding="utf-8"))))
    assert not silent, "write these out, with a tag"


@pytest.mark.parametrize("config", CONFIGS)
def test_a_deviation_named_in_a_configuration_is_in_the_ledger(config: str) -> None:
    text = (ROOT / "config" / config).read_text(encoding="utf-8")
    assert set(DEVIATION.findall(text)) <= set(ledger())
    assert set(yaml.safe_load(text).get("prompt_deviations", {}).values()) <= set(ledger())


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_a_deviation_named_in_a_page_is_in_the_ledger(page: str) -> None:
    assert set(DEVIATION.findall(Path(ROOT / page).read_text(encoding="utf-8"))) <= set(ledger())


def test_every_deviation_says_what_why_and_with_what_effect() -> None:
    assert ledger()
    for name, cells in ledger().items():
        assert len(cells) == 5, f"{name}: paper, authors' code, ours, reason, expected effect"
        assert all(cells), f"{name}: an empty cell; write `not stated` or `none`"

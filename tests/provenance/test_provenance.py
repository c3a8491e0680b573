"""Every value of the studies on hub models says, on its line, where it comes from; every deviation id has its row."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.common.errors import UserError
from micota.grading.settings import Grading, JudgeModel
from micota.models.merge_methods import MergeSweep
from micota.problems.settings import Cleaning
from micota.provenance.sources import CELLS, DEVIATION, TAG, TAGS, deviations_page, entries, provenance_page, untagged
from micota.sampling.engine import EngineSettings
from micota.study.asked import Likelihood
from micota.study.config import Asking, Training, parse_config
from scripts import deviations as script
from tests.conftest import ROOT

TAGGED = ["openr1.yaml", "paper.yaml", "single_gpu.yaml"]
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))
# What shapes numbers is written out, never left to a default of the code.
WRITTEN_OUT = (Likelihood, Asking, Cleaning, EngineSettings, Grading, JudgeModel, MergeSweep, Training)


@cache
def ledger() -> dict[str, dict[str, str]]:
    return yaml.safe_load((ROOT / "docs" / "deviations.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("config", TAGGED)
def test_every_value_says_where_it_comes_from(config: str) -> None:
    assert not untagged((ROOT / "config" / config).read_text(encoding="utf-8"))


@pytest.mark.parametrize("config", TAGGED)
def test_no_tag_is_made_up(config: str) -> None:
    found = entries((ROOT / "config" / config).read_text(encoding="utf-8"))
    assert {tag for entry in found for tag in TAG.findall(entry.comment)} <= TAGS.keys()


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
        ("a: &a\n  b: 1 # [ours] why\nc: # no value\n  <<: *a\n", [4]),
        ("a: &a\n  b: 1 # [ours] why\nc: *a # [SMG] the same\n", []),
    ],
)
def test_an_untagged_value_is_found(text: str, faulty: list[int]) -> None:
    assert [int(fault.split()[1].rstrip(":")) for fault in untagged(text)] == faulty


@pytest.mark.parametrize("config", TAGGED)
def test_nothing_that_shapes_numbers_is_left_to_a_default(config: str) -> None:
    silent: list[str] = []

    def look(key: str, value: Any) -> None:
        if isinstance(value, WRITTEN_OUT):
            silent.extend(
                f"{key}.{name}" for name in set(type(value).model_fields) - value.model_fields_set - {"threads"}
            )
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

    look("", parse_config(yaml.safe_load((ROOT / "config" / config).read_text(encoding="utf-8"))))
    assert not silent, "write these out, with a tag"


@pytest.mark.parametrize("config", CONFIGS)
def test_a_deviation_named_in_a_configuration_is_in_the_ledger(config: str) -> None:
    text = (ROOT / "config" / config).read_text(encoding="utf-8")
    assert set(DEVIATION.findall(text)) <= set(ledger())
    assert set(yaml.safe_load(text).get("prompt_deviations", {}).values()) <= set(ledger())


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_a_deviation_named_in_a_page_is_in_the_ledger(page: str) -> None:
    assert set(DEVIATION.findall(Path(ROOT / page).read_text(encoding="utf-8"))) <= set(ledger())


@pytest.mark.parametrize("page", ["deviations.md", "provenance.md"])
def test_the_committed_page_is_the_generated_one(page: str) -> None:
    made = script.pages(ROOT / "config" / "paper.yaml", ROOT / "docs" / "deviations.yaml")[page]
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == made, "run `make deviations`"


def test_the_files_that_show_a_deviation_are_there() -> None:
    shown = [row["where"] for row in ledger().values() if "where" in row]
    assert shown and all((ROOT / where).exists() for where in shown)


TEXT = """\
rate: 1.0e-5 # [SMG] exp/*.yaml; D-rate
block: # a block's line; D-block
  sizes: [10000, 2] # [ours] two | three
  flag: true # [paper] so
"""
ROW = dict.fromkeys(CELLS, "none")
LEDGER = {
    "D-rate": {**ROW, "ours": "{rate}, sizes {block.sizes}, {block.sizes.0*block.sizes.1}"},
    "D-block": {**ROW, "ours": "{block.flag}"},
    "D-elsewhere": {**ROW, "where": "envs/"},
}


def test_the_page_takes_our_values_from_the_configuration() -> None:
    page = deviations_page("# Head", LEDGER, TEXT)
    assert "| `D-rate` | none | none | 1e-05, sizes 10,000, 2, 20,000 | none | none |" in page
    assert "| `D-block` | none | none | true | none | none |" in page
    assert "| `D-rate` | `rate`: `1.0e-5` |" in page
    assert "| `D-block` | `block` |" in page
    assert "| `D-elsewhere` | envs/ |" in page


def test_the_page_of_values_has_each_once_under_its_source() -> None:
    page = provenance_page("# Head", TEXT)
    for row in ("| `rate` | `1.0e-5` | exp/*.yaml; D-rate |", "| `block.sizes` | `10000, 2` | two \\| three |"):
        assert page.count(row) == 1
    assert page.index("## paper") < page.index("`block.flag`") < page.index("## SMG") < page.index("`rate`")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"D-rate": None}, "no entry for D-rate"),
        ({"D-unused": ROW}, "D-unused: named beside a value of the configuration, or else with `where:`"),
        ({"D-rate": {**LEDGER["D-rate"], "where": "envs/"}}, "D-rate: named beside a value .* not both"),
        ({"D-rate": {**ROW, "reason": ""}}, "D-rate: it needs paper, code, ours, reason, effect"),
        ({"D-rate": {**ROW, "resaon": "x"}}, "D-rate: it needs paper, code, ours, reason, effect"),
        ({"D-rate": {**ROW, "ours": "{rate.x}"}}, "there is no 'rate.x' in the configuration"),
        ({"D-rate": {**ROW, "ours": "{block.sizes.2}"}}, "there is no 'block.sizes.2' in the configuration"),
        ({"D-Rate": {**ROW, "where": "envs/"}}, "D-Rate: an id is D- and lower-case words"),
    ],
)
def test_a_ledger_that_does_not_fit_the_configuration_is_refused(changes: dict[str, Any], message: str) -> None:
    rows = {name: row for name, row in {**LEDGER, **changes}.items() if row}
    with pytest.raises(UserError, match=message):
        deviations_page("# Head", rows, TEXT)

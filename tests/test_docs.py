"""The pages: links lead somewhere, and every YAML block that docs/your-own.md offers makes a valid study."""

import re
from typing import Any

import pytest
import yaml

from micota.study import load_study
from scripts.readme import with_block
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "your-own.md"
PAGES = ["README.md", "CHANGELOG.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!https?:|#)([^)#]+)")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks() -> list[Any]:
    """The fenced YAML blocks of the page, each named by its line."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        pytest.param(match[1], id=f"line-{text.count(chr(10), 0, match.start()) + 1}") for match in BLOCK.finditer(text)
    ]


def updated(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` put over `old`, map by map; a block that names its kind or source is one thing and replaces the other."""
    merged = dict(old)
    for key, value in new.items():
        whole = not isinstance(value, dict) or not isinstance(old.get(key), dict) or {"kind", "source"} & set(value)
        merged[key] = value if whole else updated(old[key], value)
    return merged


def named_keys(block: dict[str, Any]) -> set[str]:
    return {f"{key}.{name}" for key in ("bases", "corpora", "tuned", "training") for name in block.get(key, {})}


@pytest.mark.parametrize("text", blocks())
def test_a_block_to_copy_makes_a_valid_study(text: str) -> None:
    mini = yaml.safe_load((ROOT / "config" / "mini.yaml").read_text(encoding="utf-8"))
    block = yaml.safe_load(text)
    study = load_study(updated(mini, block))
    raw = study.config.model_dump()
    for key in named_keys(block):
        part, name = key.split(".")
        assert name in raw[part]


def test_the_page_has_blocks_for_all_that_it_promises() -> None:
    offered: set[str] = set()
    for block in blocks():
        offered |= set(yaml.safe_load(block.values[0]))
    promised = {"bases", "students", "tuned", "merges", "corpora", "datasets", "benchmarks", "training", "sampling"}
    assert promised <= offered


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    targets = LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    assert not [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()]


def test_every_caption_of_the_report_is_used_by_a_rule() -> None:
    rules = "".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
    for caption in ROOT.glob("report/*.rst"):
        name = caption.stem
        # The figures drawn from one table each share a rule, f"../report/figure_{figure}.rst".
        assert f"report/{name}.rst" in rules or f'"{name.removeprefix("figure_")}": "' in rules, name


def test_the_readme_names_rule_files_and_targets_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rules = set(re.findall(r"rules/\w+\.smk", text))
    assert rules | {"rules/common.smk"} == {f"rules/{path.name}" for path in (ROOT / "rules").glob("*.smk")}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize(
    ("name", "path"), [("main", "mini/tables/main.md"), ("cost", "study/cost.md"), ("claims", "study/tables/claims.md")]
)
def test_the_readme_shows_the_reference_run(name: str, path: str) -> None:
    """A table typed by hand, or left behind by a newer reference, must show here."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_block(readme, name, (ROOT / "reference" / path).read_text(encoding="utf-8")) == readme


def test_the_images_of_the_readme_are_there() -> None:
    images = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(images) >= 5
    assert [image for image in images if not (ROOT / image).is_file()] == []

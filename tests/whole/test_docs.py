"""The pages: links lead somewhere, what is made from tables is up to date, YAML blocks to copy make valid studies."""

import re
from itertools import pairwise
from typing import Any

import pytest
import yaml

from micota.study.load import load_study
from micota.workflow.tables import FIGURES, TABLES, caption
from scripts import readme
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "your-own.md"
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
PAGES = ["README.md", "CHANGELOG.md", "benchmarks/README.md", *DOCS]
PROSE = [*PAGES, "CONTRIBUTING.md", *(f"{folder}/README.md" for folder in ("config", "results", "figures"))]
REWRITTEN = {"docs/history.md", "docs/results.md", "docs/miniature.md"}  # with the next confirmation run
CURED = [page for page in PROSE if page not in REWRITTEN]
PARAGRAPH = 5  # lines
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!https?:)([^)]+)\)")
IMAGE = re.compile(r"!\[[^]]*\]\(([^)]+)\)|<img src=\"([^\"]+)\"")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
WORDS = 900  # of the README, tables and code included
EVERYDAY = {"AMD", "CPU", "EPYC", "GB", "GPU", "MIT"}  # abbreviations that need no entry


def page_text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The names that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def prose(text: str) -> str:
    """What is read of a page: no code, no markers, no addresses of links."""
    for shape, instead in ((FENCE, ""), (r"<[^>]*>", ""), (r"`[^`]*`", ""), (r"\]\([^)]*\)", "]")):
        text = re.sub(shape, instead, text)
    return text


def only_prose(page: str) -> str:
    """A page without its tables, images, code and front matter."""
    text = FENCE.sub("", re.sub(r"\A---\n.*?\n---\n", "", page_text(page), flags=re.DOTALL))
    return re.sub(r"^(\||!\[|<img| {4}).*$", "", text, flags=re.MULTILINE)


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
    raw = study.given.model_dump()
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
    """To a file that is there, and, where a link names a heading, to a heading that is there."""
    text, lost = page_text(page), []
    for target in LINK.findall(FENCE.sub("", text)):
        path, _, heading = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (heading and heading not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_images_are_there(page: str) -> None:
    images = [first or second for first, second in IMAGE.findall(page_text(page))]
    assert [image for image in images if not ((ROOT / page).parent / image).is_file()] == []


def test_no_page_is_an_orphan() -> None:
    listed = set(LINK.findall(page_text("docs/README.md")))
    assert [page for page in DOCS if page != "docs/README.md" and page.removeprefix("docs/") not in listed] == []
    assert "docs/README.md" in LINK.findall(page_text("README.md"))


def test_every_page_is_in_the_menu_of_the_site() -> None:
    nav = set(re.findall(r"([\w./-]+\.md)$", page_text("mkdocs.yml"), re.MULTILINE))
    assert {*DOCS, "README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= nav


def test_the_captions_of_the_report_are_those_that_rules_name() -> None:
    rules = "".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
    named = set(re.findall(r"report/(\w+)\.rst", rules))
    named |= {caption(file) for table in TABLES.values() for file, label in table.files().items() if label}
    named |= {f"figure_{image}" for figure in FIGURES.values() for image in figure.images}
    assert named == {path.stem for path in ROOT.glob("report/*.rst")}


def test_the_stages_name_every_rule_file() -> None:
    rules = set(re.findall(r"rules/\w+\.smk", page_text("docs/workflow.md")))
    assert rules | {"rules/common.smk"} == {f"rules/{path.name}" for path in (ROOT / "rules").glob("*.smk")}


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_that_a_page_names_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", page_text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", page_text(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", readme.PAGES)
def test_what_is_made_from_tables_is_as_they_are(page: str) -> None:
    """A number typed by hand, or left behind by a newer reference, must show here."""
    assert readme.filled(ROOT, page) == page_text(page), "run python -m scripts.readme"
    assert re.findall(r"<!-- ([\w-]+): begin -->", page_text(page)) == list(readme.PAGES[page])


def test_the_readme_is_short() -> None:
    assert len(page_text("README.md").split()) <= WORDS


@pytest.mark.parametrize("page", CURED)
def test_paragraphs_are_short(page: str) -> None:
    """A paragraph, or an item of a list, has no more than five lines, and they begin a new one where they should."""
    long, cramped = [], []
    for text in re.split(r"\n(?=\s*(?:- |\d+\. ))|\n\s*\n|\n(?=#)", only_prose(page)):
        lines = [line for line in text.strip().splitlines() if not line.startswith("#")]
        long += [lines[0]] if len(lines) > PARAGRAPH else []
    for before, line in pairwise(page_text(page).splitlines()):
        if line.startswith("|") and not before.startswith(("|", "#", "<!--")) and before.strip():
            cramped.append(line)  # the site would show its bars
    assert (long, cramped) == ([], [])


@pytest.mark.parametrize("page", [*CURED, "docs/results.md"])
def test_lines_are_short(page: str) -> None:
    assert [line for line in only_prose(page).splitlines() if len(line) > 120] == []


def test_the_commands_stand_on_the_first_screen() -> None:
    first = page_text("README.md").splitlines()[:40]
    for command in ("git clone", "make demo", "make test"):
        assert any(line.startswith(command) for line in first)
    assert sum(bool(IMAGE.search(line)) for line in first) == 2, "the method, and what was found"


def test_terms_of_the_readme_are_linked_to_the_glossary() -> None:
    """Every term with an entry is linked where the README uses it; every abbreviation has an entry."""
    text, glossary = page_text("README.md"), page_text("docs/glossary.md")
    linked = set(re.findall(r"docs/glossary\.md#([\w-]+)", text))
    known: set[str] = set()
    for heading in re.findall(r"^### (.+)$", glossary, re.MULTILINE):
        names = [name for name in re.split(r" \(|\)", heading) if name]
        known |= set(names)
        used = [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", prose(text), re.I)]
        assert not used or anchors(f"# {heading}") <= linked, heading
    abbreviations = set(re.findall(r"(?<![\w-])[A-Z]{2,}(?![\w-])|\w+@k", prose(text)))
    assert abbreviations <= known | EVERYDAY


def test_the_glossary_is_in_order() -> None:
    headings = re.findall(r"^### (.+)$", page_text("docs/glossary.md"), re.MULTILINE)
    assert headings == sorted(headings, key=str.lower)


@pytest.mark.parametrize(
    "term",
    ["assistant", "base", "box", "contrast", "corpus", "DARE", "density", "fine-tuning", "Holm", "likelihood",
     "long CoT", "mask", "MDE", "merge weight", "mix", "nats per token", "NLL", "No box", "pass@k", "avg@k", "maj@k",
     "perplexity", "seed", "short CoT", "student", "teacher", "token", "trace", "truncated", "un-merged TA",
     "untrained", "verdict"],
)  # fmt: skip
def test_a_word_of_the_tables_is_in_the_glossary(term: str) -> None:
    """As a heading, or set apart in the entry that explains it."""
    set_apart = re.findall(r"^### (.+)$|\*([^*]+)\*", page_text("docs/glossary.md"), re.MULTILINE)
    assert any(term.lower() in (heading or name).lower() for heading, name in set_apart)

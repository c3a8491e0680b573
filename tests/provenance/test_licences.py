"""The pages on data and licences: all that configurations fetch is listed, and what is said of the generator holds."""

import re
from typing import Any

import yaml
from huggingface_hub import DatasetCard

from micota.problems.arithmetic import LABELS, PARTS, parse
from micota.problems.datasets import LOADERS, card
from tests.conftest import ROOT


def repositories(block: Any) -> set[str]:
    """Every repository of the hub that a configuration names."""
    if isinstance(block, dict):
        own = {block["repo"]} if isinstance(block.get("repo"), str) else set()
        return own.union(*map(repositories, block.values()))
    return set().union(*map(repositories, block)) if isinstance(block, list) else set()


def test_every_data_set_and_model_that_is_fetched_has_its_licence() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    used = {str(card(loader).hub["repo"]) for loader in LOADERS if card(loader).hub["repo"]}
    for path in (ROOT / "config").glob("*.yaml"):
        used |= repositories(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert used
    assert {name for name in used if f"`{name}`" not in page} == set()
    assert set(re.findall(r"`([\w.-]+/[\w.-]+[a-zA-Z0-9])`", page.split("## Weights")[1])) <= used


def test_the_data_card_says_what_the_generator_does() -> None:
    text = (ROOT / "docs" / "data-card.md").read_text(encoding="utf-8")
    assert DatasetCard(text).data.license == "mit"
    assert all(f"`{part}`" in text for part in PARTS)
    assert len(LABELS) == 8  # "one to eight operations"
    long, short = (parse(example) for example in re.findall(r"`([0-9][0-9a-h+*-]+\?)`", text))
    assert long and short
    assert long.values[-1] == eval_of(text)
    assert short.values[-1] == 20


def eval_of(text: str) -> int:
    """The card's example in brackets, read by hand: every operation is a plus or a minus."""
    (spelled,) = re.findall(r"(\(\(+[0-9]+ [^:]*?)\. The answer", text)
    return sum(int(number.replace(" ", "")) for number in re.findall(r"[-+]? ?[0-9]+", re.sub(r"[()]", "", spelled)))

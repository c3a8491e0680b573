"""The cards of models: as the Hub reads them, made from micota.json alone, and no part of the model."""

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from micota.common.errors import ConfigurationError, DataError, MissingFile
from micota.common.records import read_json, write_json
from micota.models.cards import card, inherited, inherited_from
from micota.models.folders import check_folder, copy_local, model_hash
from scripts import cards
from tests.conftest import ROOT
from tests.tiny import write_model

BASES = sorted(path.parent for path in (ROOT / "reference").glob("*/bases/*/micota.json"))
HUB = {
    "kind": "base",
    "source": "hub",
    "repo": "owner/name",
    "revision": "c0ffee",
    "licence": {"license": "apache-2.0"},
}
COUNTS = {"read": 10, "kept": 8, "too_long": 2, "over_max_examples": 0}


def tuned(base: dict[str, Any]) -> dict[str, Any]:
    """The micota.json of a model that was fine-tuned from one with this."""
    recipe = {"epochs": 2, "learning_rate": 1e-5, "batch_size": 4}
    made = {"kind": "tuned", "base": "results/s/models/base", "corpus": "results/s/corpora/cot.jsonl", "seed": 3}
    return made | {"recipe": recipe, "counts": COUNTS, "steps": 4, "loss": 0.5, **inherited(base)}


@pytest.mark.parametrize("folder", BASES, ids=lambda folder: folder.name)
def test_a_committed_base_has_the_card_that_its_record_gives(folder: Path) -> None:
    """`python -m scripts.cards --models reference/*/bases/*` writes them."""
    assert (folder / "README.md").read_text(encoding="utf-8") == cards.written(folder)


def test_there_are_committed_bases() -> None:
    assert BASES


def test_the_hub_reads_licence_and_base_of_a_tuned_model() -> None:
    found = ModelCard(card("m", tuned(HUB), 1000))
    assert (found.data.license, found.data.base_model) == ("apache-2.0", ["owner/name"])
    assert found.data.to_dict()["base_model_relation"] == "finetune"
    assert "corpus `cot`: 8 traces" in found.text.replace("\n", " ")
    assert "`owner/name@c0ffee`" in found.text


def test_a_merge_hands_its_bases_licence_on() -> None:
    how = {"merge_method": "dare_ties", "models": [{"model": "results/s/models/tuned"}], "base_model": "x"}
    merged = {"kind": "merged", "mergekit": how, "seed": 0, **inherited(tuned(HUB))}
    found = ModelCard(card("m", merged, 1000))
    assert (found.data.license, found.data.to_dict()["base_model_relation"]) == ("apache-2.0", "merge")
    assert "No training of its own" in found.text


def test_a_licence_that_no_card_names_is_said_to_be_unknown() -> None:
    made = {"kind": "base", "source": "local", "path": "/somewhere/theirs"}
    found = ModelCard(card("m", made, 1000))
    assert found.data.license == "unknown"
    assert "Not known" in found.text
    assert "/somewhere" not in found.text


def test_the_licence_of_a_copied_model_is_that_of_its_card(tmp_path: Path) -> None:
    source = write_model(tmp_path / "source")
    (source / "README.md").write_text("---\nlicense: other\nlicense_name: theirs\n---\n# It\n", encoding="utf-8")
    copy_local(source, tmp_path / "copy")
    assert read_json(tmp_path / "copy" / "micota.json")["licence"] == {"license": "other", "license_name": "theirs"}
    assert inherited_from(tmp_path / "copy")["licence"]["license_name"] == "theirs"
    assert "other theirs" in (tmp_path / "copy" / "README.md").read_text(encoding="utf-8")


def test_a_copy_of_a_model_made_here_is_told_as_that_model(tmp_path: Path) -> None:
    copy_local(BASES[0], tmp_path / "copy")
    text = (tmp_path / "copy" / "README.md").read_text(encoding="utf-8")
    assert "pre-trained from nothing" in text
    assert ModelCard(text).data.license == "mit"


def test_a_card_is_no_part_of_the_model(tmp_path: Path) -> None:
    copy_local(write_model(tmp_path / "source"), tmp_path / "copy")
    before = model_hash(tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("another", encoding="utf-8")
    check_folder(tmp_path / "copy")
    assert model_hash(tmp_path / "copy") == before
    (tmp_path / "copy" / "README.md").unlink()
    check_folder(tmp_path / "copy")
    assert model_hash(tmp_path / "copy") == before


def test_scores_of_a_study_come_into_the_cards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_local(write_model(tmp_path / "source"), tmp_path / "models" / "one")
    head = "model,benchmark,problems,n,accuracy,accuracy_low,accuracy_high,mean_tokens,truncated_percent"
    rows = ["one,sums,30,60,48.66,43.1,54.3,28.4,0.0", "gone,sums,30,60,1.0,0.5,3.4,50.9,0.0"]
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "main_cells.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    cards.main(["--results", str(tmp_path)])
    assert capsys.readouterr().out == "1 cards, 1 with scores; 1 scored models gone\n"
    text = (tmp_path / "models" / "one" / "README.md").read_text(encoding="utf-8")
    assert "| sums | 30 | 60 | 48.7 | 43.1 to 54.3 | 28 | 0.0 |" in text


def test_a_record_that_does_not_say_how_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m")
    with pytest.raises(MissingFile) as missing:
        cards.written(folder)
    assert missing.value.place == str(folder / "micota.json")
    write_json(folder / "micota.json", {"kind": "theirs"})
    with pytest.raises(DataError):
        cards.written(folder)
    with pytest.raises(ConfigurationError):
        cards.main([])


def test_a_foreign_record_is_no_origin(tmp_path: Path) -> None:
    source = write_model(tmp_path / "source")
    (source / "micota.json").write_text(json.dumps({"kind": "theirs", "repo": "x"}), encoding="utf-8")
    copy_local(source, tmp_path / "copy")
    assert "origin" not in read_json(tmp_path / "copy" / "micota.json")

"""CITATION.cff is valid, and the record of an archive is made from it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.common.errors import DataError
from micota.exports.zenodo import author_name, record
from scripts import zenodo
from tests.conftest import ROOT

CITATION = ROOT / "CITATION.cff"
CLAIMED = {"text": "A < B", "whose": "paper", "verdict": "reproduced", "about": "this teacher"}


def citation() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    return found


def test_the_citation_is_valid() -> None:
    """By cffconvert, which needs another jsonschema than Snakemake does: it is in the environment beside .venv."""
    program = Path(f"{sys.prefix}-viewers/bin/cffconvert")
    if not program.exists():
        pytest.skip(f"{program}: not there: make setup-viewers")
    done = subprocess.run([program, "--validate", "-i", CITATION], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "are valid" in done.stdout + done.stderr


def test_the_record_has_what_a_deposit_must_have() -> None:
    found = record(citation(), {"mine": [CLAIMED, CLAIMED | {"text": "second part", "verdict": None}]})
    assert found["upload_type"] == "software"
    assert found["license"] == citation()["license"]
    assert found["creators"] == [{"name": author["name"]} for author in citation()["authors"]]
    assert "<li>A &lt; B (claim of the paper): reproduced, for this teacher</li>" in found["description"]
    assert "second part" not in found["description"]
    assert found["related_identifiers"][0]["identifier"].startswith("arXiv:")


def test_a_person_stands_with_the_family_name_first() -> None:
    assert author_name({"family-names": "Noether", "given-names": "Emmy"}) == "Noether, Emmy"


@pytest.mark.parametrize("lost", ["abstract", "license"])
def test_a_citation_that_lacks_a_field_is_refused(lost: str) -> None:
    with pytest.raises(DataError) as raised:
        record({key: value for key, value in citation().items() if key != lost}, {})
    assert raised.value.place == "CITATION.cff"


def test_a_citation_without_the_papers_number_is_refused() -> None:
    cited = citation()
    cited["preferred-citation"] = cited["preferred-citation"] | {"identifiers": []}
    with pytest.raises(DataError, match="preferred-citation"):
        record(cited, {})


def test_the_committed_studies_verdicts_come_into_the_record(tmp_path: Path) -> None:
    claims = sorted((ROOT / "reference").glob("*/tables/claims.csv"))
    zenodo.main(["--citation", str(CITATION), "--out", str(tmp_path / "z.json"), "--claims", *map(str, claims)])
    found = json.loads((tmp_path / "z.json").read_text(encoding="utf-8"))
    assert claims
    assert all(f"<em>{path.parent.parent.name}</em>" in found["description"] for path in claims)

"""Logs, checks and manifest of a study of three chains with own bases."""

from pathlib import Path

import pytest

from micota.common.records import read_json, read_jsonl, write_json, write_jsonl
from micota.provenance.check import check_results
from micota.study.load import load_study
from scripts import logs, manifest
from tests.graded import write_results
from tests.tiny import CHAINED, raw_config


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves, with another text for a problem of one name in each chain, as procedural corpora have it."""
    folder = tmp_path_factory.mktemp("chains")
    raw = raw_config("mini", CHAINED)
    write_json(folder / "study.json", raw)
    write_results(load_study(raw), folder)
    for chain in (1, 2, 3):
        path = folder / f"corpora/demonstrations-c{chain}.jsonl"
        write_jsonl(path, [row | {"problem": f"{chain}+1?", "completion": f"of {chain}"} for row in read_jsonl(path)])
    return folder


def test_an_archive_holds_every_chain(results: Path, tmp_path: Path) -> None:
    archive, again = tmp_path / "logs.tar.xz", tmp_path / "again"
    logs.main(["pack", f"--results={results}", f"--archive={archive}"])
    logs.main(["unpack", f"--results={again}", f"--archive={archive}"])
    for path in (path for pattern in logs.KEPT for path in results.glob(pattern)):
        assert (again / path.relative_to(results)).read_bytes() == path.read_bytes(), path


def test_results_of_chains_are_as_they_were_made(results: Path) -> None:
    checked = check_results(results, results / "figures")
    assert checked.faults == [] and checked.counts["files of records"] > 100


def test_a_likelihood_that_its_chain_lacks_is_a_fault(results: Path) -> None:
    path = results / "likelihood/small-c2.jsonl"
    rows = list(read_jsonl(path))
    write_jsonl(path, [row for row in rows if row["corpus"] != "mid-c2"])
    faults = check_results(results, results / "figures").faults
    write_jsonl(path, rows)
    assert len(faults) == 1 and "rows of the corpus mid-c2" in faults[0]


def test_the_manifest_names_the_chains(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifest.json"
    manifest.main([f"--study={results}/study.json", f"--results={results}", f"--figures={results}/f", f"--out={out}"])
    assert read_json(out)["config"]["chains"] == [1, 2, 3]
    assert "| Chains | 1, 2, 3 |" in out.with_suffix(".md").read_text(encoding="utf-8")

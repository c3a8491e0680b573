"""The stages that gather, grade, filter and tabulate hold no texts: eight times the text costs no more memory."""

import shutil
import tracemalloc
from pathlib import Path

import pytest

from benchmarks import growth, growth_tables
from micota.common.records import write_lines
from scripts import clean, corpus, grade

SCRIPTS = {"clean": clean, "grade": grade, "corpus": corpus, "benchmarks.growth_tables": growth_tables}
STAGES = (
    *("clean", "grade", "grade, again", "corpus, sampled", "corpus, sampled, again"),
    *("corpus, mixed", "corpus, matched", "table_lengths"),
)
PADDING = "x" * 20_000
TRACES = 20


def peaks(folder: Path, traces: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The most bytes that each stage's Python objects took, on long traces, and the size of the graded file."""
    growth.make(folder, traces)
    for path in folder.glob("*.traces.jsonl"):
        text = path.read_text(encoding="utf-8").replace('"completion": "', f'"completion": "{PADDING}')
        path.write_text(text.replace("+0}", "}"), encoding="utf-8")  # no answer that needs math-verify's processes
    monkeypatch.chdir(folder)
    found = {}
    for stage in STAGES:
        script, *flags = growth.stages()[stage]
        tracemalloc.start()
        SCRIPTS[script].main(flags)
        found[stage] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found | {"graded": (folder / "graded" / "one.jsonl").stat().st_size}


def test_memory_does_not_grow_with_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`grade` takes traces by chunks of fixed size: smaller here than all of them."""
    monkeypatch.setattr("micota.grading.grade.CHUNK", TRACES // 2)
    peaks(tmp_path / "warm", TRACES, monkeypatch)  # what is imported and cached once
    few = peaks(tmp_path / "few", TRACES, monkeypatch)
    many = peaks(tmp_path / "many", 8 * TRACES, monkeypatch)
    added = many["graded"] - few["graded"]
    assert added > 7 * TRACES * len(PADDING)
    grown = {stage: many[stage] - few[stage] for stage in STAGES}
    assert max(grown.values()) < added / 10, grown
    shutil.rmtree(tmp_path / "many")


def test_a_corpus_in_memory_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure above can fail: the same, with a corpus that is collected before it is written."""
    monkeypatch.setattr(corpus, "write_lines", lambda handle, rows: write_lines(handle, [*rows]))
    few = peaks(tmp_path / "few", TRACES, monkeypatch)
    many = peaks(tmp_path / "many", 8 * TRACES, monkeypatch)
    grown = many["corpus, sampled"] - few["corpus, sampled"]
    assert grown > (many["graded"] - few["graded"]) / 10
    shutil.rmtree(tmp_path / "many")

"""The page of a made-up study as text: what is in it, that models' texts are data, that numbers are those of tables."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import read_json, read_jsonl, write_jsonl
from micota.common.tables import read_csv
from micota.pages import evidence, write
from micota.pages.gather import gather
from micota.pages.write import Chunks, visible
from micota.study.load import load_study
from micota.workflow.tables import figures, shown
from scripts import report
from tests.page_study import CHAINS, HOSTILE, index_counts, make_hostile, make_page, make_tables, written
from tests.tiny import raw_config

# No claims, no merges, one student: what a study need not have.
BARE = {
    "claims": ..., "merges": [], "tuned": {}, "students.bases": ["small"], "students.corpora": ["short"],
    "students.extra_corpora": {}, "students.proposed": "short", "likelihood.corpora": ["short"],
    "corpora": {"short": {"kind": "sampled", "sampler": "large"}}, "validation_problems": None,
    "sampling.validation": ...,
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_page(tmp_path_factory.mktemp("page"), hostile=True)


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def results_of(page: Path) -> Path:
    return page.parent.parent / "results"


def chunk(text: str, name: str) -> Any:
    (packed,) = re.findall(rf'data-chunk="{re.escape(name)}">([^<]*)<', text)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_the_page_holds_every_view_table_and_figure(text: str) -> None:
    study = load_study(raw_config("mini"))
    ids = re.findall(r' id="([^"]+)"', text)
    wanted = ["verdicts", "compare", "model", "corpus", "merge", "tables", "run"]
    wanted += [f"claim/{name}" for name in study.given.claims.family]  # type: ignore[union-attr]
    wanted += [f"table/{Path(file).stem}" for file in shown(study)]
    wanted += [f"figure/{image}" for figure in figures(study).values() for image in figure.images]
    wanted += [f"corpus/{name}" for name in study.config.corpora]
    assert [name for name in wanted if ids.count(name) != 1] == []
    assert [name for name in set(ids) if ids.count(name) > 1] == [], "no id stands twice, of an image either"


def test_texts_of_models_are_data_alone(text: str, page: Path) -> None:
    for hostile in HOSTILE.values():
        assert hostile not in text
    assert text.count("<script") == text.count("</script>")
    data = chunk(text, f"texts/{load_study(raw_config('mini')).given.students.bases[0]}")
    first = next(iter(data.values()))
    assert [entry[0] for entry in first[: len(HOSTILE)]] == list(HOSTILE.values())


def test_the_page_may_ask_no_server(text: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert "default-src &#39;none&#39;" in policy and "http" not in policy
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []


def test_every_trace_is_counted_and_every_column_is_whole(text: str, page: Path) -> None:
    index = chunk(text, "index")
    counted = 0
    for model in index["models"]:
        for columns in model["data"].values():
            counted += len(columns["problem"])
            lists = [value for value in columns.values() if not isinstance(value, dict)]
            assert {len(value) for value in [*lists, *columns["graders"].values()]} == {len(columns["problem"])}
    assert counted == index["counts"]["traces"] == index_counts(results_of(page))
    assert index["counts"]["texts"] == counted and index["all"]


def test_a_corpus_row_does_not_repeat_a_graded_text(tmp_path: Path) -> None:
    study = load_study(raw_config("mini"))
    results = written(study, tmp_path)
    make_tables(study, results, "claims")
    corpus = next(
        name for name, kind in study.config.corpora.items() if isinstance(getattr(kind, "sampler", None), str)
    )
    sampler = study.corpus(corpus).sampler  # type: ignore[attr-defined]
    graded = [
        t for t in read_jsonl(results / f"graded/{sampler}.jsonl") if t["dataset"] == study.config.training_problems
    ]
    rows = list(read_jsonl(results / f"corpora/{corpus}.jsonl"))
    rows[0] |= {key: graded[0][key] for key in ("id", "sample", "sampler", "completion")}
    write_jsonl(results / f"corpora/{corpus}.jsonl", rows)
    kept: dict[str, Any] = {}
    gather(study, results, kept.__setitem__)
    texts = kept[f"rows/{corpus}"]["text"]
    assert texts[0] == 0 and [entry[0] for entry in texts[1:]] == [row["completion"] for row in rows[1:]]


def test_dots_and_pairs_have_the_mean_of_the_table(page: Path) -> None:
    """The evidence is computed anew from the traces, and is to be what the table of claims says."""
    study = load_study(raw_config("mini"))
    found = gather(study, results_of(page), lambda name, data: None)
    family = study.config.claims.model_dump()["family"]  # type: ignore[union-attr]
    seen = 0
    for row in read_csv(results_of(page) / "tables/claims.csv"):
        part = family[row["claim"]]["parts"][int(row["part"]) - 1]
        if (known := evidence.units(part, found.data)) is None:
            continue
        assert np.mean(evidence.average(part, known[1])) == pytest.approx(row["effect"])
        seen += 1
        for pair in evidence.pairs(part, found.data, known[0]):
            total = pair["both"] + pair["first"] + pair["second"] + pair["neither"]
            if part["measure"] == "accuracy":
                assert 100 * (pair["first"] - pair["second"]) / total == pytest.approx(row["effect_by_problem"])
    assert seen >= 6


def test_a_study_with_chains_pairs_them_by_chain_and_seed(tmp_path: Path) -> None:
    study = load_study(raw_config("mini", CHAINS))
    results = written(study, tmp_path)
    make_tables(study, results, "claims")
    found = gather(study, results, lambda name, data: None)
    part = next(
        part
        for claim in study.config.claims.model_dump()["family"].values()  # type: ignore[union-attr]
        for part in claim["parts"]
        if part["measure"] == "accuracy" and evidence.two_terms(part)
    )
    pairs = evidence.pairs(part, found.data, study.config.benchmarks)
    assert [evidence.seeds_of(pair["models"]) for pair in pairs] == [
        f"chain {chain}, seed {seed}" for chain in CHAINS["chains"] for seed in CHAINS["seeds"]
    ]


def test_a_study_without_claims_and_merges_has_fewer_views(tmp_path: Path) -> None:
    text = make_page(tmp_path, BARE).read_text(encoding="utf-8")
    assert 'id="merge"' not in text and 'id="claim/' not in text
    assert "states no claims" in text and 'id="table/main"' in text


def test_logs_without_texts_make_a_page_without_traces(tmp_path: Path) -> None:
    study = load_study(raw_config("mini", {"grading.texts": False, "grading.repeating_from": None}))
    results = written(study, tmp_path / "results")
    for path in [*results.glob("graded/*.jsonl"), *results.glob("corpora/*.jsonl")]:
        write_jsonl(path, [row | {"completion": None} for row in read_jsonl(path)])
    make_tables(study, results)
    page = tmp_path / "figures/report.html"
    report.main([f"--study={results}/study.json", f"--results={results}", f"--out={page}"])
    index = chunk(page.read_text(encoding="utf-8"), "index")
    assert index["counts"]["texts"] == index["counts"]["row_texts"] == 0
    assert "the logs of this run hold no more" in page.read_text(encoding="utf-8")


def test_many_texts_lie_beside_the_page_and_an_earlier_ones_go(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = results_of(page)
    flags = [f"--study={results}/study.json", f"--results={results}", f"--out={tmp_path}/report.html"]
    monkeypatch.setattr(write, "LARGEST", 0)
    report.main(flags)
    models = {path.stem for path in (results / "graded").glob("*.jsonl")}
    files = sorted((tmp_path / "traces").iterdir())
    names = {re.match(r'arrived\("texts/([^"]+)"', file.read_text()[:200]) for file in files}
    assert {name[1] for name in names if name} == models
    assert all("</" not in file.read_text() for file in files)
    monkeypatch.undo()
    report.main(flags)
    assert not (tmp_path / "traces").exists()
    ways = re.compile(r'href="[^"#]*tables/')
    one, other = (ways.sub("", path.read_text(encoding="utf-8")) for path in (page, tmp_path / "report.html"))
    assert one == other, "equal results make an equal page"


def test_a_problem_that_is_not_there_is_said(page: Path, tmp_path: Path) -> None:
    study = load_study(raw_config("mini"))
    results = written(study, tmp_path)
    model = make_hostile(results, study.models[0]) and study.models[0]
    rows = list(read_jsonl(results / f"graded/{model}.jsonl"))
    write_jsonl(results / f"graded/{model}.jsonl", [rows[0] | {"id": "nowhere/0"}, *rows[1:]])
    with pytest.raises(UserError) as error:
        gather(study, results, lambda name, data: None)
    assert error.value.place == "nowhere/0"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a\u202eb", "a⟨U+202E⟩b"), ("\x00", "⟨U+0000⟩"), ("\ud800", "⟨U+D800⟩"), ("a\n\tb é 中", "a\n\tb é 中")],
)
def test_what_is_not_seen_is_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_packed_data_are_equal_bytes_and_carry_halves_of_pairs() -> None:
    one, other = Chunks(), Chunks()
    for each in (one, other):
        each.keep("texts/m", ["\ud800", "</script>"])
    assert one.packed == other.packed and "<" not in one.packed["texts/m"]
    assert json.loads(gzip.decompress(base64.b64decode(one.packed["texts/m"]))) == ["\ud800", "</script>"]


def test_the_manifest_is_shown_where_there_is_one(page: Path, tmp_path: Path) -> None:
    assert "wrote no manifest" in page.read_text(encoding="utf-8")
    assert read_json(results_of(page) / "study.json")["study"] == "mini"

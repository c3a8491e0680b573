"""The table of claims from graded and likelihood files, and the claims of a configuration."""

import builtins
import copy
from collections.abc import Iterable
from functools import reduce
from math import fsum
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import RecordError, write_jsonl
from micota.common.tables import Row, read_csv
from micota.results import entries
from micota.results.sides import NOT_TESTABLE
from micota.results.tables import claims
from micota.study.config import parse_config
from micota.study.load import load_study
from tests.graded import ACCURACY, NLL, SWEEP, trace, write_graded, write_traces
from tests.tiny import raw_config


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Graded traces of an untrained student, two seeds on mid and two merged models; NLL of two corpora."""
    rng = np.random.default_rng(3)

    def graded(name: str, dataset: str, rate: float, tokens: int) -> None:
        path = tmp_path / "graded" / f"{name}.jsonl"
        rows = [trace(f"{dataset}/{n}", dataset, bool(rng.random() < rate), n_tokens=tokens + n) for n in range(60)]
        write_traces(path, rows)

    for name, rate in (("s", 0.2), ("s-mid-s0", 0.8), ("s-mid-s1", 0.8)):
        graded(name, "b", rate, 50)
    graded("merged", "v", 0.6, 100)
    graded("unmerged", "v", 0.5, 300)
    nll = [
        {"id": f"{n}", "sample": 0, "corpus": corpus, "nll": scale * (5 + rng.random()), "n_tokens": 10 * scale}
        for n in range(40)
        for corpus, scale in (("mid", 1), ("long", 3))
    ]
    write_jsonl(tmp_path / "likelihood/s.jsonl", nll)
    return tmp_path


LENGTH = SWEEP | {"measure": "validation_tokens", "expected": "negative"}
CLAIMS: dict[str, Any] = {
    "alpha": 0.05,
    "power": 0.8,
    "family": {
        "b_gain": {
            "text": "Mid helps.", "published": 3.9, "whose": "paper", "kind": "test",
            "parts": [ACCURACY | {"contrast": {"s-mid": 1, "s": -1}, "expected": "positive"}],
        },
        "a_length": {
            "text": "Shorter and likelier.", "published": None, "whose": "ours", "kind": "test",
            "parts": [LENGTH, NLL | {"measure": "nll_per_trace"}],
        },
    },
}  # fmt: skip


RUNS = {name: [[name]] for name in ("s", "merged", "unmerged", "mid", "long", "mix")}
RUNS |= {"s-mid": [["s-mid-s0", "s-mid-s1"]], "s-odd": [["s-odd-s0"]]}


def write(study: Path, block: Any = CLAIMS, **changes: Any) -> list[Row]:
    names = ("s", "s-mid-s0", "s-mid-s1", "s-odd-s0", "merged", "unmerged")
    files = {"graded": [study / f"graded/{name}.jsonl" for name in names], "likelihood": [study / "likelihood/s.jsonl"]}
    files |= {"reports": [], "counts": [], "corpora": []}
    settings: dict[str, Any] = {"runs": RUNS, "benchmarks": ["b"], "validation": "v", "training": "t"}
    claims.make(files, study, **block, **settings | changes)
    return read_csv(study / "claims.csv")


def summed_in_turn(items: Iterable[Any], start: Any = 0) -> Any:
    """`sum` up to Python 3.11: one number after another."""
    return reduce(add, items, start)


def summed_with_care(items: Iterable[Any], start: Any = 0) -> Any:
    """`sum` since Python 3.12: what rounding lost of floats is added in the end."""
    items = [start, *items]
    return fsum(items) if all(type(item) in (int, float) for item in items) else reduce(add, items)


def test_the_table_does_not_depend_on_how_python_adds(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One problem far from all others, which follow it: the two ways differ in every term."""
    nll = [1e6, *np.random.default_rng(1).gamma(4.0, size=999).tolist()]
    write_jsonl(study / "likelihood/s.jsonl", [
        {"id": f"{n}", "sample": 0, "corpus": corpus, "nll": value, "n_tokens": 10}
        for n, far in enumerate(nll)
        for corpus, value in (("mid", far), ("long", 1.0))
    ])  # fmt: skip
    written = []
    for way in (summed_in_turn, summed_with_care):
        monkeypatch.setattr(builtins, "sum", way)
        write(study)
        written.append((study / "claims.csv").read_bytes())
    assert written[0] == written[1]


def test_the_table_is_written_in_the_order_of_the_claims(study: Path) -> None:
    rows = write(study)
    assert [(row["claim"], row["part"], row["parts"]) for row in rows] == [
        ("b_gain", 1, 1),
        ("a_length", 1, 2),
        ("a_length", 2, 2),
    ]
    assert list(rows[0]) == [
        "claim", "text", "whose", "kind", "part", "parts", "contrast", "unit",
        "measure", "expected", "margin", "equivalence", "effect", "effect_low", "effect_high",
        "effect_by_problem", "effect_by_problem_low", "effect_by_problem_high",
        "se", "share_units", "df_units", "df_problems", "p", "chains", "seeds", "problems",
        "variance_chains", "variance_seeds", "variance_problems", "variance_residual",
        "mde", "published", "power_at_published", "claim_p", "p_holm", "family", "alpha", "verdict", "about", "reason",
    ]  # fmt: skip
    gain, tokens, nll = rows
    assert gain["effect"] > 40 and gain["seeds"] == 2 and 0 <= gain["power_at_published"] <= 1
    assert tokens["effect"] == -200 and tokens["reason"].startswith("no variance"), "each is 200 tokens longer"
    assert nll["verdict"] == NOT_TESTABLE and nll["p"] < 0.001, "it hangs on the other part"
    text = (study / "claims.md").read_text()
    assert text.count("Shorter and likelier.") == 1 and "+3.9" in text
    assert "| Mid helps. | paper | s: mid - untrained | > 0 | +" in text
    assert "points" in text and "not testable: no variance" in text
    assert "Mid helps. & paper & s: mid - untrained & > 0 & +" in (study / "claims.tex").read_text()


def test_each_benchmark_of_a_part_has_its_own_row(study: Path) -> None:
    rows = write(study)
    (alone,) = read_csv(study / "claims_benchmarks.csv")
    assert (alone["claim"], alone["part"], alone["benchmark"], alone["unit"]) == ("b_gain", 1, "b", "points")
    assert (alone["effect"], alone["effect_low"]) == (rows[0]["effect"], rows[0]["effect_low"])
    write(study, CLAIMS | {"family": {"a_length": CLAIMS["family"]["a_length"]}})
    assert (study / "claims_benchmarks.csv").read_text().count("\n") == 1, "no accuracy, no row"


def test_chains_are_read_by_the_names_of_their_models_and_corpora(study: Path) -> None:
    """Two chains of one seed; the untrained student serves both, for accuracy and for likelihood."""
    nll = [
        {"id": f"{n}", "sample": 0, "corpus": f"{corpus}-c{chain}", "nll": nll + n % 7 + chain, "n_tokens": 10}
        for n in range(40)
        for chain in (1, 2)
        for corpus, nll in (("mid", 3.0), ("long", 9.0 + n % 3))
    ]
    write_jsonl(study / "likelihood/s.jsonl", nll)
    runs = RUNS | {"s-mid": [["s-mid-s0"], ["s-mid-s1"]]}
    runs |= {corpus: [[f"{corpus}-c1"], [f"{corpus}-c2"]] for corpus in ("mid", "long")}
    gain, tokens, trace_nll = write(study, runs=runs)
    assert (gain["chains"], gain["seeds"], gain["df_units"], gain["about"]) == (2, 1, 1, "further chains")
    assert (trace_nll["chains"], trace_nll["problems"], tokens["chains"]) == (2, 40, 1)
    assert trace_nll["effect"] == pytest.approx(-7, abs=0.1)
    text = (study / "claims.md").read_text()
    assert "for this teacher and assistant" not in text and "| 2 | 1 | 60 |" in text


def test_columns_of_the_published_effect_show_only_where_there_is_one(study: Path) -> None:
    block = CLAIMS | {"family": {"a_length": CLAIMS["family"]["a_length"]}}
    write(study, block)
    assert "Published" not in (study / "claims.md").read_text()


def test_only_the_files_that_the_claims_need_are_read(study: Path) -> None:
    gain = CLAIMS | {"family": {"b_gain": CLAIMS["family"]["b_gain"]}}
    for name in ("graded/merged", "graded/unmerged", "likelihood/s"):
        (study / f"{name}.jsonl").unlink()
    assert len(write(study, gain, validation=None)) == 1
    with pytest.raises(RecordError, match=r"merged\.jsonl: no such file"):
        write(study)


def changed(claim: str, **changes: Any) -> dict[str, Any]:
    """The claims with keys of a claim's first part changed."""
    block = copy.deepcopy(CLAIMS)
    block["family"][claim]["parts"][0] |= changes
    return block


@pytest.mark.parametrize(
    ("block", "settings", "message"),
    [
        (CLAIMS, {"validation": None}, "validation_problems"),
        (changed("b_gain", contrast={"s-mid": 1, "s-odd": -1}), {}, "differ in 1 problems of b, .* b/59"),
        (changed("a_length", **NLL | {"contrast": {"mid": 1, "mix": -1}}), {}, r"s\.jsonl: no trace of .* 'mix'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(study: Path, block: Any, settings: Row, message: str) -> None:
    write_graded(study / "graded", "s-odd-s0", {"b": [True] * 59})
    with pytest.raises(UserError, match=message):
        write(study, block, **settings)
    assert not (study / "claims.csv").exists()


PART = {"measure": "accuracy", "contrast": {"small-mid": 1, "small": -1}, "expected": "positive"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("gap_shrinks.publishd", 3.9, r"claims\.family\.gap_shrinks\.publishd: unknown key"),
        ("gap_shrinks.published", "3.9", r"claims\.family\.gap_shrinks\.published: .*'3\.9'"),
        ("gap_shrinks.parts", [], r"claims\.family\.gap_shrinks\.parts"),
        ("gap_shrinks.whose", "mine", r"claims\.family\.gap_shrinks\.whose"),
        ("gap_shrinks.kind", "estimate", r"claims\.family\.gap_shrinks: parts\.0: an estimate has no expected"),
        ("merging_price.kind", "test", r"claims\.family\.merging_price: parts\.0\.expected: missing"),
        ("gap_shrinks.parts", [PART | {"equivalence": 0}], r"parts\.0\.equivalence"),
        ("gap_shrinks.parts", [PART | {"equivalence": 1.0}, PART], "equivalence: every part of a claim needs it"),
        ("gap_shrinks.parts", [PART | {"benchmarks": {"a": 0.5, "b": 0.4}}], "benchmarks: the weights add up to 0.9"),
        ("gap_shrinks.parts", [PART | {"benchmarks": {"a": 1, "b": 0}}], "benchmarks: a weight of 0"),
        ("length_grows.parts", [PART | {"measure": "validation_tokens", "benchmarks": {"a": 1}}], "only an accuracy"),
    ],
)
def test_a_faulty_claim_is_refused_by_key(key: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_config(raw_config("mini", {f"claims.family.{key}": value}))


def test_claims_need_the_models_they_speak_of_and_no_others() -> None:
    assert entries.claimed(load_study(raw_config("smoke"))) == ["small-long-s0", "small-mid-s0"]
    (sweep,) = raw_config("mini")["merges"]
    study = load_study(raw_config("mini", {"seeds": [0, 1], "merges": [sweep, {**sweep, "densities": [0.9]}]}))
    merges = [f"ta_long-w{weight}-d0.5-m0" for weight in sweep["weights"]]
    students = [
        f"{base}-{corpus}-s{s}" for base in ("small", "medium") for corpus in ("short", "long", "mid") for s in (0, 1)
    ]
    needed = entries.claimed(study)
    assert set(needed) == {"small", "medium", "ta_long", *merges, *students} and len(needed) == len(set(needed))
    others = set(study.models) - set(needed)
    assert {"large", "teacher", f"ta_long-w{sweep['weights'][0]}-d0.9-m0", "small-mix-s0"} <= others
    runs = entries.runs(study)
    assert runs["small-mid"] == [["small-mid-s0", "small-mid-s1"]]
    assert [runs[term] for term in ("small", "medium", merges[0], "mid")] == [
        [["small"]],
        [["medium"]],
        [[merges[0]]],
        [["mid"]],
    ]
    assert {model for (chain,) in runs.values() for model in chain} == {*needed, "mid", "long"}
    assert entries.claimed(load_study(raw_config("mini", {"claims": ...}))) == []
    with pytest.raises(UserError, match=r"claims\.family\.gap_shrinks\.benchmarks: there is no 'nine_steps'"):
        load_study(
            raw_config("mini", {"claims.family.gap_shrinks.parts": [PART | {"benchmarks": {"nine_steps": 1.0}}]})
        )
    with pytest.raises(UserError, match=r"claims\.family\.gap_shrinks\.contrast: there is no 'tiny-mid'"):
        load_study(raw_config("mini", {"claims.family.gap_shrinks.parts": [
            {"measure": "accuracy", "contrast": {"tiny-mid": 1, "small": -1}, "expected": "positive"}
        ]}))  # fmt: skip

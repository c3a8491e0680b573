"""`make verify` says which case holds: equal numbers, or another draw's; an honest run passes, a wrong one fails."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import read_json, write_json
from micota.common.tables import Column, read_csv, write_csv
from micota.provenance.draws import Limits, Place, read_draws, row_name, simulated, values
from scripts import draws, verify
from tests.tiny import ROOT

HERE: dict[str, Any] = {"sha256": "a" * 64, "cpu": "one", "vectors": "AVX512", "portable": False, "torch": "2"}
THERE = HERE | {"sha256": "b" * 64, "cpu": "other", "vectors": "AVX2"}
RUNS = 7


def tables(folder: Path, rng: np.random.Generator, seed: int = 0) -> Path:
    """Tables of a run whose students differ by chance; `seed` names them."""
    rows: list[dict[str, Any]] = []
    for corpus, score, tokens in (("long", 40, 280), ("mid", 60, 120), ("base", 65, 50)):
        accuracy = score + (2 * rng.standard_normal() if corpus != "base" else 0.0)
        length = tokens * (1 + 0.1 * rng.standard_normal() if corpus == "mid" else 1)
        row = {"base": "small", "corpus": corpus, "accuracy_easy": accuracy, "accuracy_easy_low": accuracy - 3}
        rows.append(row | {"mean_tokens": length, "seeds": 1, "problems": 300})
    cells: list[dict[str, Any]] = [
        {
            "model": f"small-mid-s{seed}",
            "seed": seed,
            "benchmark": name,
            "correct": round(300 * rng.uniform(0.55, 0.65)),
        }
        for name in ("easy", "hard")
    ]
    merged: list[dict[str, Any]] = [
        {"model": f"ta-w{weight}-d0.5-m{seed}", "tuned": "ta", "weight": weight, "mask_seed": seed,
         "mean_tokens": 200 * weight * (1 + 0.1 * rng.standard_normal()), "from": "ta"}
        for weight in (0.4, 0.7)
    ]  # fmt: skip
    made = {"main": rows, "main_cells": cells, "assistants": merged, "claims": merged}
    for name, table in made.items():
        write_csv(folder / f"{name}.csv", table, [Column(key) for key in table[0]])
    return folder


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference with its draws, and a run on another kind of CPU (results)."""
    root, rng = tmp_path_factory.mktemp("studies"), np.random.default_rng(1)
    tables(root / "reference" / "tables", rng)
    made = [str(tables(root / f"mini_draw{k}" / "tables", rng, seed=k)) for k in range(1, RUNS)]
    draws.main([f"--reference={root}/reference/tables", "--draws", *made, f"--out={root}/reference/draws.csv"])
    write_json(root / "reference" / "fingerprint.json", THERE)
    tables(root / "results" / "tables", rng)
    write_json(root / "results" / "manifest.json", {"arithmetic": HERE})
    return root


@pytest.fixture
def study(studies: Path, tmp_path: Path) -> Path:
    shutil.copytree(studies, tmp_path / "s")
    return tmp_path / "s"


def verified(study: Path) -> tuple[bool, list[str]]:
    """Whether the run passes, and what differs."""
    report, passed = study / "report.json", False
    with suppress(SystemExit):
        verify.main([f"--results={study}/results", f"--reference={study}/reference", f"--out={report}"])
        passed = True
    return passed, read_json(report)["problems"]


def change(study: Path, table: str, edit: Any) -> None:
    path = study / "results" / "tables" / f"{table}.csv"
    rows = read_csv(path)
    rows = edit(rows) or rows
    write_csv(path, rows, [Column(key) for key in rows[0]])


# --- which case holds -------------------------------------------------------------------------------------------------


def test_another_arithmetic_is_another_draw_and_said_to_be(study: Path, capsys: Any) -> None:
    assert verified(study) == (True, [])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Verified")
    assert said[1].startswith("This machine (one, AVX512, torch 2) rounds otherwise than the reference's (other, AVX2,")
    assert "compared with 7 draws, 0 further from their mean" in said[2]


def test_with_the_same_arithmetic_every_number_is_to_be_equal(study: Path, capsys: Any) -> None:
    write_json(study / "results" / "manifest.json", {"arithmetic": THERE | {"cpu": "a third"}})
    passed, problems = verified(study)
    assert not passed and any(problem.startswith("main.csv:2: accuracy_easy is ") for problem in problems)
    assert capsys.readouterr().err.startswith(
        f"Not verified: the run differs from the reference in {len(problems)} pla"
    )
    shutil.copytree(study / "reference" / "tables", study / "results" / "tables", dirs_exist_ok=True)
    assert verified(study) == (True, [])
    assert "computes as the reference's did (other, AVX2, torch 2): every number" in capsys.readouterr().out


@pytest.mark.parametrize("manifest", [{}, {"arithmetic": None}])
def test_a_run_without_a_fingerprint_is_compared_as_another_draw(study: Path, manifest: Any, capsys: Any) -> None:
    write_json(study / "results" / "manifest.json", manifest)
    assert verified(study) == (True, [])
    assert "recorded no fingerprint" in capsys.readouterr().out


def test_a_study_that_has_not_ended_is_named(study: Path) -> None:
    (study / "results" / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"manifest.json: no such file; `make demo` makes it"):
        verified(study)


# --- what differs too much --------------------------------------------------------------------------------------------


def set_last(column: str, value: Any) -> Any:
    return lambda rows: rows[-1].update({column: value})


@pytest.mark.parametrize(
    ("table", "edit", "said"),
    [
        ("main", lambda rows: rows[1].update(accuracy_easy=20.0), "main: small mid: accuracy_easy is 20, draws have"),
        ("main", set_last("seeds", 2), "main: small base: seeds is 2, draws have 1"),  # never varies, may not vary
        ("main", set_last("accuracy_easy", 63.0), "main: small base: accuracy_easy is 63, draws have 65"),
        ("main", lambda rows: rows[:-1], "main: small base: accuracy_easy is only in the reference"),
        ("main", lambda rows: [row | {"new": 1} for row in rows], "main: small base: new: the reference has no"),
        ("main", set_last("accuracy_easy", None), "main: small base: accuracy_easy is None, not a number"),
        ("main_cells", lambda rows: rows[:1], "main_cells: small-mid hard: correct is only in the reference"),
        ("assistants", set_last("from", "other"), "assistants: ta-w0.7-d0.5 ta weight=0.7: from is 'other'"),
        # each length alone is what another draw might have; the longer merge is not shorter in any
        ("assistants", set_last("mean_tokens", 95.0), "lengths: assistants ta-w0.4-d0.5 ta weight=0.4 / "),
    ],
)  # fmt: skip
def test_what_no_draw_would_do_is_named(study: Path, table: str, edit: Any, said: str) -> None:
    change(study, table, edit)
    passed, problems = verified(study)
    assert not passed and any(problem.startswith(said) for problem in problems), problems


def test_swapped_corpora_are_caught(study: Path) -> None:
    def swap(rows: list[dict[str, Any]]) -> None:
        rows[0]["corpus"], rows[1]["corpus"] = rows[1]["corpus"], rows[0]["corpus"]

    change(study, "main", swap)
    assert not verified(study)[0]


def test_a_lost_table_is_named(study: Path) -> None:
    (study / "results" / "tables" / "main_cells.csv").unlink()
    assert "main_cells: small-mid easy: correct is only in the reference" in verified(study)[1]


def test_skipped_tables_and_rows_in_another_order_do_not_matter(study: Path) -> None:
    (study / "results" / "tables" / "claims.csv").unlink()
    change(study, "main", lambda rows: rows[::-1])
    assert verified(study) == (True, [])


def test_draws_of_another_reference_are_refused(study: Path) -> None:
    change(study / ".." / "s", "main", lambda rows: [row | {"new": 1} for row in rows])
    shutil.copy(study / "results" / "tables" / "main.csv", study / "reference" / "tables")
    with pytest.raises(UserError, match=r"draws.csv: of another reference .*make draws"):
        verified(study)


def test_two_runs_say_too_little(studies: Path) -> None:
    places, runs = read_draws(studies / "reference" / "draws.csv")
    with pytest.raises(UserError, match="2 runs say too little"):
        Limits(places, runs[:2])


def test_a_draw_without_a_number_of_the_reference_is_refused(studies: Path, tmp_path: Path) -> None:
    shutil.copytree(studies / "mini_draw1", tmp_path / "mini_draw1")
    (tmp_path / "mini_draw1" / "tables" / "main_cells.csv").unlink()
    flags = [f"--reference={studies}/reference/tables", "--draws", f"{tmp_path}/mini_draw1/tables"]
    with pytest.raises(UserError, match="draw1: 2 numbers of the reference are not there, such as main_cells"):
        draws.main([*flags, f"--out={tmp_path}/draws.csv"])


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"model": "small-mid-s3", "seed": 3.0, "benchmark": "b"}, "small-mid b"),
        ({"model": "ta_long-w0.1-d0.5-m201", "weight": 0.1, "mask_seed": 201.0}, "ta_long-w0.1-d0.5 weight=0.1"),
        ({"model": "small", "seed": None}, "small"),
        ({"model": "my-model", "corpus": "s-shape"}, "my-model s-shape"),
    ],
)
def test_a_row_is_the_same_in_every_draw(row: dict[str, Any], name: str) -> None:
    assert row_name(row) == name


# --- honest runs ------------------------------------------------------------------------------------------------------


def test_fewer_than_one_honest_run_in_fifty_fails(studies: Path) -> None:
    """Simulated with other random numbers than those that the limits were found with."""
    places, runs = read_draws(studies / "reference" / "draws.csv")
    limits = Limits(places, runs)
    varying = limits.spread > 0
    allowed = float((limits.allowed[varying] / limits.spread[varying])[0])
    worst = simulated(limits, runs, np.random.default_rng(99), 2_000)
    assert 0.002 < (worst > allowed).mean() < 0.02


def test_a_number_that_never_varies_may_not(studies: Path) -> None:
    places, runs = read_draws(studies / "reference" / "draws.csv")
    limits = Limits(places, runs)
    index = places.index(Place("main", "small mid", "problems"))
    run = limits.centre.copy()
    assert limits.furthest(run).max() == 0
    run[index] += 1
    assert limits.furthest(run)[index] == np.inf
    assert len(values(studies / "reference" / "tables")) > len(places)  # texts are compared, and are no numbers


# --- the committed draws ----------------------------------------------------------------------------------------------

COMMITTED = ROOT / "reference" / "mini"
# The numbers of runs that were made for these tests: on a CPU with AVX2 and without AVX-512 (its reference's code and
# seeds), and with Mid-CoT from the merge weight 0.25 in the place of 0.175 (seed 0).
MADE = ROOT / "tests" / "verify"


@pytest.fixture(scope="module")
def committed() -> tuple[list[Place], np.ndarray]:
    return read_draws(COMMITTED / "draws.csv")


def made(name: str, places: list[Place]) -> np.ndarray:
    found, [run] = read_draws(MADE / f"{name}.csv")
    at = {place: index for index, place in enumerate(found)}
    return run[[at[place] for place in places]]


def test_the_draws_are_those_of_the_reference(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    there = values(COMMITTED / "tables")
    assert set(places) == {place for place, value in there.items() if isinstance(value, float)}
    assert len(runs) == 7 and [there[place] for place in places] == pytest.approx(runs[0].tolist())


def test_each_draw_passes_by_the_others(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    for index, run in enumerate(runs):
        assert Limits(places, np.delete(runs, index, axis=0)).furthest(run).max() <= 1, index


def test_another_kind_of_cpu_passes(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    assert Limits(places, runs).furthest(made("another_cpu", places)).max() <= 1


def test_fewer_than_one_honest_draw_in_fifty_fails(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    limits = Limits(places, runs)
    allowed = [
        float(np.max(limits.allowed[f] / limits.spread[f])) for f in (limits.main, ~limits.main & (limits.spread > 0))
    ]
    failed = (simulated(limits, runs, np.random.default_rng(7), 2_000) > allowed).any(axis=-1)
    assert failed.mean() < 0.02


def test_a_chain_with_another_merge_weight_fails(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    used = Limits(places, runs).furthest(made("wrong_weight", places))
    assert used.max() > 1
    assert any("mid" in place.row for place, share in zip(places, used, strict=True) if share > 1)


@pytest.mark.parametrize(
    "pair", [("long", "mid"), ("short", "mid"), ("short", "long"), ("mid", "unmerged"), ("mid", "mix")]
)
def test_students_of_swapped_corpora_fail(committed: tuple[list[Place], np.ndarray], pair: tuple[str, str]) -> None:
    """In the reference's own numbers: the student of one corpus was trained on the other."""
    places, runs = committed
    at = {place: index for index, place in enumerate(places)}
    run = runs[0].copy()
    for place, index in at.items():
        for one, other in (pair, pair[::-1]):
            if place.table == "main" and place.row == f"small {one}":
                run[index] = runs[0][at[place._replace(row=f"small {other}")]]
    assert Limits(places, runs).furthest(run).max() > 1


def test_a_benchmark_whose_answers_are_all_lost_fails(committed: tuple[list[Place], np.ndarray]) -> None:
    places, runs = committed
    run = runs[0].copy()
    for index, place in enumerate(places):
        if place.row == "medium-long medium long two_steps" and place.column in ("accuracy", "correct"):
            run[index] = 0
    assert Limits(places, runs).furthest(run).max() > 1

"""The number of problems that a claim needs: exact where it is found, monotone, and kept by simulated studies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import RecordError
from micota.common.tables import DASH, Column, Row, read_csv, write_csv
from micota.results.contrasts import crossed
from micota.results.significance import planned
from scripts import power

# points^2; of three chains with two seeds each: from one chain to another 0.6 + 0.8 / 2
SMALL: Row = {"chains": 3, "seeds": 2, "problems": 900, "variance_chains": 0.6, "variance_seeds": 0.8}
SMALL |= {"variance_problems": 400.0, "variance_residual": 1500.0}
STEADY = SMALL | {"variance_chains": 0.0, "variance_seeds": 0.0}
EFFECTS, UNITS = (2, 4, 6, 10), (2, 3, 5, 10, 20)


def needed(variances: Row, effect: float, units: int, alpha: float = 0.05) -> float:
    problems = power.problems_needed(variances, effect, units, alpha, 0.8)
    return np.inf if problems is None else problems


@pytest.mark.parametrize("variances", [SMALL, STEADY], ids=["chains vary", "chains do not vary"])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_more_chains_and_bigger_effects_need_no_more_problems(variances: Row, alpha: float) -> None:
    table = np.array([[needed(variances, effect, units, alpha) for units in UNITS] for effect in EFFECTS])
    assert (table[:, 1:] <= table[:, :-1]).all(), "more chains"
    assert (table[1:] <= table[:-1]).all(), "bigger effects"
    assert np.isinf(table[0, 0]) == (variances is SMALL), "chains that vary: out of reach of two, whatever the problems"
    assert np.isfinite(table[:, -1]).all()


@pytest.mark.parametrize(("effect", "units"), [(2, 10), (4, 5), (6, 5), (10, 3)])
def test_the_number_found_is_enough_and_one_fewer_is_not(effect: float, units: int) -> None:
    problems = power.problems_needed(SMALL, effect, units, 0.05, 0.8)
    assert problems is not None

    def reached(number: int) -> float:
        return planned(1.0, 400.0, 1500.0, units, number).power(effect, 0.05)

    assert reached(problems - 1) < 0.8 <= reached(problems)


@pytest.mark.parametrize(("effect", "units", "alpha"), [(4, 5, 0.05), (6, 3, 0.05), (6, 5, 0.01)])
def test_simulated_studies_of_that_size_find_the_effect_as_promised(effect: float, units: int, alpha: float) -> None:
    problems = power.problems_needed(SMALL, effect, units, alpha, 0.8)
    assert problems is not None
    rng, found, studies = np.random.default_rng(0), 0, 2_000
    for _ in range(studies):
        runs = effect + rng.normal(0, 1, (units, 1, 1))
        halves = (problems // 2, problems - problems // 2)
        contrast = crossed(
            [runs + rng.normal(0, 20, n) + rng.normal(0, 1500**0.5, (units, 1, n)) for n in halves]  # points
        )
        found += contrast.p is not None and contrast.p < alpha and contrast.value > 0
    print(f"found {found / studies:.3f}")
    assert found / studies == pytest.approx(0.8, abs=0.05)


def claims_csv(folder: Path, *changes: Row) -> Path:
    """A claims table of one row for each dict of changes."""
    row: Row = {"claim": "gain", "part": 1, "measure": "accuracy", "family": 2} | SMALL
    rows = [row | change for change in changes]
    write_csv(folder / "claims.csv", rows, [Column(key) for key in rows[0]])
    return folder / "claims.csv"


def test_the_table_has_a_row_for_each_part_and_effect(tmp_path: Path) -> None:
    one_run = {"claim": "one run", "variance_chains": None, "variance_residual": None}
    others = {"claim": "length", "measure": "validation_tokens"}, one_run, {"claim": "price", "kind": "estimate"}
    path = claims_csv(tmp_path, *({"kind": "test"} | row for row in ({}, {"part": 2}, *others)))
    stem = tmp_path / "power"
    power.main([f"--claims={path}", f"--out-stem={stem}", "--effects", "1", "6", "--units", "2", "5"])
    rows = read_csv(f"{stem}.csv")
    assert [(row["claim"], row["part"], row["effect"]) for row in rows] == [
        ("gain", 1, 1), ("gain", 1, 6), ("gain", 2, 1), ("gain", 2, 6),
    ]  # fmt: skip
    assert {(row["alpha"], row["power"]) for row in rows} == {(0.025, 0.8)}, "Holm's first step"
    enough = power.problems_needed(SMALL, 6, 5, 0.025, 0.8)
    assert rows[0]["problems_2_chains"] is None and rows[1]["problems_5_chains"] == enough
    assert f"| gain | 1 | 1 | {DASH} | {DASH} |" in Path(f"{stem}.md").read_text()
    assert Path(f"{stem}.tex").is_file()


def test_the_price_of_chains_and_what_they_find(tmp_path: Path) -> None:
    stem = tmp_path / "power"
    flags = [f"--claims={claims_csv(tmp_path, {})}", f"--out-stem={stem}", "--units", "3", "8", "--cost-per-chain=0.5"]
    power.main(flags)
    (row,) = read_csv(f"{stem}_price.csv")
    assert (row["hours_3_chains"], row["hours_8_chains"], row["problems"]) == (1.5, 4, 900)
    assert row["detects_3_chains"] > row["detects_8_chains"]
    assert planned(1.0, 400.0, 1500.0, 8, 900).power(row["detects_8_chains"], 0.025) == pytest.approx(0.8)
    assert "| 3 chains (1.5 hours) find (points) |" in Path(f"{stem}_price.md").read_text()


def test_the_tables_are_printed_with_their_legends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    power.main([f"--claims={claims_csv(tmp_path, {})}", f"--out-stem={tmp_path}/power", "--units", "3", "5"])
    first, second = capsys.readouterr().out.split("Effects found.")
    assert first.startswith("Problems needed. A row: ") and f"{DASH}: no number is enough" in " ".join(first.split())
    assert "level 0.05 / 2 tested claims" in " ".join(first.split()) and "gain " in first and "gain " in second


def test_a_table_of_one_chain_plans_its_training_seeds_and_knows_no_price_of_chains(tmp_path: Path) -> None:
    path = claims_csv(tmp_path, {"chains": 1, "seeds": 3, "variance_chains": None, "variance_seeds": 1.0})
    flags = [f"--claims={path}", f"--out-stem={tmp_path}/power", "--units", "5", "--effects", "6"]
    power.main(flags)
    (row,) = read_csv(tmp_path / "power.csv")
    assert row["problems_5_seeds"] == power.problems_needed(SMALL, 6, 5, 0.025, 0.8)
    with pytest.raises(UserError, match=r"--cost-per-chain: .* one chain"):
        power.main([*flags, "--cost-per-chain=1"])


@pytest.mark.parametrize(
    ("change", "flags", "message"),
    [
        ({"variance_residual": None}, [], "two chains"),
        ({"measure": "nll_per_token"}, [], "two chains"),
        ({"family": 0}, [], "two chains"),
        ({}, ["--units", "1", "2"], "--units"),
        ({}, ["--cost-per-chain", "0"], "--cost-per-chain"),
        ({}, ["--effects", "0"], "--effects"),
        ({}, ["--alpha", "0.9"], "--alpha"),
    ],
)
def test_what_cannot_be_planned_is_refused(tmp_path: Path, change: Row, flags: list[Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        power.main([f"--claims={claims_csv(tmp_path, change)}", f"--out-stem={tmp_path}/power", *flags])
    assert not list(tmp_path.glob("power*"))


def test_another_table_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"claim": "gain"}], [Column("claim")])
    with pytest.raises(RecordError, match="no column part, measure, family, chains, seeds"):
        power.main([f"--claims={tmp_path}/t.csv", f"--out-stem={tmp_path}/power"])

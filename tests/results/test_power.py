"""The number of problems that a claim needs: exact where it is found, monotone, and kept by simulated studies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import RecordError
from micota.common.tables import DASH, Column, Row, read_csv, write_csv
from micota.results.estimates import crossed, planned, power_at
from scripts import power

SMALL: Row = {"variance_seeds": 1.0, "variance_problems": 400.0, "variance_residual": 1500.0}  # points^2
STEADY = SMALL | {"variance_seeds": 0.0}
EFFECTS, SEEDS = (2, 4, 6, 10), (2, 3, 5, 10, 20)


def needed(variances: Row, effect: float, seeds: int, alpha: float = 0.05) -> float:
    problems = power.problems_needed(variances, effect, seeds, alpha, 0.8)
    return np.inf if problems is None else problems


@pytest.mark.parametrize("variances", [SMALL, STEADY], ids=["seeds vary", "seeds do not vary"])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_more_seeds_and_bigger_effects_need_no_more_problems(variances: Row, alpha: float) -> None:
    table = np.array([[needed(variances, effect, seeds, alpha) for seeds in SEEDS] for effect in EFFECTS])
    assert (table[:, 1:] <= table[:, :-1]).all(), "more seeds"
    assert (table[1:] <= table[:-1]).all(), "bigger effects"
    assert np.isinf(table[0, 0]) == (variances is SMALL), "seeds that vary: out of reach of two, whatever the problems"
    assert np.isfinite(table[:, -1]).all()


@pytest.mark.parametrize(("effect", "seeds"), [(2, 10), (4, 5), (6, 3), (10, 3)])
def test_the_number_found_is_enough_and_one_fewer_is_not(effect: float, seeds: int) -> None:
    problems = power.problems_needed(SMALL, effect, seeds, 0.05, 0.8)
    assert problems is not None

    def reached(number: int) -> float:
        se, df = planned(1.0, 400.0, 1500.0, seeds, number)
        return power_at(effect, se, df, 0.05)

    assert reached(problems - 1) < 0.8 <= reached(problems)


@pytest.mark.parametrize(("effect", "seeds", "alpha"), [(4, 5, 0.05), (6, 3, 0.05), (6, 5, 0.01)])
def test_simulated_studies_of_that_size_find_the_effect_as_promised(effect: float, seeds: int, alpha: float) -> None:
    problems = power.problems_needed(SMALL, effect, seeds, alpha, 0.8)
    assert problems is not None
    rng, found, studies = np.random.default_rng(0), 0, 2_000
    for _ in range(studies):
        runs = effect + rng.normal(0, 1, (seeds, 1))
        halves = (problems // 2, problems - problems // 2)
        contrast = crossed(
            [runs + rng.normal(0, 20, n) + rng.normal(0, 1500**0.5, (seeds, n)) for n in halves]  # points
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
    one_seed = {"claim": "one seed", "variance_seeds": None, "variance_residual": None}
    path = claims_csv(tmp_path, {}, {"part": 2}, {"claim": "length", "measure": "validation_tokens"}, one_seed)
    stem = tmp_path / "power"
    power.main([f"--claims={path}", f"--out-stem={stem}", "--effects", "1", "6", "--seeds", "2", "5"])
    rows = read_csv(f"{stem}.csv")
    assert [(row["claim"], row["part"], row["effect"]) for row in rows] == [
        ("gain", 1, 1), ("gain", 1, 6), ("gain", 2, 1), ("gain", 2, 6),
    ]  # fmt: skip
    assert {(row["alpha"], row["power"]) for row in rows} == {(0.025, 0.8)}, "Holm's first step"
    enough = power.problems_needed(SMALL, 6, 5, 0.025, 0.8)
    assert rows[0]["problems_2_seeds"] is None and rows[1]["problems_5_seeds"] == enough
    assert f"| gain | 1 | 1 | {DASH} | {DASH} |" in Path(f"{stem}.md").read_text()
    assert Path(f"{stem}.tex").is_file()


@pytest.mark.parametrize(
    ("change", "flags", "message"),
    [
        ({"variance_seeds": None}, [], "two training seeds"),
        ({"measure": "nll_per_token"}, [], "two training seeds"),
        ({"family": 0}, [], "two training seeds"),
        ({}, ["--seeds", "1", "2"], "--seeds"),
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
    with pytest.raises(RecordError, match="no column part, measure, family, variance_seeds"):
        power.main([f"--claims={tmp_path}/t.csv", f"--out-stem={tmp_path}/power"])

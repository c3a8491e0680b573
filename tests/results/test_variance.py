"""The variance budget by hand on a small case, and against simulations whose components are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.tables import read_csv
from micota.results.figures.variance import draw
from micota.results.looks import Corpora
from micota.results.tables import variance as variance_table
from micota.results.variance import (
    Array,
    MeanSquare,
    Source,
    budget,
    components,
    decoding,
    grader_variance,
    mean_squares,
    two_way,
)
from tests.graded import trace, traces, write_traces

SIZES = (40, 80, 40)  # problems of the simulated benchmarks
TRUE = {"mask": 1.0, "seed": 1.5, "both": 0.8, "problem": 30.0, "rest": 20.0}  # standard deviations, points


def by_name(sources: list[Source]) -> dict[str, Source]:
    return {source.name: source for source in sources}


def test_a_two_way_table_by_hand() -> None:
    table = np.array([[1.0, 2.0, 6.0], [3.0, 2.0, 4.0]])  # means: rows 3, 3; columns 2, 2, 5; all 3
    rest = [0, 1, 1, -1, 0, -1]
    assert sum(value**2 for value in rest) == 4
    assert two_way(table) == (MeanSquare(0.0, 1), MeanSquare(6.0, 2), MeanSquare(2.0, 2))


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)])
def test_a_table_of_one_row_or_column_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two rows and two columns"):
        two_way(np.ones(shape))


OUTCOMES = np.array([[[1, 0], [1, 1]], [[0, 0], [1, 0]]])  # 2 masks, 2 seeds, 2 problems
REPEATED = [[[1, 0], [1, 1]]]  # 1 run, 2 problems, 2 samples: variances 1/2 and 0
GRADED = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.8]]  # 3 graders, 2 runs: variances 0 and (0.01 + 0.01 + 0.04) / 3


def test_the_budget_by_hand() -> None:
    """Scores 0.5, 1 / 0, 0.5: mean squares 1/4, 1/4, 0. By run and problem: 1/2 for the problems, 1/6 for the rest."""
    found = by_name(budget([OUTCOMES], REPEATED, GRADED))
    expected = {"problems": (1 / 2 - 1 / 6) / 4 / 2, "masks": 1 / 8, "seeds": 1 / 8, "sampling": 1 / 4 / 2}
    expected |= {"graders": 0.01}
    assert list(found) == [*expected, "total"]
    total = sum(expected.values())
    for name, value in expected.items():
        assert found[name].variance == pytest.approx(value), name
        assert found[name].share == pytest.approx(value / total), name
    assert found["total"].variance == pytest.approx(total) and found["total"].share == 1


def test_graders_are_a_fixed_set_without_an_interval() -> None:
    found = by_name(budget([OUTCOMES], REPEATED, GRADED))
    graders = found.pop("graders")
    assert (graders.low, graders.high, graders.share_low, graders.share_high) == (None, None, None, None)
    assert grader_variance([[1.0, 2.0], [3.0, 2.0]]) == 0.5, "over all graders: divided by their number"
    for source in found.values():
        assert source.low is not None and source.high is not None
        assert 0 <= source.low <= source.variance <= source.high


def test_decoding_noise_is_unbiased_for_few_samples() -> None:
    """p (1 - p) of one problem, whatever the number of samples."""
    rng = np.random.default_rng(0)
    for samples in (2, 4):
        drawn = decoding(rng.random((1, 20_000, samples)) < 0.3)
        assert drawn.value == pytest.approx(0.21, abs=0.004)
        assert drawn.df == 20_000, "the problems"


def test_benchmarks_of_other_sizes_weigh_equally() -> None:
    """The average over benchmarks varies by sum(1 / n) / B^2 for each unit of variance of one problem."""
    squares = {"masks": 0.0, "seeds": 0.0, "rest": 0.0, "sampling": 1.0}
    squares |= {"problems_0": 4.0, "rest_0": 0.0, "problems_1": 8.0, "rest_1": 2.0}
    found = components(squares, 2, 2, [10, 40])
    assert found["sampling"] == pytest.approx((1 / 10 + 1 / 40) / 4)
    assert found["problems"] == pytest.approx((4 / 10 + 6 / 40) / 4 / 4)


def test_scores_that_never_vary_have_no_shares() -> None:
    still = budget([np.ones((2, 2, 3))], np.ones((4, 3, 2)), np.ones((3, 4)))
    assert all(source.variance == 0 and source.share is None and source.share_low is None for source in still)


def test_the_same_data_give_the_same_budget() -> None:
    assert budget([OUTCOMES], REPEATED, GRADED) == budget([OUTCOMES], REPEATED, GRADED)


# --- simulations ------------------------------------------------------------------------------------------------------


def simulated(rng: np.random.Generator, **changes: float) -> list[Array]:
    """Outcomes of 3 masks x 3 seeds on the benchmarks, with normal effects."""
    sd = TRUE | changes
    effects = {"mask": (3, 1, 1), "seed": (1, 3, 1), "both": (3, 3, 1)}
    run = sum(rng.normal(0, sd[name], shape) for name, shape in effects.items())
    return [50 + run + rng.normal(0, sd["problem"], (1, 1, n)) + rng.normal(0, sd["rest"], (3, 3, n)) for n in SIZES]


def truth(**changes: float) -> dict[str, float]:
    """The components of one run's score: what fits a run to a problem by chance counts with the runs."""
    variance = {name: sd**2 for name, sd in (TRUE | changes).items()}
    per_problem = sum(1 / n for n in SIZES) / len(SIZES) ** 2
    return {
        "problems": variance["problem"] * per_problem,
        "masks": variance["mask"],
        "seeds": variance["seed"] + variance["both"] + variance["rest"] * per_problem,
    }


@pytest.mark.parametrize("changes", [{}, {"mask": 0.0}, {"seed": 0.0, "problem": 0.0}])
def test_components_are_unbiased_before_they_are_cut_off(changes: dict[str, float]) -> None:
    rng, runs = np.random.default_rng(1), 2000
    found: dict[str, list[float]] = {name: [] for name in truth()}
    for _ in range(runs):
        squares = {name: square.value for name, square in mean_squares(simulated(rng, **changes)).items()}
        estimates = components(squares | {"sampling": 0.0}, 3, 3, SIZES)
        for name, values in found.items():
            values.append(estimates[name])
    for name, expected in truth(**changes).items():
        error = np.std(found[name]) / runs**0.5
        assert abs(np.mean(found[name]) - expected) < 4 * error, name
    assert min(found["masks"]) < 0, "an unbiased estimate of a small variance is at times negative"


@pytest.mark.parametrize("changes", [{}, {"mask": 0.3, "seed": 3.0}, {"seed": 0.0, "both": 0.0}])
def test_intervals_cover_the_components_with_three_masks_and_three_seeds(changes: dict[str, float]) -> None:
    rng, runs = np.random.default_rng(2), 500
    expected = truth(**changes)
    covered = dict.fromkeys(expected, 0)
    for _ in range(runs):
        found = by_name(budget(simulated(rng, **changes), np.ones((9, 5, 2)), np.ones((3, 9)), draws=1000))
        for name, value in expected.items():
            low, high = found[name].low, found[name].high
            assert low is not None and high is not None
            covered[name] += low <= value <= high
    assert all(count >= 0.9 * runs for count in covered.values()), covered


def test_shares_are_covered_too() -> None:
    rng, runs, covered = np.random.default_rng(3), 500, 0
    expected = truth()
    share = expected["seeds"] / sum(expected.values())
    for _ in range(runs):
        seeds = by_name(budget(simulated(rng), np.ones((9, 5, 2)), np.ones((3, 9)), draws=1000))["seeds"]
        assert seeds.share_low is not None and seeds.share_high is not None
        covered += seeds.share_low <= share <= seeds.share_high
    assert covered >= 0.9 * runs


# --- the table --------------------------------------------------------------------------------------------------------


def make(folder: Path, models: dict[str, Any], samples: int = 2, strict: bool = True) -> Path:
    """Students by `corpus-seed`: which of the four easy problems each solves, and of the two repeated ones.

    A strict string rule rejects everyone's answer to the first problem.
    """
    entries = []
    for name, (easy, repeated) in models.items():
        corpus, seed = name.split("-")
        rows = traces("easy", easy)
        rows[0]["verdicts"]["string_rule"] = rows[0]["correct"] and not strict
        rows += [
            trace(f"more/{i}", "more", bool(correct), sample=n)
            for i, answers in enumerate(repeated)
            for n, correct in enumerate(answers[:samples])
        ]
        write_traces(folder / f"graded/{name}.jsonl", rows)
        entries.append({"model": name, "corpus": corpus, "seed": int(seed)})
    files, out = {"graded": list((folder / "graded").iterdir()), "reports": []}, folder / "tables"
    variance_table.make(files, out, entries=entries, benchmarks=["easy"], dataset="more")
    return out / "variance"


STUDENTS = {
    "m0-0": ([1, 0, 0, 0], [[1, 0], [1, 1]]),
    "m0-1": ([1, 1, 0, 0], [[1, 1], [1, 1]]),
    "m1-0": ([1, 1, 1, 0], [[0, 1], [1, 1]]),
    "m1-1": ([1, 1, 1, 1], [[1, 1], [0, 1]]),
}


def test_the_variance_table_sums_up_sources(tmp_path: Path) -> None:
    """Scores of 25, 50 / 75, 100: masks differ by 50 points, seeds by 25, and they do not interact."""
    stem = make(tmp_path, STUDENTS)
    rows = {row["source"]: row for row in read_csv(f"{stem}.csv")}
    assert list(rows) == ["problems", "masks", "seeds", "sampling", "graders", "total"]
    assert rows["masks"]["points"] ** 2 == pytest.approx(50**2 / 2)
    assert rows["seeds"]["points"] ** 2 == pytest.approx(25**2 / 2)
    repeated = 100**2 * (0.5 + 0.5 + 0.5) / 8  # 4 runs x 2 problems, three of which had a right and a wrong answer
    assert rows["sampling"]["points"] ** 2 == pytest.approx(repeated / 4)
    assert rows["graders"]["points"] ** 2 == pytest.approx(2 / 9 * 25**2), "one of three takes 25 points off"
    levels = {"problems": 4, "masks": 2, "seeds": 2, "sampling": 2, "graders": 3, "total": None}
    assert {name: row["levels"] for name, row in rows.items()} == levels
    assert sum(row["share"] for name, row in rows.items() if name != "total") == pytest.approx(100)
    assert rows["graders"]["share_low"] is None and rows["masks"]["share_low"] < rows["masks"]["share"]
    text = Path(f"{stem}.md").read_text()
    assert "| training seed (and mask × seed) | 2 |" in text and "| grader (a fixed set) | 3 | " in text


def test_a_budget_needs_every_mask_with_every_seed_and_several_samples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two corpora or more, each with every one of two seeds"):
        make(tmp_path, {name: STUDENTS[name] for name in ("m0-0", "m0-1", "m1-0")})
    with pytest.raises(UserError, match="two corpora or more"):
        make(tmp_path, {name: STUDENTS[name] for name in ("m0-0", "m1-0")})
    with pytest.raises(UserError, match=r"m0-0: it needs two samples of every problem or more.*\{1\}"):
        make(tmp_path, STUDENTS, samples=1)


def test_scores_that_never_vary_make_a_table_and_a_figure(tmp_path: Path) -> None:
    models = {name: ([1, 1, 1, 1], [[1, 1], [1, 1]]) for name in STUDENTS}
    rows = read_csv(f"{make(tmp_path, models, strict=False)}.csv")
    assert all(row["points"] == 0 and row["share"] is None for row in rows)
    assert len(draw(rows, Corpora([]))["variance"].axes) == 2

"""The estimates against scipy, against exact cases, and by how often their intervals cover the truth."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from micota.statistics import macro_average, mean, paired_difference, ratio, wilson

RNG = np.random.default_rng(11)
CORRECT = (RNG.random(400) < 0.3).astype(float)
LENGTHS = RNG.lognormal(4, 0.5, 300)


@pytest.mark.parametrize(("correct", "n"), [(0, 30), (30, 30), (3, 30), (1, 1), (812, 1319)])
def test_wilson_equals_scipy(correct: int, n: int) -> None:
    expected = stats.binomtest(correct, n).proportion_ci(method="wilson")
    estimate = wilson(correct, n)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((correct / n, expected.low, expected.high))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_estimate(case: tuple[int, int]) -> None:
    estimate = wilson(*case)
    assert 0 <= estimate.low <= estimate.value + 1e-12 and estimate.value - 1e-12 <= estimate.high <= 1
    assert estimate.low < estimate.high


@pytest.mark.parametrize("values", [CORRECT, LENGTHS], ids=["accuracy", "lengths"])
def test_mean_agrees_with_scipys_percentile_bootstrap(values: np.ndarray) -> None:
    expected = stats.bootstrap((values,), np.mean, n_resamples=9_999, method="percentile", rng=3).confidence_interval
    estimate = mean(values)
    width = expected.high - expected.low
    assert estimate.value == pytest.approx(values.mean())
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=0.05 * width)


def test_ratio_weighs_by_the_denominator() -> None:
    nll, tokens = LENGTHS * 0.05, LENGTHS
    assert ratio(nll, tokens).low == pytest.approx(0.05) == ratio(nll, tokens).high
    assert ratio([1, 10], [1, 100]).value == pytest.approx(11 / 101)
    mixed = ratio([1.0] * 50 + [2.0] * 50, [1] * 100)
    assert mixed == mean([1.0] * 50 + [2.0] * 50)


def test_macro_average_weighs_benchmarks_not_problems() -> None:
    assert macro_average([[1] * 10, [0] * 1000]).value == 0.5
    assert macro_average([CORRECT]) == macro_average([[CORRECT]])


def test_training_seeds_that_disagree_widen_the_interval() -> None:
    problems = np.tile([0.0, 1.0], 200)
    alike = macro_average([[problems, problems]])
    apart = macro_average([[np.zeros(400), np.ones(400)]])
    assert alike.value == apart.value == 0.5
    assert alike.high - alike.low < 0.15 and (apart.low, apart.high) == (0.0, 1.0)


def test_paired_difference_is_sharper_than_two_intervals() -> None:
    better = CORRECT.copy()
    better[np.flatnonzero(CORRECT == 0)[:20]] = 1  # 20 of 400 problems gained, none lost
    found = paired_difference([better], [CORRECT])
    assert found.value == pytest.approx(0.05) and found.low > 0 and found.p < 0.001
    assert mean(better).low < mean(CORRECT).high, "their own intervals overlap"
    assert paired_difference([CORRECT], [better]).value == pytest.approx(-found.value)


def test_paired_p_agrees_with_the_t_test() -> None:
    first, second = CORRECT, (np.random.default_rng(5).random(400) < 0.35).astype(float)
    assert paired_difference([first], [second]).p == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.02)


def test_equal_models_do_not_differ() -> None:
    found = paired_difference([CORRECT], [CORRECT])
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_estimates_are_repeatable_and_follow_the_seed() -> None:
    assert mean(LENGTHS) == mean(LENGTHS)
    assert mean(LENGTHS, seed=1) != mean(LENGTHS, seed=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean([]), "no numbers"),
        (lambda: mean([[1, 0], [0, 1]]), "one number a problem"),
        (lambda: macro_average([]), "one benchmark"),
        (lambda: macro_average([[[1, 0], [1, 1]], [[1, 0]]]), "same training seeds"),
        (lambda: paired_difference([[1, 0]], [[1, 0, 1]]), "same problems"),
        (lambda: wilson(1, 0), "not a proportion"),
        (lambda: wilson(3, 2), "not a proportion"),
    ],
)
def test_unusable_input_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_intervals_cover_the_truth() -> None:
    """95% intervals should hold the truth about 95 times in 100: 300 studies of two benchmarks, 500 draws each."""
    rng, truths = np.random.default_rng(23), (0.3, 0.7)
    covered = differing = 0
    for study in range(300):
        first, second = ([rng.random(n) < p for n, p in zip((80, 120), truths, strict=True)] for _ in range(2))
        estimate = macro_average(first, draws=500, seed=study)
        covered += int(estimate.low <= np.mean(truths) <= estimate.high)
        differing += int(paired_difference(first, second, draws=500, seed=study).p < 0.05)
    assert 0.91 <= covered / 300 <= 0.98
    assert 0.02 <= differing / 300 <= 0.09, "where nothing differs, p < 0.05 in about 5 of 100"

"""The estimates of one model or corpus against scipy and exact cases."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from micota.results.estimates import Estimate, accuracy, mean, ratio, wilson

RNG = np.random.default_rng(11)
CORRECT = (RNG.random(400) < 0.3).astype(float)
LENGTHS = RNG.lognormal(4, 0.5, 300)


def test_a_share_in_percent_stays_between_0_and_100_and_a_difference_does_not() -> None:
    wide = Estimate(0.5, -0.25, 1.5)
    assert wide.points() == Estimate(50.0, -25.0, 150.0)
    assert wide.percent() == wide.points().bounded() == Estimate(50.0, 0.0, 100.0)
    assert Estimate(0.5, 0.25, 0.75).percent() == Estimate(50.0, 25.0, 75.0)
    assert wide.named("gap") == {"gap": 0.5, "gap_low": -0.25, "gap_high": 1.5}


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


def test_bootstraps_are_repeatable_and_follow_the_seed() -> None:
    assert mean(LENGTHS) == mean(LENGTHS)
    assert mean(LENGTHS, seed=1) != mean(LENGTHS, seed=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean([]), "no numbers"),
        (lambda: mean([[1, 0], [0, 1]]), "one number a problem"),
        (lambda: wilson(1, 0), "not a proportion"),
        (lambda: wilson(3, 2), "not a proportion"),
    ],
)
def test_unusable_input_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("outcome", [0, 1])
def test_an_accuracy_of_0_or_100_percent_has_an_interval(outcome: int) -> None:
    assert accuracy([outcome] * 20) == wilson(20 * outcome, 20)

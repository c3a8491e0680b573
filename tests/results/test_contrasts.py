"""Contrasts against scipy, against tables worked by hand, and against a bootstrap of another hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from micota.results.contrasts import Contrast, crossed, linearised
from micota.results.estimates import ratio, wilson
from micota.results.significance import planned

RNG = np.random.default_rng(11)
CORRECT = (RNG.random(400) < 0.3).astype(float)
LENGTHS = RNG.lognormal(4, 0.5, 300)


def same_test(contrast: Contrast, expected: Any) -> bool:
    """Whether value, interval, p and df are those of a t test of scipy (of which `value` may be a multiple)."""
    interval = expected.confidence_interval(0.95)
    scale = contrast.low / interval.low
    error = contrast.error
    df = error.df_units if error.share else error.df_problems
    found = (contrast.high, contrast.p, df)
    return error.share in (0, 1) and found == pytest.approx((scale * interval.high, expected.pvalue, expected.df))


def test_one_seed_and_one_benchmark_are_the_paired_t_test() -> None:
    first, second = CORRECT, (np.random.default_rng(5).random(400) < 0.35).astype(float)
    found = crossed([first - second])
    assert same_test(found, stats.ttest_rel(first, second))
    assert (found.seeds, found.problems, found.variance_seeds, found.variance_residual) == (1, 400, None, None)
    assert found.variance_problems == pytest.approx(np.var(first - second, ddof=1))
    assert crossed([first], null=0.25).p == pytest.approx(stats.ttest_1samp(first, 0.25).pvalue)


def test_one_seed_and_two_benchmarks_are_welchs_t_test() -> None:
    easy, hard = LENGTHS[:200], 0.1 * LENGTHS[200:240]
    assert same_test(crossed([easy, hard]), stats.ttest_ind(easy, -hard, equal_var=False))


def test_problems_that_vary_no_more_than_the_residual_leave_the_t_test_over_seeds() -> None:
    by_seed = np.array([0.1, 0.3, 0.35])
    same = np.repeat(by_seed[:, np.newaxis], 7, axis=1)
    noise = np.random.default_rng(2).normal(size=(3, 7))
    noise -= noise.mean(axis=0) + noise.mean(axis=1, keepdims=True) - noise.mean()
    for data in (same, same + noise):
        assert same_test(crossed([data]), stats.ttest_1samp(by_seed, 0))


def test_a_balanced_table_worked_by_hand() -> None:
    """Mean squares: seeds 6, problems 8, residual 4 / 2 = 2. So sigma2_s = (6 - 2) / 3 and sigma2_p = (8 - 2) / 2."""
    found = crossed([[[1, 2, 6], [3, 6, 6]]])
    assert (found.variance_seeds, found.variance_problems, found.variance_residual) == pytest.approx((4 / 3, 3, 2))
    # V_seed = 6 / 6 = 1, V_prob = 8 / 6, V_e = 2 / 6; V = 1 + 8 / 6 - 2 / 6, half of it from seeds
    error = found.error
    assert (found.value, error.se**2, error.share) == pytest.approx((4, 2, 0.5))
    assert (error.df_units, error.df_problems) == (1, 2)
    critical = (stats.t.ppf(0.975, 1) + stats.t.ppf(0.975, 2)) / 2
    assert found.high - found.value == pytest.approx(critical * 2**0.5)
    assert planned(4 / 3, 3, 2, units=2, problems=3) == error
    as_chains = crossed([[[[1, 2, 6]], [[3, 6, 6]]]])
    assert (as_chains.low, as_chains.p, as_chains.chains, as_chains.seeds) == (found.low, found.p, 2, 1)
    assert (as_chains.variance_chains, as_chains.variance_seeds) == (found.variance_seeds, None)


def test_with_several_chains_seeds_are_averaged_within_each() -> None:
    data = RNG.normal(size=(4, 3, 50)) + RNG.normal(size=(4, 1, 1))
    whole, averaged = crossed([data]), crossed([data.mean(axis=1, keepdims=True)])
    assert (whole.value, whole.low, whole.p) == pytest.approx((averaged.value, averaged.low, averaged.p))
    assert (whole.chains, whole.seeds, whole.problems) == (4, 3, 50) and whole.error.df_units == 3
    more = crossed([np.concatenate([data] * 100, axis=1)])
    assert more.error.se == pytest.approx(whole.error.se), "no number of seeds says more of further chains"


def test_components_are_found_again() -> None:
    """Two benchmarks, chains and seeds that move both alike: the mean over 300 studies is near what went in."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        runs = rng.normal(0, 0.5, (4, 1, 1)) + rng.normal(0, 0.3, (4, 3, 1))
        data = [rng.normal(0, 2, n) + runs + rng.normal(0, 1, (4, 3, n)) for n in (50, 50)]
        one = crossed(data)
        found.append((one.variance_chains, one.variance_seeds, one.variance_problems, one.variance_residual))
    assert np.mean(np.array(found, float), axis=0) == pytest.approx([0.25, 0.09, 4, 1 / 3], rel=0.15)


def test_a_plan_of_the_same_size_has_the_error_that_was_found() -> None:
    data = [RNG.normal(0, 2, n) + RNG.normal(size=(5, 2, 1)) + RNG.normal(size=(5, 2, n)) for n in (40, 90)]
    found = crossed(data, weights=[0.3, 0.7])
    units = (found.variance_chains or 0) + (found.variance_seeds or 0) / 2
    plan = planned(units, found.variance_problems, found.variance_residual or 0, 5, found.problems)
    assert (plan.se, plan.share, plan.df_units) == pytest.approx((found.error.se, found.error.share, 4))


def test_benchmarks_weigh_alike_whatever_their_size() -> None:
    assert crossed([[1] * 10, [0] * 1000]).value == 0.5
    assert crossed([CORRECT]) == crossed([[CORRECT]]) == crossed([[[CORRECT]]])


def test_weights_of_benchmarks_make_another_mean_or_a_comparison() -> None:
    easy, hard = CORRECT[:100], CORRECT[100:]
    assert crossed([easy, hard], weights=[0.25, 0.75]).value == pytest.approx(CORRECT.mean())
    assert same_test(crossed([easy, hard], weights=[1, -1]), stats.ttest_ind(easy, hard, equal_var=False))


def test_training_seeds_that_disagree_widen_the_interval() -> None:
    problems = np.tile([0.0, 1.0], 200)
    alike = crossed([[problems, problems]])
    apart = crossed([[np.zeros(400), np.ones(400)]])
    assert alike.value == apart.value == 0.5
    assert alike.high - alike.low < 0.15 and apart.high - apart.low > 1


def test_what_does_not_vary_cannot_be_tested() -> None:
    for data in ([CORRECT - CORRECT], [[[0.1] * 3] * 7], [np.full((3, 9), 0.7), np.full((3, 4), 0.1)]):
        found = crossed(data)
        assert found.low == found.value == found.high and found.p is None and found.error.se == 0


@pytest.mark.parametrize("right", [0, 30])
def test_an_accuracy_of_0_or_100_has_wilsons_interval(right: int) -> None:
    share = right / 30
    expected = wilson(right, 30)
    for runs in ((1, 1), (1, 4), (5, 2)):
        found = crossed([np.full((*runs, 30), share)], bounds=(0, 1))
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high)) and found.p is None
    several = crossed([np.full((3, 30), share)] * 4, bounds=(0, 1))
    assert several.high - several.low == pytest.approx((expected.high - expected.low) / 2), "squares of four quarters"


def test_a_difference_that_is_the_same_everywhere_has_an_interval_on_both_sides() -> None:
    none, all_of_it = (crossed([np.full((3, 40), value)], bounds=(-100, 100)) for value in (0.0, 100.0))
    assert none.low == -none.high < 0 and all_of_it.low < all_of_it.high == 100
    turned = crossed([np.zeros((3, 40)), np.full((3, 40), 100.0)], weights=[0.5, -0.5], bounds=(-100, 100))
    assert turned.low < -50 < turned.high


def test_seeds_that_agree_by_chance_prove_nothing() -> None:
    found = crossed([[[1, 0, 0, 1, 0], [0, 1, 1, 0, 0]]])  # both 2 of 5, by other problems
    assert found.error.share == 1 and found.error.df_units == 1
    assert found.error.se == pytest.approx(0.1), "V_prob: a variance of 0.05 over 5 problems"
    assert found.low < 0 < found.high


def test_equivalence_is_the_90_percent_interval_within_the_margin() -> None:
    found = crossed([CORRECT - 0.3])
    low, high = stats.ttest_1samp(CORRECT - 0.3, 0).confidence_interval(0.9)
    furthest = max(abs(low), abs(high))
    assert found.within(furthest * 1.001) and not found.within(furthest * 0.999)


# --- another way to the same numbers ---


def simulated(rng: np.random.Generator, chains: int) -> list[np.ndarray]:
    """Right or wrong of two arms, subtracted, on two benchmarks; chains and seeds that vary."""
    runs = rng.normal(0, 0.4, (2, chains, 1, 1)) + rng.normal(0, 0.1, (2, chains, 2, 1))
    differences = []
    for level, n in ((-0.5, 150), (0.4, 250)):
        problems = level + rng.standard_normal(n)
        first, second = rng.standard_normal((2, chains, 2, n)) + problems + runs > 0
        differences.append(100.0 * first - 100.0 * second)
    return differences


def two_way_bootstrap(data: list[np.ndarray], draws: int) -> np.ndarray:
    """The contrast with chains and problems drawn again, both with replacement; numpy alone."""
    rng, chains = np.random.default_rng(1), data[0].shape[0]
    means = []
    for _ in range(draws):
        picked = rng.integers(0, chains, chains)
        by_benchmark = []
        for benchmark in data:
            problems = rng.integers(0, benchmark.shape[2], benchmark.shape[2])
            by_benchmark.append(benchmark.mean(axis=1)[picked][:, problems].mean())
        means.append(np.mean(by_benchmark))
    return np.array(means)


def test_a_two_way_bootstrap_of_chains_and_problems_gives_the_same_estimate_and_error() -> None:
    """Drawing chains again loses a factor (C - 1) / C of their variance, and adds the residual twice more."""
    data = simulated(np.random.default_rng(5), chains=12)
    found, drawn = crossed(data), two_way_bootstrap(data, 4_000)
    assert found.value == pytest.approx(drawn.mean(), abs=0.1)
    residual = (found.variance_residual or 0) / (12 * 400)
    expected = found.error.se**2 * (1 - found.error.share / 12) + residual
    assert drawn.std() == pytest.approx(expected**0.5, rel=0.06)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.25 * (high - low))


# --- ratios ---


def test_ratios_over_1_are_the_paired_t_test() -> None:
    first, second = LENGTHS[:150], LENGTHS[150:]
    ones = np.ones(150)
    values = linearised([(1, first, ones), (-1, second, ones)])
    assert values == pytest.approx(first - second)
    assert same_test(crossed([values]), stats.ttest_rel(first, second))


def test_a_ratio_agrees_with_its_bootstrap() -> None:
    nll = LENGTHS * np.random.default_rng(4).normal(0.3, 0.1, 300)
    linear, resampled = crossed([linearised([(1, nll, LENGTHS)])]), ratio(nll, LENGTHS)
    assert linear.value == pytest.approx(resampled.value)
    width = resampled.high - resampled.low
    assert (linear.low, linear.high) == pytest.approx((resampled.low, resampled.high), abs=0.05 * width)


def test_the_same_ratio_for_every_problem_does_not_vary() -> None:
    found = crossed([linearised([(1, 0.3 * LENGTHS, LENGTHS), (-1, 0.1 * LENGTHS, LENGTHS)])])
    assert found.value == pytest.approx(0.2) and found.p is None


def test_intervals_of_ratios_cover_the_truth() -> None:
    """Four chains that differ in their rate, two corpora on the same 60 problems: right in 93 to 98 of 100."""
    rng, covered, studies = np.random.default_rng(0), 0, 1_000
    for _ in range(studies):
        hardness, chains = rng.normal(0, 0.05, 60), []
        for shift in rng.normal(0, 0.01, 4):
            parts = []
            for sign, rate in ((1, 0.35 + shift), (-1, 0.3)):
                tokens = rng.lognormal(5, 0.5, 60)
                parts.append((sign, tokens * (rate + hardness + rng.normal(0, 0.05, 60)), tokens))
            chains.append(linearised(parts))
        found = crossed([np.array(chains)[:, np.newaxis]])
        covered += found.low <= 0.05 <= found.high
    assert 0.93 <= covered / studies <= 0.98


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: crossed([]), "one benchmark"),
        (lambda: crossed([[[1, 0], [1, 1]], [[1, 0]]]), "same chains and seeds"),
        (lambda: crossed([[1, 0], [1]]), "two problems"),
        (lambda: linearised([]), "no numbers"),
        (lambda: linearised([(1, [1, 1], [0, 0])]), "denominators above 0"),
        (lambda: planned(1, 1, 1, units=1, problems=9), "two units"),
    ],
)
def test_unusable_input_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

"""The test of a mean over few units and many problems: against scipy, by integration, by whole simulated studies."""

from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, special, stats

from micota.common.errors import UserError
from micota.results.significance import Error, critical, holm
from scripts import coverage


def test_holm_worked_by_hand() -> None:
    """0.005 x 4; 0.01 x 3; 0.03 x 2; 0.04 x 1, which may not fall below the one before it."""
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert holm([0.7, 0.6]) == [1, 1] and holm([None]) == [None] and holm([]) == []


@pytest.mark.parametrize(("share", "df"), [(0.0, 40), (1.0, 4)])
def test_one_source_of_variance_is_the_t_test(share: float, df: int) -> None:
    error = Error(2.0, share, 4, 40)
    assert error.critical(0.01) == pytest.approx(stats.t.ppf(0.995, df))
    assert error.p(7.0) == pytest.approx(2 * stats.t.sf(3.5, df))
    assert error.power(6, 0.05) == pytest.approx(stats.nct.sf(stats.t.ppf(0.975, df), df, 3), abs=1e-3)


@pytest.mark.parametrize("t", [0.0, 0.3, 2.0, 5.0, 30.0, 1000.0])
@pytest.mark.parametrize("share", [1e-9, 0.2, 0.9, 1 - 1e-9])
def test_p_is_where_the_critical_value_is_the_t_that_was_found(t: float, share: float) -> None:
    error = Error(0.5, share, 2, 897)
    assert error.critical(error.p(0.5 * t)) == pytest.approx(t, abs=1e-6)


def test_the_farthest_mean_has_the_least_p_that_is_told() -> None:
    error = Error(1.0, 0.5, 600, 900)
    assert 0 < error.p(1e9) == Error(1.0, 0, 0, 900).p(1e9) < 1e-290


@pytest.mark.parametrize(("share", "units", "alpha"), [(1, 2, 0.05), (0.6, 3, 0.004), (0.1, 8, 0.05), (0, 1, 0.01)])
def test_the_minimum_detectable_effect_has_the_power_asked_for(share: float, units: int, alpha: float) -> None:
    error = Error(0.7, share, units - 1, 299)
    assert error.power(error.detectable(alpha, 0.8), alpha) == pytest.approx(0.8)
    assert Error(0.0, 0, 2, 9).detectable(alpha, 0.8) == 0 and Error(0.0, 0, 2, 9).power(1, alpha) == 1


def test_power_is_what_simulated_tests_find() -> None:
    rng, share, df, draws = np.random.default_rng(0), 0.7, 4, 200_000
    units = share * rng.chisquare(df, draws) / df
    seen = units + (1 - share) * rng.chisquare(300, draws) / 300
    found = rng.standard_normal(draws) + 4 > critical(units / seen, df, 300, 0.01) * np.sqrt(seen)
    assert Error(2, share, df, 300).power(8, 0.01) == pytest.approx(found.mean(), abs=0.005)


@pytest.mark.parametrize("chains", coverage.CHAINS)
def test_small_p_come_at_most_half_again_as_often_as_they_should(chains: int) -> None:
    """Whatever the chains' share of the variance; and no interval is far wider than it should be."""
    for alpha in (0.05 / 9, 0.005):
        assert max(coverage.error_rate(chains, share, alpha) for share in coverage.SHARES) <= 1.5 * alpha
    covered = [1 - coverage.error_rate(chains, share, 0.05) for share in coverage.SHARES]
    assert min(covered) >= 0.949 and max(covered) <= 0.975


def test_the_integral_is_what_adaptive_quadrature_gives() -> None:
    def at(place: float) -> float:
        units = 0.8 * float(special.gammaincinv(1, place))
        seen = units + 0.2
        return float(2 * special.ndtr(-critical(units / seen, 2, 897, 0.005) * np.sqrt(seen)))

    assert coverage.error_rate(3, 0.8, 0.005) == pytest.approx(integrate.quad(at, 0, 1, limit=200)[0], rel=1e-3)


@pytest.mark.parametrize("chains", coverage.CHAINS)
@pytest.mark.parametrize("spread", [(0, 0), (5, 2), (10, 4)])
def test_intervals_of_whole_studies_cover_the_truth(chains: int, spread: tuple[int, int]) -> None:
    """Right or wrong answers, 3 benchmarks of 300 problems, two seeds in each chain."""
    share, (rejected, *_) = coverage.rejected(chains, spread, 1_000)
    assert 0.93 <= 1 - rejected <= 0.98
    assert (share > 0.8) == (spread[0] > 0)


def test_the_tables_of_coverage_have_a_row_for_each_design(tmp_path: Path) -> None:
    coverage.main([f"--out={tmp_path}/coverage.md", "--studies=20"])
    text = (tmp_path / "coverage.md").read_text()
    assert text.count("\n| ") == len(coverage.CHAINS) * len(coverage.SPREADS) + 2 + len(coverage.CHAINS)
    assert "20 studies a row" in text
    with pytest.raises(UserError, match="--studies"):
        coverage.main([f"--out={tmp_path}/coverage.md", "--studies=0"])

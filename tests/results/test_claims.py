"""Verdicts on synthetic data whose truth is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from micota.common.tables import Row
from micota.results import claims
from micota.results.claims import Data, Result, Traces, judge
from micota.results.estimates import Contrast
from micota.results.outcomes import Cell
from micota.results.sides import CONTRADICTED, NOISE, NOT_TESTABLE, REPRODUCED
from tests.graded import ACCURACY, NLL, SWEEP


def family(*parts: Mapping[str, Any], published: float | None = None) -> dict[str, Any]:
    """Claims with one claim of these parts."""
    return {"alpha": 0.05, "power": 0.8, "family": {"claim": {"text": "So.", "parts": parts, "published": published}}}


def judged(block: Mapping[str, Any], data: Data) -> list[Row]:
    return judge(block["family"], data, alpha=block["alpha"], power=block["power"])


def cell(right: int, of: int) -> Cell:
    """`right` of the problems solved, an answer each; 10 tokens, and one more for every problem before."""
    names = [f"{number:04d}" for number in range(of)]
    return Cell({name: [int(name) < right] for name in names}, {name: [10 + int(name)] for name in names})


def students(rates: Mapping[str, list[int]], of: int = 400) -> Data:
    """Students by name, with the problems that each training seed solves; `s` is the untrained one."""
    cells = {f"{name}-s{seed}": {"b": cell(n, of)} for name, solved in rates.items() for seed, n in enumerate(solved)}
    seeds = range(max(map(len, rates.values())))
    return Data(list(seeds), ["s"], ["b"], None, cells | {"s": {"b": cell(100, of)}}, {})


def contrast(value: float, p: float | None) -> Contrast:
    """A contrast whose p is given, of standard error 1."""
    return Contrast(
        value=value, low=value - 2, high=value + 2, p=p, se=1.0, df=60.0, seeds=3, problems=90,
        variance_seeds=0.1, variance_problems=0.2, variance_residual=0.3,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mid", "expected", "verdict", "reason"),
    [
        ([320, 324, 318], "positive", REPRODUCED, None),
        ([320, 324, 318], "negative", CONTRADICTED, None),
        ([161, 158, 163], "positive", NOISE, None),
        ([320], "positive", NOT_TESTABLE, "one training seed"),
        ([160, 162, 158], "positive", NOT_TESTABLE, "no variance"),  # the same problems as on long
    ],
)
def test_the_four_verdicts(mid: list[int], expected: str, verdict: str, reason: str | None) -> None:
    data = students({"s-mid": mid, "s-long": [160, 162, 158][: len(mid)]})
    (row,) = judged(family(ACCURACY | {"expected": expected}), data)
    assert row["verdict"] == verdict and (row["reason"] or "").startswith(reason or "")
    assert row["effect"] == pytest.approx(100 * (np.mean(mid) - np.mean([160, 162, 158][: len(mid)])) / 400)
    assert (row["p_holm"] is None) == (row["mde"] is None) == (row["p"] is None) == (verdict == NOT_TESTABLE)
    assert row["family"] == (verdict != NOT_TESTABLE)


def test_seeds_are_paired_and_the_untrained_student_counts_for_each() -> None:
    data = students({"s-mid": [300, 100], "s-long": [200, 150]}, of=400)
    (long,) = claims.student_differences({"s-mid": 1, "s-long": -1}, data)
    assert long.shape == (2, 400) and long.mean(axis=1) == pytest.approx([25, -12.5])
    assert set(long[0]) == {0.0, 100.0} and long[0, 200:300].all() and not long[0, :200].any()
    (base,) = claims.student_differences({"s-mid": 1, "s": -1}, data)
    assert base.mean(axis=1) == pytest.approx([50, 0])
    (half,) = claims.student_differences({"s-mid": 0.5, "s-long": 0.5, "s": -1}, data)
    assert half.mean(axis=1) == pytest.approx([37.5, 6.25])


@pytest.mark.parametrize(
    ("merged", "margin", "verdict"), [(990, 2, REPRODUCED), (992, 0, NOISE), (900, 2, CONTRADICTED)]
)
def test_a_margin_forgives_a_small_loss(merged: int, margin: float, verdict: str) -> None:
    cells = {"merged": {"v": cell(merged, 2000)}, "unmerged": {"v": cell(994, 2000)}}
    (row,) = judged(family(SWEEP | {"margin": margin}), Data([0], ["s"], [], "v", cells, {}))
    assert row["effect"] == pytest.approx((merged - 994) / 20) and row["verdict"] == verdict
    assert row["seeds"] == 1 and row["problems"] == 2000, "fixed models need no second seed"


def test_tokens_are_compared_problem_by_problem() -> None:
    cells = {name: {"v": cell(1, 50)} for name in ("merged", "unmerged")}
    cells["merged"]["v"].lengths["0007"] = [60, 20]
    part = SWEEP | {"measure": "validation_tokens", "contrast": {"merged": 1, "unmerged": -0.5}}
    values = claims.sweep_differences(part, Data([0], [], [], "v", cells, {}))
    assert values[7] == 40 - 0.5 * 17 and values[8] == 9


def test_a_claim_of_several_parts_stands_or_falls_with_each() -> None:
    assert claims.claim_p([True, True], [0.01, 0.04]) == 0.04, "each must be shown"
    assert claims.claim_p([True, False, False], [0.9, 0.02, 0.01]) == pytest.approx(0.03), "one would refute it"
    assert claims.claim_p([False, True], [0.7, 0.001]) == 1.0
    assert claims.verdict([True, True], 0.04, 0.05) == REPRODUCED
    assert claims.verdict([True, False], 0.04, 0.05) == CONTRADICTED
    assert claims.verdict([True], 0.05, 0.05) == claims.verdict([False], 0.06, 0.05) == NOISE
    assert claims.verdict([True], None, 0.05) == NOT_TESTABLE


def test_holm_corrects_over_the_claims_that_can_be_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """p of 0.01, 0.03 and 0.02: times 3, 1 and 2, and never less than one before."""
    found = {
        "first": [Result(contrast(3, 0.01))],
        "second": [Result(contrast(2, 0.03)), Result(contrast(4, 0.001))],
        "third": [Result(contrast(-3, 0.02))],
        "untested": [Result(contrast(9, 0.0001)), Result(contrast(5, None), "no variance")],
    }
    block = {
        "alpha": 0.05, "power": 0.8,
        "family": {
            name: {"text": name, "published": 2.0 if len(parts) == 1 else None,
                   "parts": [ACCURACY | {"expected": "positive", "is": result} for result in parts]}
            for name, parts in found.items()
        },
    }  # fmt: skip
    monkeypatch.setattr(claims, "measure", lambda part, data: part["is"])
    rows = judged(block, students({"s-mid": [1], "s-long": [1]}))
    by_claim = {row["claim"]: row for row in rows}
    assert [row["part"] for row in rows] == [1, 1, 2, 1, 1, 2]
    assert {name: row["p_holm"] for name, row in by_claim.items()} == pytest.approx(
        {"first": 0.03, "second": 0.04, "third": 0.04, "untested": None}
    )
    assert [row["verdict"] for row in by_claim.values()] == [REPRODUCED, REPRODUCED, CONTRADICTED, NOT_TESTABLE]
    assert {row["family"] for row in rows} == {3}
    assert by_claim["first"]["power_at_published"] == by_claim["third"]["power_at_published"] > 0
    assert by_claim["first"]["mde"] == by_claim["second"]["mde"] > 2 and by_claim["untested"]["mde"] is None


def nll_data(mid: Traces, long: Traces) -> Data:
    return Data([0], ["s"], [], None, {}, {"s": {"mid": mid, "long": long}})


@pytest.mark.parametrize(
    ("measure", "effect"), [("nll_per_token", 6 / 40 - 30 / 80), ("nll_per_trace", 6 / 3 - 30 / 2)]
)
def test_nll_is_compared_on_the_problems_that_both_corpora_hold(measure: str, effect: float) -> None:
    mid = {"a": (2.0, 10, 1), "b": (4.0, 30, 2), "easy": (100.0, 1, 1)}
    long = {"a": (10.0, 20, 1), "b": (20.0, 60, 1), "hard": (900.0, 1, 1)}
    (row,) = judged(family(NLL | {"measure": measure}), nll_data(mid, long))
    assert row["effect"] == pytest.approx(effect) and row["problems"] == 2
    assert row["contrast"] == "mid - long under s"


@pytest.mark.parametrize(("shared", "said"), [(0, "no problem in common"), (1, "1 problem in common")])
def test_corpora_without_common_problems_are_not_testable(shared: int, said: str) -> None:
    mid = {f"m{n}": (1.0, 10, 1) for n in range(5)}
    long = dict(list(mid.items())[:shared]) | {"l": (1.0, 10, 1)}
    (row,) = judged(family(NLL), nll_data(mid, long))
    assert row["verdict"] == NOT_TESTABLE and said in row["reason"] and row["effect"] is None


def test_a_single_problem_tells_nothing() -> None:
    (row,) = judged(family(ACCURACY | {"expected": "positive"}), students({"s-mid": [1, 0], "s-long": [0, 0]}, of=1))
    assert row["verdict"] == NOT_TESTABLE and row["reason"] == "a data set of one problem"


def test_contrasts_are_put_into_words() -> None:
    slope = {f"w{n}": (n - 2.5) / 10 for n in range(6)}
    crossing = {"l-mid": 1, "l-long": -1, "s-mid": -1, "s-long": 1}
    words = [claims.describe(ACCURACY | {"contrast": c}, ["s", "l"]) for c in ({"s-mid": 1, "s": -1}, crossing)]
    assert words == ["s: mid - untrained", "l-mid - l-long - s-mid + s-long"]
    assert claims.describe(SWEEP | {"contrast": slope}, ["s"]) == "- 0.25 x w0 ... + 0.25 x w5 (6 models)"


def test_a_true_null_is_seldom_called_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six claims without an effect, seeds and problems that vary: a false verdict in 5 % of the studies at most."""
    rng = np.random.default_rng(11)
    parts = [ACCURACY | {"expected": side} for side in ("positive", "negative")] * 3
    named = {f"c{n}": {"text": "", "parts": [part], "published": None} for n, part in enumerate(parts)}
    block = {"alpha": 0.05, "power": 0.8, "family": named}
    seeds = 2

    def differences(weights: Mapping[str, float], data: Data) -> list[np.ndarray]:
        """Points: training seeds move the benchmarks together (sd 2), problems differ, and so does each answer."""
        training = rng.normal(0, 2, (seeds, 1))
        return [training + rng.normal(0, 20, n) + rng.normal(0, 30, (seeds, n)) for n in (30, 60)]

    monkeypatch.setattr(claims, "student_differences", differences)
    monkeypatch.setattr(claims, "minimum_detectable_effect", lambda se, df, alpha, power: None)  # slow, and no verdict
    wrong = {REPRODUCED: 0, CONTRADICTED: 0}
    studies = 1000
    for number in range(studies):
        seeds = 2 + number % 2
        rows = judged(block, Data(list(range(seeds)), ["s"], [], None, {}, {}))
        for verdict in wrong:
            wrong[verdict] += any(row["verdict"] == verdict for row in rows)
    assert wrong[REPRODUCED] <= 0.05 * studies and wrong[CONTRADICTED] <= 0.05 * studies

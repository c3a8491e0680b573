"""Verdicts on synthetic data whose truth is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from micota.common.tables import Row
from micota.results import claims
from micota.results.claims import judge
from micota.results.contrasts import Contrast, crossed
from micota.results.measures import Data, Result, Traces, measured, student_differences, sweep_differences
from micota.results.outcomes import Cell
from micota.results.sides import (
    CONTRADICTED,
    EQUIVALENT,
    ESTIMATED,
    NOT_TESTABLE,
    ONE_CHAIN,
    REPRODUCED,
    SEVERAL_CHAINS,
    UNDECIDED,
    in_words,
)
from micota.results.significance import Error, holm
from tests.graded import ACCURACY, NLL, SWEEP


def claim(*parts: Mapping[str, Any], published: float | None = None, kind: str = "test") -> dict[str, Any]:
    return {"text": "So.", "parts": parts, "published": published, "whose": "paper", "kind": kind}


def family(*parts: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    """Claims with one claim of these parts."""
    return {"alpha": 0.05, "power": 0.8, "family": {"claim": claim(*parts, **keys)}}


def judged(block: Mapping[str, Any], data: Data) -> list[Row]:
    return judge(block["family"], measured(block["family"], data), alpha=block["alpha"], power=block["power"])


def cell(right: int, of: int) -> Cell:
    """`right` of the problems solved, an answer each; 10 tokens, and one more for every problem before."""
    names = [f"{number:04d}" for number in range(of)]
    return Cell({name: [int(name) < right] for name in names}, {name: [10 + int(name)] for name in names})


def students(rates: Mapping[str, list[int]], of: int = 400) -> Data:
    """Students by name, with the problems that each training seed solves; `s` is the untrained one."""
    return of_chains({name: [solved] for name, solved in rates.items()}, of)


def of_chains(rates: Mapping[str, list[list[int]]], of: int = 400) -> Data:
    """The same by [chain][seed]."""
    runs = {"s": [["s"]]}
    cells = {"s": {"b": cell(100, of)}}
    for name, chains in rates.items():
        runs[name] = [[f"{name}-c{c}-s{s}" for s in range(len(solved))] for c, solved in enumerate(chains)]
        solved = [n for chain in chains for n in chain]
        models = [model for chain in runs[name] for model in chain]
        cells |= {model: {"b": cell(n, of)} for model, n in zip(models, solved, strict=True)}
    return Data(runs, ["b"], None, cells, {})


def sweep(cells: dict[str, Any]) -> Data:
    """Models of the merge sweep on the validation problems."""
    return Data({name: [[name]] for name in cells}, [], "v", cells, {})


def contrast(value: float, p: float | None) -> Contrast:
    """A contrast whose p is given, of standard error 1."""
    return Contrast(
        value=value, low=value - 2, high=value + 2, p=p, error=Error(1.0, 0.5, 2, 60.0), chains=1, seeds=3, problems=90,
        variance_chains=None, variance_seeds=0.1, variance_problems=0.2, variance_residual=0.3,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mid", "expected", "verdict", "reason"),
    [
        ([320, 324, 318], "positive", REPRODUCED, None),
        ([320, 324, 318], "negative", CONTRADICTED, None),
        ([161, 158, 163], "positive", UNDECIDED, None),
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
    ((long,),) = student_differences({"s-mid": 1, "s-long": -1}, data, ["b"])
    assert long.shape == (2, 400) and long.mean(axis=1) == pytest.approx([25, -12.5])
    assert set(long[0]) == {0.0, 100.0} and long[0, 200:300].all() and not long[0, :200].any()
    ((base,),) = student_differences({"s-mid": 1, "s": -1}, data, ["b"])
    assert base.mean(axis=1) == pytest.approx([50, 0])
    ((half,),) = student_differences({"s-mid": 0.5, "s-long": 0.5, "s": -1}, data, ["b"])
    assert half.mean(axis=1) == pytest.approx([37.5, 6.25])


@pytest.mark.parametrize(
    ("merged", "margin", "verdict"), [(990, 2, REPRODUCED), (992, 0, UNDECIDED), (900, 2, CONTRADICTED)]
)
def test_a_margin_forgives_a_small_loss(merged: int, margin: float, verdict: str) -> None:
    cells = {"merged": {"v": cell(merged, 2000)}, "unmerged": {"v": cell(994, 2000)}}
    (row,) = judged(family(SWEEP | {"margin": margin}), sweep(cells))
    assert row["effect"] == pytest.approx((merged - 994) / 20) and row["verdict"] == verdict
    assert row["seeds"] == 1 and row["problems"] == 2000, "fixed models need no second seed"


def test_tokens_are_compared_problem_by_problem() -> None:
    cells = {name: {"v": cell(1, 50)} for name in ("merged", "unmerged")}
    cells["merged"]["v"].lengths["0007"] = [60, 20]
    part = SWEEP | {"measure": "validation_tokens", "contrast": {"merged": 1, "unmerged": -0.5}}
    ((values,),) = sweep_differences(part, sweep(cells)).tolist()
    assert values[7] == 40 - 0.5 * 17 and values[8] == 9


def test_a_claim_of_several_parts_stands_or_falls_with_each() -> None:
    assert claims.claim_p([True, True], [0.01, 0.04]) == 0.04, "each must be shown"
    assert claims.claim_p([True, False, False], [0.9, 0.02, 0.01]) == pytest.approx(0.03), "one would refute it"
    assert claims.claim_p([False, True], [0.7, 0.001]) == 1.0
    right, wrong = (ACCURACY | {"expected": side} for side in ("positive", "negative"))
    found = [Result(contrast(3, 0.01))]
    assert claims.verdict([right, right], found * 2, 0.04, 0.05) == REPRODUCED
    assert claims.verdict([right, wrong], found * 2, 0.04, 0.05) == CONTRADICTED
    assert claims.verdict([right], found, 0.05, 0.05) == claims.verdict([wrong], found, 0.06, 0.05) == UNDECIDED
    assert claims.verdict([right], found, None, 0.05) == NOT_TESTABLE


def test_an_effect_within_a_margin_stated_beforehand_is_equivalent_to_none() -> None:
    """90% intervals of +-1.8 or so about the effect: within 5 points of 0, where every part is."""
    part = ACCURACY | {"expected": "positive", "equivalence": 5.0}
    near, far = (Result(contrast(value, 0.3)) for value in (1.0, 4.0))
    assert claims.verdict([part], [near], 0.3, 0.05) == EQUIVALENT
    assert claims.verdict([part], [far], 0.3, 0.05) == claims.verdict([part] * 2, [near, far], 0.3, 0.05) == UNDECIDED
    assert claims.verdict([part], [near], 0.01, 0.05) == REPRODUCED, "a small effect that is sure is one"
    (row,) = judged(family(part), students({"s-mid": [161, 158, 163], "s-long": [160, 162, 158]}))
    assert row["verdict"] == EQUIVALENT and row["equivalence"] == 5.0


def test_an_estimate_has_no_verdict_and_stays_out_of_the_family() -> None:
    parts = SWEEP | {"expected": None}
    cells = {"merged": {"v": cell(900, 2000)}, "unmerged": {"v": cell(994, 2000)}}
    block = family(parts, kind="estimate")
    block["family"]["other"] = claim(SWEEP)
    estimate, other = judged(block, sweep(cells))
    assert (estimate["verdict"], estimate["p"], estimate["p_holm"], estimate["mde"]) == (ESTIMATED, None, None, None)
    assert estimate["effect"] == other["effect"] and estimate["effect_low"] == other["effect_low"]
    assert other["family"] == 1 and other["p"] is not None


def test_one_chain_speaks_of_its_own_teacher_and_several_of_further_ones() -> None:
    seeds = {"s-mid": [320, 324, 318], "s-long": [160, 162, 158]}
    part = ACCURACY | {"expected": "positive"}
    (one,) = judged(family(part), students(seeds))
    assert (one["about"], one["chains"], one["seeds"], one["variance_chains"]) == (ONE_CHAIN, 1, 3, None)
    (several,) = judged(family(part), of_chains({name: [[n] for n in solved] for name, solved in seeds.items()}))
    assert (several["about"], several["chains"], several["seeds"]) == (SEVERAL_CHAINS, 3, 1)
    assert several["verdict"] == one["verdict"] == REPRODUCED and several["variance_seeds"] is None
    assert in_words(one["verdict"], one["about"]) == "reproduced, for this teacher and assistant"
    assert in_words(several["verdict"], several["about"]) == in_words(REPRODUCED, None) == REPRODUCED


def test_an_untrained_student_of_its_own_in_each_chain_or_one_for_all() -> None:
    data = of_chains({"s-mid": [[300, 100], [200, 200]], "t-mid": [[0, 0], [100, 100]]})
    shared = student_differences({"s-mid": 1, "s": -1}, data, ["b"])[0]
    assert shared.shape == (2, 2, 400) and shared.mean(axis=2).tolist() == [[50, 0], [25, 25]]
    own = Data({**data.runs, "s": [["t-mid-c0-s0"], ["t-mid-c1-s0"]]}, ["b"], None, data.cells, {})
    (difference,) = student_differences({"s-mid": 1, "s": -1}, own, ["b"])
    assert difference.mean(axis=2).tolist() == [[75, 25], [25, 25]]
    untrained = family(ACCURACY | {"contrast": {"s": 1, "other": -1}, "expected": "positive"})
    fixed = Data({"s": [["s"]], "other": [["t-mid-c0-s0"]]}, ["b"], None, data.cells, {})
    (row,) = judged(untrained, fixed)
    assert row["verdict"] == NOT_TESTABLE, "a trained one, of one seed"


def test_both_weightings_of_benchmarks_and_each_alone() -> None:
    """Small: right 30 of 40 and 10 of 40; large: 10 of 160 and 30 of 160. The means cancel where benchmarks count."""
    solved = {"s-mid": (30, 10), "s-long": (10, 30)}
    runs = {name: [[f"{name}-s{seed}" for seed in (0, 1)]] for name in solved}
    cells = {
        f"{name}-s{seed}": {"few": cell(few + seed, 40), "many": cell(4 * many, 160)}
        for name, (few, many) in solved.items()
        for seed in (0, 1)
    }
    data = Data(runs, ["few", "many"], None, cells, {})
    block = family(ACCURACY | {"expected": "positive"})
    results = measured(block["family"], data)
    (row,) = judge(block["family"], results, alpha=0.05, power=0.8)
    assert row["effect"] == pytest.approx(0) and row["effect_by_problem"] == pytest.approx(-30)
    assert row["effect_by_problem_low"] < -30 < row["effect_by_problem_high"]
    alone = claims.benchmark_rows(block["family"], results)
    assert {each["benchmark"]: each["effect"] for each in alone} == pytest.approx({"few": 50, "many": -50})
    assert all(each["effect_low"] < each["effect"] < each["effect_high"] for each in alone)
    weights = {"few": 1.0, "many": -1.0}
    (row,) = judged(family(ACCURACY | {"expected": "positive", "benchmarks": weights, "unit": "points apart"}), data)
    assert row["effect"] == pytest.approx(100) and row["effect_by_problem"] is None
    assert (row["contrast"], row["unit"]) == ("s: mid - long on few - many", "points apart")


def test_students_that_solve_all_and_nothing_still_have_an_interval() -> None:
    (row,) = judged(family(ACCURACY | {"expected": "positive"}), students({"s-mid": [400] * 3, "s-long": [0] * 3}))
    assert row["effect"] == row["effect_high"] == 100 and 95 < row["effect_low"] < 100
    assert row["verdict"] == NOT_TESTABLE and row["reason"].startswith("no variance")


def test_holm_corrects_over_the_claims_that_can_be_tested() -> None:
    """p of 0.01, 0.03 and 0.02: times 3, 1 and 2, and never less than one before."""
    found = {
        "first": [Result(contrast(3, 0.01))],
        "second": [Result(contrast(2, 0.03)), Result(contrast(4, 0.001))],
        "third": [Result(contrast(-3, 0.02))],
        "untested": [Result(contrast(9, 0.0001)), Result(contrast(5, None), "no variance")],
    }
    part = ACCURACY | {"expected": "positive"}
    named = {
        name: claim(*[part] * len(parts), published=2.0 if len(parts) == 1 else None) for name, parts in found.items()
    }
    rows = judge(named, found, alpha=0.05, power=0.8)
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
    return Data({name: [[name]] for name in ("s", "mid", "long")}, [], None, {}, {"s": {"mid": mid, "long": long}})


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
    words = [claims.describe(ACCURACY | {"contrast": c}) for c in ({"s-mid": 1, "s": -1}, crossing)]
    assert words == ["s: mid - untrained", "l-mid - l-long - s-mid + s-long"]
    assert claims.describe(SWEEP | {"contrast": slope}) == "- 0.25 x w0 ... + 0.25 x w5 (6 models)"


def test_nll_of_several_chains_on_the_problems_that_all_of_them_hold() -> None:
    """Each chain's own ratio, then the mean; under one untrained student, or under each chain's own."""
    rng = np.random.default_rng(2)

    def corpus(rate: float, names: range) -> Traces:
        return {f"p{n}": (10 * rate + rng.normal(0, 0.1), 10, 1) for n in names}

    rates = {"mid-c0": 0.2, "mid-c1": 0.3, "mid-c2": 0.25, "long-c0": 0.5, "long-c1": 0.4, "long-c2": 0.45}
    traces = {name: corpus(rate, range(5 * int(name[-1]), 60)) for name, rate in rates.items()}
    runs = {corpus: [[f"{corpus}-c{chain}"] for chain in range(3)] for corpus in ("mid", "long")}
    shared = Data({**runs, "s": [["s"]]}, [], None, {}, {"s": traces})
    (row,) = judged(family(NLL), shared)
    assert row["effect"] == pytest.approx(-0.2, abs=0.01) and row["effect"] < row["effect_high"]
    assert (row["chains"], row["problems"], row["df_units"], row["about"]) == (3, 50, 2, SEVERAL_CHAINS)
    assert row["variance_chains"] == pytest.approx(0.01, rel=0.1), "-0.3, -0.1 and -0.2"
    own = {f"s-c{chain}": {name: each for name, each in traces.items() if name[-1] == str(chain)} for chain in range(3)}
    by_chain = Data({**runs, "s": [["s-c0"], ["s-c1"], ["s-c2"]]}, [], None, {}, own)
    assert judged(family(NLL), by_chain) == [row]


@pytest.mark.parametrize("chains", [1, 3, 5])
def test_a_true_null_is_seldom_called_reproduced(chains: int) -> None:
    """Six claims without an effect, runs and problems that vary: a false verdict in 5 % of the studies at most."""
    rng = np.random.default_rng(11)
    parts = [ACCURACY | {"expected": side} for side in ("positive", "negative")] * 3
    wrong, studies = {REPRODUCED: 0, CONTRADICTED: 0}, 600
    seeds = 3 if chains == 1 else 1

    def differences() -> list[np.ndarray]:
        """Points: runs move the benchmarks together (sd 2), problems differ, and so does each answer."""
        runs = rng.normal(0, 2, (chains, seeds, 1))
        return [runs + rng.normal(0, 20, n) + rng.normal(0, 30, (chains, seeds, n)) for n in (30, 60)]

    for _ in range(studies):
        contrasts = [crossed(differences()) for _ in parts]
        p_holm = holm([found.p for found in contrasts])
        triples = zip(parts, contrasts, p_holm, strict=True)
        said = [claims.verdict([part], [Result(found)], p, 0.05) for part, found, p in triples]
        for verdict in wrong:
            wrong[verdict] += verdict in said
    assert wrong[REPRODUCED] <= 0.05 * studies and wrong[CONTRADICTED] <= 0.05 * studies

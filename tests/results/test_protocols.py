"""avg@k, pass@k and maj@k against enumeration, and their table from graded traces."""

from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.common.records import RecordError
from micota.common.tables import read_csv
from micota.results.pass_at_k import avg_at_k, ks, maj_at_k, pass_at_k
from micota.results.tables import main, protocols
from micota.study import tasks
from micota.study.load import load_study
from tests.graded import entry, trace, write_traces
from tests.tiny import raw_config


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.data())
def test_pass_at_k_is_the_share_of_all_draws_that_hold_a_right_one(correct: list[bool], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(correct)))
    draws = list(combinations(correct, k))
    expected = sum(map(any, draws)) / len(draws)
    assert pass_at_k(len(correct), sum(correct), k) == pytest.approx(expected, abs=1e-12)
    assert pass_at_k(len(correct), sum(correct), 1) == pytest.approx(avg_at_k(correct))


@pytest.mark.parametrize(
    ("n", "c", "k"), [(2000, 1, 1000), (2000, 3, 64), (10**5, 1, 10), (1000, 1000, 1), (64, 0, 64)]
)
def test_pass_at_k_is_stable_where_binomials_overflow_a_float(n: int, c: int, k: int) -> None:
    exact = 1 - Fraction(comb(n - c, k), comb(n, k))
    assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, 1, 5), (4, 1, 0), (4, -1, 1)])
def test_pass_at_k_refuses_what_it_can_not_estimate(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("answers", "right", "expected"),
    [
        (["1", "1", "2"], "1", 1.0),
        (["1", "2", "2"], "1", 0.0),
        (["1", "2"], "1", 0.5),
        (["1", "2", "3"], "3", 1 / 3),
        ([None, None, "1"], "1", 1.0),  # no answer, no vote
        ([None, None], "1", 0.0),
        (["1/2", r"\frac{1}{2}", "0.5", "3", "3"], "1/2", 1.0),  # one answer, three writings
        ([r"5\text{ m}\text{ s}", r"5\text{ m}\text{ s}", "4"], r"5\text{ m}\text{ s}", 1.0),  # no normal form
    ],
)
def test_the_majority_votes(answers: list[str | None], right: str, expected: float) -> None:
    halves = {"1/2", r"\frac{1}{2}", "0.5"}
    correct = [answer == right or (right in halves and answer in halves) for answer in answers]
    assert maj_at_k(answers, correct) == pytest.approx(expected)


@given(st.lists(st.sampled_from(["1", "2", "3", None]), min_size=1, max_size=7))
def test_a_tie_is_the_mean_over_all_ways_to_break_it(answers: list[str | None]) -> None:
    votes = [answer for answer in answers if answer]
    tops = [a for a in set(votes) if all(votes.count(a) >= votes.count(b) for b in votes)]
    expected = sum(top == "1" for top in tops) / len(tops) if tops else 0.0
    assert maj_at_k(answers, [answer == "1" for answer in answers]) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "expected"), [(2, [2]), (3, [2, 3]), (4, [2, 4]), (8, [2, 4, 8]), (10, [2, 4, 8, 10])])
def test_which_k_are_shown(n: int, expected: list[int]) -> None:
    assert ks(n) == expected


# --- the table --------------------------------------------------------------------------------------------------------

ENTRIES = [entry("s-mid-s0", "s", "mid"), entry("s-mid-s1", "s", "mid", 1)]


def write(folder: Path, model: str, answers: dict[str, list[str | None]], dataset: str = "easy@4") -> None:
    """Graded samples whose right answer is "1", and a greedy trace of the same problems."""
    rows = [trace(f"easy/{p}", "easy", True) for p in answers]
    for problem, samples in answers.items():
        for index, answer in enumerate(samples):
            changes = {"sample": index, "extracted": answer}
            rows.append(trace(f"easy/{problem}", dataset, answer == "1", **changes))
    write_traces(folder / f"{model}.jsonl", reversed(rows))


def make(folder: Path) -> Path:
    files = {"graded": list(folder.glob("*.jsonl")), "reports": []}
    protocols.make(files, folder, entries=ENTRIES, labels={"easy@4": "easy"}, temperature=0.6)
    return folder / "protocols"


def test_the_table_averages_seeds(tmp_path: Path) -> None:
    write(tmp_path, "s-mid-s0", {"0": ["1", "1", "1", "2"], "1": ["2", "2", "1", None]})
    write(tmp_path, "s-mid-s1", {"0": ["1", "2", "1", "2"], "1": ["2", "2", "2", "2"]})
    easy, average = read_csv(f"{make(tmp_path)}.csv")
    assert (easy["benchmark"], average["benchmark"]) == ("easy", "average")
    assert (easy["samples"], easy["seeds"], easy["problems"], easy["temperature"]) == (4, 2, 2, 0.6)
    assert easy["avg_percent"] == pytest.approx(100 * (3 + 1 + 2 + 0) / 16)
    assert easy["maj_percent"] == pytest.approx(100 * (1 + 0 + 0.5 + 0) / 4)
    assert easy["pass_at_2_percent"] == pytest.approx(100 * (1 + 1 / 2 + 5 / 6 + 0) / 4)
    assert easy["pass_at_4_percent"] == pytest.approx(100 * 3 / 4)
    assert easy["avg_low_percent"] <= easy["avg_percent"] <= easy["avg_high_percent"]
    assert {key: average[key] for key in ("avg_percent", "maj_percent")} == {
        key: easy[key] for key in ("avg_percent", "maj_percent")
    }


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"0": ["1"] * 4, "1": ["1"] * 3}, "problem easy/0 .easy@4. has 4 samples, where 3 should be"),
        ({"0": ["1"], "1": ["1"]}, "have 1, 4 samples"),
        ({"0": ["1"] * 4}, "1 problems of easy have samples"),
        ({"0": ["1"] * 4, "2": ["1"] * 4}, "s-mid-s1 and s-mid-s0 differ in 2 problems of easy"),
    ],
)
def test_unequal_samples_are_refused(tmp_path: Path, answers: dict[str, list[str | None]], said: str) -> None:
    write(tmp_path, "s-mid-s0", {"0": ["1"] * 4, "1": ["1"] * 4})
    write(tmp_path, "s-mid-s1", answers)
    with pytest.raises((UserError, RecordError), match=said):
        make(tmp_path)


# --- the configuration ------------------------------------------------------------------------------------------------

BLOCK: dict[str, Any] = {"prompt": "chat", "temperature": 0.6, "n": 8, "max_tokens": 560}


def test_protocols_are_sampled_beside_the_evaluation() -> None:
    study = load_study(raw_config("mini", {"sampling.protocols": BLOCK}))
    assert tasks.protocol_labels(study) == {f"{name}@8": name for name in study.config.benchmarks}
    asked = {task.dataset: task for task in tasks.tasks(study, "small-mid-s0")}
    greedy, sampled = asked["two_steps"], asked["two_steps@8"]
    assert greedy.problems == sampled.problems == "two_steps"
    assert [(t.decoding.n, t.decoding.temperature) for t in (greedy, sampled)] == [(1, 0.0), (8, 0.6)]
    assert not [task for task in tasks.tasks(study, "teacher") if "@" in task.dataset]


def test_an_evaluation_with_several_samples_needs_no_block() -> None:
    changes = {"sampling.evaluation": BLOCK}
    study = load_study(raw_config("mini", changes))
    assert tasks.protocol_labels(study) == {name: name for name in study.config.benchmarks}
    assert tasks.protocol_labels(load_study(raw_config("mini"))) == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampling.protocols": BLOCK | {"temperature": 0.0}}, "sampling.protocols.n: 8 greedy samples are one"),
        ({"sampling.evaluation": BLOCK | {"temperature": 0.0}}, "sampling.evaluation.n: 8 greedy samples are one"),
        ({"sampling.protocols": BLOCK | {"n": 1}}, "sampling.protocols: it needs n of 2"),
        ({"sampling.protocols": BLOCK, "sampling.evaluation": BLOCK}, "leave one of the two"),
        ({"sampling.protocols": BLOCK | {"prompt": "caht"}}, "there is no 'caht'"),
        (
            {"prompts.other": {"user": "{problem} "}, "sampling.protocols": BLOCK | {"prompt": "other"}},
            "evaluation of sampling.protocols differs",
        ),
    ],
)
def test_what_a_protocol_needs(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_study(raw_config("mini", changes))


# --- stop strings -----------------------------------------------------------------------------------------------------


def test_completions_that_a_stop_string_ended_before_a_box_are_counted(tmp_path: Path) -> None:
    """Only where the traces say so: archived ones have no such column."""
    boxless = {"extracted": None, "reason": "no_box"}
    rows = [
        trace("easy/0", "easy", False, stop_string="Problem:", **boxless),
        trace("easy/1", "easy", True, stop_string="Problem:"),  # after its box
        trace("easy/2", "easy", False, stop_string=None, **boxless),
        *(trace(f"hard/{n}", "hard", True) for n in range(2)),
    ]
    write_traces(tmp_path / "m.jsonl", rows)
    entries, files = (
        [entry("m", "m", "base"), entry("m", "m", "mid")],
        {"graded": [tmp_path / "m.jsonl"], "reports": []},
    )
    for benchmarks, expected in ((["easy", "hard"], [1, None]), (["hard"], [])):
        main.make(files, tmp_path, entries=entries, benchmarks=benchmarks, proposed="mid")
        cells = [row for row in read_csv(tmp_path / "main_cells.csv") if row["corpus"] == "base"]
        assert [row["stopped_before_box"] for row in cells if "stopped_before_box" in row] == expected

r"""What is handed to the parser: each limit stops what it is for, lets through what people write, and is linear."""

import time
from pathlib import Path

import pytest

from micota.common.errors import DataError
from micota.common.records import write_jsonl
from micota.grading.limits import LIMITS, LONGEST, exceeded
from micota.grading.maths import quick_verdict
from micota.grading.normal_form import limit_of
from scripts import check_gold
from tests.labelled import LABELLED

TOO_COMPLEX = {
    "characters": ["5" * (LONGEST + 1), "1+" * 1_000_000],
    "brackets in brackets": ["(" * 41 + "1" + ")" * 41, r"\frac{1}{" * 50 + "2" + "}" * 50],
    "digits in an exponent, above or below a sum, in a limit": [
        "9^(9^9)", "9**(9**9)", "9^{9^{9}}", "2^{20212022}", "7^{10^{11}}", "(x+1)^{99999999}", "1e999999",
        "10^{-99999}",
        "(2^3)^{(10^5)}", r"\sum_{n=1}^{10^{7}} n", r"\lim_{n\to 123456} \frac{n!}{n^n}", r"\{2^{3^{4^5}},1\}",
    ],
    "digits of a factorial's number": ["99999!", "(10^9)!", r"\frac{1}{(10^{9})!}"],
    "factorials of factorials": ["((10!)!)!", "(3!)!", "{7!} )!"],
    "factorials in an exponent, or above a sum, of a number from 10 on": ["2^{10!}", r"\prod_{k=1}^{99!} k"],
    "digits in a binomial": [r"\binom{10^9}{5\cdot 10^8}", r"\binom{123456}{3}", r"\binom{9}{123456}"],
    "unions and intersections": [r"\cup".join(f"({n},{n + 1})" for n in range(0, 20, 2))],
    "signs between terms": ["1+" * 201 + "1"],
}  # fmt: skip


def test_each_limit_stops_what_it_is_for() -> None:
    assert [limit.name for limit in LIMITS] == list(TOO_COMPLEX)
    for name, answers in TOO_COMPLEX.items():
        for answer in answers:
            limit = limit_of(answer)
            assert (answer[:40], limit and limit.name) == (answer[:40], name)
    assert all(limit.why and limit.seen <= limit.most for limit in LIMITS)


@pytest.mark.parametrize(
    "answer",
    ["2^{2^{10}}", "2^{n!}", "2^{5!}", "10^{-30}",
     "x^2+25600000", "2023!", r"\frac{100!}{2^{50}}", "n!!", "5!,6!",
     "1e-9", r"\binom{2023}{1011}", "x^{2^{n}}", r"10^{100},10^{1/100}",
     r"(-\infty,-3)\cup(-2,-1)\cup(0,1)\cup(2,\infty)",
     r"\sum_{k=1}^{2023} k^2", "1+2+3", ",".join(str(-n) for n in range(300)), "(9!)^{9}", r"\{5!\}"],
)  # fmt: skip
def test_what_people_write_is_within_them(answer: str) -> None:
    assert limit_of(answer) is None


def test_the_labelled_answers_are_within_them() -> None:
    for line in "".join(LABELLED.values()).strip().splitlines():
        for answer in line.replace("|", ";;").split(";;"):
            assert limit_of(answer.strip()) is None


@pytest.mark.parametrize(
    "piece", ["9^{", "1)", "1!", "1 ", "^{1", "^(1", "^", r"\binom{", r"\cup ", "(", "x^{1^{", "11!"]
)
def test_they_are_linear(piece: str) -> None:
    """A text four times as long takes about four times as long, not sixteen."""

    def seconds(text: str) -> float:
        started = time.process_time()
        for limit in LIMITS:
            limit.count(text)
        return time.process_time() - started

    seconds(piece * 100)
    short, long = (min(seconds((piece * length)[:length]) for _ in range(3)) for length in (20_000, 80_000))
    assert long < 10 * short + 0.02


def test_an_answer_beyond_them_is_wrong_unless_it_is_the_gold_as_it_stands() -> None:
    assert quick_verdict("7", "9^{9^{9}}") == "too_complex"
    assert quick_verdict("9^{9^{9}}", "9^{9^{9}}") == "equal"
    assert exceeded("7") is None


def test_a_gold_beyond_them_is_named_with_the_limit(tmp_path: Path) -> None:
    problems = [{"id": "big/0", "problem": "?", "answer": "2^{20212022}", "source": "t"}]
    write_jsonl(tmp_path / "big.jsonl", problems)
    with pytest.raises(DataError, match=r"big/0.*too_complex: 8 digits in an exponent.*at most 4"):
        check_gold.main(["--problems", f"{tmp_path}/big.jsonl", "--out", f"{tmp_path}/gold.json"])

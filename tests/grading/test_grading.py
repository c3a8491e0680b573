r"""The grader: verdicts on a table of (gold, what the box holds, expected), hostile answers, real golds."""

import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micota.common.contracts import GRADED
from micota.common.errors import EnvironmentFault, UserError
from micota.common.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.grading.equivalence import verify
from micota.grading.gold import rejected_golds
from micota.grading.grade import Judge, grade
from micota.grading.maths import quick_verdict
from micota.grading.reasons import REASONS, RIGHT
from micota.problems.datasets import aime24, amc23
from micota.problems.loading import load
from micota.problems.source import Source
from micota.results.pass_at_k import maj_at_k
from scripts import check_gold
from scripts import grade as script
from tests.as_code import as_code
from tests.tiny import raw_config

RIGHT_ANSWERS = r"""
18 | 18 ;; 18. ;; 18.0 ;; +18 ;; \$18 ;; $18$ ;; 018 ;; x=18 ;; x = 18 ;; 18\% ;; 18 dollars ;; 18\text{ dollars}
18 | 36/2
18 | \text{18} ;; **18** ;; \mathbf{18} ;; \(18\) ;; 9+9=18 ;; 18\\ ;; 18~\mathrm{cm} ;; 18 miles per hour
18 | \textbf{(E)}\ 18
18 | \textbf{(E) }18 ;; (E) 18 ;; \frac{36}{2} ;; \sqrt{324} ;; 18 \text{ cm}^2 ;; 18 cm^2 ;; 18 square feet
18 | 18^\circ ;; 18°
1000 | 1,000 ;; 1{,}000 ;; 1\,000 ;; 1 000 ;; 10^3 ;; 1000.00 ;; \$1,000 ;; 1000. ;; 1 thousand
1234567 | 1,234,567 ;; 1\,234\,567
\$32,\!348 | 32348 ;; 32,348 ;; \$32,348
025 | 25 ;; 025
-5 | -5 ;; −5 ;; -5.0 ;; x=-5
\frac{3}{4} | \frac34 ;; \dfrac{3}{4} ;; \tfrac{6}{8} ;; 3/4 ;; 0.75 ;; .75 ;; 75\% ;; \frac{-3}{-4}
-\frac{1}{2} | \frac{-1}{2} ;; -0.5 ;; -1/2 ;; \frac{1}{-2}
2.5 | \frac{5}{2} ;; 2\frac{1}{2} ;; 2 1/2 ;; 5/2
10\% | 10 ;; 10% ;; 0.1 ;; 10\text{ percent} ;; 10 percent
4.2 | 4.2\% ;; 4.2% ;; \frac{21}{5}
90^\circ | 90 ;; 90^{\circ} ;; 90\text{ degrees} ;; 90°
12\text{ cm} | 12 ;; 12 cm ;; 12\,\text{cm}
\frac{600}{7} | \frac{600}{7} km/h ;; 600/7
2\sqrt{3} | \sqrt{12} ;; 2\sqrt3 ;; 2√3
6\pi | 6\pi \text{ cm}^2 ;; 6π
(1,2) | (1, 2) ;; \left(1,2\right) ;; \left( 1, \frac{4}{2} \right)
1,2 | 2,1 ;; \{1,2\} ;; 1 \text{ and } 2 ;; 1 or 2 ;; x=1,x=2 ;; x=1 \text{ or } x=2
69,84 | 84, 69
\{1,2\} | \{2,1\} ;; \left\{1, 2\right\}
[0,1) | [0, 1) ;; \left[0,1\right) ;; 0 \le x < 1
(-\infty,2) | (-\infty, 2) ;; x<2 ;; (-∞,2)
(-\infty,0)\cup(1,\infty) | (-\infty, 0) \cup (1, +\infty) ;; (-\infty,0)∪(1,\infty)
[-2,7] | x \in [-2,7] ;; \left[ -2, 7 \right]
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} | \begin{bmatrix}1&2\\3&4\end{bmatrix}
\text{Evelyn} | Evelyn ;; \text{evelyn} ;; \textbf{Evelyn} ;; \mathrm{Evelyn}
\text{June 20} | June 20 ;; \text{June 20}
\text{no solution} | No solution ;; \text{No solution}
\text{(C)} | C ;; (C) ;; \textbf{(C)}
\emptyset | \varnothing ;; ∅
x^2+2x+1 | (x+1)^2 ;; 1+2x+x^2
y=2x+3 | 2x+3 ;; y = 2x + 3 ;; 2x - y + 3 = 0
x=5 | 5 ;; x = 5
3+4i | 4i+3
2 \pm \sqrt{3} | 2+\sqrt{3}, 2-\sqrt{3}
m_{\max }=n^{2}-n-1 | n^2-n-1 ;; m_{\max}=n^2-n-1
5 | 5 cm ;; 5cm ;; 5 m ;; 5\text{m} ;; 5 \mathrm{km} ;; 5 apples ;; 5 meters per second ;; x = 5 cm
20 | 20th ;; 20\text{th}
2\sqrt{3} | 2\sqrt{3} m ;; 2\sqrt3 cm
5 cm | 5 ;; 5\text{ cm} ;; 5cm ;; 5 centimeters
12 | 12 hours ;; 12\text{ h}
12 hours | 12 ;; 12 h ;; 12\text{ hour}
5.4 \text{ cents} | 5.4 ;; 5.4 cents ;; 5.4\text{ cent}
864 \mbox{ inches}^2 | 864 ;; 864 in^2 ;; 864 square inches ;; 864\text{ sq in} ;; 864\text{ in}^{2}
40 \text{ mph} | 40 miles per hour ;; 40 ;; 40\text{ mi/h}
\$18.90 | 18.9 ;; \$18.90 ;; 18.90 dollars
90^\circ | 90\text{ degree} ;; 90 degrees
5m | 5 m ;; m \cdot 5 ;; 5m
6m | 6 m
5 m | 5m
3\mathrm{i} | 3i
52_8 | 52_{8} ;; 52
2x \text{ cm} | 2x ;; 2 x
13 \text{ units}^2 | 13 ;; 13 square units ;; 13 units^2
"""

WRONG_ANSWERS = r"""
5 | -5 ;; 6 ;; 5, 6 ;; 5 or 6 ;; 6 or 5 ;; 5\text{ or }6 ;; not 5 ;; \text{not } 5 ;; 6 \text{ but maybe } 5 ;; 6 5
5 | 4 1 ;; foo 5
5 | 5! ;; \pm 5 ;; x ;; 5x ;; ? ;; \ldots ;; \infty ;; \frac{5}{0} ;; nan ;; None ;; True ;; print(5) ;; your_answer
5 | 5 \neq 6
5 | 5 million ;; 5\text{ million} ;; 5 \text{ apples and } 6 \text{ pears} ;; x>5 ;; 0.5 ;; 50 ;; 5.5 ;; 5=3
5 | \boxed{} ;; 5 \boxed{6}
18 | 0.18 ;; 118 ;; 1 8 ;; 18 18 ;; 18x ;; 18 thousand ;; 12 apples and 6 pears
36 | 18 18
1,2 | 12 ;; 1.2 ;; 1 ;; 1,2,3 ;; [1,2]
69,84 | 69
(1,2) | (2,1) ;; [1,2] ;; \{1,2\}
\{1,2\} | (1,2) ;; \{1,3\}
[0,1) | (0,1] ;; [0,1] ;; (0,1)
\frac{1}{3} | 0.33 ;; 0.333 ;; 3
\pi | 3.14159 ;; 3.14
0.1 | 10
1000 | 1.000 ;; 100
\text{Evelyn} | Evelin ;; \text{Carla}
\text{east} | seat ;; \text{west}
east | seat ;; west
\text{(C)} | B ;; (D)
\begin{pmatrix} 1 \\ 2 \end{pmatrix} | \begin{pmatrix} 2 \\ 1 \end{pmatrix}
x^2+2x+1 | (y+1)^2 ;; (x-1)^2
3+4i | 3-4i
2\pi | 2\pi r ;; 6.28
5m | 5 ;; m ;; 5\text{ cm}
5 | 5m ;; 5g ;; 5s ;; 5h ;; 5l ;; 5t ;; 5c ;; 5d ;; 5 abc ;; 5\text{ hundred} ;; 5 dozen
n^{2}m | n^{2} ;; n^2
n^{2} | n^{2}m ;; n^{2} m ;; n^2 h
3s | 3 ;; 3\text{ min}
6m | 6
52_8 | 52_9 ;; 52_{9} ;; 53_8
3 m | 3
3 | 3\mathrm{i} ;; 3\mathrm{e} ;; 3t
2 hours | 2 minutes ;; 2\text{ min} ;; 3 hours
3 km | 3 m ;; 3\text{ m} ;; 3 miles
3 m | 3 km
5\text{ cm} | 5\text{ m} ;; 5 \text{ cm}^2 ;; 5 square centimeters ;; \$5 ;; 5\% ;; 5^\circ
\$5 | 5 cents ;; 5\text{ cents} ;; 5\%
6\pi\text{ cm}^2 | 6\pi\text{ cm}
2x | 2xh ;; 2x \text{ is not it} ;; 2x h
"""


def table(text: str) -> list[tuple[str, str]]:
    lines = [line.split(" | ") for line in text.strip().splitlines()]
    return [(gold, answer) for gold, answers in lines for answer in answers.split(" ;; ")]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(workers=2, timeout=20) as judge:
        yield judge


def graded(judge: Judge, pairs: list[tuple[str, str]]) -> list[Record]:
    golds = {str(n): gold for n, (gold, _) in enumerate(pairs)}
    return list(grade([{"id": str(n), "completion": text} for n, (_, text) in enumerate(pairs)], golds, judge))


def boxed(answer: str) -> str:
    return rf"First \boxed{{7}}, no: the answer is $\boxed{{{answer}}}$."


@pytest.mark.parametrize(("answers", "correct"), [(RIGHT_ANSWERS, True), (WRONG_ANSWERS, False)])
def test_verdicts(judge: Judge, answers: str, correct: bool) -> None:
    rows = graded(judge, [(gold, boxed(answer)) for gold, answer in table(answers)])
    assert not [(row["answer"], row["extracted"], row["reason"]) for row in rows if row["correct"] != correct]
    assert all(row["reason"] in REASONS and (row["reason"] in RIGHT) == row["correct"] for row in rows)


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (r"\boxed{5}", "equal"),
        (r"\boxed{05}", "equivalent"),
        (r"\boxed{6}", "different"),
        (r"\boxed{10/2}", "equivalent"),
        ("The answer is 5.", "no_box"),
        (r"\boxed{5", "no_box"),
        (r"\boxed{5} wait, \boxed{", "no_box"),
        ("", "no_box"),
        (r"\boxed{}", "unparsable"),
        (r"Please reason step by step, and put your final answer within \boxed{}.", "unparsable"),
        (r"5 \boxed{?}", "unparsable"),
        (r"\boxed{" + "5" * 3000 + "}", "too_complex"),
        (r"\boxed{" + "(" * 41 + "5" + ")" * 41 + "}", "too_complex"),
        (r"\boxed{" + "(" * 9 + "5" + ")" * 9 + "}", "equivalent"),
    ],
)
def test_reasons(judge: Judge, completion: str, reason: str) -> None:
    [row] = graded(judge, [("5", completion)])
    assert row["reason"] == reason


@settings(max_examples=60, deadline=None)
@given(st.integers(), st.integers(-99, 99))
def test_the_short_cut_for_integers_agrees_with_the_judge(gold: int, difference: int) -> None:
    for one, other in ((str(gold), str(gold + difference)), (f"00{abs(gold)}", str(abs(gold) + difference))):
        quick = quick_verdict(one, other)
        assert quick is not None
        assert (quick in RIGHT) == (verify((one, other)) in RIGHT)


HOSTILE = [
    "9^{9^{9^9}}",
    "((10!)!)!",
    "(" * 3000 + "1" + ")" * 3000,
    "(" * 900 + "1" + ")" * 900,
    r"\frac{1}{" * 300 + "2" + "}" * 300,
    "{" * 400 + "1" + "}" * 400,
    r"\binom{10^9}{5\cdot 10^8}",
    "x^{1000000}-(x+1)^{1000000}",
    "1+" * 900 + "1",
    "5\0\0",
    r"\left(" * 50,
    '__import__("os")._exit(1)',
    "%" * 500,
    "\ud800",
    "a" * 1_000_000,
]


def test_hostile_answers_end_in_time_and_are_wrong() -> None:
    started = time.monotonic()
    with Judge(workers=2, timeout=1.5) as judge:
        rows = graded(judge, [("3x^2-7", boxed(answer)) for answer in HOSTILE] + [("10", boxed("2+8"))])
    assert not [row["extracted"] for row in rows[:-1] if row["correct"]]
    assert rows[0]["reason"] == "too_complex" and rows[-1]["reason"] == "equivalent"
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("piece", [r"\boxed{", r"\boxed", r"\boxedx", r"\fbox ", "{", "..", "1 ", r"\boxed{5}x", "\\"])
def test_a_megabyte_takes_a_moment(piece: str) -> None:
    started = time.process_time()
    graded(Judge(), [("7", piece * (1_000_000 // len(piece)))])
    assert time.process_time() - started < 10


def test_gold_gate_on_the_real_benchmarks(real_data: Path, tmp_path: Path) -> None:
    files = {}
    for loader, file in [(name, name) for name in ("aime24", "amc23", "math500", "olympiadbench")] + [
        ("gsm8k", "gsm8k_test")
    ]:
        files[loader] = tmp_path / f"{loader}.jsonl"
        write_jsonl(files[loader], load(f"any-{loader}", loader, Source(real_data / f"{file}.jsonl")))
    out = tmp_path / "gold.json"
    rules = ["--rules", "gsm8k=last_number"]
    check_gold.main(["--problems", *map(str, files.values()), *rules, "--out", str(out), "--workers", "2"])
    counts = {loader: read_json(out)[str(path)] for loader, path in files.items()}
    whole = {"aime24": 30, "amc23": 40, "olympiadbench": 675, "math500": 500, "gsm8k": 1319}
    raw = {"aime24": 23, "amc23": 0, "olympiadbench": 409, "math500": 500, "gsm8k": 1319}
    assert {loader: count["accepted"] for loader, count in counts.items()} == whole | {"olympiadbench": 673}
    assert counts["olympiadbench"]["excepted"] == 2
    assert {loader: count["ours"] for loader, count in counts.items()} == whole
    assert {loader: (count["raw"], count["expected"]) for loader, count in counts.items()} == {
        loader: (count, count) for loader, count in raw.items()
    }


SLOW = ("3x^2-7", "(x+1)^{9999}")  # within the limits, and multiplied out for minutes


def test_a_batch_that_is_killed_costs_its_neighbours_nothing() -> None:
    """All of these are one batch: what takes too long, what kills its worker, and harmless ones."""
    pairs = [(str(n + 8), f"{n}+8") for n in range(20)]
    with Judge(workers=1, timeout=3) as judge:
        judge.judge([*pairs, SLOW, ("10", "2+8")])
        assert {judge.memory[pair] for pair in [*pairs, ("10", "2+8")]} == {"equivalent"}
        assert judge.memory[SLOW] == "timeout"


def test_a_batchs_deadline_grows_with_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """32 pairs may take as long as four, else a busy machine judges most of them twice."""
    asked: list[tuple[int, float]] = []

    class Pool:
        def schedule(self, _: object, args: tuple[list[tuple[str, str]]], timeout: float) -> "Pool":
            asked.append((len(args[0]), timeout))
            self.batch = args[0]
            return self

        def result(self) -> list[str]:
            return ["different"] * len(self.batch)

    judge = Judge(timeout=10)
    judge.pool = Pool()
    judge.attempt([[("1", "2")]])
    judge.attempt([[("1", str(n)) for n in range(32)]])
    assert asked == [(1, 10), (32, pytest.approx(41))]


def test_workers_that_do_not_stay_alive_are_said_in_one_line() -> None:
    class Pool:
        def schedule(self, *_: object, **__: object) -> "Pool":
            return self

        def result(self) -> list[str]:
            raise BrokenProcessPool("All workers expired")

    judge = Judge()
    judge.pool = Pool()
    with pytest.raises(EnvironmentFault) as error:
        judge.judge([("x", "y")])
    assert error.value.place == "grading"


def test_a_pair_that_sympy_stumbles_over_is_unreadable_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> bool:
        raise TypeError("cannot determine truth value of Relational")

    monkeypatch.setattr("micota.grading.equivalence.same", stumble)
    assert verify(("x", "y")) == "unparsable"
    assert verify((r"\frac12", r"\frac{1}{2}")) == "equal"


@pytest.mark.parametrize(
    "gold", [r"1, 2, \ldots, n", r"x \equiv 3 \pmod 7", r"\begin{cases} 1 & n>0 \\ 5 & n<0 \end{cases}"]
)
def test_gold_gate_wants_a_gold_read_whole(gold: str) -> None:
    with Judge(timeout=60) as judge:
        [(_, verdict)] = rejected_golds([problem("own/0", gold)], judge)
    assert verdict == "equal", "its own text, but nothing was read"


def test_what_the_judge_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("micota.grading.grade.REMEMBERED", 5)
    pairs = [(str(n + 8), f"{n}+8") for n in range(12)]
    with Judge(workers=1, timeout=20) as judge:
        for at in range(0, 12, 4):
            judge.judge(pairs[at : at + 4])
            assert [judge.memory[pair] for pair in pairs[at : at + 4]] == ["equivalent"] * 4
        assert len(judge.memory) <= 5 + 4


def problem(name: str, answer: str, source: str = "test") -> Record:
    return {"id": name, "problem": "?", "answer": answer, "source": source}


def trace(name: str, sample: int, completion: str) -> Record:
    return {
        **{"id": name, "sample": sample, "sampler": "m", "dataset": "d", "prompt": "?", "completion": completion},
        **{"finish_reason": "stop", "n_tokens": 3, "seed": 0},
    }


def write(path: Path, records: list[Record]) -> str:
    write_jsonl(path, records)
    return str(path)


def test_gold_gate_names_what_it_rejects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the misprints that the set's own file explains, by the row, whoever read it and whatever its source."""
    rejected = [problem("mine/3", r"\frac{1}{", "amc23"), problem("mine/4", r"\frac{1}{", "web") | {"loader": "amc23"}]
    problems = write(tmp_path / "p.jsonl", [*rejected, problem("mine/8", "5", "amc23")])
    argv = ["--problems", problems, "--out", str(tmp_path / "out.json")]
    monkeypatch.setattr(amc23, "MISPRINTS", {3: "broken", 8: "another row"}, raising=False)
    monkeypatch.setattr(aime24, "MISPRINTS", {4: "another set"}, raising=False)
    with pytest.raises(UserError, match="rejects 1 gold answers: mine/4"):
        check_gold.main(argv)
    assert not (tmp_path / "out.json").exists()
    monkeypatch.setattr(amc23, "MISPRINTS", {3: "broken", 4: "broken too"}, raising=False)
    check_gold.main(argv)
    count = read_json(tmp_path / "out.json")[problems]
    assert {key: count[key] for key in ("problems", "accepted", "excepted")} == {
        "problems": 3,
        "accepted": 1,
        "excepted": 2,
    }


def test_gold_gate_names_a_few_of_many(tmp_path: Path) -> None:
    problems = write(tmp_path / "p.jsonl", [problem(f"own/{n}", r"\frac{1}{", "own") for n in range(40)])
    with pytest.raises(UserError, match=r"rejects 40 gold answers: own/0 .*own/9 .*, \.\.\.$") as error:
        check_gold.main(["--problems", problems, "--out", str(tmp_path / "out.json")])
    assert "own/10 " not in str(error.value)


def test_gold_gate_counts_the_papers_rule_on_raw_golds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two golds as the source writes them, of which the string rule accepts one; a wrong count of a whole set fails."""
    golds = [{**problem(f"own/{n}", "25", "amc23"), "raw_answer": raw} for n, raw in enumerate(("25", "025"))]
    problems, out = write(tmp_path / "p.jsonl", golds), tmp_path / "out.json"
    argv = ["--problems", problems, "--out", str(out)]

    def known(rows: int, raw_golds: dict[str, dict[str, int]]) -> None:
        monkeypatch.setattr(amc23, "ROWS", {"test": rows})
        monkeypatch.setattr(amc23, "RAW_GOLDS", raw_golds)

    known(2, {"test": {"string": 2}})
    with pytest.raises(UserError, match=r"string rule accepts 1 of its raw gold answers, not 2"):
        check_gold.main(argv)
    assert not out.exists()
    for rows, raw_golds, expected in (
        (2, {"test": {"string": 1}}, 1),
        (3, {"test": {"string": 2}}, None),
        (2, {}, None),
    ):
        known(rows, raw_golds)
        check_gold.main(argv)
        count = read_json(out)[problems]
        assert (count["rule"], count["raw"], count["ours"], count["expected"]) == ("string", 1, 2, expected)
    check_gold.main([*argv, "--rules", "p=last_number"])
    assert (read_json(out)[problems]["rule"], read_json(out)[problems]["raw"]) == ("last_number", 1)
    write_jsonl(tmp_path / "p.jsonl", [problem("own/0", "25", "amc23"), problem("own/1", "25", "amc23")])
    known(2, {"test": {"string": 1}})
    check_gold.main(argv)
    assert read_json(out)[problems]["raw"] is None, "a file from before the raw answer was kept: not known, no error"


def test_gold_gate_takes_a_studys_rules(tmp_path: Path) -> None:
    """Those that its blocks name, else those of the sets' files; by hand, a rule that there is."""
    files = [write(tmp_path / f"{name}.jsonl", [problem(f"{name}/0", "5", name)]) for name in ("gsm8k", "math500")]
    out = tmp_path / "out.json"
    write_json(tmp_path / "s.json", raw_config("paper", {"datasets.gsm8k.rule": ...}))
    check_gold.main(["--study", str(tmp_path / "s.json"), "--problems", *files, "--out", str(out)])
    assert [read_json(out)[file]["rule"] for file in files] == ["last_number", "string"]
    with pytest.raises(UserError, match="--rules gsm8k=first: there is no 'first'; there are: string, last_number"):
        check_gold.main(["--problems", *files, "--rules", "gsm8k=first", "--out", str(out)])


class Choice:
    """Multiple choice: the last capital letter of a completion. A file such as this is all that it takes."""

    def extract(self, trace: Record) -> str | None:
        return next((mark for mark in reversed(trace["completion"]) if mark in "ABCD"), None)

    def count(self, trace: Record) -> int:
        return len(set(trace["completion"]) & set("ABCD"))

    def quick(self, gold: str, extracted: str | None) -> str | None:
        return "no_box" if extracted is None else "equal" if gold == extracted else "different"

    def verdicts(self, trace: Record, gold: str, right: bool) -> dict[str, bool]:
        return {"letter": right}

    def vote(self, extracted: str) -> str:
        return extracted.lower()


def test_another_kind_of_task_is_graded_and_voted_on() -> None:
    traces = [trace("d/0", sample, text) for sample, text in enumerate(["A, or C", "none", "B", r"\boxed{b}"])]
    rows = list(grade(traces, {"d/0": "C"}, Judge(), Choice()))
    assert [(row["extracted"], row["reason"], row["boxed_answers"]) for row in rows] == [
        ("C", "equal", 2),
        (None, "no_box", 0),
        ("B", "different", 1),
        (None, "no_box", 0),
    ]
    assert rows[0]["verdicts"] == {"letter": True}
    assert maj_at_k(["C", "c", "B", None], [True, True, False, False], Choice()) == 1


def test_workers_judge_by_the_function_of_the_kind() -> None:
    pairs = [("10", "2+8"), ("10", "2+9"), ("5", "wait")]
    with Judge(timeout=3, verify=as_code) as judge:
        judge.judge(pairs)
    assert [judge.memory[pair] for pair in pairs] == ["equivalent", "different", "timeout"]


def test_grade_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = [write(tmp_path / f"p{n}.jsonl", [problem(f"d/{n}", "3/4")]) for n in range(2)]
    completions = [r"\boxed{0.75}", r"\boxed{3/4}", "none", r"\boxed{7}"]
    traces = [
        write(tmp_path / f"t{n}.jsonl", [trace(f"d/{n}", k, text) for k, text in enumerate(completions)])
        for n in (1, 0)
    ]
    out = tmp_path / "graded.jsonl"
    script.main(["--problems", *problems, "--traces", *traces, "--graded", str(out), "--workers", "2"])
    rows = list(read_jsonl(out, GRADED))
    assert [(row["id"], row["sample"]) for row in rows] == [(f"d/{n}", k) for n in (1, 0) for k in range(4)]
    assert [row["reason"] for row in rows] == ["equivalent", "equal", "no_box", "different"] * 2
    assert [row["boxed_answers"] for row in rows] == [1, 1, 0, 1] * 2
    assert rows[0]["verdicts"] == {"math_verify": True, "string_rule": False, "last_number": False}
    assert "8 graded, 4 correct (50.0%): equal 2, equivalent 2, different 2, no_box 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("problems", "traces", "message"),
    [
        ([problem("d/0", "5")], [trace("d/0", 0, ""), trace("d/9", 0, "")], r"t.jsonl:2: id 'd/9' is in none"),
        ([problem("d/0", "5"), problem("d/0", "5")], [], r"p.jsonl:2: the problem 'd/0' stands there twice"),
        ([problem("d/0", " ")], [], r"p.jsonl:1: `answer` is ' ', expected a text that is not blank"),
    ],
)
def test_grade_refuses(tmp_path: Path, problems: list[Record], traces: list[Record], message: str) -> None:
    paths = write(tmp_path / "p.jsonl", problems), write(tmp_path / "t.jsonl", traces)
    out = tmp_path / "graded.jsonl"
    with pytest.raises(UserError, match=message):
        script.main(["--problems", paths[0], "--traces", paths[1], "--graded", str(out)])
    assert not out.exists()

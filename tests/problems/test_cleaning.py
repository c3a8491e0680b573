"""Duplicates and overlaps: found, counted by reason, and nothing else dropped."""

import json
import random
import time
from pathlib import Path
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.common.records import Record, read_json, read_jsonl, write_json
from micota.problems.cleaning import (
    CONTRADICTION,
    DUPLICATE,
    EXACT,
    NEAR,
    NGRAM,
    TOO_LONG,
    Held,
    Report,
    Similar,
    clean,
    runs_of,
)
from micota.problems.loading import load
from micota.problems.matching import form
from micota.problems.source import Source
from scripts import clean as script
from tests.tiny import raw_config

LONG = "a train leaves the first station at noon and runs at forty miles an hour toward the second one"


def record(name: str, text: str) -> Record:
    return {"id": name, "problem": text, "answer": "1", "source": "test"}


def run(
    problems: list[Record], against: list[Record], ngram: int = 13, drop: bool = True, near: float = 0.0
) -> tuple[list[str], Report]:
    held, report = Held(ngram, near), Report()
    held.add(against)
    return [kept["id"] for kept in clean(problems, held, drop, report)], report


@pytest.mark.parametrize(
    ("text", "ngram", "reason"),
    [
        ("  " + LONG.upper(), 13, EXACT),
        ("Now " + LONG.replace("noon", "noon,") + " and stops", 13, NGRAM),
        ("Now " + LONG + " and stops", 0, None),
        (" ".join(LONG.split()[:12]), 13, None),
        (" ".join(LONG.split()[:13]), 13, NGRAM),
        ("A train leaves a station", 13, None),
    ],
)
def test_overlap(text: str, ngram: int, reason: str | None) -> None:
    kept, report = run([record("p/0", text)], [record("b/7", LONG)], ngram)
    assert kept == ([] if reason else ["p/0"])
    assert dict(report.dropped) == ({reason: 1} if reason else {})
    assert [(p["id"], p["with"], p["reason"]) for p in report.pairs] == ([("p/0", "b/7", reason)] if reason else [])
    assert all(("shared" in pair) == (reason == NGRAM) for pair in report.pairs)


@pytest.mark.parametrize(
    ("text", "near", "similarity"),
    [
        (LONG.replace("noon", "nine"), 0.5, 0.7),  # 3 of 17 runs are others: 14 / 20
        (LONG.replace("noon", "nine"), 0.7, 0.7),
        (LONG.replace("noon", "nine"), 0.71, None),
        (LONG.replace("noon", "nine"), 0.0, None),
        (LONG.replace("noon", "nine").replace("forty", "fifty"), 0.5, None),  # 11 / 23
        (LONG.replace("noon", "nine").replace("forty", "fifty"), 0.45, 0.4783),
        ("two words of another kind", 0.1, None),  # no run of three words is shared
        ("only two", 0.1, None),  # has no run
    ],
)
def test_near_duplicates(text: str, near: float, similarity: float | None) -> None:
    kept, report = run([record("p/0", text)], [record("b/7", "two words"), record("b/8", LONG)], 0, near=near)
    pair = {"id": "p/0", "with": "b/8", "reason": NEAR, "similarity": similarity}
    assert report.pairs == ([pair] if similarity else [])
    assert kept == ([] if similarity else ["p/0"]) and report.dropped[NEAR] == len(report.pairs)


Runs = st.frozensets(st.integers(0, 12).map(lambda n: bytes([n])), min_size=1, max_size=9)


@given(st.lists(Runs, max_size=8), Runs, st.floats(0.01, 1) | st.sampled_from([0.5, 0.55, 0.6, 2 / 3, 0.75, 1.0]))
def test_the_most_similar_set_is_that_of_a_search_through_all(
    sets: list[frozenset[bytes]], asked: frozenset[bytes], threshold: float
) -> None:
    similar = Similar(threshold)
    for number, runs in enumerate(sets):
        similar.add(str(number), runs)
    all_pairs = [(len(asked & runs) / len(asked | runs), -number) for number, runs in enumerate(sets)]
    best = max((pair for pair in all_pairs if pair[0] >= threshold), default=None)
    assert similar.nearest(asked) == (best and (str(-best[1]), best[0]))


def test_duplicates_are_dropped_only_on_request() -> None:
    problems = [record("p/0", "1 + 1?"), record("p/1", "2 + 2?"), record("p/2", "1  +  1?"), record("p/3", "1 + 1?")]
    kept, report = run(problems, [])
    assert kept == ["p/0", "p/1"] and report.dropped == {DUPLICATE: 2} and report.duplicates == 2
    assert {pair["with"] for pair in report.pairs} == {"p/0"}
    kept, report = run(problems, [], drop=False)
    assert len(kept) == 4 and not report.dropped and report.duplicates == 2


def test_ids_must_be_unique() -> None:
    with pytest.raises(UserError, match="duplicate id 'p/0'"):
        run([record("p/0", "a"), record("p/0", "b")], [])


@given(st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=4), st.integers(0, 4))
def test_every_problem_is_kept_or_counted(texts: list[str], others: list[str], ngram: int) -> None:
    problems = [record(f"p/{n}", text) for n, text in enumerate(texts)]
    kept, report = run(problems, [record(f"b/{n}", text) for n, text in enumerate(others)], ngram)
    assert report.read == len(texts) == report.kept + report.dropped.total()
    assert report.kept == len(kept) and kept == sorted(kept)
    left = [form(problem["problem"]).tokens for problem in problems if problem["id"] in kept]
    assert len(set(left)) == len(left) and not set(left) & {form(text).tokens for text in others}


@given(st.lists(st.text(min_size=1)), st.integers(1, 5))
def test_runs_are_as_many_as_they_must_be(words: list[str], length: int) -> None:
    assert len(list(runs_of(words, length))) == max(0, len(words) - length + 1)


URN = "A box holds 5 red and 7 blue balls. Two are drawn at once. The probability that they differ in colour is {}."
DIE = "Ada rolls a fair die twice. The probability that the sum is 9 is {}."
PRIME = r"$\tfrac{m}{n}$, where $m$ and $n$ are relatively prime positive integers. Find $m+n$"
REMAINDER = "Let $N$ be the number of such ways; find the remainder when $N$ is divided by $1000$."
ROLE = "You are a helpful assistant that solves mathematics questions for pupils of all ages. "
STEPS = " Show every one of your steps in a clear and orderly way, then write the result on the last line."
LETTER = "Choose the correct option among the following four choices and give only the letter of it: "
RESPONSE = "Below is an instruction that describes a task. Write a response that appropriately completes the request. "
CHINESE = "请一步一步地推理，并把最终答案放在\\boxed{}中。"
TASK = "Solve the following math problem step by step and put the final answer inside \\boxed{}. "
UNKNOWN = "Here comes a riddle for clever people who like to think hard about numbers every single morning. "


@pytest.mark.parametrize("near", [0.0, 0.5])
@pytest.mark.parametrize(
    ("problems", "against"),
    [
        ([DIE.format(PRIME)], [URN.format(PRIME)]),
        ([DIE.format(PRIME), "What is 2 + 2?"], ["The probability of two sixes is " + PRIME + "."]),
        ([TASK + "How many primes are below 30?", TASK + "Factor $x^2-1$."], [TASK + "What is 3+4?"]),
        ([TASK + "How many primes are below 30?"], [TASK + "What is 3+4?"]),
        ([UNKNOWN + "How many primes are below 30?", UNKNOWN + "Factor $x^2-1$."], [UNKNOWN + "What is 3+4?"]),
        # Two problems share a few words more than the phrase that all share.
        ([UNKNOWN + task for task in ("What is 5+9?", "Factor 91.", "Name a prime.")], [UNKNOWN + "What is 3+4?"]),
        (
            ["How many ways are there to paint a cube? " + REMAINDER],
            ["How many lists have no 3 in a row? " + REMAINDER],
        ),
        ([ROLE + "What is 5+9?"], [ROLE + "What is 3+4?"]),
        (["How many primes are below 30?" + STEPS], ["What is 3+4?" + STEPS]),
        ([LETTER + "how many primes are below 30? A 9 B 10"], [LETTER + "what is 3+4? A 5 B 7"]),
        ([RESPONSE + "Factor 91."], [RESPONSE + "What is 3+4?"]),
        ([CHINESE + "小于30的质数有几个？"], [CHINESE + "3+4等于多少？"]),
        (["Compute $\\sin 60^\\circ \\cos 30^\\circ$."], ["Compute $\\sin 60^\\circ$."]),
    ],
)
def test_boilerplate_is_no_overlap(problems: list[str], against: list[str], near: float) -> None:
    kept, report = run(
        [record(f"p/{n}", text) for n, text in enumerate(problems)],
        [record(f"b/{n}", text) for n, text in enumerate(against)],
        near=near,
    )
    assert len(kept) == len(problems) and not report.pairs


@pytest.mark.parametrize("other", ["What is $3 + 4 \\cdot 5$?", "What is $(3 + 4) \\cdot 5$?", "What is $3+4=a$?"])
def test_a_longer_problem_that_begins_alike_is_another(other: str) -> None:
    kept, _ = run([record("p/0", other)], [record("b/0", "What is $3+4$?")])
    assert kept == ["p/0"]


def test_a_phrase_of_many_problems_is_no_overlap_and_what_stands_behind_it_is() -> None:
    phrase = (
        "by the customs of this town every merchant who comes to the market in spring pays the same toll of 3 coins"
    )
    problems = [record(f"p/{n}", f"{phrase}, and number {n} brings {n} mules; what next?") for n in range(40)]
    copied = (
        f"{phrase}; an old woman sells eggs and geese to the miller for 9 coins each and goes home, how rich is she?"
    )
    kept, report = run([*problems, record("p/40", copied + " Show it.")], [record("b/0", copied)])
    assert len(kept) == 40 and [pair["id"] for pair in report.pairs] == ["p/40"]
    assert "an old woman sells eggs" in report.pairs[0]["shared"]


RESPELT = {
    "an instruction behind": ("What is $3+4$?", "What is $3+4$?\nPlease reason step by step, and put it in \\boxed{}."),
    "another behind": ("What is $3+4$?", "What is $3+4$? Give nothing but the result."),
    "an instruction in front": ("What is $3+4$?", "Here is a riddle.\nWhat is $3+4$?"),
    "dfrac": (r"Find $\frac{1}{2} + a$.", r"Find $\dfrac{1}{2} + a$."),
    "a slash": (r"Find $\frac12 + a$.", "Find 1/2 + a."),
    "left and right": (r"Find $(a+b)(c)$.", r"Find $\left(a+b\right)\left( c \right)$."),
    "parentheses of LaTeX": ("Find $x$ in $2x = 4$.", r"Find \(x\) in \[2x = 4\]."),
    "a degree": (r"Find $\cos 15^\circ$.", "Find $\\cos 15°$."),
    "signs": (r"Is $a \times b \leq \pi$?", "Is a × b ≤ π?"),
    "italics": ("Find $x$ if $2x=4$.", "Find $\U0001d465$ if $2\U0001d465=4$."),
    "full width": ("Find x if 2x=4.", "Ｆｉｎｄ ｘ if ２ｘ＝４."),
    "decomposed": ("Zoë hat 3 Äpfel und 4 Öre.", "Zoe\u0308 hat 3 A\u0308pfel und 4 O\u0308re."),
    "soft hyphens": ("Find all numbers under 9.", "Fi\u00adnd a\u00adll num\u00adbers un\u00adder 9."),
    "zero width": ("Find all numbers under 9.", "F\u200bi\u2060nd all num\ufeffbers under 9."),
    "a selector": ("Find all numbers under 9.", "Find\ufe0f all numbers\u034f under 9."),
    "powers": ("Find $x^2 + y^{3}$.", "Find x² + y³."),
    "thousands": ("Add 1,000 and 20,000.", r"Add 1000 and $20{,}000$."),
    "entities": ("Is $3 < 4$?", "Is 3 &lt; 4?"),
    "text": (r"Walk 3 \text{km} at 4 \mathrm{km/h}.", "Walk 3 km at 4 km/h."),
    "Chinese commas": ("小明有23个苹果，给了小红7个，还剩几个？", "小明有 23 个苹果,给了小红 7 个,还剩几个？"),
    "Chinese, an instruction": (
        "小明有23个苹果，给了小红7个，还剩几个？",
        "小明有23个苹果，给了小红7个，还剩几个？请把答案写在\\boxed{}里。",
    ),
    "Chinese, another end": (
        "小明有23个苹果，他给了小红7个，又买了15个，还剩几个？",
        "小明有23个苹果，他给了小红7个，又买了15个，请问剩下几个？",
    ),
    "Japanese, in front": (
        "太郎は毎日3キロ歩きます。全部で何キロですか。",
        "次の問題を解いてください。太郎は毎日3キロ歩きます。全部で何キロですか。",
    ),
    "a set with spaces": (
        r"How many subsets has $\{1,2,300\}$?",
        r"How many subsets has $\left\{1,\, 2,\, 300\right\}$?",
    ),
    "escaped twice": ("Find $\\frac{1}{2}+a$.\nAdd $b$.", "Find $\\\\frac{1}{2}+a$.\\nAdd $b$."),
    "an environment": (r"Find $x$ in \[2x&=4.\]", r"Find $x$ in \begin{align*}2x=4.\end{align*}"),
    "comparisons": (r"Is $x \le 3$ or $x \geq 9$, $x \ne 4$?", "Is x <= 3 or x >= 9, x != 4?"),
    "a mixed number": (r"Add $3\frac12$ and $\pi r^{10}$.", "Add 3½ and πr¹⁰."),
    "indices": (r"Find $a_1$ and $a_{n}$ of $\binom{n}{2}$.", r"Find a₁ and aₙ of $n \choose 2$."),
    "thousands, another way": ("Which primes are under 10,000?", r"Which primes are under $10\,000$?"),
    "a cube root": (r"Simplify $\sqrt[3]{8}+\sqrt{50}$.", "Simplify ∛8 + √50."),
    "a matrix": (
        r"Square $\begin{pmatrix}1&2\\3&4\end{pmatrix}$.",
        r"Square $\begin{bmatrix}1 & 2\\ 3 & 4\end{bmatrix}$.",
    ),
    "HTML": ("Solve $x<3$ for $x^2=4$. What is it?", "<p>Solve x &lt; 3&nbsp;for x<sup>2</sup>=4.<br/>What is it?</p>"),
    "letters of another alphabet": ("What are the roots of $x^2=4$?", "Whаt аrе thе rооts оf $х^2=4$?"),
    "digits of another script": ("राम के पास 12 आम हैं, 5 गए, कितने बचे?", "राम के पास १२ आम हैं, ५ गए, कितने बचे?"),
    "Korean, other spaces": (
        "철수는 사과 23개를 가지고 있습니다. 남은 사과는 몇 개입니까?",
        "철수는 사과 23 개를 가지고있습니다. 남은사과는 몇개입니까?",
    ),
    "Korean, an instruction": (
        "철수는 사과 23개를 가지고 있습니다. 남은 사과는 몇 개입니까?",
        "다음 문제를 단계별로 풀어 주세요. 철수는 사과 23개를 가지고 있습니다. 남은 사과는 몇 개입니까?",
    ),
    "Thai": ("แม่มีไข่ 12 ฟอง ให้ลูก 5 ฟอง เหลือกี่ฟอง", "แม่มีไข่12ฟองให้ลูก5ฟองเหลือกี่ฟอง"),
}


@pytest.mark.parametrize("name", RESPELT)
def test_another_spelling_is_the_same_problem(name: str) -> None:
    held, other = RESPELT[name]
    for one, against in ((other, held), (held, held)):
        kept, report = run([record("p/0", one)], [record("b/0", against)])
        assert not kept and report.pairs[0]["reason"] in (EXACT, NGRAM), form(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("148a*2?", "148a+2?"),
        ("What is 35?", "What is 3.5?"),
        ("Find 5!", "Find 5."),
        ("2(3+4)?", "2*3+4?"),
        ("x<y?", "x>y?"),
    ],
)
def test_what_matters_is_kept_apart(one: str, other: str) -> None:
    assert form(one).tokens != form(other).tokens


def test_the_fourth_problem_of_one_story_is_found_behind_an_instruction() -> None:
    """Runs that three held problems share are no evidence, but a whole problem is."""
    story = "a clerk sorts 40 red and 60 blue cards into boxes of ten and each box is closed as soon as it is full"
    stories = [f"{story}; how many {what} are there?" for what in ("boxes", "red boxes", "blue boxes", "mixed boxes")]
    kept, report = run(
        [record("p/0", "Here is a riddle for you. " + stories[3])],
        [record(f"b/{n}", text) for n, text in enumerate(stories)],
    )
    assert not kept and report.pairs[0]["with"] == "b/3"


def test_a_duplicate_with_another_answer_is_said_to_be_one() -> None:
    problems = [record(f"p/{n}", "1 + 1?") | {"answer": answer} for n, answer in enumerate(["2", " 2", "3"])]
    kept, report = run(problems, [])
    assert kept == ["p/0"] and report.dropped == {DUPLICATE: 1, CONTRADICTION: 1}
    assert report.pairs[1] == {"id": "p/2", "with": "p/0", "reason": CONTRADICTION, "answer": "3", "with_answer": "2"}
    kept, report = run(problems, [], drop=False)
    assert len(kept) == 3 and report.duplicates == 2 and not report.dropped


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(r"$\dfrac{1}{2}$", DUPLICATE), ("1/2", DUPLICATE), ("-1/2", CONTRADICTION), ("2", CONTRADICTION)],
)
def test_answers_in_another_spelling_are_no_contradiction(answer: str, reason: str) -> None:
    problems = [
        record("p/0", "Half of $1$?") | {"answer": r"\frac12"},
        record("p/1", "half of 1?") | {"answer": answer},
    ]
    assert dict(run(problems, [])[1].dropped) == {reason: 1}


def write(path: Path, records: list[Record]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return str(path)


def test_command_line(tmp_path: Path) -> None:
    problems = write(tmp_path / "p.jsonl", [record("p/0", LONG), record("p/1", "short"), record("p/2", "Short")])
    against = write(tmp_path / "b.jsonl", [record("b/0", LONG)])
    out, report = tmp_path / "out.jsonl", tmp_path / "report.json"
    argv = ["--problems", problems, "--against", against, "--out", str(out), "--report", str(report)]
    script.main([*argv, "--drop-duplicates"])
    assert [one["id"] for one in read_jsonl(out)] == ["p/1"]
    written = read_json(report)
    assert written["read"] == 3 and written["kept"] == 1
    assert written["dropped"] == {DUPLICATE: 1, CONTRADICTION: 0, EXACT: 1, NGRAM: 0, NEAR: 0, TOO_LONG: 0}
    assert written["thresholds"] == {"longest": 100_000, "ngram": 13, "near": 0.0, "drop_duplicates": True}
    assert [(pair["text"], pair["with_text"]) for pair in written["pairs"]] == [(LONG, LONG), ("Short", "short")]
    script.main(argv)
    assert read_json(report)["kept"] == 2


def test_a_problem_that_is_too_long_is_dropped_and_counted(tmp_path: Path) -> None:
    """Of the set itself and of those it is held against; a part of it would else be found in it."""
    huge = (LONG + " ") * 40
    problems = write(tmp_path / "p.jsonl", [record("p/0", huge), record("p/1", "short"), record("p/2", LONG)])
    against = write(tmp_path / "b.jsonl", [record("b/0", "Now " + huge)])
    out, report = tmp_path / "out.jsonl", tmp_path / "report.json"
    argv = ["--problems", problems, "--against", against, "--out", str(out), "--report", str(report)]
    script.main([*argv, "--drop-duplicates", "--longest", "1000"])
    assert [one["id"] for one in read_jsonl(out)] == ["p/1", "p/2"]
    written = read_json(report)
    assert written["dropped"] == {DUPLICATE: 0, CONTRADICTION: 0, EXACT: 0, NGRAM: 0, NEAR: 0, TOO_LONG: 1}
    assert written["too_long"] == [{"id": "p/0", "characters": len(huge)}]
    assert written["against_too_long"] == [{"id": "b/0", "characters": len(huge) + 4}]


def test_time_is_linear_in_the_longest_problem() -> None:
    """A problem that holds a part of every benchmark problem, which takes none of them out by itself."""
    rng = random.Random(0)
    words = ["".join(rng.choices(ascii_lowercase, k=6)) for _ in range(5_000)]
    benchmark = [record(f"b/{n}", " ".join(rng.choices(words, k=100))) for n in range(200)]
    parts = " ".join(" ".join(one["problem"].split()[:30]) for one in benchmark)

    def seconds(count: int) -> float:
        held = Held(13, 0.5)
        held.add(benchmark)
        text = f"{parts} {' '.join(rng.choices(words, k=count))}"
        started = time.process_time()
        assert len(list(clean([record("p/0", text)], held, True, Report()))) == 1
        return time.process_time() - started

    assert seconds(40_000) < 8 * seconds(10_000) + 0.1


def test_a_study_says_how_a_set_is_cleaned(tmp_path: Path) -> None:
    """Benchmarks keep their duplicates, all else loses them; a flag goes over the study's threshold."""
    problems = write(tmp_path / "p.jsonl", [record("p/0", "short"), record("p/1", "Short"), record("p/2", LONG)])
    write_json(tmp_path / "s.json", raw_config("paper", {"cleaning": {"ngram": 9, "near": 0.25}}))
    out = ["--problems", problems, "--out", str(tmp_path / "o.jsonl"), "--report", str(tmp_path / "r.json")]
    for dataset, drops, flags, ngram in (
        ("train", True, [], 9),
        ("validation", True, [], 9),
        ("math500", False, [], 9),
        ("train", True, ["--ngram", "5"], 5),
        ("math500", True, ["--drop-duplicates"], 9),
    ):
        script.main(["--study", str(tmp_path / "s.json"), "--dataset", dataset, *out, *flags])
        report = read_json(tmp_path / "r.json")
        assert report["thresholds"] == {"longest": 100_000, "ngram": ngram, "near": 0.25, "drop_duplicates": drops}
        assert (report["kept"], report["duplicates"]) == (2 if drops else 3, 1)
    for wrong in (["--study", str(tmp_path / "s.json")], ["--dataset", "train"]):
        with pytest.raises(UserError, match="--study and --dataset: give both, or neither"):
            script.main([*wrong, *out])
    with pytest.raises(UserError, match="--dataset: there is no 'x'"):
        script.main(["--study", str(tmp_path / "s.json"), "--dataset", "x", *out])


def test_nothing_left_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    same = write(tmp_path / "p.jsonl", [record("p/0", LONG)])
    out, report = tmp_path / "out.jsonl", tmp_path / "report.json"
    with pytest.raises(UserError, match=r"no problem is left of 1 read.*'overlap_exact': 1"):
        script.main(["--problems", same, "--against", same, "--out", str(out), "--report", str(report)])
    assert not out.exists() and not report.exists()


def test_a_similarity_is_no_percentage(tmp_path: Path) -> None:
    problems = write(tmp_path / "p.jsonl", [record("p/0", LONG)])
    with pytest.raises(UserError, match=r"--near: .*less than or equal to 1"):
        script.main(["--problems", problems, "--near", "50", "--out", str(tmp_path / "o"), "--report", "r"])


def test_gsm8k_train_against_test(real_data: Path) -> None:
    """Counts that were looked at, pair by pair: all five are one story with other numbers, and other goods or people.

    With 0.5, the paper's threshold, three of them go. Two films of one length, a run of 13 words alone, stay.
    """
    train, test = (
        load(name, "gsm8k", Source(real_data / f"gsm8k_{name}.jsonl", split=name)) for name in ("train", "test")
    )
    kept, report = run(train, test, near=0.25)
    assert dict(report.dropped) == {NGRAM: 2, NEAR: 3} and len(kept) == 7468
    assert {pair["similarity"] for pair in report.pairs if pair["reason"] == NEAR} == {0.2917, 0.3455, 0.5143}

"""Duplicates and overlaps: found, counted by reason, and nothing else dropped."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.cleaning import DUPLICATE, EXACT, NEAR, NGRAM, Held, Report, Similar, clean, ngrams, normalise
from micota.cli import UserError
from micota.datasets import Home, load
from micota.records import Record, read_json, read_jsonl
from scripts import clean as script

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
    ("one", "other"),
    [
        ("What is  $x$?", "what is\n$x$?"),
        (r"Find $a\, b\;c\!$", "find $a b c $"),
        (r"$1\quad 2$ and~3", "$1 2$ and 3"),
    ],
)
def test_normalise(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_normalise_keeps_what_matters() -> None:
    assert normalise("148a*2?") != normalise("148a*3?")
    assert normalise(r"\quadrant") == r"\quadrant"


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
    assert report.pairs == ([{"id": "p/0", "with": "b/7", "reason": reason}] if reason else [])


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
    left = [normalise(problem["problem"]) for problem in problems if problem["id"] in kept]
    assert len(set(left)) == len(left) and not set(left) & {normalise(text) for text in others}


@given(st.text(), st.integers(1, 5))
def test_ngrams_are_as_many_as_they_must_be(text: str, length: int) -> None:
    words = len(list(ngrams(text, 1)))
    assert len(list(ngrams(text, length))) == max(0, words - length + 1)


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
    assert written["dropped"] == {DUPLICATE: 1, EXACT: 1, NGRAM: 0, NEAR: 0}
    assert written["thresholds"] == {"ngram": 13, "near": 0.0, "drop_duplicates": True}
    assert [(pair["text"], pair["with_text"]) for pair in written["pairs"]] == [(LONG, LONG), ("Short", "short")]
    script.main(argv)
    assert read_json(report)["kept"] == 2


def test_nothing_left_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    same = write(tmp_path / "p.jsonl", [record("p/0", LONG)])
    out, report = tmp_path / "out.jsonl", tmp_path / "report.json"
    with pytest.raises(UserError, match=r"no problem is left of 1 read.*'overlap_exact': 1"):
        script.main(["--problems", same, "--against", same, "--out", str(out), "--report", str(report)])
    assert not out.exists() and not report.exists()


def test_a_similarity_is_no_percentage(tmp_path: Path) -> None:
    problems = write(tmp_path / "p.jsonl", [record("p/0", LONG)])
    with pytest.raises(UserError, match="--near 50: a similarity lies between 0 and 1"):
        script.main(["--problems", problems, "--near", "50", "--out", str(tmp_path / "o"), "--report", "r"])


def test_gsm8k_train_against_test(real_data: Path) -> None:
    """Counts that were looked at, pair by pair: four share a sentence, two are one story with other numbers."""
    train, test = (
        load(name, "gsm8k", Home(real_data / f"gsm8k_{name}.jsonl", split=name)) for name in ("train", "test")
    )
    kept, report = run(train, test, near=0.25)
    assert dict(report.dropped) == {NGRAM: 4, NEAR: 2} and len(kept) == 7467
    assert {pair["similarity"] for pair in report.pairs if pair["reason"] == NEAR} == {0.2917, 0.3455}

"""Corpora made from others: a part that matches them, or one chosen among them by a rule that can be audited."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.cli import UserError
from micota.common.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.corpora.filters import Counts, choose, length_ratios, matched, nll_per_token
from scripts import corpus as script
from tests.test_corpora import graded

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), min_size=1, max_size=30)


def rows_of(pairs: list[tuple[int, int]]) -> list[Record]:
    """Corpus rows from problems and lengths; a problem may have several."""
    return [
        {**graded(f"train/{problem}"), "sample": n, "problem": "?", "n_tokens": tokens}
        for n, (problem, tokens) in enumerate(pairs)
    ]


@given(
    own=ROWS, others=st.lists(ROWS, max_size=2), by=st.sampled_from([None, "examples", "tokens"]), seed=st.integers()
)
def test_a_matched_corpus_holds_whole_problems_within_the_limit(
    own: list[tuple[int, int]], others: list[list[tuple[int, int]]], by: str | None, seed: int
) -> None:
    rows, limit = rows_of(own), 60 if by == "tokens" else 6 if by else None
    counts = Counts("m")
    made = list(matched(rows, [rows_of(other) for other in others], limit, by, seed, counts))
    common = {f"train/{n}" for n in set.intersection(*({p for p, _ in each} for each in (own, *others)))}
    kept_problems = {row["id"] for row in made}
    assert kept_problems <= common
    assert made == [row for row in rows if row["id"] in kept_problems], "whole problems, in their own order"
    total = sum(row["n_tokens"] if by == "tokens" else 1 for row in made)
    assert limit is None or total <= limit
    assert counts.read == len(rows) == len(made) + counts.dropped.total()
    assert counts.dropped["not_in_all"] == sum(row["id"] not in common for row in rows)
    if limit is None:
        assert kept_problems == common


def test_a_matched_corpus_is_cut_at_random_and_nearly_fills_its_limit() -> None:
    rows = rows_of([(n, 10 + n % 7) for n in range(200)])

    def cut(seed: int) -> list[str]:
        return [row["id"] for row in matched(rows, [], 1000, "tokens", seed, Counts("m"))]

    assert cut(0) == cut(0) != cut(1)
    assert cut(0) != [row["id"] for row in rows[: len(cut(0))]], "not the first ones"
    lengths = {row["id"]: row["n_tokens"] for row in rows}
    assert 1000 - 16 < sum(lengths[problem] for problem in cut(0)) <= 1000


def counted(kept: int, mean: float, read: int = 100) -> Record:
    return {"read": read, "kept": kept, "tokens": {"mean": mean}}


def test_auto_mid_by_length_is_nearest_the_geometric_mean() -> None:
    counts = {"short": counted(60, 50), "long": counted(60, 200), "a": counted(50, 70), "b": counted(60, 140)}
    ratios = length_ratios(counts, ["a", "b"], ["short", "long"])  # around 100: by difference a is nearer
    assert ratios == pytest.approx({"a": 0.3567, "b": 0.3365}, abs=1e-4)
    made = choose(counts, "log_length_ratio", ratios, 0.9)
    assert made["chosen"] == "b" and made["required_solved"] == pytest.approx(0.54)
    assert made["candidates"]["a"] == {"solved": 0.5, "mean_tokens": 70, "log_length_ratio": ratios["a"]}


@pytest.mark.parametrize(("floor", "chosen"), [(0.0, "weak"), (0.5, "weak"), (0.51, "mid"), (1.0, "best")])
def test_a_candidate_that_solves_too_little_is_out(floor: float, chosen: str) -> None:
    counts = {"weak": counted(40, 9), "mid": counted(60, 9), "best": counted(160, 9, read=200)}
    values = {"weak": 0.1, "mid": 0.2, "best": 0.3}
    assert choose(counts, "nll_per_token", values, floor)["chosen"] == chosen


def test_nll_per_token_weighs_tokens_and_reads_the_candidates_alone() -> None:
    rows = [("a", 1.0, 10), ("b", 8.0, 40), ("a", 9.0, 30), ("other", 1.0, 0)]
    records = [{"corpus": corpus, "nll": nll, "n_tokens": n} for corpus, nll, n in rows]
    assert nll_per_token(records, ["b", "a"]) == pytest.approx({"b": 0.2, "a": 0.25})
    with pytest.raises(UserError, match="the alignment holds no traces of c"):
        nll_per_token(records, ["a", "c"])


# --- the script -------------------------------------------------------------------------------------------------------


def made_from_corpora(
    folder: Path, block: dict[str, Any], corpora: dict[str, list[Record]], *more: str
) -> tuple[list[Record], Any]:
    """Run scripts/corpus.py on corpora, with their counts."""
    for name, rows in corpora.items():
        write_jsonl(folder / f"{name}.jsonl", rows)
        counts = Counts(name)
        for row in rows:
            counts.read += 1
            counts.keep(row)
        counts.read += 10 - len(rows)  # of ten problems the rest was not solved
        counts.dropped["incorrect"] += 10 - len(rows)
        write_json(folder / f"{name}.counts.json", counts.as_record())
    arguments = ["--name", "made", "--block", json.dumps(block), "--out", f"{folder}/made.jsonl"]
    arguments += ["--counts", f"{folder}/made.counts.json", *more]
    arguments += ["--parts", *(f"{name}={folder}/{name}.jsonl" for name in corpora)]
    script.main(arguments)
    return list(read_jsonl(folder / "made.jsonl")), read_json(folder / "made.counts.json")


def test_a_matched_corpus_says_what_it_was_taken_from_and_cut_to(tmp_path: Path) -> None:
    corpora = {
        "long": rows_of([(n, 30) for n in range(8)]),
        "mid": rows_of([(n, 9) for n in range(2, 10)]),
        "short": rows_of([(n, 25) for n in range(4)]),
    }
    block = {"kind": "matched", "of": "long", "problems_of": ["mid"], "match": "tokens", "to": "short", "seed": 0}
    made, counts = made_from_corpora(tmp_path, block, corpora)
    assert (counts["of"], counts["limit"], counts["tokens"]["total"]) == ("long", {"tokens": 100}, 90)
    assert (counts["read"], counts["kept"], counts["dropped"]) == (8, 3, {"not_in_all": 2, "over_the_match": 3})
    assert {row["id"] for row in made} <= {f"train/{n}" for n in range(2, 8)} and len(made) == 3
    made, counts = made_from_corpora(tmp_path, {**block, "match": None, "to": None}, corpora)
    assert made == corpora["long"][2:] and "limit" not in counts


@pytest.mark.parametrize(
    ("block", "chosen"),
    [
        ({"by": "length", "between": ["short", "long"], "base": None, "floor": 0.0}, "w2"),
        ({"by": "length", "between": ["short", "long"], "base": None, "floor": 0.9}, "w4"),
        ({"by": "length", "between": ["long"], "base": None, "floor": 0.0}, "w6"),
        ({"by": "nll", "between": [], "base": "small", "floor": 0.0}, "w6"),
        ({"by": "nll", "between": [], "base": "small", "floor": 1.0}, "w4"),
    ],
)
def test_auto_mid_is_one_of_its_candidates_unchanged(tmp_path: Path, block: dict[str, Any], chosen: str) -> None:
    sizes = {"short": (9, 10), "w2": (5, 21), "w4": (9, 28), "w6": (7, 33), "long": (9, 40)}  # solved, tokens
    corpora = {name: rows_of([(n, tokens) for n in range(solved)]) for name, (solved, tokens) in sizes.items()}
    nll = {"w2": 0.3, "w4": 0.2, "w6": 0.1, "short": 0.01}
    write_jsonl(
        tmp_path / "small.jsonl",
        [{"corpus": name, "nll": each * row["n_tokens"], "n_tokens": row["n_tokens"]}
         for name, each in nll.items() for row in corpora[name]],
    )  # fmt: skip
    block = {"kind": "chosen", "candidates": ["w2", "w4", "w6"], **block}
    more = ["--alignment", f"{tmp_path}/small.jsonl"] if block["by"] == "nll" else []
    more += ["--counted", *(f"{name}={tmp_path}/{name}.counts.json" for name in sizes)]
    made, counts = made_from_corpora(tmp_path, block, corpora, *more)
    assert made == corpora[chosen]
    assert (counts["chosen"], counts["read"], counts["kept"], counts["dropped"]) == (
        (chosen, len(made), len(made), {})
    )  # fmt: skip
    assert {name: each["solved"] for name, each in counts["candidates"].items()} == {"w2": 0.5, "w4": 0.9, "w6": 0.7}
    assert all(("nll_per_token" in each) == (block["by"] == "nll") for each in counts["candidates"].values())

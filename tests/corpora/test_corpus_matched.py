"""A matched corpus: whole problems of another one, comparable with further ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.corpora.kinds import Matched
from tests.corpus_rows import passed, rows_of, run_script, write_corpora

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), min_size=1, max_size=30)


def matched(match: str | None, seed: int) -> Matched:
    size = {"match": match, "to": "other"} if match else {}
    return Matched.model_validate({"kind": "matched", "of": "own", "problems_of": ["others"], "seed": seed, **size})


@given(
    own=ROWS,
    others=st.lists(ROWS, max_size=2),
    by=st.sampled_from([None, "examples", "tokens"]),
    seed=st.integers(0, 99),
)
def test_a_matched_corpus_holds_whole_problems_within_the_limit(
    own: list[tuple[int, int]], others: list[list[tuple[int, int]]], by: str | None, seed: int
) -> None:
    rows, limit = rows_of(own), 60 if by == "tokens" else 6 if by else None
    made, counts = passed(matched(by, seed).cut(rows, [rows_of(other) for other in others], limit))
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
        return [row["id"] for row in passed(matched("tokens", seed).cut(rows, [], 1000))[0]]

    assert cut(0) == cut(0) != cut(1)
    assert cut(0) != [row["id"] for row in rows[: len(cut(0))]], "not the first ones"
    lengths = {row["id"]: row["n_tokens"] for row in rows}
    assert 1000 - 16 < sum(lengths[problem] for problem in cut(0)) <= 1000


def test_a_matched_corpus_says_what_it_was_taken_from_and_cut_to(tmp_path: Path) -> None:
    corpora = {
        "long": rows_of([(n, 30) for n in range(8)]),
        "mid": rows_of([(n, 9) for n in range(2, 10)]),
        "short": rows_of([(n, 25) for n in range(4)]),
    }
    write_corpora(tmp_path, corpora)
    flags = ["--kind", "matched", "--of", "long", "--problems-of", "mid"]
    parts = ["--parts", *(f"{tmp_path}/{name}.jsonl" for name in corpora)]
    made, counts = run_script(tmp_path, *flags, "--match", "tokens", "--to", "short", *parts)
    assert (counts["of"], counts["limit"], counts["tokens"]["total"]) == ("long", {"tokens": 100}, 90)
    assert (counts["read"], counts["kept"], counts["dropped"]) == (8, 3, {"not_in_all": 2, "over_the_match": 3})
    assert {row["id"] for row in made} <= {f"train/{n}" for n in range(2, 8)} and len(made) == 3
    made, counts = run_script(tmp_path, *flags, *parts)
    assert made == corpora["long"][2:] and "limit" not in counts


def test_of_two_cuts_by_number_the_smaller_is_part_of_the_larger(tmp_path: Path) -> None:
    write_corpora(tmp_path, {"long": rows_of([(n, 30) for n in range(9)])})
    flags = ["--kind", "matched", "--of", "long", "--match", "examples", "--parts", str(tmp_path / "long.jsonl")]
    (few, counts), (more, _) = (run_script(tmp_path, *flags, "--at-most", number) for number in ("3", "6"))
    assert (len(few), len(more), counts["limit"], counts["dropped"]) == (3, 6, {"examples": 3}, {"over_the_match": 6})
    assert {row["id"] for row in few} < {row["id"] for row in more}


@pytest.mark.parametrize("more", [[], ["--match", "tokens", "--to", "short"]])
def test_a_number_needs_a_measure_and_stands_in_the_place_of_a_corpus(tmp_path: Path, more: list[str]) -> None:
    with pytest.raises(UserError, match="--at-most: it goes with `match`, and in the place of `to`"):
        run_script(tmp_path, "--kind", "matched", "--of", "long", "--at-most", "3", *more)

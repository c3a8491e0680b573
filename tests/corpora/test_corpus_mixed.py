"""A mixed corpus: each common problem is answered by one part, by the shares."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from micota.common.records import Record
from micota.corpora.kinds import Mixed
from tests.corpus_rows import graded, passed, run_script, write_corpora


def mixed(shares: dict[str, float], seed: int) -> Mixed:
    return Mixed(kind="mixed", shares=shares, seed=seed)


def parts(*sizes: int) -> dict[str, list[Record]]:
    """Corpora `c0`, `c1`, ... that answer the first so-and-so many problems."""
    return {
        f"c{n}": [{**graded(f"train/{i}"), "sampler": f"c{n}", "problem": "?"} for i in range(size)]
        for n, size in enumerate(sizes)
    }


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    weights=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    seed=st.integers(0, 99),
)
def test_a_mixture_deals_each_common_problem_to_one_part_by_the_shares(
    sizes: list[int], weights: list[int], seed: int
) -> None:
    given_parts = parts(*sizes)
    shares = {name: float(weight) for name, weight in zip(given_parts, weights, strict=False)}
    rows, counts = passed(mixed(shares, seed).dealt(given_parts))
    common = min(sizes)
    assert sorted(row["id"] for row in rows) == sorted(f"train/{i}" for i in range(common))
    for name, share in shares.items():
        dealt = sum(row["sampler"] == name for row in rows)
        assert abs(dealt - share / sum(shares.values()) * common) <= 1
    assert counts.read == sum(sizes) == len(rows) + counts.dropped.total()
    assert counts.dropped["not_in_all_parts"] == sum(sizes) - len(sizes) * common


def test_a_mixtures_seed_decides_who_gets_what() -> None:
    def dealt(seed: int) -> list[str]:
        rows, _ = passed(mixed({"c0": 1.0, "c1": 4.0}, seed).dealt(parts(50, 50)))
        return [row["id"] for row in rows if row["sampler"] == "c0"]

    assert len(dealt(0)) == 10
    assert dealt(0) == dealt(0)
    assert dealt(0) != dealt(1)


def test_the_program_deals_the_shares_in_their_own_order(tmp_path: Path) -> None:
    """The order of the files says nothing."""
    corpora = parts(8, 8)
    write_corpora(tmp_path, corpora)
    flags = ["--kind", "mixed", "--shares", "c0=1", "c1=3", "--seed", "2", "--parts"]
    made, counts = run_script(tmp_path, *flags, f"{tmp_path}/c1.jsonl", f"{tmp_path}/c0.jsonl")
    assert made == passed(mixed({"c0": 1.0, "c1": 3.0}, 2).dealt(corpora))[0]
    assert [row["sampler"] for row in made].count("c0") == 2
    assert (counts["read"], counts["kept"], counts["dropped"]) == (16, 8, {"dealt_to_another_part": 8})

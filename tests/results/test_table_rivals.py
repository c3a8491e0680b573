"""The rivals: which candidate is compared, what it is compared by, and what it cost, from outcomes that are known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import DataError, UserError
from micota.common.records import write_json
from micota.common.tables import Row, read_csv
from micota.results import rivals
from micota.results.compute import Measured, charged, compute
from micota.results.figures import rivals as figure
from micota.results.significance import holm
from micota.results.tables import filter as filtering
from micota.results.tables import rivals as table
from micota.study.load import load_study
from tests.graded import traces, write_graded, write_traces
from tests.tiny import raw_config

HARD, EASY = [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]
CHAINS = (1, 2, 3)
TUNE = {"base": "s", "corpus": "k", "epochs": 1, "max_examples": None}


def bill(tokens_of: str = "k", sampled: Sequence[Sequence[str]] = ()) -> Row:
    own = TUNE | {"corpus": tokens_of}
    return {"own": own, "trained": [], "sampled": list(sampled), "scored": [], "distilled": []}


def candidate(family: str | None, name: str, chains: Sequence[int] = CHAINS, **changes: Any) -> Row:
    models = [[f"{name}-c{chain}"] for chain in chains]
    bills = [bill()] * len(chains)
    return {
        "base": "s",
        "family": family,
        "candidate": name,
        "models": models,
        "bills": bills,
        "search": bills,
    } | changes


def answers(folder: Path, name: str, validation: Sequence[int], test: Sequence[Sequence[int]], **changes: Any) -> None:
    """A candidate's traces in each chain; `test`: which problems it solves, a chain a row."""
    for chain, right in zip(CHAINS, test, strict=False):
        write_graded(folder / "graded", f"{name}-c{chain}", {"validation": validation, "easy": right}, **changes)


def files(folder: Path) -> dict[str, list[Path]]:
    write_json(folder / "sizes/s.json", {"model": "s", "parameters": 10})
    for corpus, total in (("k", 7), ("large_k", 70)):
        counts = {"corpus": corpus, "kept": 2, "tokens": {"total": total}}
        write_json(folder / f"corpora/{corpus}.counts.json", counts)
    found = {name: sorted((folder / name).iterdir()) for name in ("graded", "sizes")}
    return found | {"reports": [], "counts": sorted((folder / "corpora").iterdir()), "gold": []}


def make(folder: Path, candidates: list[Row]) -> tuple[list[Row], list[Row]]:
    settings: Row = {"benchmarks": ["easy"], "validation": "validation"}
    labels = {row["family"]: str(row["family"]).upper() for row in candidates if row["family"]}
    table.make(files(folder), folder, candidates=candidates, labels=labels, **settings)
    return read_csv(folder / "rivals.csv"), read_csv(folder / "rivals_candidates.csv")


def three_families(folder: Path) -> list[Row]:
    """The proposed corpus; a family whose best on the test is not the best on validation; a family of one."""
    answers(folder, "mid", HARD, [EASY, EASY, [1, 1, 1, 1, 0, 0]])
    answers(folder, "one", EASY, [HARD, HARD, [0, 0, 0, 0, 0, 0]])
    answers(folder, "two", HARD, [EASY, EASY, EASY])
    answers(folder, "alone", HARD, [[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0], EASY])
    return [candidate(None, "mid"), candidate("pair", "one"), candidate("pair", "two"), candidate("lone", "alone")]


def test_the_chosen_one_is_the_best_on_validation_and_its_score_is_that_of_the_test(tmp_path: Path) -> None:
    rows, every = make(tmp_path, three_families(tmp_path))
    assert [(row["family"], row["candidate"], row["candidates"]) for row in rows] == [
        (None, "mid", 1), ("pair", "one", 2), ("lone", "alone", 1),
    ]  # fmt: skip
    assert {row["candidate"]: row["chosen"] for row in every} == {
        "mid": "yes",
        "one": "yes",
        "two": None,
        "alone": "yes",
    }
    pair = rows[1]
    assert pair["validation_accuracy"] == pytest.approx(500 / 6)
    assert pair["accuracy"] == pytest.approx(100 * 2 / 18), "of the candidate that validation chose, not of the best"
    assert pair["difference"] == pytest.approx(100 * (14 - 2) / 18) and (pair["chains"], pair["seeds"]) == (3, 1)


def test_p_is_corrected_over_the_families_and_the_proposed_is_compared_with_none(tmp_path: Path) -> None:
    rows, _ = make(tmp_path, three_families(tmp_path))
    p_values = [row["p_value"] for row in rows]
    assert p_values[0] is None and rows[0]["difference"] is None and None not in p_values[1:]
    assert [row["p_holm"] for row in rows] == pytest.approx([None, *holm(p_values)[1:]])
    assert rows[1]["p_holm"] == pytest.approx(2 * p_values[1]) and rows[1]["p_value"] < rows[2]["p_value"]
    assert "| MiCoTA | mid (MiCoTA) | 1 |" in (tmp_path / "rivals.md").read_text(encoding="utf-8")


def test_chains_are_the_unit_and_pairs(tmp_path: Path) -> None:
    """What is the same in each chain has no variance between chains, however far the chains themselves are apart."""
    answers(tmp_path, "mid", HARD, [EASY, EASY, HARD])
    answers(tmp_path, "less", HARD, [[0, *EASY[1:]], [0, *EASY[1:]], [0, *HARD[1:]]])
    answers(tmp_path, "other", HARD, [HARD, EASY, EASY])
    pair = [candidate(None, "mid"), candidate("less", "less"), candidate("other", "other")]
    _, less, other = make(tmp_path, pair)[0]
    assert less["difference"] == pytest.approx(100 / 6)
    assert other["difference"] == pytest.approx(0) and other["difference_high"] > 100
    seeds = [candidate(None, "mid", models=[[f"mid-c{n}" for n in CHAINS]], bills=[bill()], search=[bill()])]
    seeds.append(candidate("other", "other", models=[["other-c1"]], bills=[bill()], search=[bill()]))
    row = make(tmp_path, seeds)[0][1]
    assert row["difference"] == pytest.approx(100 * (5 + 5 + 1 - 3) / 18), "a merge is the same for every seed"
    one = [candidate(None, "mid", [1]), candidate("other", "other", [1])]
    row = make(tmp_path, one)[0][1]
    assert row["p_value"] is None and row["difference_low"] < row["difference"], "one run: no other training is known"


def test_of_equals_the_shorter_traces_and_a_family_may_choose_the_proposed(tmp_path: Path) -> None:
    assert rivals.choose({"a": (50.0, 9.0), "b": (50.0 + 1e-12, 20.0), "c": (49.0, 1.0)}) == "a"
    assert rivals.choose({"a": (50.0, 9.0), "b": (50.0, 9.0)}) == "a"
    answers(tmp_path, "mid", EASY, [EASY, HARD, EASY])
    answers(tmp_path, "two", EASY, [HARD, HARD, HARD], n_tokens=11)
    mid, same, two = candidate(None, "mid"), candidate("pair", "mid"), candidate("pair", "two")
    rows, _ = make(tmp_path, [mid, same, two])
    assert rows[1]["candidate"] == "mid", "two writes 11 tokens a trace, mid 10"
    assert {rows[1][key] for key in (*table.DIFFERENCE, "p_holm")} == {None}


def test_a_row_says_what_the_student_took_and_what_the_choice_did(tmp_path: Path) -> None:
    answers(tmp_path, "mid", HARD, [HARD])
    answers(tmp_path, "one", HARD, [HARD])
    write_traces(tmp_path / "graded/t.jsonl", [*traces("train", [1, 0, 1], n_tokens=5)])
    search = bill(sampled=[["s", "t", "train"], ["s", "one-c1", "validation"]])
    other = candidate("one", "one", [1], bills=[bill("large_k", [["s", "t", "train"]])], search=[search])
    rows, every = make(tmp_path, [candidate(None, "mid", [1]), other])
    assert [row["training_tokens"] for row in rows] == [7, 70]
    assert rows[1]["compute"] == 6 * 10 * 70 + 2 * 10 * 15 == every[1]["compute"]
    assert rows[1]["compute_search"] == 6 * 10 * 7 + 2 * 10 * (15 + 60)


def test_what_is_not_measured_is_named(tmp_path: Path) -> None:
    answers(tmp_path, "mid", HARD, [HARD])
    with pytest.raises(UserError, match="nosuch: no number of rows of this corpus"):
        make(tmp_path, [candidate(None, "mid", [1], bills=[bill("nosuch")])])
    write_graded(tmp_path / "graded", "mid-c1", {"validation": HARD, "easy": [1]})
    with pytest.raises(DataError, match="benchmarks: one of them has one problem"):
        make(tmp_path, [candidate(None, "mid", [1])])


# --- the filter -------------------------------------------------------------------------------------------------------


def arms(*names: str) -> list[list[list[str]]]:
    return [[[f"{name}-c{chain}"] for chain in CHAINS] for name in names]


def test_the_filters_part_of_the_lead_has_an_interval(tmp_path: Path) -> None:
    solved: Mapping[str, list[list[int]]] = {
        "mid": [EASY, EASY, [1, 1, 1, 1, 0, 0]],
        "long": [HARD, HARD, HARD],
        "mid_all": [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], EASY],
        "long_all": [HARD, [1, 1, 0, 0, 0, 0], HARD],
    }
    for name, test in solved.items():
        answers(tmp_path, name, HARD, test)
    pair: Row = {"base": "s", "corpus": "mid", "against": "long"}
    pair |= {"proposed": arms("mid", "mid_all"), "other": arms("long", "long_all")}
    filtering.make(files(tmp_path), tmp_path, pairs=[pair], benchmarks=["easy"])
    leads = read_csv(tmp_path / "filter.csv")
    assert [row["filter"] for row in leads] == ["with", "without", "with \N{MINUS SIGN} without"]
    assert [row["difference"] for row in leads] == pytest.approx([100 * 11 / 18, 100 * 6 / 18, 100 * 5 / 18])
    assert all(row["difference_low"] < row["difference"] < row["difference_high"] for row in leads)
    assert {row["chains"] for row in leads} == {3} and None not in {row["p_value"] for row in leads}


# --- the figure -------------------------------------------------------------------------------------------------------


def test_points_that_would_hide_each_other_stand_apart_and_others_where_they_are() -> None:
    found = figure.apart([100.0, 1000.0, 1000.0, 1001.0, 50_000.0])
    assert found[0] == 100 and found[4] == 50_000
    assert 700 < found[1] < found[2] * 0.9 and found[2] < found[3] * 0.9 and found[3] < 1400
    assert figure.apart([7.0, 7.0])[0] < 7 < figure.apart([7.0, 7.0])[1] and figure.apart([7.0]) == [7.0]


def test_ticks_are_round_and_few() -> None:
    assert figure.ticks(90_000, 400_000) == [100_000, 150_000, 200_000, 300_000, 400_000]
    assert 3 <= len(figure.ticks(2e9, 7e14)) <= 6
    assert [figure.tick_label(value) for value in (500, 1500, 150_000, 1e9, 3e13)] == [
        "500",
        "1.5k",
        "150k",
        "1e9",
        "3e13",
    ]


# --- from a study -----------------------------------------------------------------------------------------------------


def test_a_family_is_charged_for_every_candidate_that_it_chose_from() -> None:
    study = load_study(raw_config("rivals"))
    rows = rivals.contenders(study)
    mid, ties = rows[0], next(row for row in rows if row["candidate"] == "ties65_eq")
    assert mid["family"] is None and [models[0] for models in mid["models"]] == [
        f"small-mid_eq-c{chain}-s0" for chain in study.given.chains
    ]
    assert mid["search"] == mid["bills"], "one candidate: nothing was chosen on validation"
    first = ties["bills"][0]
    assert {model for _, model, _ in first["sampled"]} == {"large", "teacher-c401"} | {
        f"ta_long-c401-ties-w{weight}-d0.65" for weight in (0.1, 0.175, 0.25)
    }
    asked = [model for _, model, dataset in ties["search"][0]["sampled"] if dataset == "validation"]
    assert asked == [f"small-ties{density}_eq-c401-s0" for density in (50, 65, 90)]
    assert len(ties["search"][0]["trained"]) == len(first["trained"]) + 2
    own = next(row for row in rows if row["family"] == "self_merge")
    assert own["bills"][0]["own"]["corpus"] == "long_eq-c401" and len(own["models"][0]) == 1
    assert {tune["base"] for tune in own["bills"][0]["trained"]} == {"large"}, "no assistant is behind it"


def test_a_bill_comes_to_what_is_computed_from_the_study() -> None:
    study = load_study(raw_config("rivals"))
    names = list(study.config.corpora)
    sampled = {(model, "train"): 3 + place for place, model in enumerate(study.models)}
    numbers = Measured(
        {"small": 1, "medium": 10, "large": 100}, dict.fromkeys(names, 7), dict.fromkeys(names, 2), sampled
    )
    for row in rivals.contenders(study):
        found = [charged(each, numbers) for each in row["bills"]]
        assert found == [compute(study, models[0], numbers, controls=False) for models in row["models"]]

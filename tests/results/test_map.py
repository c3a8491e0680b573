"""The map: a known best length is found again, choosing does not flatter itself, and the trend test knows its sizes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from micota.common.errors import UserError
from micota.common.records import write_json
from micota.common.tables import Row, read_csv
from micota.results.best_length import Scores, as_factor, best, over_chains, page, rank_correlation, slopes
from micota.results.contrasts import crossed
from micota.results.entries import Entry
from micota.results.estimates import Array
from micota.results.figures.map import draw
from micota.results.looks import Corpora
from micota.results.tables import map as map_table
from tests.graded import write_graded

LENGTHS = {"w0": 50, "w2": 100, "w10": 200}
AXIS = {"corpora": [*LENGTHS], "short": "w0", "mid": "w2", "long": "w10"}
ORACLE = {"corpora": ["oracle_v0", "oracle_v9"], "short": "oracle_v0", "mid": "oracle_v0", "long": "oracle_v9"}
SIZES = {"big": 400, "small": 100, "middle": 200}
BEST = {"small": "w0", "middle": "w2", "big": "w10"}
CORPORA = Corpora({"corpus": name, "tokens_mean": length} for name, length in LENGTHS.items())
CHAINS, PROBLEMS = (7, 8, 9, 10), 40  # a chain's traces are the longer, the higher its number
BENCHMARKS = ["easy", "hard"]


def shares(rng: np.random.Generator, mean: float, chains: int = 3, problems: int = 60) -> Array:
    return np.array(rng.random((chains, problems)) < mean, dtype=np.float64)


# --- choosing and valuing ---


def test_what_chooses_does_not_value() -> None:
    """One corpus is right on every other problem, the other one on the rest: each half chooses wrongly."""
    first = np.array([[1.0, 0.0] * 4])
    made = best({"first": [first], "second": [1 - first]})
    assert made.chosen == [("first", "second")]
    assert (made.scores[0] == 0).all()
    assert (made.times("first"), made.times("second"), made.times("third")) == (1, 1, 0)


def test_each_chain_chooses_for_itself_and_of_equals_the_first() -> None:
    one, other = np.array([[1.0] * 4, [0.0] * 4]), np.array([[0.0] * 4, [1.0] * 4])
    made = best({"one": [one, one], "other": [other, other]})
    assert made.chosen == [("one", "one"), ("other", "other")]
    assert all((array == 1).all() for array in made.scores)
    assert best({"one": [one], "same": [one]}).chosen == [("one", "one")] * 2


def test_benchmarks_count_alike_however_many_problems_they_have() -> None:
    one, other = [np.ones((1, 4)), np.zeros((1, 400))], [np.zeros((1, 4)), np.full((1, 400), 0.5)]
    assert best({"one": one, "other": other}).chosen == [("one", "one")]


def test_the_split_is_unbiased_where_the_best_of_all_problems_is_not() -> None:
    """Eleven corpora that are equally good: the best looks 5 points better than it is, the held-out one does not."""
    rng = np.random.default_rng(4)
    flattered, honest = [], []
    for _ in range(150):
        drawn: Mapping[str, Scores] = {f"c{n}": [shares(rng, 0.5), shares(rng, 0.5)] for n in range(11)}
        means = [np.mean([array.mean(axis=1) for array in arrays], axis=0) for arrays in drawn.values()]
        flattered.append(100 * (np.max(means, axis=0) - 0.5).mean())
        honest.append(100 * (np.mean([array.mean() for array in best(drawn).scores]) - 0.5))
    error = np.std(honest) / np.sqrt(len(honest))
    assert np.mean(flattered) > 5
    assert abs(np.mean(honest)) < 3 * error < 1


def test_the_interval_of_the_best_length_covers_what_the_choice_is_worth() -> None:
    """Three chains, six corpora, each student better or worse by chance; over all runs the gain has one mean."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        levels = rng.normal(size=100)

        def answers(shifts: Array, levels: Array = levels) -> Array:
            return np.array(
                rng.normal(size=(len(shifts), len(levels))) + levels + shifts[:, None] > 0, dtype=np.float64
            )

        untrained = answers(np.zeros(3))
        held = best({f"c{n}": [answers(rng.normal(0.1 * n, 0.15, 3))] for n in range(6)}).scores[0]
        found.append(crossed([held - untrained]))
    mean = np.mean([gain.value for gain in found])
    assert 0.93 < np.mean([gain.low <= mean <= gain.high for gain in found]) < 0.98


# --- numbers by chain ---


def test_a_mean_over_chains_is_a_t_test() -> None:
    row = over_chains([1.0, 2.0, 4.0])
    se = np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    half = stats.t.ppf(0.975, 2) * se
    assert (row["value"], row["low"], row["high"]) == pytest.approx((7 / 3, 7 / 3 - half, 7 / 3 + half))
    assert row["p"] == pytest.approx(2 * stats.t.sf(7 / 3 / se, 2))
    assert as_factor(row, "x")["x"] == pytest.approx(2 ** (7 / 3))


@pytest.mark.parametrize("values", [[3.0], [3.0, 3.0, 3.0]])
def test_what_does_not_vary_over_chains_has_no_interval(values: list[float]) -> None:
    """It would be one of no width."""
    row = over_chains(values)
    assert row == {"value": 3.0, "low": None, "high": None, "p": None}
    assert as_factor(row, "x") == {"x": 8.0, "x_low": None, "x_high": None}


def test_slope_and_rank_correlation_of_a_known_trend() -> None:
    parameters = [100, 200, 400, 800]
    assert slopes(parameters, [[5, 5.5, 6, 6.5], [7, 7, 7, 7]]) == pytest.approx([0.5, 0])
    assert rank_correlation(parameters, [[5, 6, 7, 8], [8, 7, 6, 5], [5, 5, 5, 5]]) == pytest.approx(0)


@pytest.mark.parametrize("chains", [2, 3])
def test_the_trend_test_is_pages(chains: int) -> None:
    logs = np.random.default_rng(1).random((chains, 5)) + np.linspace(0, 0.4, 5)
    sided = stats.page_trend_test(logs, method="exact").pvalue
    assert page([1, 2, 3, 4, 5], logs.tolist()) == pytest.approx(2 * sided)
    assert page([1, 2, 3, 4, 5], (-logs).tolist()) == pytest.approx(2 * sided), "two-sided"


def test_the_trend_test_counts_out_ties() -> None:
    assert page([1, 2, 3], [[5.0, 5.0, 5.0]]) == 1
    assert page([1, 2, 3], [[5.0, 5.0, 6.0]]) == pytest.approx(2 / 3)  # the odd one stands at an end in 4 of 6 orders
    assert page([1, 2, 3], [[5.0, 6.0, 7.0]] * 2) == pytest.approx(2 / 36)
    assert page(range(1, 10), [[float(n) for n in range(9)]]) is None


def test_the_trend_test_keeps_its_level_where_lengths_tie() -> None:
    rng = np.random.default_rng(3)
    found = [page([1, 2, 3, 4, 5, 6], rng.integers(0, 4, (3, 6)).tolist()) or 0 for _ in range(400)]
    assert np.mean(np.array(found) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


# --- the tables ---


def verdicts(rng: np.random.Generator, mean: float) -> dict[str, list[bool]]:
    return {name: [bool(right) for right in rng.random(PROBLEMS) < mean] for name in BENCHMARKS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, list[bool]]]]:
    """Students of three sizes, each best at another length, in four chains; the tables, and what each model solves."""
    folder, rng = tmp_path_factory.mktemp("map"), np.random.default_rng(2)
    solved: dict[str, dict[str, list[bool]]] = {}
    entries: list[Entry] = []

    def add(model: str, mean: float, **entry: Any) -> None:
        solved[model] = verdicts(rng, mean)
        write_graded(folder / "graded", model, solved[model])
        entries.append({"model": model, "seed": 0, **entry})

    for base, parameters in SIZES.items():
        for chain in CHAINS:
            name = f"{base}-c{chain}"
            write_json(folder / f"sizes/{name}.json", {"model": name, "parameters": parameters})
            add(name, 0.4, base=base, corpus="base", chain=chain, learned=None)
            for corpus in (*LENGTHS, *ORACLE["corpora"], *(["more"] if base == "small" else [])):
                mean = 0.9 if corpus == BEST[base] else 0.3
                model = f"{base}-{corpus}-c{chain}-s0"
                add(model, mean, base=base, corpus=corpus, chain=chain, learned=f"{corpus}-c{chain}")
    for chain in CHAINS:
        for corpus, tokens in (LENGTHS | {"oracle_v0": 40, "oracle_v9": 300, "more": 210}).items():
            counts = {"kept": 20 if corpus == "more" else 10, "tokens": {"mean": tokens * chain / 7}}
            write_json(folder / f"corpora/{corpus}-c{chain}.counts.json", counts)
    files = {key: sorted((folder / key).iterdir()) for key in ("graded", "sizes")}
    files |= {"reports": [], "counts": sorted((folder / "corpora").iterdir())}
    settings: dict[str, Any] = {"weights": AXIS, "oracle": ORACLE, "traces": ["w10", "more"]}
    map_table.make(files, folder / "tables", entries=entries, benchmarks=BENCHMARKS, **settings)
    return folder / "tables", solved


def test_a_row_is_the_gain_over_the_untrained_base_of_the_same_chain(made: Any) -> None:
    tables, solved = made
    rows = read_csv(tables / "map.csv")
    row = next(row for row in rows if (row["base"], row["axis"], row["corpus"]) == ("middle", "weights", "w10"))
    arrays = {
        model: [100.0 * np.array([solved[model.format(chain)][name] for chain in CHAINS]) for name in BENCHMARKS]
        for model in ("middle-w10-c{}-s0", "middle-c{}")
    }
    gains = [one - other for one, other in zip(*arrays.values(), strict=True)]
    expected = crossed(gains)
    assert (row["gain"], row["gain_low"], row["gain_p"]) == pytest.approx((expected.value, expected.low, expected.p))
    assert row["gain_hard"] == pytest.approx(gains[1].mean())
    assert row["accuracy"] == pytest.approx(np.mean([array.mean() for array in arrays["middle-w10-c{}-s0"]]))
    assert (row["parameters"], row["mean_tokens"], row["traces"]) == (200, pytest.approx(200 / 7 * np.mean(CHAINS)), 10)
    assert (row["chains"], row["problems"]) == (4, 2 * PROBLEMS)


def test_the_rows_go_by_size_axis_and_length(made: Any) -> None:
    rows = read_csv(made[0] / "map.csv")
    assert list(dict.fromkeys(row["base"] for row in rows)) == ["small", "middle", "big"]
    of_small = [(row["axis"], row["corpus"]) for row in rows if row["base"] == "small"]
    assert of_small == [
        (None, "base"), ("weights", "w0"), ("weights", "w2"), ("weights", "w10"),
        ("oracle", "oracle_v0"), ("oracle", "oracle_v9"), ("traces", "w10"), ("traces", "more"),
    ]  # fmt: skip
    assert {row["base"] for row in rows if row["axis"] == "traces"} == {"small"}, "one corpus is no axis"


def test_the_known_best_length_is_found_again(made: Any) -> None:
    rows = {(row["base"], row["axis"]): row for row in read_csv(made[0] / "map_best.csv")}
    for base, corpus in BEST.items():
        row = rows[base, "weights"]
        assert row["chosen"] == f"{corpus} (8)"
        assert row["best_tokens_low"] < row["best_tokens"] == pytest.approx(LENGTHS[corpus] / 7 * stats.gmean(CHAINS))
        assert 35 < row["best_gain"] < 65
    assert rows["middle", "weights"]["mid_beats"] == "long, short, untrained"
    assert rows["big", "weights"]["mid_beats"] is None
    assert rows["small", "oracle"]["mid_short"] == 0  # mid is short there


def test_the_known_trend_is_found_again(made: Any) -> None:
    weights, oracle = read_csv(made[0] / "map_trend.csv")
    assert (weights["axis"], weights["sizes"], weights["chains"]) == ("weights", 3, 4)
    assert (weights["factor"], weights["rho"]) == pytest.approx((2, 1))
    assert weights["p_page"] == pytest.approx(2 / 6**4)
    assert weights["p"] is None, "all chains have the same slope"
    assert abs(oracle["rho"]) <= 1


def test_a_half_needs_two_problems(tmp_path: Path) -> None:
    entries: list[Entry] = [{"model": "s", "base": "s", "corpus": "base", "seed": 0, "chain": None, "learned": None}]
    write_graded(tmp_path / "graded", "s", {"easy": [True] * 3})
    write_json(tmp_path / "s.json", {"model": "s", "parameters": 5})
    files = {"graded": [tmp_path / "graded/s.jsonl"], "sizes": [tmp_path / "s.json"], "reports": [], "counts": []}
    with pytest.raises(UserError, match="easy has 3 problems; a map needs 4"):
        map_table.make(files, tmp_path, entries=entries, benchmarks=["easy"], weights=AXIS, oracle=None, traces=[])


# --- the figure ---


def test_every_cell_shows_its_number_and_the_best_of_a_row_is_framed(made: Any) -> None:
    rows: list[Row] = read_csv(made[0] / "map.csv")
    weights, oracle, traces = draw(rows, CORPORA)["map"].axes
    gains = [row["gain"] for row in rows if row["axis"] == "weights"]
    shown = [text.get_text().replace("\N{MINUS SIGN}", "-") for text in weights.texts]
    assert shown == [f"{gain:+.1f}" for gain in gains]
    frames = [patch.get_xy() for patch in weights.patches]  # type: ignore[attr-defined]
    assert frames == [(0, 0), (1, 1), (2, 2)], "small students on top, short CoT left"
    assert len(oracle.texts) == 6 and len(traces.texts) == 1
    assert "oracle" in oracle.get_title()
    assert weights.collections[0].get_clim() == oracle.collections[0].get_clim(), "one colour is one gain"


def test_a_map_without_oracle_or_numbers_of_traces_is_one_panel(made: Any) -> None:
    rows = [row for row in read_csv(made[0] / "map.csv") if row["axis"] in (None, "weights")]
    assert len(draw(rows, CORPORA)["map"].axes) == 1

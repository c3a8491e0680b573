"""What predicts a good corpus: the measures from records whose every number is known, and their rank correlations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from micota.common.errors import UserError
from micota.common.records import Record, write_json, write_jsonl
from micota.common.tables import read_csv
from micota.results import rank_correlation
from micota.results.predictors import predicted, rank_surprisal_ratio
from micota.results.rank_correlation import Point, correlation, spearman
from micota.results.tables import predictors as table
from micota.study.load import load_study
from micota.workflow.tables import TABLES
from tests.corpus_rows import graded
from tests.graded import write_graded
from tests.tiny import raw_config

CORPORA = {
    "short": ["a;", "b;"],
    "mid": ["check a;", "wait,b;check"],
    "long": ["check" * 2, "again,x"],
    "mix": ["", ""],
}
RIGHT = {"short": [1, 0, 0, 0], "mid": [1, 1, 1, 0], "long": [1, 1, 0, 0], "mix": [1, 1, 1, 1]}


def entry(corpus: str, seed: int = 0) -> Record:
    student = {"model": f"s-{corpus}-s{seed}", "base": "s", "corpus": corpus, "seed": seed}
    return student | {"chain": None, "under": "s", "learned": corpus}


def files(folder: Path, ranks: bool = True) -> dict[str, list[Path]]:
    """Four corpora of two traces, their likelihood, an untrained student and one student a corpus (of `mid` two)."""
    rows = []
    for number, (corpus, texts) in enumerate(CORPORA.items(), 1):
        traces = [{**graded(f"train/{n}"), "problem": "?", "completion": text} for n, text in enumerate(texts)]
        write_jsonl(folder / f"corpora/{corpus}.jsonl", traces)
        write_json(folder / f"corpora/{corpus}.counts.json", {"kept": 2})
        for n, tokens in enumerate((4, 16)):
            nll = {
                "corpus": corpus,
                "id": f"train/{n}",
                "sample": 0,
                "nll": float(number * (n + 1)),
                "n_tokens": tokens,
            }
            rows.append(nll | ({"rank_sum": tokens * number} if ranks else {}))
        write_graded(folder / "graded", f"s-{corpus}-s0", {"easy": RIGHT[corpus], "hard": [0, 1]})
    write_graded(folder / "graded", "s-mid-s1", {"easy": [0, 0, 0, 0], "hard": [0, 0]})
    write_graded(folder / "graded", "s", {"easy": [1, 0, 0, 0], "hard": [0, 0]})
    write_jsonl(folder / "likelihood/s.jsonl", rows)
    found = {key: sorted((folder / name).glob("*.jsonl")) for key, name in (("nll", "likelihood"), ("corpora",) * 2)}
    found |= {"graded": sorted((folder / "graded").iterdir()), "reports": [], "gold": []}
    return found | {"counts": sorted((folder / "corpora").glob("*.counts.json"))}


def make(folder: Path, entries: list[Record], ranks: bool = True) -> tuple[list[Any], list[Any]]:
    loaders = dict.fromkeys(CORPORA, "arithmetic")
    table.make(files(folder, ranks), folder, entries=entries, benchmarks=["easy", "hard"], loaders=loaders)
    return read_csv(folder / "predictors.csv"), read_csv(folder / "predictors_correlation.csv")


def test_every_predictor_stands_beside_the_mean_accuracy_of_the_seeds(tmp_path: Path) -> None:
    rows, found = make(tmp_path, [*map(entry, CORPORA), entry("mid", 1)])
    mid = next(row for row in rows if row["corpus"] == "mid")
    assert [row["corpus"] for row in rows] == list(CORPORA)
    assert (mid["traces"], mid["seeds"], mid["chain"], mid["under"]) == (2, 2, None, "s")
    assert (mid["nll_per_token"], mid["nll_per_trace"], mid["mean_tokens"]) == (6 / 20, 3.0, 10.0)
    assert mid["rsr"] == pytest.approx((2 + 2) / (2 / 4 + 4 / 16)), "each trace weighs alike"
    assert mid["marks_per_trace"] == 1.5  # check; wait, and check
    assert mid["accuracy"] == pytest.approx((100 * (0.75 + 0.5) / 2 + 0) / 2), "benchmarks and seeds alike"
    assert mid["gain"] == pytest.approx(mid["accuracy"] - 12.5)
    by_predictor = {row["predictor"]: row for row in found}
    accuracies = [row["accuracy"] for row in rows]
    for predictor in ("nll_per_token", "marks_per_trace"):
        told = by_predictor[predictor]
        assert told["rho"] == pytest.approx(stats.spearmanr([row[predictor] for row in rows], accuracies).statistic)
        assert told["rho_low"] < told["rho"] < told["rho_high"] and told["basis"] == "Fisher's z"
    assert by_predictor["mean_tokens"]["basis"] == "not testable: it does not vary"
    text = (tmp_path / "predictors_correlation.md").read_text(encoding="utf-8")
    assert "| Rank-Surprisal Ratio | s | " in text and "| not testable: it does not vary |" in text


def test_of_three_corpora_nothing_is_said_and_of_old_logs_no_ratio(tmp_path: Path) -> None:
    rows, found = make(tmp_path, [entry(corpus) for corpus in ("short", "mid", "long")], ranks=False)
    assert len(rows) == 3 and {row["rsr"] for row in rows} == {None}
    basis = {row["predictor"]: row["basis"] for row in found}
    assert {row["rho"] for row in found} == {None}
    assert basis.pop("rsr") == "not testable: these logs lack it"
    assert set(basis.values()) == {"not testable: fewer than 4 corpora"}


def test_a_corpus_whose_texts_or_likelihoods_are_not_there_is_named(tmp_path: Path) -> None:
    given = files(tmp_path)
    settings: dict[str, Any] = {
        "benchmarks": ["easy"],
        "loaders": dict.fromkeys(CORPORA, "arithmetic"),
        "entries": [entry("mid")],
    }
    write_jsonl(tmp_path / "corpora/mid.jsonl", [{**graded("train/0"), "problem": None, "completion": None}])
    write_json(tmp_path / "corpora/mid.counts.json", {"kept": 1})
    with pytest.raises(UserError, match=r"likelihood/s\.jsonl: 2 rows of the corpus mid, which has 1"):
        table.make(given, tmp_path, **settings)
    write_json(tmp_path / "corpora/mid.counts.json", {"kept": 2})
    with pytest.raises(UserError, match=r"corpora/mid\.jsonl:1: `completion` is null"):
        table.make(given, tmp_path, **settings)


def test_the_ratio_is_that_of_means_over_traces() -> None:
    assert rank_surprisal_ratio([(2.0, 4, 8), (1.0, 1, 3), (0.0, 0, 0)]) == pytest.approx((2 + 3) / (0.5 + 1))
    assert rank_surprisal_ratio([(2.0, 4, 8), (1.0, 1, None)]) is None
    assert rank_surprisal_ratio([(0.0, 4, 4)]) is None


def test_a_student_stands_there_with_what_it_learned_and_began_as() -> None:
    study = load_study(raw_config("mini"))
    found = predicted(study)
    assert found and {entry["corpus"] for entry in found} == {
        tune.corpus for tune in study.students.values() if tune.corpus in study.config.likelihood.corpora
    }
    assert all(study.students[entry["model"]].base == entry["under"] for entry in found)
    assert TABLES["predictors"].when(study)
    assert not TABLES["predictors"].when(
        load_study(raw_config("mini", {"likelihood.corpora": ["mid"], "claims": None}))
    )
    assert not TABLES["predictors"].when(load_study(raw_config("mini", {"grading.texts": False})))


# --- the correlation --------------------------------------------------------------------------------------------------


def test_weights_are_how_often_a_pair_stands_there() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 5, 9).astype(np.float64), np.asarray(rng.normal(size=9), dtype=np.float64)
    weights = rng.integers(0, 4, (20, 9))
    expected = [stats.spearmanr(np.repeat(one, w), np.repeat(other, w)).statistic for w in weights]
    assert spearman(one, other, weights.astype(float)) == pytest.approx(expected)
    assert np.isnan(spearman(np.ones(3), one[:3], np.ones((1, 3)))[0])


def points(base: str, values: list[float], accuracies: list[float], chain: int | None = None) -> list[Point]:
    pairs = enumerate(zip(values, accuracies, strict=True))
    return [Point(base, base, f"k{n}", chain, value, accuracy) for n, (value, accuracy) in pairs]


def test_bases_are_never_ranked_against_each_other() -> None:
    one = points("one", [1, 2, 3, 4], [10, 20, 30, 40])
    two = points("two", [11, 12, 13, 14], [4, 3, 1, 2])
    both = correlation(one + two)
    assert both.rho == pytest.approx((1 - 0.8) / 2) and (both.bases, both.corpora, both.points) == (2, 4, 8)
    assert both.low is not None and both.high is not None and both.low < -0.5 and both.high > 0.5


def test_a_chains_own_base_is_an_untrained_model_of_its_own() -> None:
    """Between the bases of two chains the accuracy differs by far more than any corpus changes it."""
    found = []
    for chain, level in ((1, 0.0), (2, 50.0), (3, 90.0)):
        own = points("s", [1 + level, 2 + level, 3 + level, 4 + level], [4 - level, 3 - level, 2 - level, 1 - level])
        found += [Point("s", f"s-c{chain}", p.corpus, chain, p.predictor, p.accuracy) for p in own]
    told = correlation(found)
    assert told.rho == pytest.approx(-1) and (told.basis, told.chains, told.points) == ("chains", 3, 12)


def test_a_correlation_of_one_has_an_interval_with_a_width() -> None:
    told = correlation(points("s", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]))
    assert told.rho == told.high == pytest.approx(1) and told.low is not None and told.low < 0.6


@pytest.mark.parametrize(("chains", "slope"), [(1, 0.0), (1, 1.0), (3, 1.0), (5, 0.0), (5, 1.0)])
def test_the_interval_covers(chains: int, slope: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the correlation that studies of so many chains have on average; eight corpora, accuracies with noise."""
    monkeypatch.setattr(rank_correlation, "DRAWS", 300)
    rng, line = np.random.default_rng(3), np.linspace(0, 1, 8)

    def study() -> list[Point]:
        drawn = []
        for chain in range(chains):
            values, noise = line + 0.1 * rng.normal(size=8), 0.4 * rng.normal(size=8) + 0.2 * rng.normal()
            drawn += points("s", list(values), list(slope * line + noise), chain if chains > 1 else None)
        return drawn

    told = [correlation(study()) for _ in range(200)]
    truth = np.mean([each.rho for each in told if each.rho is not None])
    covers = np.mean(
        [each.low <= truth <= each.high for each in told if each.low is not None and each.high is not None]
    )
    assert covers >= 0.93

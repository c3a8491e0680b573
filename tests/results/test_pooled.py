"""Tables and figures of three chains with own bases: rows over chains, each chain's rows in the CSV alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from micota.common.records import read_json, read_jsonl, write_json, write_jsonl
from micota.common.tables import Row, read_csv
from micota.results.contrasts import crossed
from micota.results.figures import lengths, likelihood, merge
from micota.results.looks import Corpora
from micota.results.pooled import mean_row, with_chains
from micota.results.tables.corpora import sources
from micota.study.load import load_study
from micota.workflow.tables import FIGURES, TABLES, tables
from scripts import figures
from scripts import tables as script
from tests.graded import PROBLEMS, write_results
from tests.tiny import CHAINED, raw_config

READ = ("assistants", "corpora", "likelihood", "lengths", "claims", "repetition", "errors", "styles")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves for the tables, and the tables."""
    folder = tmp_path_factory.mktemp("chains")
    write_json(folder / "study.json", raw_config("mini", CHAINED))
    study = load_study(raw_config("mini", CHAINED))
    write_results(study, folder)
    for name in study.config.benchmarks:
        rows = [{"id": f"{name}/{n}", "problem": "1a+0?", "answer": "1", "source": "t"} for n in range(PROBLEMS)]
        write_jsonl(folder / f"problems/{name}.jsonl", rows)
    write_json(folder / "problems/gold.json", {})
    for chain, chosen in ((1, "mid_w2"), (2, "mid_w2"), (3, "mid_w6")):
        path = folder / f"corpora/auto_mid-c{chain}.jsonl"
        write_jsonl(path, list(read_jsonl(path))[: 10 + chain])
        counts = {"kept": 10 + chain, "dropped": {"incorrect": 10 - chain}, "chosen": f"{chosen}-c{chain}"}
        write_json(path.with_suffix(".counts.json"), read_json(path.with_suffix(".counts.json")) | counts)
        for base in ("medium", f"small-c{chain}"):
            path = folder / f"likelihood/{base}.jsonl"
            kept = [
                row for row in read_jsonl(path) if row["corpus"] != f"auto_mid-c{chain}" or number(row) < 10 + chain
            ]
            write_jsonl(path, kept)
    for name in tables(study):
        if name in READ:
            script.main([name, f"--study={folder}/study.json", f"--results={folder}"])
    return folder


def number(row: Row) -> int:
    return int(row["id"].rsplit("/")[-1])


def table(results: Path, name: str, **wanted: object) -> list[Row]:
    rows = read_csv(results / f"tables/{name}.csv")
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def test_what_is_read_has_the_names_of_the_configuration_alone(results: Path) -> None:
    for name in READ:
        for path in (results / f"tables/{file}" for file in TABLES[name].files()):
            if path.suffix != ".csv":
                assert not re.search(r"-c\d", path.read_text(encoding="utf-8")), path
        rows = read_csv(results / f"tables/{'lengths_quantiles' if name == 'lengths' else name}.csv")
        if name != "claims":
            assert {row["chain"] for row in rows} == {None, 1.0, 2.0, 3.0}
            assert len({row["chains"] for row in rows if row["chain"] is None} - {1.0, 3.0}) == 0


def test_a_place_of_the_sweep_is_a_mean_with_its_range(results: Path) -> None:
    whole, *own = (row for row in table(results, "assistants", weight=0.2))
    assert (whole["model"], whole["mask_seed"], whole["chains"]) == ("ta_long-w0.2-d0.5-m0", 0, 3)
    assert [(row["model"], row["chain"]) for row in own] == [(f"ta_long-c{n}-w0.2-d0.5-m{n}00", n) for n in (1, 2, 3)]
    for key in ("accuracy", "mean_tokens"):
        values = [row[key] for row in own]
        assert whole[key] == pytest.approx(fmean(values))
        assert (whole[f"{key}_least"], whole[f"{key}_most"]) == (min(values), max(values))
    right = [
        [
            row["correct"]
            for row in read_jsonl(results / f"graded/{one['model']}.jsonl")
            if row["dataset"] == "validation"
        ]
        for one in own
    ]
    expected = crossed([np.array(right)[:, np.newaxis]], bounds=(0, 1)).percent()
    assert (whole["accuracy_low"], whole["accuracy_high"]) == pytest.approx((expected.low, expected.high))
    (shared,) = table(results, "assistants", model="medium")
    assert (shared["chain"], shared["chains"], shared["weight"], shared["accuracy_least"]) == (None, 1, 0, None)
    methods = {row["model"]: row["method"] for row in table(results, "assistants", weight=0.4, chain=None)}
    assert methods == {"ta_long-w0.4-d0.5-m0": "dare_ties", "ta_long-task_arithmetic-w0.4": "task_arithmetic"}


def test_a_corpus_says_what_each_chain_chose(results: Path) -> None:
    whole, *own = table(results, "corpora", corpus="auto_mid")
    assert whole["from"] == "mid_w2 (2 of 3), mid_w6 (1 of 3)"
    assert [row["from"] for row in own] == ["mid_w2", "mid_w2", "mid_w6"]
    assert (whole["kept"], [row["kept"] for row in own]) == (12, [11, 12, 13])
    assert whole["tokens_max"] == max(row["tokens_max"] for row in own)
    assert "mid_w2 (2 of 3)" in (results / "tables/corpora.md").read_text()
    assert sources(["mid", "mid"]) == "mid" and sources([None]) is None


def test_likelihoods_over_chains_are_of_the_problems_that_all_hold(results: Path) -> None:
    whole, *own = table(results, "likelihood", base="small", corpus="auto_mid")
    assert (whole["problems"], [row["problems"] for row in own], whole["chains"]) == (11, [11, 12, 13], 3)
    per_token, per_trace = [], []
    for chain in (1, 2, 3):
        rows = [row for row in read_jsonl(results / f"likelihood/small-c{chain}.jsonl") if number(row) < 11]
        rows = [row for row in rows if row["corpus"] == f"auto_mid-c{chain}"]
        per_token.append(sum(row["nll"] for row in rows) / sum(row["n_tokens"] for row in rows))
        per_trace.append(fmean(row["nll"] for row in rows))
    assert (whole["nll_per_token"], whole["nll_per_trace"]) == pytest.approx((fmean(per_token), fmean(per_trace)))
    assert whole["nll_per_token_low"] < whole["nll_per_token"] < whole["nll_per_token_high"]
    shared = table(results, "likelihood", base="medium", corpus="auto_mid")
    assert [row["chain"] for row in shared] == [None, 1, 2, 3], "an untrained student of all chains has their corpora"


def test_lengths_are_means_over_chains(results: Path) -> None:
    whole, *own = table(results, "lengths_quantiles", corpus="auto_mid")
    for key in ("traces", "tokens_mean", "tokens_median"):
        assert whole[key] == pytest.approx(fmean(row[key] for row in own))
    bins = table(results, "lengths", corpus="auto_mid", chain=None)
    assert sum(row["share_percent"] for row in bins) == pytest.approx(100)
    assert sum(row["count"] for row in bins) == pytest.approx(12)


@pytest.mark.parametrize(("name", "key"), [("errors", "traces"), ("styles", "traces"), ("repetition", "truncated")])
def test_traces_of_all_chains_are_counted_together(results: Path, name: str, key: str) -> None:
    wanted = {"model": "small-mid"} if name == "repetition" else {"base": "small", "corpus": "mid"}
    rows = table(results, name, **wanted)
    wholes = [row for row in rows if row["chain"] is None]
    assert len(rows) == 4 * len(wholes) and sum(row[key] for row in wholes) * 2 == sum(row[key] for row in rows)


def test_claims_of_length_and_of_what_was_solved(results: Path) -> None:
    length, price = table(results, "claims")
    tokens: dict[str, list[float]] = {"auto_mid": [], "long": []}
    for chain in (1, 2, 3):
        for corpus, means in tokens.items():
            rows = [row for row in read_jsonl(results / f"likelihood/small-c{chain}.jsonl") if number(row) < 11]
            means.append(fmean(row["n_tokens"] for row in rows if row["corpus"] == f"{corpus}-c{chain}"))
    assert (length["effect"], length["unit"]) == (
        pytest.approx(fmean(tokens["auto_mid"]) - fmean(tokens["long"])),
        "tokens",
    )
    assert (length["chains"], length["problems"], length["verdict"]) == (3, 11, "estimated")
    assert (price["effect"], price["unit"]) == (pytest.approx(100 * (12 / PROBLEMS - 1)), "points")
    assert (price["chains"], price["problems"]) == (3, PROBLEMS)
    assert price["effect_low"] < price["effect"] < price["effect_high"]


def drawn(results: Path, module: Any) -> Iterator[Any]:
    name = module.__name__.rsplit(".")[-1]
    corpora = Corpora(read_csv(results / "tables/corpora.csv"))
    for figure in module.draw(read_csv(results / f"tables/{FIGURES[name].table}.csv"), corpora).values():
        yield from figure.axes


def test_the_sweep_has_a_thin_line_a_chain_from_its_own_ends(results: Path) -> None:
    left, right = drawn(results, merge)
    thin = [line for line in left.lines if line.get_linewidth() < 1]
    assert len(thin) == 3 * 2, "of two methods"
    ends = [row["mean_tokens"] for row in table(results, "assistants", weight=1) if row["chain"] is not None]
    assert sorted(line.get_ydata()[-1] for line in thin) == pytest.approx(sorted([*ends, *ends]))
    assert len({line.get_ydata()[0] for line in thin}) == 1, "the base that all share"
    assert len([line for line in right.lines if line.get_linewidth() < 1 and len(line.get_xdata()) > 2]) == 6


def test_other_figures_show_means_alone(results: Path, tmp_path: Path) -> None:
    (axes,) = drawn(results, lengths)
    assert len(axes.get_legend_handles_labels()[1]) == 7
    assert "Means of 3 chains" in axes.figure.get_suptitle()
    per_token, _ = drawn(results, likelihood)
    assert len(per_token.patches) == 2 * 7, "of two students"
    assert "whole chains (3)" in per_token.figure.get_suptitle()
    figures.main(["yield", f"--table={results}/tables/corpora.csv", f"--figures={tmp_path}"])
    assert (tmp_path / "yield.png").is_file()


def test_no_problem_in_common_leaves_no_interval() -> None:
    from micota.results.tables.likelihood import corpus_rows

    whole, *_ = corpus_rows("s", "mid", {1: [("a", 1.0, 2), ("b", 2.0, 2)], 2: [("c", 1.0, 4), ("d", 1.0, 4)]})
    assert (whole["nll_per_token"], whole["nll_per_token_low"]) == (pytest.approx((0.75 + 0.25) / 2), None)
    assert whole["problems"] == 0


def test_a_row_over_chains() -> None:
    rows: list[Row] = [{"a": 1, "b": None, "c": "x", "d": 3}, {"a": 2, "b": 4.0, "c": "y", "d": 5}]
    assert mean_row(rows, ["d"]) == {"a": 1.5, "b": 4.0, "c": None, "d": 5}
    assert mean_row(rows[:1]) == rows[0]
    alone = with_chains({"a": 1}, {None: {"a": 1}})
    assert alone == [{"a": 1, "chain": None, "chains": 1}]
    assert [row["chain"] for row in with_chains({"a": 1}, {7: {"a": 1}})] == [None, 7]

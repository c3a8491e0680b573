"""Graded traces become corpora: every trace is kept or dropped for a named reason, and only sampled text gets in."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.arithmetic import demonstrations
from micota.cli import UserError
from micota.config import Procedural
from micota.corpora import REASONS, Counts, choose, filter_traces, length_ratios, matched, mix, nll_per_token, solved
from micota.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.study import Study, load_study
from scripts import corpus as script
from tests.tiny import raw_config, write_model

PROBLEMS = {f"train/{i}": f"{i}+1?" for i in range(8)}


def graded(problem: str, **changes: Any) -> Record:
    """A correct, finished trace, with changes."""
    row = {
        "id": problem,
        "sample": 0,
        "sampler": "ta",
        "dataset": "train",
        "prompt": "p",
        "completion": f"\\boxed{{{problem}}}",
    }
    row |= {"finish_reason": "stop", "n_tokens": 10, "seed": 0, "answer": "1", "extracted": "1", "correct": True}
    return row | {"reason": "equal", "verdicts": {}} | changes


GRADED = st.builds(
    graded,
    st.sampled_from(sorted(PROBLEMS)),
    dataset=st.sampled_from(["train", "train", "math500"]),
    finish_reason=st.sampled_from(["stop", "stop", "length"]),
    reason=st.sampled_from(["equal", "equal", "no_box"]),
    correct=st.booleans(),
    n_tokens=st.integers(1, 30),
    completion=st.sampled_from("abc"),
)


def kept(rows: list[Record], others: list[set[str]], keep: str, limit: int | None) -> tuple[list[Record], Counts]:
    counts = Counts("mid")
    return list(filter_traces(rows, "train", PROBLEMS, others, keep, limit, counts)), counts


@given(
    rows=st.lists(GRADED, max_size=30),
    others=st.lists(st.sets(st.sampled_from(sorted(PROBLEMS))), max_size=2),
    keep=st.sampled_from(["correct", "all"]),
    limit=st.none() | st.integers(1, 30),
)
def test_the_counts_add_up(rows: list[Record], others: list[set[str]], keep: str, limit: int | None) -> None:
    out, counts = kept(rows, others, keep, limit)
    assert counts.read == sum(row["dataset"] == "train" for row in rows)
    assert counts.read == len(out) + counts.dropped.total()
    if not out:
        with pytest.raises(UserError, match="empty"):
            counts.as_record()
        return
    record = counts.as_record()
    assert record["kept"] == len(out)
    assert sum(record["dropped"].values()) == record["read"] - record["kept"]
    assert record["problems"] == len({row["id"] for row in out})
    assert record["tokens"]["total"] == sum(row["n_tokens"] for row in out)


@pytest.mark.parametrize(
    ("changes", "keep", "reason"),
    [
        ({}, "correct", None),
        ({"finish_reason": "length"}, "correct", "truncated"),
        ({"finish_reason": "length", "correct": False, "reason": "no_box"}, "correct", "truncated"),
        ({"correct": False, "reason": "no_box"}, "correct", "no_box"),
        ({"correct": False, "reason": "different"}, "correct", "incorrect"),
        ({"correct": False, "reason": "timeout"}, "correct", "incorrect"),
        ({"n_tokens": 21}, "correct", "too_long"),
        ({"n_tokens": 20}, "correct", None),
        ({"id": "train/1"}, "correct", "not_solved_by_all"),
        # keep all: no verdict drops a trace, the other filters stay
        ({"finish_reason": "length", "correct": False, "reason": "no_box"}, "all", None),
        ({"correct": False, "reason": "different"}, "all", None),
        ({"n_tokens": 21}, "all", "too_long"),
        ({"id": "train/1"}, "all", "not_solved_by_all"),
    ],
)
def test_why_a_trace_is_dropped(changes: dict[str, Any], keep: str, reason: str | None) -> None:
    out, counts = kept([graded("train/0", **changes)], [{"train/0", "train/2"}], keep, 20)
    assert (len(out), dict(counts.dropped)) == ((1, {}) if reason is None else (0, {reason: 1}))


def test_a_trace_is_dropped_for_a_known_reason_alone() -> None:
    counts = Counts("mid")
    for reason in REASONS:
        counts.drop(reason)
    assert counts.dropped == dict.fromkeys(REASONS, 1)
    with pytest.raises(ValueError, match="unknown reason to drop a trace: 'boring'"):
        counts.drop("boring")


def test_a_repeated_trace_counts_once_and_another_sample_twice() -> None:
    rows = [graded("train/0"), graded("train/0", sample=1), graded("train/0", sample=2, completion="another")]
    out, counts = kept(rows, [], "correct", None)
    assert [row["sample"] for row in out] == [0, 2]
    assert counts.dropped == {"repeated": 1}
    assert counts.as_record()["problems"] == 1


def test_solved_means_correct_and_finished() -> None:
    rows = [
        graded("train/0"),
        graded("train/1", correct=False, reason="different"),
        graded("train/2", finish_reason="length"),
        graded("train/3", dataset="math500"),
        graded("train/4", correct=False, reason="different"),
        graded("train/4", sample=1),
    ]
    assert solved(rows, "train") == {"train/0", "train/4"}


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
    counts = Counts("mix")
    rows = list(mix(given_parts, shares, seed, counts))
    common = min(sizes)
    assert sorted(row["id"] for row in rows) == sorted(f"train/{i}" for i in range(common))
    for name, share in shares.items():
        dealt = sum(row["sampler"] == name for row in rows)
        assert abs(dealt - share / sum(shares.values()) * common) <= 1
    assert counts.read == sum(sizes) == len(rows) + counts.dropped.total()
    assert counts.dropped["not_in_all_parts"] == sum(sizes) - len(sizes) * common


def test_a_mixtures_seed_decides_who_gets_what() -> None:
    def dealt(seed: int) -> list[str]:
        return [
            row["id"]
            for row in mix(parts(50, 50), {"c0": 1.0, "c1": 4.0}, seed, Counts("mix"))
            if row["sampler"] == "c0"
        ]

    assert len(dealt(0)) == 10
    assert dealt(0) == dealt(0)
    assert dealt(0) != dealt(1)


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


def make(folder: Path, block: dict[str, Any], rows: dict[str, list[Record]]) -> tuple[list[Record], Any]:
    """Run scripts/corpus.py on graded traces by model."""
    problems = [{"id": id, "problem": text, "answer": "1", "source": "x"} for id, text in PROBLEMS.items()]
    write_jsonl(folder / "problems.jsonl", problems)
    for model, traces in rows.items():
        write_jsonl(folder / f"{model}.jsonl", traces)
    arguments = [
        "--name",
        "mid",
        "--block",
        json.dumps({"keep": "correct", "max_tokens": None, "only_if_solved_by": []} | block),
    ]
    arguments += ["--graded", *(f"{model}={folder / model}.jsonl" for model in rows)]
    arguments += ["--dataset", "train", "--problems", str(folder / "problems.jsonl")]
    arguments += ["--out", str(folder / "mid.jsonl"), "--counts", str(folder / "mid.counts.json")]
    script.main(arguments)
    return list(read_jsonl(folder / "mid.jsonl")), read_json(folder / "mid.counts.json")


def test_a_corpus_of_the_problems_that_all_solved(tmp_path: Path) -> None:
    rows = {
        "ta": [graded("train/0"), graded("train/1"), graded("train/2"), graded("math500/0", dataset="math500")],
        "teacher": [graded("train/0"), graded("train/1", correct=False), graded("train/2", finish_reason="length")],
    }
    block = {"kind": "sampled", "sampler": "ta", "only_if_solved_by": ["ta", "teacher"]}
    made, counts = make(tmp_path, block, rows)
    expected = {
        "id": "train/0",
        "sample": 0,
        "sampler": "ta",
        "problem": "0+1?",
        "completion": "\\boxed{train/0}",
        "n_tokens": 10,
    }
    assert made == [expected]
    assert (counts["read"], counts["dropped"]) == (3, {"not_solved_by_all": 2})


def test_an_empty_corpus_is_an_error_with_its_counts_and_leaves_no_file(tmp_path: Path) -> None:
    wrong = [graded("train/0", correct=False, reason="different"), graded("train/1", finish_reason="length")]
    with pytest.raises(UserError, match=r"corpus mid is empty: read 2, dropped .*'incorrect': 1.*'truncated': 1"):
        make(tmp_path, {"kind": "sampled", "sampler": "ta"}, {"ta": wrong})
    assert not list(tmp_path.glob("mid*"))
    assert not list(tmp_path.glob(".*"))


def test_demonstrations_are_counted_in_tokens(tmp_path: Path) -> None:
    block = {"count": 20, "operations": [2], "bound": 99, "verbose_share": 0.5, "verbosity": [0.0, 1.0]}
    arguments = [
        "--name",
        "demonstrations",
        "--block",
        json.dumps({"kind": "demonstrations", "seed": 1, "demonstrations": block}),
    ]
    arguments += ["--tokenizer", str(write_model(tmp_path / "model"))]
    script.main([*arguments, "--out", str(tmp_path / "d.jsonl"), "--counts", str(tmp_path / "d.json")])
    made = list(read_jsonl(tmp_path / "d.jsonl"))
    expected = list(demonstrations(seed=1, **block))  # type: ignore[arg-type]
    assert [{k: v for k, v in row.items() if k != "n_tokens"} for row in made] == expected
    short = min(made, key=lambda row: len(row["completion"]))
    # one token a character, but for `\boxed{` which is one, and the end token
    assert short["n_tokens"] == len(short["completion"]) - len("\\boxed{") + 1 + 1
    assert read_json(tmp_path / "d.json")["kept"] == 20


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


# --- no procedural text reaches the students or the assistant ---------------------------------------------------------


def learned_by(study: Study) -> dict[str, set[str]]:
    """Student or assistant -> every corpus that its own is made of."""
    assistants = {merge.tuned for merge in study.merges.values()} - {"teacher"}  # a teacher may be merged too
    return {
        name: set(study.parts(tune.corpus))
        for name, tune in study.tunes.items()
        if name in {*study.students, *assistants}
    }


@pytest.mark.parametrize("name", ["mini", "smoke"])
def test_no_procedural_text_reaches_students_or_assistant(name: str) -> None:
    study = load_study(raw_config(name))
    learners = learned_by(study)
    assert {"ta_long", "small-mid-s0", "small-mix-s0"} <= learners.keys()
    for learner, corpora in learners.items():
        for corpus in corpora:
            assert not isinstance(study.config.corpora[corpus], Procedural), (learner, corpus)


def test_the_miniatures_teacher_alone_learns_from_demonstrations() -> None:
    study = load_study(raw_config("mini"))
    procedural = {name for name, block in study.config.corpora.items() if isinstance(block, Procedural)}
    assert {name for name, tune in study.tunes.items() if tune.corpus in procedural} == {"teacher"}


def test_a_sampled_corpus_holds_its_samplers_words_alone(tmp_path: Path) -> None:
    """Completions are those of the sampler's traces, whatever a problem file offers besides."""
    rows = [graded(problem, completion=f"own words on {problem} \\boxed{{1}}") for problem in PROBLEMS]
    made, _ = make(tmp_path, {"kind": "sampled", "sampler": "ta"}, {"ta": rows})
    assert [row["completion"] for row in made] == [row["completion"] for row in rows]
    assert {row["sampler"] for row in made} == {"ta"}

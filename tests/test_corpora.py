"""Graded traces become corpora: every trace is kept or dropped for a named reason, and only sampled text gets in."""

import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from micota.corpora.filters import REASONS, Counts, filter_traces, median, mix, solved

from micota.common.cli import UserError
from micota.common.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.models.special_tokens import SpecialTokens
from micota.problems.arithmetic import demonstrations
from micota.results.tables.corpora import columns, corpus_row
from micota.study.config import Procedural
from micota.study.graph import Study
from micota.study.load import load_study
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
    keep=st.sampled_from(["correct", "finished", "all"]),
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
    assert record["truncated"] == sum("truncated" in row for row in out)
    assert keep == "all" or record["truncated"] == 0


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
        # keep finished: no verdict drops a trace, a cut does
        ({"correct": False, "reason": "no_box"}, "finished", None),
        ({"correct": False, "reason": "different"}, "finished", None),
        ({"finish_reason": "length"}, "finished", "truncated"),
        ({"n_tokens": 21}, "finished", "too_long"),
        ({"id": "train/1"}, "finished", "not_solved_by_all"),
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


def test_a_kept_trace_says_that_it_was_cut_off() -> None:
    rows = [graded("train/0"), graded("train/1", finish_reason="length", correct=False, reason="no_box")]
    out, counts = kept(rows, [], "all", None)
    assert [row.get("truncated") for row in out] == [None, True]
    assert counts.as_record()["truncated"] == 1


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


SPILT = "so <|im_end|> it is \\boxed{1}"


@pytest.mark.parametrize(
    ("rule", "completion", "dropped"),
    [("drop", None, {"special_tokens": 1}), ("strip", "so  it is \\boxed{1}", {}), ("keep", SPILT, {})],
)
def test_a_special_token_is_counted_and_its_rule_followed(
    rule: str, completion: str | None, dropped: dict[str, int]
) -> None:
    rows = [graded("train/0", completion=SPILT), graded("train/1", completion="<think>1</think> \\boxed{1}")]
    counts = Counts("mid")
    out = list(filter_traces(rows, "train", PROBLEMS, [], "correct", None, counts, SpecialTokens(rule)))
    assert [row["completion"] for row in out] == [*([completion] if completion else []), rows[1]["completion"]]
    assert dict(counts.dropped) == dropped
    assert counts.special == {"<|im_end|>": 1} and counts.marks == {"<think>": 1, "</think>": 1}


def test_special_tokens_are_dropped_unless_told_otherwise() -> None:
    assert kept([graded("train/0", completion=SPILT)], [], "all", None)[1].dropped == {"special_tokens": 1}


def test_the_counts_file_says_how_the_traces_were_made_and_what_was_spilt(tmp_path: Path) -> None:
    """A token that only the sampler's own tokenizer knows is found as well."""
    write_jsonl(tmp_path / "g.jsonl", [graded("train/0", completion="<tool>"), graded("train/1")])
    write_jsonl(
        tmp_path / "p.jsonl",
        [{"id": id, "problem": text, "answer": "1", "source": "s"} for id, text in PROBLEMS.items()],
    )
    rendering = {"special_tokens": ["<tool>"], "chat_template_sha256": "0f"}
    write_json(tmp_path / "m.json", {"datasets": {"train": {"rendering": rendering}}})
    block: dict[str, Any] = {"kind": "sampled", "sampler": "ta", "only_if_solved_by": [], "keep": "correct"}
    block["max_tokens"] = None
    argv = ["--name", "mid", "--block", json.dumps(block), "--graded", f"ta={tmp_path}/g.jsonl", "--dataset", "train"]
    argv += ["--problems", f"{tmp_path}/p.jsonl", "--rendering", f"{tmp_path}/m.json"]
    script.main([*argv, "--out", f"{tmp_path}/o.jsonl", "--counts", f"{tmp_path}/o.counts.json"])
    counts = read_json(tmp_path / "o.counts.json")
    assert counts["dropped"] == {"special_tokens": 1} and counts["kept"] == 1
    assert counts["special_tokens"] == {"rule": "drop", "traces": {"<tool>": 1}}
    assert counts["rendering"] == rendering and counts["marks"] == {}
    row = corpus_row(counts)
    assert row["dropped_special_tokens"] == 1
    shown = [column.key for column in columns([row])]
    assert "dropped_special_tokens" in shown and "dropped_truncated" in shown
    assert "dropped_special_tokens" not in [column.key for column in columns([row | {"dropped_special_tokens": 0}])]


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


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_the_median_of_counted_lengths_is_that_of_the_lengths(lengths: list[int]) -> None:
    found, expected = median(Counter(lengths)), statistics.median(lengths)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("prompt", "completion", "fault"),
    [
        ("p", "<think>a</think> \\boxed{1}", None),
        ("p", "\\boxed{1}", None),
        ("p", "<think>\nso \\boxed{1}, let me check", "thinking_open"),
        ("p", "<think>a</think> <think> \\boxed{1}", "thinking_open"),
        ("p", "a</think> \\boxed{1}", "thinking_unpaired"),
        ("p", "<think><think>a</think> \\boxed{1}", "thinking_unpaired"),
        ("p", "<think>a</think></think> \\boxed{1}", "thinking_unpaired"),
        ("p", "</think>a<think> \\boxed{1}", "thinking_unpaired"),
        ("p", "[THINK]a[/THINK] \\boxed{1}", None),
        ("p", "<thought>so \\boxed{1}", "thinking_open"),
        ("p", "<Think>a \\boxed{1}", "thinking_open"),
        ("p", "a◁/think▷ \\boxed{1}", "thinking_unpaired"),
        ("What is <think>? Say it", "\\boxed{1}", None),
        ("assistant\n<think>\n\n</think>\n\n", "\\boxed{1}", None),
        ("assistant\n<think>\n", "a</think> \\boxed{1}", None),
        ("assistant\n<think>\n", "<think>a</think> \\boxed{1}", None),
        ("assistant\n<think>\n", "so \\boxed{1}", "thinking_open"),
    ],
)
@pytest.mark.parametrize("keep", ["correct", "finished", "all"])
def test_unfinished_and_unpaired_thinking_has_reasons_of_its_own(
    prompt: str, completion: str, fault: str | None, keep: str
) -> None:
    rows = [graded("train/0", prompt=prompt, completion=completion)]
    out, counts = kept(rows, [], keep, None)
    assert dict(counts.dropped) == ({fault: 1} if fault and keep != "all" else {})
    assert dict(counts.thinking) == ({fault: 1} if fault else {}) and len(out) == (not fault or keep == "all")
    assert solved(rows, "train") == (set() if fault else {"train/0"})


def test_what_the_samplers_template_opened_stands_before_its_traces() -> None:
    """Half a pair of tags would be taught: R1's template writes <think>, the model the rest."""
    traces = [graded("train/0", completion="Hm.\n</think>\n\n\\boxed{1}"), graded("train/1", completion="<think>\nHm.")]
    counts = Counts("mid")
    rows = list(filter_traces(traces, "train", PROBLEMS, [], "all", None, counts, SpecialTokens(), "<think>\n"))
    assert [row["completion"] for row in rows] == ["<think>\nHm.\n</think>\n\n\\boxed{1}", "<think>\nHm."]
    assert counts.marks == {"<think>": 2, "</think>": 1}
    assert counts.thinking == {"thinking_begun_by_prompt": 1, "thinking_unpaired": 1, "thinking_open": 1}
    rows = list(filter_traces(traces[1:], "train", PROBLEMS, [], "all", None, counts, SpecialTokens(), "\n<think>\n\n"))
    assert [row["completion"] for row in rows] == ["<think>\nHm."]  # with other blanks, and only once

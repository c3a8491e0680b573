"""A sampled corpus: every trace is kept or dropped for a named reason, and only sampled text gets in."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.errors import UserError
from micota.common.records import Record, write_json, write_jsonl
from micota.corpora.counts import Counts
from micota.corpora.kinds.filtering import Filter, solved
from tests.corpus_rows import PROBLEMS, graded, passed, run_script, write_problems

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


def kept(
    rows: list[Record], others: list[set[str]], keep: str, limit: int | None, rule: str = "drop", opened: str = ""
) -> tuple[list[Record], Counts]:
    """The corpus rows of traces, and the counts."""
    made = {"opened": opened} if opened else {}
    return passed(Filter(keep, limit, rule).rows(rows, PROBLEMS, others, made))


@given(
    rows=st.lists(GRADED, max_size=30),
    others=st.lists(st.sets(st.sampled_from(sorted(PROBLEMS))), max_size=2),
    keep=st.sampled_from(["correct", "finished", "all"]),
    limit=st.none() | st.integers(1, 30),
)
def test_the_counts_add_up(rows: list[Record], others: list[set[str]], keep: str, limit: int | None) -> None:
    out, counts = kept(rows, others, keep, limit)
    assert counts.read == len(rows)
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
    out, counts = kept(rows, [], "correct", None, rule)
    assert [row["completion"] for row in out] == [*([completion] if completion else []), rows[1]["completion"]]
    assert dict(counts.dropped) == dropped
    assert counts.made_from["special_tokens"] == {"rule": rule, "traces": {"<|im_end|>": 1}}
    assert counts.made_from["marks"] == {"</think>": 1, "<think>": 1}


def test_special_tokens_are_dropped_unless_told_otherwise() -> None:
    assert kept([graded("train/0", completion=SPILT)], [], "all", None)[1].dropped == {"special_tokens": 1}


def test_solved_means_correct_and_finished() -> None:
    rows = [
        graded("train/0"),
        graded("train/1", correct=False, reason="different"),
        graded("train/2", finish_reason="length"),
        graded("train/4", correct=False, reason="different"),
        graded("train/4", sample=1),
    ]
    assert solved(rows) == {"train/0", "train/4"}


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
    assert counts.made_from.get("thinking") == ({fault: 1} if fault else None) and len(out) == (
        not fault or keep == "all"
    )
    assert solved(rows) == (set() if fault else {"train/0"})


def test_what_the_samplers_template_opened_stands_before_its_traces() -> None:
    """Half a pair of tags would be taught: R1's template writes <think>, the model the rest."""
    traces = [graded("train/0", completion="Hm.\n</think>\n\n\\boxed{1}"), graded("train/1", completion="<think>\nHm.")]
    rows, counts = kept(traces, [], "all", None, opened="<think>\n")
    assert [row["completion"] for row in rows] == ["<think>\nHm.\n</think>\n\n\\boxed{1}", "<think>\nHm."]
    assert counts.made_from["marks"] == {"<think>": 2, "</think>": 1}
    assert counts.made_from["thinking"] == {"thinking_begun_by_prompt": 1, "thinking_unpaired": 1, "thinking_open": 1}
    rows, _ = kept(traces[1:], [], "all", None, opened="\n<think>\n\n")
    assert [row["completion"] for row in rows] == ["<think>\nHm."]  # with other blanks, and only once


# --- the program ------------------------------------------------------------------------------------------------------


def make(folder: Path, rows: dict[str, list[Record]], *flags: str) -> tuple[list[Record], Any]:
    """Run scripts/corpus.py on graded traces by model; the first one is the sampler."""
    for model, traces in rows.items():
        write_jsonl(folder / f"graded/{model}.jsonl", [trace | {"sampler": model} for trace in traces])
    files = ["--graded", *(f"{folder}/graded/{model}.jsonl" for model in rows)]
    files += ["--problems", str(write_problems(folder / "train.jsonl"))]
    return run_script(folder, "--kind", "sampled", "--sampler", next(iter(rows)), *flags, *files)


def test_the_counts_file_says_how_the_traces_were_made_and_what_was_spilt(tmp_path: Path) -> None:
    """A token that only the sampler's own tokenizer knows is found as well."""
    rendering = {"special_tokens": ["<tool>"], "chat_template_sha256": "0f"}
    write_json(tmp_path / "m.json", {"datasets": {"train": {"rendering": rendering}}})
    traces = [graded("train/0", completion="<tool>"), graded("train/1")]
    _, counts = make(tmp_path, {"ta": traces}, "--rendering", f"{tmp_path}/m.json")
    assert counts["dropped"] == {"special_tokens": 1} and counts["kept"] == 1
    assert counts["special_tokens"] == {"rule": "drop", "traces": {"<tool>": 1}}
    assert counts["rendering"] == rendering and counts["marks"] == {}


def test_a_corpus_of_the_problems_that_all_solved(tmp_path: Path) -> None:
    rows = {
        "ta": [graded("train/0"), graded("train/1"), graded("train/2"), graded("math500/0", dataset="math500")],
        "teacher": [graded("train/0"), graded("train/1", correct=False), graded("train/2", finish_reason="length")],
    }
    made, counts = make(tmp_path, rows, "--only-if-solved-by", "ta", "teacher")
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
        make(tmp_path, {"ta": wrong}, "--corpus", "mid")
    assert not list(tmp_path.glob("made*"))
    assert not list(tmp_path.glob(".*"))


def test_a_sampled_corpus_holds_its_samplers_words_alone(tmp_path: Path) -> None:
    """Completions are those of the sampler's traces, whatever a problem file offers besides."""
    rows = [graded(problem, completion=f"own words on {problem} \\boxed{{1}}") for problem in PROBLEMS]
    made, _ = make(tmp_path, {"ta": rows})
    assert [row["completion"] for row in made] == [row["completion"] for row in rows]
    assert {row["sampler"] for row in made} == {"ta"}


def test_the_training_problems_alone_are_read_whatever_their_file_is_called(tmp_path: Path) -> None:
    rows = [graded("train/0", dataset="other"), graded("train/1"), graded("train/2", dataset="other")]
    assert [row["id"] for row in make(tmp_path, {"ta": rows})[0]] == ["train/1"]
    assert [row["id"] for row in make(tmp_path, {"ta": rows}, "--dataset", "other")[0]] == ["train/0", "train/2"]


def test_a_trace_of_no_problem_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--problems: there is no 'train/99', of which ta has a trace"):
        make(tmp_path, {"ta": [graded("train/99")]})

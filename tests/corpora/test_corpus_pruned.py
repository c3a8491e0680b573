"""A pruned corpus: another one's traces without checks, second passes or second thoughts, cut out by rule."""

import random
from pathlib import Path
from typing import get_args

import pytest

from micota.common.errors import UserError
from micota.common.records import Record
from micota.corpora.kinds.pruned import Rule, without
from micota.problems.arithmetic import demonstrate, demonstrations, draw_chain, walk
from tests.corpus_rows import graded, run_script, write_corpora
from tests.tiny import write_model


@pytest.mark.parametrize("seed", range(40))
def test_procedural_text_without_checks_and_second_pass_is_the_walk_alone(seed: int) -> None:
    """What is left is what the same generator writes where it neither checks nor slips nor goes over it again."""
    rng = random.Random(seed)
    chain = draw_chain(rng, 4, 299)
    bare = walk(chain, rng, decomposing=1.0, checking=0.0, slipping=0.0)
    checked = walk(chain, random.Random(seed), decomposing=1.0, checking=1.0, slipping=0.6)
    box = f"\\boxed{{{chain.values[-1]}}}"
    assert without("checks", checked) == bare
    assert without("second_pass", f"{checked}again,{checked}{box}") == checked + box
    twice = demonstrate(chain, 1.0, random.Random(seed))
    assert "check " in twice and "again," in twice
    assert without("checks", without("second_pass", twice)) == bare + box
    assert without("second_pass", without("checks", twice)) == bare + box, "in whatever order"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a2+3=5;check 5-3=2 ok;b5*2=10;", "a2+3=5;b5*2=10;"),
        ("a2+3=6;check 6-3=3 no;wait,a2+3=5;", "a2+3=5;"),
        ("a2+3=6;check 6-3=3 no;wait,a2+3=7;check 7-3=4 no;wait,a2+3=5;", "a2+3=5;"),
        ("a2+3=5;again,a2+3=6;check 6-3=3 no;wait,a2+3=5;", "a2+3=5;again,a2+3=5;"),
        ("a2+3=6;check 6-3=3 no;b6*2=12;", "a2+3=6;b6*2=12;"),  # not taken back
        ("a2+3=5;check 5", "a2+3=5;check 5"),  # never ended
        ("a2+3=5;", "a2+3=5;"),
    ],
)
def test_checks_go_with_the_steps_that_they_take_back(text: str, left: str) -> None:
    assert without("checks", text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x is 3. Wait, is it? Yes. So 3.", "x is 3. Yes. So 3."),
        ("x is 3.14 or so.\nHmm.\nLet me check: 3.14.\n\nDone. \\boxed{3.14}", "x is 3.14 or so.\nDone. \\boxed{3.14}"),
        ("We wait. Waiting helps. A waiter comes.", "We wait. Waiting helps. A waiter comes."),
        ("Fine. **Wait!** Let\u2019s verify this. \\boxed{1}", "Fine. \\boxed{1}"),
        ("But wait, there is more", ""),
        ("", ""),
    ],
)
def test_sentences_go_that_begin_with_a_mark_of_reflection(text: str, left: str) -> None:
    assert without("reflections", text) == left


def test_every_rule_leaves_a_text_without_its_marks_as_it_is() -> None:
    plain = [row["completion"] for row in demonstrations(30, 1, [2, 4], 99, verbose_share=1.0, verbosity=(0.0, 0.6))]
    for rule in get_args(Rule):
        assert [without(rule, text) for text in plain] == plain


def rows_with(*texts: str) -> list[Record]:
    return [{**graded(f"train/{n}"), "problem": "?", "completion": text} for n, text in enumerate(texts)]


def test_what_was_cut_is_counted_and_a_lost_answer_drops_its_trace(tmp_path: Path) -> None:
    texts = (
        "a2+3=5;check 5-3=2 ok;again,a2+3=5;\\boxed{5}",
        "a2+3=5;\\boxed{5}",
        "a2+3=5;check \\boxed{5} ok;\\boxed{6}",  # its last box stays
        "a2+3=5;\\boxed{5}check \\boxed{7};",
    )
    rows = rows_with(*texts)
    rows[1]["truncated"] = True
    write_corpora(tmp_path, {"long": rows})
    flags = ["--kind", "pruned", "--of", "long", "--drop", "second_pass", "checks", "--parts", f"{tmp_path}/long.jsonl"]
    made, counts = run_script(tmp_path, *flags, "--tokenizer", str(write_model(tmp_path / "model")))
    assert [row["completion"] for row in made] == ["a2+3=5;\\boxed{5}", "a2+3=5;\\boxed{5}", "a2+3=5;\\boxed{6}"]
    # one token a character, but for `\boxed{` which is one; the end token where the trace ended
    assert [row["n_tokens"] for row in made] == [11, 10, 11]
    assert (counts["read"], counts["kept"], counts["dropped"], counts["of"]) == (4, 3, {"answer_lost": 1}, "long")
    cut = [len("again,a2+3=5;"), len("check 5-3=2 ok;") + len("check \\boxed{5} ok;") + len("check \\boxed{7};")]
    assert counts["pruned"] == {
        "second_pass": {"traces": 1, "characters": cut[0]},
        "checks": {"traces": 3, "characters": cut[1]},
    }
    assert counts["unchanged"] == 1


def test_a_corpus_without_texts_is_said(tmp_path: Path) -> None:
    rows = rows_with("x")
    rows[0]["completion"] = None
    write_corpora(tmp_path, {"long": rows})
    flags = ["--kind", "pruned", "--of", "long", "--drop", "checks", "--parts", f"{tmp_path}/long.jsonl"]
    with pytest.raises(UserError, match="--parts: long has no texts"):
        run_script(tmp_path, *flags, "--tokenizer", str(write_model(tmp_path / "model")))

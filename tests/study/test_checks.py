"""Blocks that do not fit together are refused before anything runs, with the key and what to do."""

from typing import Any

import pytest

from micota.common.errors import UserError
from micota.study.checks import before
from micota.study.learners import teachers
from micota.study.load import load_study
from tests.tiny import CANDIDATES, EXTENDED, raw_config

MATCHED = {"kind": "matched", "of": "long"}
UNBALANCED = {"measure": "accuracy", "contrast": {"small-long": 1, "small-short": -0.5}, "expected": "negative"}
BY_LENGTH = {"kind": "chosen", "candidates": CANDIDATES, "by": "length"}
BY_NLL = {"kind": "chosen", "candidates": CANDIDATES, "by": "nll", "base": "small"}


def test_a_study_with_every_block_is_valid() -> None:
    load_study(raw_config("mini", EXTENDED))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"corpora.x": {**MATCHED, "of": "lang", "problems_of": ["mid"]}},
            r"corpora.x.of: there is no 'lang'; there are: ",
        ),
        ({"corpora.x": {**MATCHED, "to": "lang", "match": "tokens"}}, r"corpora.x.to: there is no 'lang'"),
        # a name that is a kind's as well
        ({"corpora.x": {**MATCHED, "problems_of": ["matched"]}}, r"corpora.x.problems_of: there is no 'matched'"),
        ({"sampling.training.n": 4}, "sampling.training.n: 4 greedy samples are one"),
        ({"sampling.validation.n": 4}, "sampling.validation.n: 4 greedy samples are one"),
        ({"prompts.chat.user": "{problem} {answer}"}, r"prompts.chat.user: {answer} is filled in for a judge"),
        (
            {
                "datasets.one": {"loader": "plain", "path": "one.jsonl"},
                "datasets.two": {"loader": "plain", "path": "./one.jsonl", "limit": 5},
                "benchmarks": ["one", "two"],
            },
            "benchmarks: one and two are the same problems, asked alike",
        ),
        ({"corpora.x": {**MATCHED, "problems_of": ["lang"]}}, r"corpora.x.problems_of: there is no 'lang'"),
        ({"corpora.x": {**MATCHED, "match": "tokens"}}, "corpora.x.matched.to: `match` and `to` go together"),
        ({"corpora.x": {**MATCHED, "to": "short"}}, "corpora.x.matched.match: `match` and `to` go together"),
        ({"corpora.x": MATCHED}, "corpora.x.matched.problems_of: it would be a copy of long; give `problems_of`"),
        ({"corpora.x": {**MATCHED, "match": "words", "to": "short"}}, "corpora.x.matched.match: .*'words'"),
        ({"corpora.x": {**MATCHED, "problems_of": ["x"]}}, "corpora.x: it is made from itself"),
        (
            {
                "corpora.x": {**MATCHED, "of": "y", "problems_of": ["mid"]},
                "corpora.y": {"kind": "mixed", "shares": {"x": 1}},
            },
            "corpora.x: it is made from itself",
        ),
        ({"training.student.sharding": "fsdp2"}, "training.student.sharding: there is nothing to shard over"),
        (
            {"training.student.sharding": "fsdp2", "training.student.processes": 2, "device": "cpu"},
            "training.student.sharding: it needs GPUs, and `device` is cpu",
        ),
        ({"training.pretrain.processes": 2}, "bases.*.recipe: 'pretrain' has several processes"),
        # by way of the models that are trained on it: the assistant writes what it is trained on
        ({"corpora.long.sampler": "ta_long-w0.4-d0.5-m0"}, "corpora.long: it is made from itself"),
        ({"corpora.short.only_if_solved_by": ["small-short-s0"]}, "corpora.short: it is made from itself"),
        ({"corpora.auto_mid": BY_LENGTH}, "auto_mid.chosen.between: name the corpus whose length is the target"),
        ({"corpora.auto_mid": {**BY_LENGTH, "between": ["mid", "short", "long"]}}, "auto_mid.*between: .*at most 2"),
        ({"corpora.auto_mid": {**BY_LENGTH, "between": ["short", "lang"]}}, "auto_mid.between: there is no 'lang'"),
        (
            {"corpora.auto_nll": {**BY_NLL, "candidates": ["mid", "mix"]}},
            "auto_nll.candidates: sampled corpora of correct traces only.*; mix is none",
        ),
        ({"corpora.mid_w2.keep": "all"}, "candidates: sampled corpora of correct traces only.*; mid_w2 is none"),
        ({"corpora.auto_mid": {**BY_LENGTH, "base": "small"}}, "auto_mid.*base: a corpus chosen by length takes none"),
        ({"corpora.auto_nll": {**BY_NLL, "between": ["mid"]}}, "auto_nll.*between: a corpus chosen by nll takes none"),
        ({"corpora.auto_nll": {**BY_NLL, "base": None}}, "corpora.auto_nll.base: there is no 'None'; there are: small"),
        ({"likelihood.corpora": ["mid", "mid_w2"]}, "corpora.auto_nll: likelihood.corpora: there is no 'mid_w6'"),
        (
            {"likelihood.corpora": [*CANDIDATES, "auto_nll"]},
            "likelihood.corpora: auto_nll is chosen by NLL, so it waits for the likelihood",
        ),
        (
            {
                "corpora.few": {**MATCHED, "of": "mid", "problems_of": ["auto_nll"]},
                "likelihood.corpora": [*CANDIDATES, "few"],
            },
            "likelihood.corpora: few is made with auto_nll, which is chosen by NLL",
        ),
        ({"corpora.auto_mid.floor": 1.5}, r"corpora.auto_mid.chosen.floor: .*less than or equal to 1"),
        ({"students.extra_corpora": {"large": ["mid_m1"]}}, "extra_corpora: there is no 'large'; there are: small"),
        ({"students.extra_corpora": {"small": ["mod"]}}, "extra_corpora / likelihood.corpora: there is no 'mod'"),
        ({"students.extra_corpora": {"small": ["demonstrations"]}}, "procedural demonstrations"),
        (
            {
                "corpora.x": {**MATCHED, "of": "demonstrations", "problems_of": ["mid"]},
                "students.extra_corpora": {"small": ["x"]},
            },
            r"students \(x\): corpus x holds procedural demonstrations",
        ),
        ({"sizes.gaps": [["mid", "lung"]]}, "sizes.gaps: there is no 'lung'; there are: short, long"),
        ({"sizes.gaps": [["mid", "mid"]]}, "sizes.gaps.0: .*mid stands there more than once"),
        ({"sizes.gaps": []}, "sizes.gaps: List should have at least 1 item"),
        (
            {"students.extra_corpora": {"small": ["mid_m1"], "medium": ["mid_m2"]},
             "sizes.gaps": [["mid_m1", "mid_m2"]],
             "variance": None},
            "sizes.gaps: no student base is trained on both mid_m1 and mid_m2",
        ),
        ({"sampling.repeated": None}, "variance: it needs `sampling.repeated`"),
        ({"sampling.repeated.n": 1}, "sampling.repeated: the variance budget needs n of 2 or more"),
        ({"sampling.repeated.temperature": 0.0}, "sampling.repeated.n: .*set a temperature above 0"),
        ({"sampling.repeated.prompt": "caht"}, "there is no 'caht'; there are: chat"),
        (
            {"claims": {"family": {"gap": {"text": "a gap", "parts": [UNBALANCED]}}}},
            "claims.family.gap.parts.0.contrast: the weights add up to 0.5; they must to 0",
        ),
        ({"variance.dataset": "again"}, "variance.dataset: there is no 'again'; there are: train"),
        ({"variance.dataset": "two_steps"}, "two_steps stands there more than once; a data set serves one purpose"),
        ({"variance.corpora": ["mid", "mid"]}, "variance.corpora: .*mid stands there more than once"),
        ({"variance.corpora": ["mid"]}, "variance.corpora: List should have at least 2 items"),
        ({"variance.base": "medium"}, "variance.corpora: there is no 'medium-mid_m1'; there are: small, "),
    ],
)  # fmt: skip
def test_blocks_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(raw_config("mini", EXTENDED | changes))


def test_a_teacher_may_be_merged_though_it_learned_from_demonstrations() -> None:
    """An assistant may not: it stays one even where the teacher is merged as well."""
    study = load_study(raw_config("mini", EXTENDED))
    assert teachers(study) == {"teacher"}
    assert "teacher-w0.5-d0.5-m0" in study.merges
    with pytest.raises(UserError, match=r"tuned.ta_long: corpus demonstrations holds procedural"):
        load_study(raw_config("mini", EXTENDED | {"tuned.ta_long.corpus": "demonstrations"}))


def test_what_must_be_there_before_a_corpus() -> None:
    study = load_study(raw_config("mini", EXTENDED))
    assert before(study, "demonstrations") == []
    assert before(study, "long") == ["demonstrations"], "its sampler, the teacher, learned from them"
    assert before(study, "mid_few") == ["mid", "short", "long", "demonstrations"]
    assert set(before(study, "auto_nll")) >= {*CANDIDATES, "short", "long", "unmerged", "auto_mid"}


JUDGE = {"model": "large", "prompt": "judge"}
QUESTION = {"user": "{problem} {answer} {extracted}"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grading": {"judge": {**JUDGE, "model": "huge"}}}, "grading.judge.model: there is no 'huge'"),
        ({"grading": {"judge": {**JUDGE, "prompt": "chit"}}}, "grading.judge.prompt: there is no 'chit'"),
        ({"prompts.judge": {"user": "{problem} {answer}"}}, r"prompts.judge.user: .*add \{extracted\}"),
        ({f"datasets.{name}.rule": "last_number" for name in ("two_steps", "four_steps", "six_steps")}, "no benchmark"),
        ({"datasets.two_steps.rule": "first_number"}, "datasets.two_steps.rule: .*'first_number'"),
    ],
)
def test_a_judge_that_could_not_judge_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(raw_config("mini", {"grading": {"judge": JUDGE}, "prompts.judge": QUESTION, **changes}))


def test_a_judge_sees_the_benchmarks_of_the_string_rule() -> None:
    changes = {"grading": {"judge": JUDGE}, "prompts.judge": QUESTION, "datasets.six_steps.rule": "last_number"}
    study = load_study(raw_config("mini", changes))
    assert study.judged_benchmarks == ["two_steps", "four_steps"]
    assert study.rules == {"two_steps": "string", "four_steps": "string", "six_steps": "last_number"}

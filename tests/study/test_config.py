"""A faulty configuration is refused with one message that names the key, the value and what to do."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import update_config

from micota.common.errors import UserError
from micota.common.settings import laid_over
from micota.corpora.kinds import Procedural
from micota.study.config import Config, parse_config
from micota.study.load import load_study
from micota.study.tasks import sampling_task
from micota.workflow.patterns import name_patterns
from scripts import config as checker
from tests.conftest import ROOT
from tests.tiny import config_files, raw_config


@pytest.mark.parametrize("study", ["mini", "smoke", "study", "controls", "map"])
def test_the_studies_are_valid(study: str) -> None:
    assert parse_config(raw_config(study)).study == study


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"bencmarks": ["easy"]}, ["bencmarks: unknown key"]),
        ({"training.student.learning_rat": 1.0}, ["training.student.learning_rat: unknown key"]),
        ({"bases.small.shape.layer": 1}, ["bases.small.", "shape.layer: unknown key"]),
        ({"corpora.short.sampelr": "large"}, ["corpora.short.", "sampelr: unknown key"]),
        ({"training.student.learning_rate": "1e-5"}, ["training.student.learning_rate", "'1e-5'", "write 1.0e-5"]),
        ({"sampling.training.max_tokens": "1e3"}, ["sampling.training.max_tokens", "'1e3'", "without quotes"]),
        ({"sampling.training.temperature": "0.7"}, ["sampling.training.temperature", "'0.7'"]),
        ({"training.student.packing": "yes"}, ["training.student.packing", "'yes'"]),
        ({"seeds": []}, ["seeds", "at least 1 item"]),
        ({"alignment": {"corpora": []}}, ["  alignment: this key is called likelihood now"]),
        ({"scored": {}}, ["  scored: this key is called external_models now"]),
        ({"students.more": {}}, ["  students.more: this key is called extra_corpora now"]),
        (
            {"merges": [{"tuned": "ta_long", "weights": [0.5], "densities": [0.5], "seeds": [0]}]},
            ["  merges.0.seeds: this key is called mask_seeds now"],
        ),
        ({"students": ...}, ["students: Field required"]),
        ({"study": "my-study"}, ["study", "'my-study'"]),
        ({"bases.small.source": "torrent"}, ["bases.small", "'torrent'"]),
        ({"sampling.engine.name": "vlm"}, ["sampling.engine.name", "'transformers' or 'vllm'", "'vlm'"]),
        ({"sampling.training.n": 0}, ["sampling.training.n", "greater than or equal to 1"]),
        ({"prompts.chat.user": "Solve: {question}"}, ["prompts.chat.user", "{problem}", "it stands there 0 times"]),
        ({"prompts.chat.user": "{Problem}"}, ["prompts.chat.user", "it stands there 0 times"]),
        ({"prompts.chat.user": "{{problem}}"}, ["prompts.chat.user", "in double braces"]),
        ({"prompts.chat.user": ""}, ["prompts.chat.user", "it stands there 0 times"]),
        ({"prompts.chat.user": "{problem} {problem}"}, ["prompts.chat.user", "it stands there 2 times"]),
        ({"prompts.chat.user": "{problem} {hint}"}, ["prompts.chat.user", "{hint} is no place that is filled in"]),
        ({"prompts.chat.system": "Solve {problem}"}, ["prompts.chat.system", "nothing is filled in here"]),
        ({"sampling.evaluation.stop": ["Q:", ""]}, ["sampling.evaluation.stop.1", "at least 1 character"]),
        ({"datasets.two_steps.stop": [""]}, ["datasets.two_steps.stop.0", "at least 1 character"]),
        ({"cleaning.ngram": -1}, ["cleaning.ngram", "greater than or equal to 0"]),
        ({"sampling.training.temperature": float("inf")}, ["sampling.training.temperature", "finite number"]),
        ({"training.student.learning_rate": float("nan")}, ["training.student.learning_rate"]),
        ({"sampling.engine.max_model_len": 0}, ["sampling.engine.max_model_len", "greater than or equal to 1"]),
        ({"sampling.engine.gpu_memory_utilization": 9.0}, ["gpu_memory_utilization", "less than or equal to 1"]),
        ({"corpora.short.max_tokens": 0}, ["corpora.short.sampled.max_tokens", "greater than or equal to 1"]),
        ({"grading": {"workers": 0}}, ["grading.workers", "greater than or equal to 1"]),
        ({"prompts.chat.user": "{ problem }"}, ["prompts.chat.user", "it stands there 0 times"]),
        ({"seeds": [0, -1]}, ["seeds.1", "greater than or equal to 0"]),
        ({"datasets.train.options.seed": -1}, ["datasets.train.options.seed", "greater than or equal to 0"]),
        ({"students.corpora": ["long", "short", "long"]}, ["students.corpora", "long stands there more than once"]),
        ({"students.bases": ["small", "small"]}, ["students.bases", "small stands there more than once"]),
        ({"datasets.two_steps.leave_out": {"where": {"kind": []}}}, ["leave_out.where.kind", "at least 1 item"]),
        (
            {"training.student.epoch": 1, "benchmark": []},
            ["training.student.epoch: unknown key", "benchmark: unknown key"],
        ),
    ],
)
def test_schema_faults_are_named(changes: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(UserError) as fault:
        parse_config(raw_config("mini", changes))
    for message in messages:
        assert message in str(fault.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"students.bases": ["smal"]}, r"students.bases: there is no 'smal'; there are: small, medium, large"),
        ({"students.corpora": ["short", "middle"]}, r"there is no 'middle'; there are: .*short.*mid"),
        ({"students.proposed": "demonstrations"}, r"students.proposed: there is no 'demonstrations'; there are: short"),
        ({"students.recipe": "studnet"}, r"students.recipe: there is no 'studnet'; there are: .*student"),
        (
            {"corpora.short.sampler": "giant"},
            r"corpora.short.sampler: there is no 'giant'; there are: small, .*ta_long-w0.175-d0.5-m0",
        ),
        (
            {"corpora.mid.sampler": "ta_long-w0.5-d0.5-m0"},
            r"corpora.mid.sampler: there is no 'ta_long-w0.5-d0.5-m0'; there are:",
        ),
        ({"corpora.short.only_if_solved_by": ["giant"]}, r"corpora.short.only_if_solved_by: there is no 'giant'"),
        ({"corpora.mix.shares": {"lang": 1, "short": 4}}, r"corpora.mix.shares: there is no 'lang'; there are:"),
        ({"tuned.teacher.base": "huge"}, r"tuned.teacher.base: there is no 'huge'; there are: small, medium, large"),
        ({"tuned.teacher.corpus": "demos"}, r"tuned.teacher.corpus: there is no 'demos'; there are: demonstrations"),
        ({"benchmarks": ["easy"]}, r"benchmarks: there is no 'easy'; there are: train, .*two_steps"),
        ({"validation_problems": "valid"}, r"validation_problems: there is no 'valid'"),
        ({"training_problems": "trian"}, r"training_problems / benchmarks: there is no 'trian'; there are: train"),
        ({"sampling.training.prompt": "caht"}, r"there is no 'caht'; there are: chat"),
        ({"sampling.validation.prompt": "caht"}, r"there is no 'caht'; there are: chat"),
        ({"datasets.two_steps.prompt": "caht"}, r"there is no 'caht'; there are: chat"),
        ({"likelihood.prompt": "caht"}, r"there is no 'caht'; there are: chat"),
        ({"likelihood.corpora": ["mod"]}, r"likelihood.corpora: there is no 'mod'"),
        ({"bases.small.recipe": "pretrian"}, r"bases.small.recipe: there is no 'pretrian'; there are: .*pretrain"),
        (
            {"merges": [{"tuned": "ta", "weights": [0.5], "densities": [0.5], "mask_seeds": [0]}]},
            r"merges.tuned: there is no 'ta'",
        ),
        ({"validation_problems": ...}, r"merges: .*validation_problems.*sampling.validation"),
        ({"sampling.validation": ...}, r"merges: .*validation_problems.*sampling.validation"),
    ],
)
def test_names_that_lead_nowhere_are_refused_with_those_that_do(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(raw_config("mini", changes))


DEMONSTRATED = {"long": 1, "demonstrations": 1}


@pytest.mark.parametrize(
    ("changes", "learner"),
    [
        ({"students.corpora": ["short", "mid", "demonstrations"]}, "students (demonstrations)"),
        ({"corpora.mix.shares": DEMONSTRATED}, "students (mix)"),
        (
            {
                "corpora.inner": {"kind": "mixed", "shares": DEMONSTRATED},
                "corpora.mix.shares": {"short": 1, "inner": 1},
            },
            "(mix)",
        ),
        ({"tuned.ta_long.corpus": "demonstrations"}, "tuned.ta_long"),
    ],
)
def test_students_and_assistant_may_not_learn_from_demonstrations(changes: dict[str, Any], learner: str) -> None:
    with pytest.raises(UserError, match=re.escape(learner) + ".*procedural demonstrations"):
        load_study(raw_config("mini", changes))


@pytest.mark.parametrize(
    ("study", "changes", "message"),
    [
        ("smoke", {"prompt_deviations.sampling": ...}, "sampling of train differs.*prompt_deviations.sampling"),
        ("smoke", {"prompt_deviations.evaluation": ...}, "evaluation of aime24, .*prompt_deviations.evaluation"),
        ("smoke", {"prompt_deviations.validation": ...}, "validation of validation .*training prompt of ta_long"),
        (
            "mini",
            {"prompts.other": {"user": "{problem} "}, "training.assistant.prompt": "other"},
            "sampling of train differs from the training prompt of ta_long",
        ),
        (
            "mini",
            {"prompts.chat2": {"user": "{problem} "}, "sampling.evaluation.prompt": "chat2"},
            "evaluation of two_steps",
        ),
        (
            "mini",
            {"prompts.raw": {"user": "{problem}", "chat": False}, "sampling.training.prompt": "raw"},
            "sampling of train",
        ),
        (
            "mini",
            {"prompts.sys": {"user": "{problem}", "system": "Hi"}, "datasets.two_steps.prompt": "sys"},
            "two_steps differs",
        ),
    ],
)
def test_a_prompt_that_differs_needs_a_deviation(study: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(raw_config(study, changes))


def test_a_declared_deviation_is_accepted() -> None:
    changes = {
        "prompts.other": {"user": "{problem} "},
        "sampling.evaluation.prompt": "other",
        "prompt_deviations": {"evaluation": "D-1"},
    }
    study = load_study(raw_config("mini", changes))
    task = sampling_task(study, "two_steps")
    assert task.prompt.user == "{problem} " and task.deviation == "D-1"
    assert sampling_task(study, "train").deviation is sampling_task(study, "validation").deviation is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"validation_problems": "train"}, "train stands there more than once; a data set serves one purpose"),
        ({"benchmarks": ["two_steps", "train"]}, "train stands there more than once"),
        (
            {"tuned.small": {"base": "large", "corpus": "long", "recipe": "teacher"}},
            "small stands there more than once",
        ),
        ({"corpora.mix.shares": {}}, "corpora.mix.mixed.shares: Dictionary should have at least 1 item"),
        ({"corpora.mix.shares": {"long": 0}}, "corpora.mix.mixed.shares.long: Input should be greater than 0"),
    ],
)
def test_ambiguous_names_and_empty_shares_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_study(raw_config("mini", change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"datasets.train.loader": "arithmetik", "datasets.train.options": None},
            "datasets.train.loader: there is no 'arithmetik'; there are: .*gsm8k",
        ),
        ({"datasets.train.options.part": "tst"}, "datasets.train.options.part: Input should be 'train'"),
        ({"datasets.train.options.bond": 3}, "datasets.train.options.bond: unknown key"),
        ({"datasets.train.options": None}, "the arithmetic loader needs them"),
        ({"sampling.engine.chunk_size": 0}, "chunk_size: Input should be greater than or equal to 1"),
        ({"training.student.learning_rate": -1.0}, "learning_rate: Input should be greater than 0"),
        ({"training.student.scheduler": "cosin"}, "scheduler: Input should be 'cosine'"),
        ({"corpora.base": {"kind": "sampled", "sampler": "large"}}, "corpora.base: in the tables"),
        ({"seeds": [0, 0]}, "seeds: 0 stands there more than once"),
    ],
)
def test_values_that_cannot_work_are_refused_before_anything_runs(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_study(raw_config("mini", change))


def test_the_proposed_corpus_may_be_one_of_single_students() -> None:
    changes = {"students.corpora": ["short", "long"], "students.extra_corpora": {"small": ["mid"], "medium": ["mid"]}}
    study = load_study(raw_config("mini", changes))
    assert study.config.students.proposed == "mid" and "medium-mid-s0" in study.students
    with pytest.raises(UserError, match=r"students.proposed: there is no 'mid'; there are: short, long, mix"):
        load_study(raw_config("mini", {**changes, "students.extra_corpora": {"small": ["mix"]}}))


def test_two_sweeps_may_not_share_names() -> None:
    raw = raw_config("mini")
    raw["merges"] = [*raw["merges"], {**raw["merges"][0], "weights": [0.9, *raw["merges"][0]["weights"][:1]]}]
    with pytest.raises(UserError, match="two merges would have one name"):
        load_study(raw)


@pytest.mark.parametrize(
    ("method", "taken", "name"),
    [
        ("dare_ties", {"densities": [0.5], "mask_seeds": [0]}, "ta_long-w0.3-d0.5-m0"),  # MiCoTA's, of old
        ("dare_linear", {"densities": [0.5], "mask_seeds": [0]}, "ta_long-dare_linear-w0.3-d0.5-m0"),
        ("ties", {"densities": [0.5]}, "ta_long-ties-w0.3-d0.5"),
        ("task_arithmetic", {}, "ta_long-task_arithmetic-w0.3"),
        ("linear", {}, "ta_long-linear-w0.3"),
    ],
)
def test_methods_of_merging_can_be_compared(method: str, taken: dict[str, Any], name: str) -> None:
    """The method is in the name, so that two merges of one weight stand beside each other; wildcards match them."""
    raw = raw_config("mini")
    sweep = {"tuned": "ta_long", "method": method, "weights": [0.3], **taken}
    study = load_study({**raw, "merges": [*raw["merges"], sweep]})
    assert name in study.merges and name in study.sweeps["ta_long"]
    assert re.fullmatch(name_patterns(study)["merged"], name) and re.fullmatch(name_patterns(study)["model"], name)
    wrong = {"mask_seeds": [1]} if "mask_seeds" not in taken else {"mask_seeds": []}
    with pytest.raises(UserError, match=rf"merges\.{len(raw['merges'])}\.seed: {method} takes"):
        load_study({**raw, "merges": [*raw["merges"], {**sweep, **wrong}]})


# --- one configuration laid over another ------------------------------------------------------------------------------


def test_blocks_are_merged_key_by_key_and_all_else_is_replaced() -> None:
    lower = {"block": {"inner": {"a": 1, "b": 2}, "kept": 0}, "list": [1, 2], "gone": {"a": 1}, "value": 3}
    upper = {"block": {"inner": {"b": 4, "c": 5}}, "list": [6], "gone": None, "value": {"a": 7}, "new": {"a": [8]}}
    before = copy.deepcopy((lower, upper))
    assert laid_over(lower, upper) == {
        "block": {"inner": {"a": 1, "b": 4, "c": 5}, "kept": 0},
        "list": [6],
        "gone": None,
        "value": {"a": 7},
        "new": {"a": [8]},
    }
    assert (lower, upper) == before


def test_what_an_anchor_shares_is_changed_in_one_place_only() -> None:
    lower = yaml.safe_load("{one: &block {a: 1, b: 2}, other: *block}")
    assert laid_over(lower, {"one": {"a": 3}}) == {"one": {"a": 3, "b": 2}, "other": {"a": 1, "b": 2}}


KEYS = st.sampled_from("abc")
BLOCKS = st.recursive(
    st.none() | st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(KEYS, BLOCKS, max_size=3)


@given(MAPS, MAPS)
def test_configurations_are_merged_as_snakemake_merges_them(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    before = copy.deepcopy((lower, upper))
    expected = copy.deepcopy(lower)
    update_config(expected, upper)
    assert (laid_over(lower, upper), (lower, upper)) == (expected, before)


@pytest.mark.parametrize("study", ["study", "controls", "map", "rivals"])
def test_what_is_laid_over_is_what_snakemake_reads(study: str) -> None:
    """Snakemake merges in place: a block that two keys share by an anchor would be changed under both."""
    read: dict[str, Any] = {}
    for file in config_files(study):
        update_config(read, yaml.safe_load((ROOT / file).read_text(encoding="utf-8")))
    assert raw_config(study) == read


def check(*files: str | Path) -> None:
    checker.main(["--config", *(str(file) for file in files)])


def test_the_checker_lays_later_files_over_earlier_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mini, upper = ROOT / "config" / "mini.yaml", tmp_path / "upper.yaml"
    upper.write_text("study: other\nseeds: [7, 8]\n", encoding="utf-8")
    check(mini, upper)
    study = load_study(raw_config("mini", {"seeds": [7, 8]}))
    counts = f"{len(study.models)} models, {len(study.config.corpora)} corpora"
    assert capsys.readouterr().out == f"{upper}: study other, {counts}\n"
    upper.write_text("students: {corpora: [short, lung]}\n", encoding="utf-8")
    with pytest.raises(UserError, match="there is no 'lung'"):
        check(mini, upper)
    with pytest.raises(UserError, match="training_problems: Field required"):
        check(upper)
    with pytest.raises(UserError, match=r"none\.yaml: no such file"):
        check(mini, tmp_path / "none.yaml")


@pytest.mark.parametrize("study", ["study", "controls", "map"])
def test_the_checker_takes_what_is_laid_over(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(*(ROOT / file for file in config_files(study)))
    assert f"study {study}, {len(load_study(raw_config(study)).models)} models" in capsys.readouterr().out


# --- the confirmation -------------------------------------------------------------------------------------------------


def seeds(config: Config) -> dict[str, list[int]]:
    """Every seed of what a study draws; not those of its base models."""
    corpora = [block.seed for block in config.corpora.values() if isinstance(block, Procedural)]
    return {
        "problems and demonstrations": [d.options.seed for d in config.datasets.values() if d.options] + corpora,
        "teacher and assistant": [tuned.seed for tuned in config.tuned.values()],
        "masks": [seed for sweep in config.merges for seed in sweep.mask_seeds],
        "students": config.seeds,
    }


@pytest.mark.parametrize("study", ["study", "controls"])
def test_the_confirmation_draws_all_that_it_measures_anew(study: str) -> None:
    """Nothing may have been chosen on the problems, demonstrations, models or masks that the verdicts rest on."""
    chosen_on, confirmed_on = (seeds(parse_config(raw_config(name))) for name in ("mini", study))
    seen = {seed for drawn in chosen_on.values() for seed in drawn}
    for what, drawn in confirmed_on.items():
        assert len(drawn) >= len(chosen_on[what]) > 0, what
        assert not seen & set(drawn), what
    problems = confirmed_on["problems and demonstrations"]
    assert len(problems) == len(set(problems)), "no two data sets are one draw"


def test_the_confirmation_keeps_what_was_chosen() -> None:
    mini, study = (parse_config(raw_config(name)) for name in ("mini", "study"))
    for block in ("bases", "training"):
        assert getattr(mini, block).items() <= getattr(study, block).items(), block
    for block in ("benchmarks", "training_problems", "validation_problems", "prompts", "cleaning"):
        assert getattr(mini, block) == getattr(study, block), block
    # The confirmation's logs hold no texts, and no loops were measured yet: tables, and no verdict, hang on it.
    later = {"repeating_from": mini.grading.repeating_from, "texts": mini.grading.texts}
    assert mini.grading == study.grading.model_copy(update=later)
    for purpose in ("engine", "training", "validation", "evaluation"):
        assert getattr(mini.sampling, purpose) == getattr(study.sampling, purpose), purpose
    assert mini.students.recipe == study.students.recipe and mini.students.proposed == study.students.proposed
    for name, tuned in mini.tuned.items():
        assert tuned == study.tuned[name].model_copy(update={"seed": tuned.seed})
    (chosen,), (swept, *_) = mini.merges, study.merges
    assert chosen == swept.model_copy(update={"mask_seeds": chosen.mask_seeds})
    assert mini.claims is not None and study.claims is not None
    assert set(mini.claims.family) == set(study.claims.family)

"""The graph that a configuration stands for: which models there are, what each is made from, what each samples."""

import pytest

from micota.common.errors import UserError
from micota.models.merge_methods import Merge
from micota.models.settings import LocalBase, ScratchBase
from micota.results import entries
from micota.study.graph import Merged, Study, Tune
from micota.study.load import load_study
from micota.study.tasks import kept_apart, local_copy, sampled_datasets, sampling_task
from tests.tiny import EXTENDED, raw_config

WEIGHT = {"mini": 0.175, "smoke": 0.4}  # of the merge that writes Mid-CoT
BENCHMARKS = {
    "mini": ["two_steps", "four_steps", "six_steps"],
    "smoke": ["aime24", "amc23", "olympiadbench", "math500", "gsm8k"],
}


@pytest.fixture(params=["mini", "smoke"])
def study(request: pytest.FixtureRequest) -> Study:
    return load_study(raw_config(request.param))


def trained(study: Study) -> list[tuple[str, list[str]]]:
    """Each student base and its corpora: those of all, then its own."""
    students = study.config.students
    return [(base, [*students.corpora, *students.extra_corpora.get(base, [])]) for base in students.bases]


def test_every_model_has_one_name(study: Study) -> None:
    assert len(study.models) == len(set(study.models))
    assert study.bases == ["small", "medium", "large"]
    assert list(study.students) == [f"{base}-{corpus}-s0" for base, corpora in trained(study) for corpus in corpora]


def test_models_are_made_from_what_their_names_say(study: Study) -> None:
    assert study.tunes["small-mid-s0"] == Tune("small", "mid", study.config.students.recipe, 0)
    assert study.tunes["ta_long"].base == "medium"
    weight = WEIGHT[study.config.study]
    merge = Merge(method="dare_ties", weight=weight, density=0.5, seed=0)
    assert study.merges[f"ta_long-w{weight}-d0.5-m0"] == Merged("medium", "ta_long", merge)


@pytest.mark.parametrize(("name", "merges"), [("mini", 4), ("smoke", 1)])
def test_a_sweep_merges_each_weight_with_each_density(name: str, merges: int) -> None:
    study = load_study(raw_config(name))
    assert len(study.merges) == merges
    assert {(m.base, m.tuned) for m in study.merges.values()} == {("medium", "ta_long")}


def test_seeds_weights_and_mask_seeds_multiply_models() -> None:
    sweep = {"tuned": "ta_long", "weights": [0.175, 1], "densities": [0.5], "mask_seeds": [0, 7]}
    changes = {"seeds": [3, 4], "students.bases": ["small"], "merges": [sweep], "claims": ...}
    study = load_study(raw_config("mini", changes))
    assert [s for s in study.students if "-mid-" in s] == ["small-mid-s3", "small-mid-s4"]
    assert list(study.merges) == [f"ta_long-w{weight}-d0.5-m{mask}" for weight in (0.175, 1.0) for mask in (0, 7)]
    assert [e["seed"] for e in entries.main(study) if e["corpus"] == "mid"] == [3, 4]


def test_the_main_table_has_each_base_then_each_corpus(study: Study) -> None:
    rows = [(e["base"], e["corpus"]) for e in entries.main(study)]
    assert rows == [(base, corpus) for base, corpora in trained(study) for corpus in ["base", *corpora]]
    assert all(entry["model"] in study.models for entry in entries.main(study))


def test_the_sweep_starts_at_the_base_and_ends_at_the_unmerged_assistant(study: Study) -> None:
    found = {entry["model"]: entry for entry in entries.assistants(study)}
    assert list(found) == ["medium", "ta_long", *study.merges]
    assert found["medium"]["weight"] == 0.0
    assert found["ta_long"]["weight"] is None
    weight = WEIGHT[study.config.study]
    mid = f"ta_long-w{weight}-d0.5-m0"
    assert found[mid] == {
        **{"model": mid, "name": mid, "chain": None, "tuned": "ta_long"},
        **{"method": "dare_ties", "weight": weight, "density": 0.5, "mask_seed": 0, "mask": 0},
    }


def test_each_tuned_model_has_a_sweep_of_its_own() -> None:
    sweep = {"weights": [0.175], "densities": [0.5], "mask_seeds": [0]}
    merges = [
        {"tuned": "ta_long", **sweep},
        {"tuned": "teacher", **sweep},
        {"tuned": "ta_long", **sweep, "mask_seeds": [1]},
    ]
    changes = {"merges": merges, "tuned.teacher.base": "medium", "claims": None}
    study = load_study(raw_config("mini", changes))
    sweeps = [(entry["tuned"], entry["model"], entry["weight"]) for entry in entries.assistants(study)]
    assert sweeps == [
        ("ta_long", "medium", 0.0),
        ("ta_long", "ta_long", None),
        ("ta_long", "ta_long-w0.175-d0.5-m0", 0.175),
        ("ta_long", "ta_long-w0.175-d0.5-m1", 0.175),
        ("teacher", "medium", 0.0),
        ("teacher", "teacher", None),
        ("teacher", "teacher-w0.175-d0.5-m0", 0.175),
    ]
    assert sampled_datasets(study, "medium").count("validation") == 1


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        # writers of a corpus sample the training problems, candidates of the sweep the validation problems,
        # and students and their untrained bases the benchmarks
        ("mini", "large", ["train"]),
        ("mini", "teacher", ["train"]),
        ("mini", "ta_long", ["train", "validation"]),
        ("mini", "ta_long-w0.175-d0.5-m0", ["train", "validation"]),
        ("mini", "ta_long-w0.7-d0.5-m0", ["validation"]),
        ("mini", "medium", ["validation", *BENCHMARKS["mini"]]),
        ("mini", "small", BENCHMARKS["mini"]),
        ("mini", "medium-mid-s0", BENCHMARKS["mini"]),
        ("smoke", "medium", ["train", "validation"]),
        ("smoke", "large", ["train"]),
        ("smoke", "small", BENCHMARKS["smoke"]),
        ("smoke", "small-mix-s0", BENCHMARKS["smoke"]),
    ],
)
def test_what_a_model_samples(name: str, model: str, expected: list[str]) -> None:
    assert sampled_datasets(load_study(raw_config(name)), model) == expected


def test_every_row_of_a_table_is_sampled(study: Study) -> None:
    for entry in entries.main(study):
        assert set(study.config.benchmarks) <= set(sampled_datasets(study, entry["model"]))
    for entry in entries.assistants(study):
        assert study.config.validation_problems in sampled_datasets(study, entry["model"])
    for name in study.config.corpora:
        for model in study.corpus(name).solved_by():
            assert study.config.training_problems in sampled_datasets(study, model)


def test_a_benchmark_may_have_its_own_prompt_and_stops() -> None:
    study = load_study(raw_config("smoke"))
    gsm8k, aime, train = (sampling_task(study, name) for name in ("gsm8k", "aime24", "train"))
    assert gsm8k.prompt.user == "{problem}"
    assert gsm8k.decoding.stop == ["Q:", "</s>", "<|im_end|>"]
    assert "Final Answer" in aime.prompt.user
    assert aime.decoding.stop == ["Problem:"]
    assert train.prompt.chat is False
    assert train.decoding.stop == []


def test_an_empty_list_of_stops_is_a_benchmarks_own() -> None:
    study = load_study(raw_config("smoke", {"datasets.gsm8k.stop": []}))
    assert sampling_task(study, "gsm8k").decoding.stop == []


@pytest.mark.parametrize(
    ("name", "folder", "dataset", "expected"),
    [
        ("smoke", None, "math500", None),  # from the hub
        ("smoke", "copies", "math500", "copies/math500.jsonl"),
        ("mini", None, "train", None),  # generated
        ("mini", "copies", "train", None),
    ],
)
def test_where_a_data_set_is_read_from(name: str, folder: str | None, dataset: str, expected: str | None) -> None:
    assert local_copy(load_study(raw_config(name, {"data_folder": folder})), dataset) == expected


def test_a_data_set_without_a_hub_is_read_from_its_path() -> None:
    study = load_study(raw_config("smoke", {"datasets.math500.hub": ..., "datasets.math500.path": "my/own.jsonl"}))
    assert local_copy(study, "math500") == "my/own.jsonl"


def test_a_scratch_base_carries_its_recipe_and_prompt() -> None:
    raw = raw_config("mini")
    study = load_study(raw)
    block = study.base_block("small")
    assert isinstance(block, ScratchBase) and block.pretrained == "reference/mini/bases/small"
    recipe = study.recipe(block.recipe)
    assert recipe.settings.learning_rate == raw["training"]["pretrain_small"]["learning_rate"]
    assert "prompt" not in recipe.settings.model_dump() and study.recipe_prompt(block.recipe).user == "{problem}"
    anew = load_study(raw_config("mini", {"from_scratch": True})).base_block("small")
    assert isinstance(anew, ScratchBase) and anew.pretrained is None


def test_demonstrations_are_counted_by_the_tokenizer_of_who_learns_them() -> None:
    study = load_study(raw_config("mini"))
    around = study.around("demonstrations")
    assert study.corpus("demonstrations").reads(around) == {"tokenizer": ["models/large"]}
    assert study.around("long_own").learner == "medium"


def test_the_parts_of_a_mixture_of_mixtures() -> None:
    inner = {"kind": "mixed", "shares": {"long": 1, "mid": 1}}
    study = load_study(raw_config("mini", {"corpora.inner": inner, "corpora.mix.shares": {"short": 1, "inner": 1}}))
    assert study.parts("mix") == ["mix", "short", "inner", "long", "mid"]
    assert study.parts("short") == ["short"]


# --- the optional blocks ----------------------------------------------------------------------------------------------


@pytest.fixture
def extended() -> Study:
    return load_study(raw_config("mini", EXTENDED))


def test_a_base_may_have_corpora_of_its_own(extended: Study) -> None:
    corpora: dict[str, list[str]] = {"small": [], "medium": []}
    for entry in entries.main(extended):
        if entry["corpus"] not in corpora[entry["base"]]:
            corpora[entry["base"]].append(entry["corpus"])
    assert corpora["medium"] == ["base", *extended.config.students.corpora]
    assert corpora["small"] == [*corpora["medium"], *EXTENDED["students.extra_corpora"]["small"]]
    assert "medium-auto_mid-s0" not in extended.students
    assert extended.tunes["small-auto_mid-s1"] == Tune("small", "auto_mid", extended.config.students.recipe, 1)


def test_what_the_gap_by_size_is_made_from(extended: Study) -> None:
    rows = [(e["base"], e["corpus"], e["seed"]) for e in entries.sizes(extended)]
    trained = [(c, seed) for c in ("short", "long", "mid") for seed in (0, 1)]
    assert rows == [(base, *row) for base in ("small", "medium") for row in [("base", 0), *trained]]


def test_who_answers_several_times(extended: Study) -> None:
    masks = ["mid", "mid_m1", "mid_m2"]
    assert [(e["corpus"], e["seed"]) for e in entries.variance(extended)] == [(m, s) for m in masks for s in (0, 1)]
    for entry in entries.variance(extended):
        assert sampled_datasets(extended, entry["model"]) == [*BENCHMARKS["mini"], "repeated"]
    assert sampled_datasets(extended, "small-long-s0") == BENCHMARKS["mini"]
    task = sampling_task(extended, "repeated").decoding
    assert (task.n, task.temperature, task.max_tokens) == (4, 0.7, 560)
    assert kept_apart(extended, "repeated") == [] and "repeated" in kept_apart(extended, "train")


def test_what_a_corpus_is_made_of_and_compared_with(extended: Study) -> None:
    found = {name: extended.corpus(name) for name in ("long_same", "mid_few", "auto_mid", "auto_nll")}
    assert (found["long_same"].made_of(), found["long_same"].compared_with()) == (["long"], ["short", "mid"])
    assert (found["mid_few"].made_of(), found["mid_few"].compared_with()) == (["mid"], ["short"])
    assert found["auto_mid"].compared_with() == ["short", "long"] and found["auto_nll"].compared_with() == []
    assert extended.parts("auto_mid") == ["auto_mid", "mid_w2", "mid", "mid_w6"]
    assert extended.learned("ta_long-w0.2-d0.5-m0") == "long" and extended.learned("small") is None


def test_without_the_blocks_nothing_is_asked_for() -> None:
    study = load_study(raw_config("mini", {"sizes": None, "variance": None}))
    assert entries.variance(study) == []
    assert {entry["corpus"] for entry in entries.sizes(study)} == {"base"}


def test_a_model_trained_elsewhere_is_scored_last_and_as_itself() -> None:
    study = load_study(
        raw_config("mini", {"external_models": {"theirs": {"source": "local", "path": "models/theirs"}}})
    )
    assert entries.main(study)[-1] == {
        "model": "theirs",
        "base": "elsewhere",
        "corpus": "theirs",
        "seed": 0,
        "chain": None,
    }
    assert sampled_datasets(study, "theirs") == BENCHMARKS["mini"]
    assert study.base_block("theirs") == LocalBase(source="local", path="models/theirs")
    assert study.base_files("theirs") == ["models/theirs/config.json"]


def test_a_scored_model_needs_a_name_of_its_own() -> None:
    block = {"source": "local", "path": "models/theirs"}
    with pytest.raises(UserError, match=r"external_models\.mid: .* name neither so"):
        load_study(raw_config("mini", {"external_models": {"mid": block}}))
    with pytest.raises(UserError, match="external_models: small stands there more than once"):
        load_study(raw_config("mini", {"external_models": {"small": block}}))

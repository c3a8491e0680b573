"""The graph that a configuration stands for: which models there are, what each is made from, what each samples."""

import pytest

from micota.config import Sampled
from micota.study import Merge, Study, Tune, load_study
from tests.tiny import raw_config

MID = "ta_long-w0.4-d0.5-m0"
BENCHMARKS = {
    "mini": ["two_steps", "four_steps", "six_steps"],
    "smoke": ["aime24", "amc23", "olympiadbench", "math500", "gsm8k"],
}


@pytest.fixture(params=["mini", "smoke"])
def study(request: pytest.FixtureRequest) -> Study:
    return load_study(raw_config(request.param))


def test_every_model_has_one_name(study: Study) -> None:
    assert len(study.models) == len(set(study.models))
    assert study.bases == ["small", "medium", "large"]
    bases = study.config.students.bases
    corpora = ["short", "long", "unmerged", "mix", "mid"]
    assert list(study.students) == [f"{base}-{corpus}-s0" for base in bases for corpus in corpora]


def test_models_are_made_from_what_their_names_say(study: Study) -> None:
    assert study.tunes["small-mid-s0"] == Tune("small", "mid", study.config.students.recipe, 0)
    assert study.tunes["ta_long"].base == "medium"
    assert study.merges[MID] == Merge("medium", "ta_long", "dare_ties", 0.4, 0.5, 0)


@pytest.mark.parametrize(("name", "merges"), [("mini", 8), ("smoke", 1)])
def test_a_sweep_merges_each_weight_with_each_density(name: str, merges: int) -> None:
    study = load_study(raw_config(name))
    assert len(study.merges) == merges
    assert {(m.base, m.tuned) for m in study.merges.values()} == {("medium", "ta_long")}


def test_seeds_weights_and_mask_seeds_multiply_models() -> None:
    sweep = {"tuned": "ta_long", "weights": [0.4, 1], "densities": [0.5], "seeds": [0, 7]}
    study = load_study(raw_config("mini", {"seeds": [3, 4], "students.bases": ["small"], "merges": [sweep]}))
    assert [s for s in study.students if "-mid-" in s] == ["small-mid-s3", "small-mid-s4"]
    assert list(study.merges) == [MID, "ta_long-w0.4-d0.5-m7", "ta_long-w1.0-d0.5-m0", "ta_long-w1.0-d0.5-m7"]
    assert [e["seed"] for e in study.main_entries if e["corpus"] == "mid"] == [3, 4]


def test_the_main_table_has_each_base_then_each_corpus(study: Study) -> None:
    rows = [(e["base"], e["corpus"]) for e in study.main_entries]
    corpora = ["base", "short", "long", "unmerged", "mix", "mid"]
    assert rows == [(base, corpus) for base in study.config.students.bases for corpus in corpora]
    assert all(entry["model"] in study.models for entry in study.main_entries)


def test_the_sweep_starts_at_the_base_and_ends_at_the_unmerged_assistant(study: Study) -> None:
    entries = {entry["model"]: entry for entry in study.assistants}
    assert list(entries) == ["medium", "ta_long", *study.merges]
    assert entries["medium"]["weight"] == 0.0
    assert entries["ta_long"]["weight"] is None
    assert entries[MID] == {"model": MID, "weight": 0.4, "density": 0.5, "mask_seed": 0}


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        # writers of a corpus sample the training problems, candidates of the sweep the validation problems,
        # and students and their untrained bases the benchmarks
        ("mini", "large", ["train"]),
        ("mini", "teacher", ["train"]),
        ("mini", "ta_long", ["train", "validation"]),
        ("mini", MID, ["train", "validation"]),
        ("mini", "ta_long-w0.8-d0.9-m0", ["validation"]),
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
    assert load_study(raw_config(name)).sampled_datasets(model) == expected


def test_every_row_of_a_table_is_sampled(study: Study) -> None:
    for entry in study.main_entries:
        assert set(study.config.benchmarks) <= set(study.sampled_datasets(entry["model"]))
    for entry in study.assistants:
        assert study.config.validation_problems in study.sampled_datasets(entry["model"])
    for block in study.config.corpora.values():
        if isinstance(block, Sampled):
            for model in [block.sampler, *block.only_if_solved_by]:
                assert study.config.training_problems in study.sampled_datasets(model)


def test_a_benchmark_may_have_its_own_prompt_and_stops() -> None:
    study = load_study(raw_config("smoke"))
    gsm8k, aime, train = (study.sampling_task(name) for name in ("gsm8k", "aime24", "train"))
    assert gsm8k["prompt"]["user"] == "{problem}"
    assert gsm8k["stop"] == ["Q:", "</s>", "<|im_end|>"]
    assert "Final Answer" in aime["prompt"]["user"]
    assert aime["stop"] == ["Problem:"]
    assert train["prompt"]["chat"] is False
    assert train["stop"] == []


def test_an_empty_list_of_stops_is_a_benchmarks_own() -> None:
    study = load_study(raw_config("smoke", {"datasets.gsm8k.stop": []}))
    assert study.sampling_task("gsm8k")["stop"] == []


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
    assert load_study(raw_config(name, {"data_folder": folder})).local_copy(dataset) == expected


def test_a_data_set_without_a_hub_is_read_from_its_path() -> None:
    study = load_study(raw_config("smoke", {"datasets.math500.hub": ..., "datasets.math500.path": "my/own.jsonl"}))
    assert study.local_copy("math500") == "my/own.jsonl"


def test_a_scratch_base_carries_its_recipe_and_prompt() -> None:
    block = load_study(raw_config("mini")).base_block("small")
    assert block["pretrained"] == "reference/mini/bases/small"
    assert block["training"]["learning_rate"] == 3.0e-3
    assert "prompt" not in block["training"]
    assert block["prompt"]["user"] == "{problem}"
    assert load_study(raw_config("mini", {"from_scratch": True})).base_block("small")["pretrained"] is None


def test_demonstrations_are_counted_by_the_tokenizer_of_who_learns_them() -> None:
    study = load_study(raw_config("mini"))
    assert study.learner_base("demonstrations") == "large"
    assert study.learner_base("long") == "medium"


def test_the_parts_of_a_mixture_of_mixtures() -> None:
    inner = {"kind": "mixed", "shares": {"long": 1, "mid": 1}}
    study = load_study(raw_config("mini", {"corpora.inner": inner, "corpora.mix.shares": {"short": 1, "inner": 1}}))
    assert study.parts("mix") == ["mix", "short", "inner", "long", "mid"]
    assert study.parts("short") == ["short"]

"""Values that are typed on Snakemake's command line: everything nested arrives as text, and is read by the schema."""

from typing import Any

import pytest
import yaml

from micota.common.errors import UserError
from micota.common.settings import laid_over
from micota.study.config import Config, parse_config
from tests.tiny import raw_config


def parsed(key: str, text: str) -> Config:
    """The miniature with `--config key=text`, as Snakemake reads such a text where it is no number by itself."""
    typed = {key: yaml.load(text, Loader=yaml.BaseLoader)}
    return parse_config(laid_over(raw_config("mini", {"claims": ...}), typed), typed)


def test_numbers_at_any_depth() -> None:
    sweep = "[{tuned: ta_long, method: dare_ties, weights: [0.4, 1], densities: [.5], mask_seeds: [0, +3]}]"
    (found,) = parsed("merges", sweep.replace("0.4", "0.175")).merges
    assert (found.weights, found.densities, found.mask_seeds) == ([0.175, 1], [0.5], [0, 3])
    assert parsed("seeds", "[1,2]").seeds == [1, 2]
    student = parsed("training", "{student: {learning_rate: 2.0e-3, epochs: 4}}").training["student"]
    assert (student.learning_rate, student.epochs) == (0.002, 4)
    assert parsed("training", "{student: {learning_rate: 2e-3}}").training["student"].learning_rate == 0.002
    options = "{two_steps: {options: {operations: [2, 3], count: 7}}}"
    assert parsed("datasets", options).datasets["two_steps"].options.operations == [2, 3]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("keep_merged", "true", True),
        ("keep_merged", "False", False),
        ("data_folder", "null", None),
        ("data_folder", "~", None),
        ("grading", "{workers: 2}", None),
    ],
)
def test_truth_values_and_nulls(key: str, text: str, value: Any) -> None:
    found = getattr(parsed(key, text), key)
    assert found.workers == 2 if key == "grading" else found is value


def test_a_block_can_be_switched_off() -> None:
    raw = raw_config("mini")
    assert raw["claims"] and parse_config(laid_over(raw, {"claims": "null"}), {"claims": "null"}).claims is None
    with pytest.raises(UserError, match=r"claims: {} changes nothing, .* claims=null switches it off"):
        parse_config(laid_over(raw, {"claims": {}}), {"claims": {}})


@pytest.mark.parametrize("revision", ["1234567", "12e4567", "007", "true", ".5"])
def test_what_the_schema_wants_as_a_text_stays_one(revision: str) -> None:
    """A commit may be all digits."""
    found = parsed("external_models", f"{{theirs: {{source: hub, repo: a/b, revision: {revision}}}}}").external_models[
        "theirs"
    ]
    assert found.model_dump() == {"source": "hub", "repo": "a/b", "revision": revision}


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        (
            "training",
            "{student: {learning_rate: fast}}",
            "learning_rate: Input should be a valid number, found 'fast'$",
        ),
        ("training", "{student: {epochs: 1.5}}", "epochs: .*found 1.5"),
        ("seeds", "[0, x]", "seeds.1: Input should be a valid integer, found 'x'$"),
        ("study", "My-Study", "study: .*pattern.*found 'My-Study'"),
        ("benchmarks", "[two_steps, 7]", "benchmarks.1: .*pattern.*found '7'"),
    ],
)
def test_what_fits_no_type_is_an_error_without_idle_advice(key: str, text: str, said: str) -> None:
    with pytest.raises(UserError, match=f"(?m){said}") as error:
        parsed(key, text)
    assert "without quotes" not in str(error.value)


@pytest.mark.parametrize("key", ["study", "data_folder"])
def test_a_number_for_a_text_is_refused_by_name(key: str) -> None:
    """Snakemake itself makes a number of `--config study=2024`."""
    with pytest.raises(UserError, match=rf'{key}: .*found 2024 \(a text: write it in quotes, "2024"\)'):
        parse_config(laid_over(raw_config("mini"), {key: 2024}), {key: 2024})


def test_a_file_is_read_as_it_stands() -> None:
    with pytest.raises(UserError, match=r"learning_rate: .*found '1e-5' .*write 1.0e-5, without quotes"):
        parse_config(raw_config("mini", {"training.student.learning_rate": "1e-5"}), {"seeds": ["1"]})
    with pytest.raises(UserError, match=r"seeds.0: .*found '0'"):
        parse_config(raw_config("mini", {"seeds": ["0"]}))

"""A benchmark is one file of micota/problems/datasets: nothing else is touched to load, check, ask and plan with it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.models.prompts import Prompt
from micota.planning.assumptions import assumed
from micota.planning.expected_lengths import Lengths, problem_count
from micota.problems import datasets
from micota.problems.datasets import LOADERS, Card, card
from micota.study import tasks
from micota.study.load import load_study
from micota.workflow import shapes
from tests.tiny import ROOT, raw_config

# The example of docs/your-own.md.
PAGE = (ROOT / "docs" / "your-own.md").read_text(encoding="utf-8")
TOY = PAGE.partition("```python\n")[2].partition("```")[0]
ROWS = [{"sum": "1 + 1", "is": "2"}, {"sum": "2 + 3", "is": "05"}, {"sum": "a + b", "is": r"\frac{a}{"}]


def with_toy(**changes: Any) -> dict[str, Any]:
    """The miniature with the toy among its benchmarks, by two lines of YAML."""
    return raw_config(
        "mini",
        {
            "datasets.toy": {"loader": "toy", "path": "toy.jsonl"} | changes,
            "benchmarks": ["two_steps", "toy"],
            "prompt_deviations": {"evaluation": "D-toy"},
            "claims": None,
        },
    )


def run(folder: Path, *command: str) -> str:
    """A command in a copy of the project, which imports from the copy."""
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_file_is_loaded_and_its_golds_are_checked(tmp_path: Path) -> None:
    for name in ("micota", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "micota" / "problems" / "datasets" / "toy.py").write_text(TOY)
    (tmp_path / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "s.json").write_text(json.dumps(with_toy()))
    study = ("--study", "s.json")
    run(tmp_path, "-m", "scripts.problems", *study, "--dataset", "toy", "--out", "problems/toy.jsonl")
    run(tmp_path, "-m", "scripts.check_gold", *study, "--problems", "problems/toy.jsonl", "--out", "gold.json")
    found = json.loads((tmp_path / "gold.json").read_text())["problems/toy.jsonl"]
    assert {key: found[key] for key in ("problems", "accepted", "excepted", "rule", "raw", "expected")} == {
        **{"problems": 3, "accepted": 2, "excepted": 1},
        **{"rule": "last_number", "raw": 1, "expected": 1},
    }


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The toy, among the data sets of this process."""
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
    for room in ("micota.problems.datasets", "micota.study.checks"):
        monkeypatch.setattr(f"{room}.LOADERS", (*LOADERS, "toy"))
    monkeypatch.delitem(sys.modules, "micota.problems.datasets.toy", raising=False)
    return datasets.loader_module("toy")


def test_a_study_asks_and_plans_by_the_file(toy: ModuleType) -> None:
    study = load_study(with_toy())
    task = tasks.sampling_task(study, "toy")
    assert (task.prompt, task.decoding.stop) == (Prompt(**toy.PROMPT), ["Sum:"])
    assert study.rules == {"two_steps": "string", "toy": "last_number"}
    lengths = Lengths(study, assumed(gpu=False))
    assert problem_count(study, "toy") == 3
    assert lengths.trace("small", "toy") == lengths.trace("small", "two_steps") / 2


def test_a_studys_own_words_go_before_the_files(toy: ModuleType) -> None:
    study = load_study(with_toy(prompt="chat", stop=[], rule="string"))
    task = tasks.sampling_task(study, "toy")
    assert (task.prompt, task.decoding.stop) == (study.prompt("chat"), [])
    assert study.rules["toy"] == "string"


def test_a_prompt_of_the_file_is_checked_as_one_of_the_study(toy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"prompts: evaluation of toy differs from the training prompt"):
        load_study(with_toy() | {"prompt_deviations": {}})
    for prompt, said in (
        ({"user": "{problem} {answer}"}, r"toy.py: PROMPT: \{answer\} is filled in for a judge model only"),
        ({"user": "no place"}, r"datasets/toy.py: PROMPT: user: .*\{problem\}"),
        ({"text": "{problem}"}, r"datasets/toy.py: PROMPT: user: Field required"),
    ):
        monkeypatch.setattr(toy, "PROMPT", prompt)
        with pytest.raises(UserError, match=said):
            load_study(with_toy())


def test_the_same_problems_asked_alike_by_block_or_file_count_once(toy: ModuleType) -> None:
    raw = with_toy()
    raw["datasets"]["again"] = {"loader": "toy", "path": "./toy.jsonl", "rule": "last_number", "stop": ["Sum:"]}
    with pytest.raises(UserError, match="toy and again are the same problems, asked alike"):
        load_study(raw | {"benchmarks": ["toy", "again"]})


def test_the_gate_opens_anew_when_what_is_known_of_the_golds_changes(
    toy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shapes.gold(load_study(with_toy()))
    monkeypatch.setattr(toy, "DIFFICULTY", 0.7)
    assert shapes.gold(load_study(with_toy())) == before
    monkeypatch.setattr(toy, "MISPRINTS", {})
    assert shapes.gold(load_study(with_toy())) != before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DIFICULTY", 0.5, "DIFICULTY: there is no such fact of a data set; there are: ROWS, .*DIFFICULTY"),
        ("DIFFICULTY", 0, "DIFFICULTY: .*greater than 0"),
        ("MISPRINTS", {"2": "text for a row"}, "MISPRINTS.2.*: .*integer"),
        ("RULE", "first_number", "RULE: .*'last_number'"),
        ("RAW_GOLDS", {"train": {"string": 2}}, "RAW_GOLDS: ROWS does not say how many rows the split train has"),
        ("RAW_GOLDS", {"test": {"strings": 2}}, "RAW_GOLDS.test.strings.*: .*'string'"),
        ("STOP", [""], "STOP.0: .*at least 1"),
    ],
)
def test_what_a_file_says_wrong_is_named(
    toy: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, said: str
) -> None:
    monkeypatch.setattr(toy, name, value, raising=False)
    with pytest.raises(UserError, match=rf"^micota/problems/datasets/toy.py: {said}"):
        card("toy")


def test_a_file_without_a_function_is_named(toy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from micota.problems.loading import load

    monkeypatch.delattr(toy, "problem")
    with pytest.raises(UserError, match=r"datasets/toy.py: it has no function problem\(row\)"):
        load("toy", "toy")


@pytest.mark.parametrize("loader", LOADERS)
def test_every_file_is_a_data_set(loader: str) -> None:
    module = datasets.loader_module(loader)
    assert hasattr(module, "problem") != hasattr(module, "problems")
    assert isinstance(card(loader), Card)


def test_only_what_is_published_is_counted() -> None:
    """What the plan and the gate know of the benchmarks."""
    known = {loader: card(loader) for loader in LOADERS}
    assert {name: found.difficulty for name, found in known.items() if found.difficulty != 1} == {
        **{"gsm8k": 0.45, "amc23": 1.6, "olympiadbench": 1.8, "aime24": 2.5}
    }
    assert {name: found.rule for name, found in known.items() if found.rule != "string"} == {"gsm8k": "last_number"}
    assert {name: set(found.misprints) for name, found in known.items() if found.misprints} == {
        "olympiadbench": {73, 96}
    }
    assert not [name for name, found in known.items() if found.prompt or found.stop]

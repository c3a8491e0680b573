"""The registry of tables (micota/workflow/tables.py) and what it names: modules, arguments, files and captions."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import write_json, write_jsonl
from micota.study import tasks
from micota.study.graph import Study
from micota.study.load import load_study
from micota.workflow.paths import Paths
from micota.workflow.tables import FIGURES, TABLES, Table, caption, tables
from scripts import tables as script
from tests.graded import PROBLEMS, write_results
from tests.tiny import EXTENDED, ROOT, raw_config

PROTOCOLS = {"prompt": "chat", "temperature": 0.6, "n": 4, "max_tokens": 560}
NUMBERS = ROOT / "reference/published/smg.csv"
PUBLISHED = {"file": str(NUMBERS), "benchmarks": {"two_steps": "gsm8k"}, "beside": {}}
MAP = {"weights": {"corpora": ["short", "mid", "long"], "short": "short", "mid": "mid", "long": "long"}}
RIVALS = {
    "proposed": "mid",
    "bases": ["small"],
    "families": {"mix": {"label": "Mix", "corpora": ["mix", "auto_mid"]}, "own": {"label": "O", "merges_of": "own"}},
    "unfiltered": {"mid": "mid_few", "long": "long_same"},
}
EVERY_TABLE = EXTENDED | {
    **{"sampling.protocols": PROTOCOLS, "published": PUBLISHED, "rivals": RIVALS, "map": MAP},
    "tuned.own": {"base": "small", "corpus": "long", "recipe": "student"},
    "merges": [*EXTENDED["merges"], {"tuned": "own", "method": "task_arithmetic", "weights": [0.5, 0.7]}],
}


def module(name: str) -> ModuleType:
    return import_module(f"micota.results.tables.{name}")


def studies() -> dict[str, Study]:
    """The committed ones, and one that has every table."""
    names = (path.stem for path in (ROOT / "config").glob("*.yaml"))
    found = {name: load_study(raw_config(name)) for name in sorted(names)}
    return found | {"every": load_study(raw_config("mini", EVERY_TABLE))}


@pytest.fixture(scope="module")
def settings() -> list[tuple[str, dict[str, Any]]]:
    """Each table of each study, with what it hangs on."""
    return [(name, table.settings(study)) for study in studies().values() for name, table in tables(study).items()]


def test_every_table_is_in_some_study() -> None:
    assert list(tables(load_study(raw_config("mini", EVERY_TABLE)))) == list(TABLES)


def test_a_table_is_a_module_and_takes_what_the_registry_says_it_hangs_on(settings: list[Any]) -> None:
    assert {path.stem for path in (ROOT / "micota/results/tables").glob("*.py")} - {"__init__"} == set(TABLES)
    for name, given in settings:
        files, out, *rest = inspect.signature(module(name).make).parameters.values()
        assert (files.name, out.name) == ("files", "out"), name
        assert [each for each in rest if each.kind is not each.KEYWORD_ONLY or each.default is not each.empty] == []
        assert sorted(given) == sorted(each.name for each in rest), name


def builtin(value: Any) -> bool:
    """Whether a value and all that it holds are of types that Snakemake can compare with those of the last run."""
    if type(value) is dict:
        return all(type(key) is str and builtin(held) for key, held in value.items())
    if type(value) in (list, tuple):
        return all(map(builtin, value))
    return type(value) in (str, int, float, bool, type(None))


def test_what_a_table_hangs_on_is_of_builtin_types(settings: list[Any]) -> None:
    assert [(name, key) for name, given in settings for key, value in given.items() if not builtin(value)] == []
    study = load_study(raw_config("mini"))
    assert not builtin({"claims": study.config.claims}) and not builtin([study]) and not builtin({1: "one"})


def test_a_table_reads_no_file_that_the_registry_does_not_name() -> None:
    study = studies()["every"]
    for name, table in TABLES.items():
        source = inspect.getsource(module(name))
        read = set(re.findall(r'files\["(\w+)"', source))
        read |= {"graded", "reports"} if "read_models(files" in source else set()
        named = set(table.reads(study, Paths("", "")))
        assert read <= named and bool(read) == bool(named), name


def test_what_the_report_shows_has_a_caption() -> None:
    shown = [f"report/{caption(file)}.rst" for t in TABLES.values() for file, label in t.files().items() if label]
    shown += [f"report/figure_{image}.rst" for figure in FIGURES.values() for image in figure.images]
    assert [path for path in shown if not (ROOT / path).is_file()] == []
    captions = {f"report/{path.name}" for path in (ROOT / "report").glob("*.rst")}
    rules = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
    assert [caption for caption in captions - set(shown) if caption not in rules] == [], "and none is left over"


def test_a_figure_is_drawn_from_a_table_that_is_written() -> None:
    for figure in FIGURES.values():
        assert f"{figure.table}.csv" in TABLES[figure.table].files()


def test_a_name_with_an_ending_is_one_file_and_one_without_is_three() -> None:
    found = Table(lambda study, paths: {}, {"one": "first", "two.csv": "second", "three.md": ""}).files()
    assert found == {"one.md": "first", "one.csv": "", "one.tex": "", "two.csv": "second", "three.md": ""}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that has every table, and what a run of it leaves for them."""
    folder = tmp_path_factory.mktemp("tables")
    raw = raw_config("mini", EVERY_TABLE)
    write_json(folder / "study.json", raw)
    study = load_study(raw)
    write_results(study, folder)
    golds = {}
    for name in tasks.cleaned_datasets(study):
        rows = [{"id": f"{name}/{n}", "problem": "1a+0?", "answer": "1", "source": "t"} for n in range(PROBLEMS)]
        write_jsonl(folder / f"problems/{name}.jsonl", rows)
        counts = {"read": PROBLEMS, "kept": PROBLEMS, "dropped": {}, "against": [], "pairs": []}
        thresholds = {"ngram": 13, "near": 0.0, "drop_duplicates": False}
        write_json(folder / f"problems/{name}.report.json", counts | {"thresholds": thresholds})
        golds[name] = {"dataset": name, "problems": PROBLEMS, "rule": "string", "raw": None, "expected": None}
        golds[name] |= {"ours": PROBLEMS, "accepted": PROBLEMS, "excepted": 0}
    write_json(folder / "problems/gold.json", golds)
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_the_program_writes_what_the_registry_says_and_nothing_else(name: str, project: Path, tmp_path: Path) -> None:
    for other in {"published": ["main"], "summary": ["main", "claims"]}.get(name, []):
        script.main([other, f"--study={project}/study.json", f"--results={project}"])
    script.main([name, f"--study={project}/study.json", f"--results={project}", f"--out={tmp_path}"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(TABLES[name].files())


def test_a_table_that_the_study_has_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="variance: the study mini asks for no such table"):
        script.main(["variance", f"--study={ROOT}/config/mini.yaml", f"--results={tmp_path}"])
    with pytest.raises(UserError, match=r"TABLE: invalid choice: 'power'"):
        script.main(["power", f"--study={ROOT}/config/mini.yaml", f"--results={tmp_path}"])


@pytest.mark.parametrize("key", ["students.bases", "likelihood.corpora"])
def test_a_study_whose_tables_would_be_empty_is_refused_on_loading(key: str) -> None:
    with pytest.raises(UserError, match=rf"{key}: .*at least 1 item"):
        load_study(raw_config("mini", {key: []}))

"""Graded traces go out as other harnesses log them, and the libraries that read such logs read them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import DataError, EnvironmentFault, MissingFile
from micota.common.records import read_json, read_jsonl, write_jsonl
from micota.exports import inspect_log, lm_eval
from micota.exports.answers import answers
from micota.study.graph import Study
from micota.study.load import load_study
from scripts import export
from tests.conftest import ROOT
from tests.graded import trace, write_traces
from tests.tiny import raw_config

HALF = "\ud800"  # of a surrogate pair: a model can write it
# Under its own environment's Python: what `inspect view` lists, and all of the first log.
READ = """
import json, sys
from inspect_ai.log import list_eval_logs, read_eval_log
logs = [read_eval_log(info) for info in list_eval_logs(sys.argv[1], descending=False)]
print(json.dumps([log.model_dump(mode="json") for log in logs]))
"""


@pytest.fixture(scope="module")
def study() -> Study:
    """Greedy answers, and two more of each problem of the benchmarks."""
    sampled = {"temperature": 0.6, "n": 2, "max_tokens": 300, "stop": ["Problem:"]}
    asked = raw_config("mini")["sampling"]["evaluation"] | sampled
    return load_study(raw_config("mini", {"sampling.protocols": asked}))


def benchmark(study: Study) -> str:
    return study.config.benchmarks[0]


@pytest.fixture
def results(study: Study, tmp_path: Path) -> Path:
    """One student's graded traces on one benchmark: one right, one wrong and cut off, and two samples of the first."""
    name, folder = benchmark(study), tmp_path / "results"
    model = next(iter(study.students))
    problems = [{"id": f"{name}/{n}", "problem": f"{n}+1?", "answer": str(n + 1), "source": "test"} for n in range(3)]
    write_jsonl(folder / f"problems/{name}.jsonl", problems)
    told: dict[str, Any] = {"prompt": "0+1?", "completion": f"\\boxed{{1}}{HALF}"}
    rows = [
        trace(f"{name}/0", name, True, **told),
        trace(f"{name}/1", name, False, extracted=None, reason="no_box", finish_reason="length", n_tokens=560),
        trace(f"{name}/0", f"{name}@2", True, **told),
        trace(f"{name}/0", f"{name}@2", False, **told | {"sample": 1, "extracted": "7"}),
    ]
    write_traces(folder / f"graded/{model}.jsonl", rows)
    return folder


def logged(out: Path, task: str) -> list[dict[str, Any]]:
    (path,) = out.glob(f"*/samples_{task}_????-*.jsonl")
    return list(read_jsonl(path))


def test_lm_evals_samples_have_what_its_record_has(study: Study, results: Path, tmp_path: Path) -> None:
    assert lm_eval.export(answers(study, results), tmp_path / "out") == 3
    right, wrong = logged(tmp_path / "out", benchmark(study))
    assert (right["doc_id"], right["target"], right["correct"], right["string_rule"]) == (0, "1", 1.0, 1.0)
    assert right["resps"] == [["\\boxed{1}\\ud800"]]  # as an escape
    assert right["filtered_resps"] == ["1"]
    assert right["arguments"]["gen_args_0"]["arg_0"] == "0+1?"
    assert (wrong["filtered_resps"], wrong["correct"], wrong["truncated"]) == (["[invalid]"], 0.0, 1.0)
    (twice,) = logged(tmp_path / "out", f"{benchmark(study)}_2")
    assert twice["filtered_resps"] == [["1", "7"]]
    assert twice["correct"] == 0.5
    assert twice["arguments"]["gen_args_0"]["arg_1"] == {
        "until": ["Problem:"], "max_gen_toks": 300, "temperature": 0.6, "top_p": 1.0, "do_sample": True
    }  # fmt: skip


def test_lm_evals_results_say_the_means_and_the_metrics(study: Study, results: Path, tmp_path: Path) -> None:
    lm_eval.export(answers(study, results), tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*/results_*.json")
    found, name = read_json(path), benchmark(study)
    assert found["results"][name]["correct,box"] == 0.5
    assert found["results"][name]["correct_stderr,box"] == pytest.approx(0.5)
    assert found["n-samples"][name] == {"original": 3, "effective": 2}
    assert [metric["metric"] for metric in found["configs"][name]["metric_list"]] == logged(tmp_path / "out", name)[0][
        "metrics"
    ]


def test_equal_results_are_exported_to_equal_files(study: Study, results: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        lm_eval.export(answers(study, results), tmp_path / name)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.json*")]
    assert len(files) == 3
    assert all((tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes() for path in files)


def test_the_datasets_library_reads_lm_evals_samples(study: Study, results: Path, tmp_path: Path) -> None:
    """As lm-eval itself has them read: its tracker puts them into this form for `datasets`."""
    from datasets import load_dataset

    lm_eval.export(answers(study, results), tmp_path / "out")
    (path,) = (tmp_path / "out").glob(f"*/samples_{benchmark(study)}_????-*.jsonl")
    read = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert read["correct"][:] == [1.0, 0.0]
    assert read[0]["doc"]["problem"] == "0+1?"


def test_inspect_reads_its_logs(study: Study, results: Path, tmp_path: Path) -> None:
    python = Path(f"{sys.prefix}-viewers/bin/python")
    if not python.exists():
        pytest.skip(f"{python}: not there: make setup-viewers")

    def run(*words: str) -> str:
        done = subprocess.run([python, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    written = tmp_path / "study.json"
    written.write_text(study.given.model_dump_json(), encoding="utf-8")
    given = ["--study", str(written), "--results", str(results), "--format", "inspect", "--out", str(tmp_path / "out")]
    assert "3 answered problems" in run("-m", "scripts.export", *given)
    greedy, twice = sorted(json.loads(run("-c", READ, str(tmp_path / "out"))), key=lambda log: log["eval"]["task"])
    assert (greedy["status"], greedy["eval"]["task"]) == ("success", benchmark(study))
    right, wrong = greedy["samples"]
    assert right["input"] == "0+1?"
    assert right["output"]["choices"][0]["message"]["content"] == "\\boxed{1}\\ud800"
    assert (right["scores"]["correct"]["value"], wrong["scores"]["correct"]["value"]) == ("C", "I")
    assert wrong["output"]["choices"][0]["stop_reason"] == "max_tokens"
    assert wrong["scores"]["correct"]["explanation"] == "no_box"
    assert greedy["results"]["scores"][0]["metrics"]["accuracy"]["value"] == 0.5
    assert [sample["epoch"] for sample in twice["samples"]] == [1, 2]
    assert twice["eval"]["model_generate_config"]["temperature"] == 0.6


def test_without_inspects_package_the_export_says_so(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(EnvironmentFault) as raised:
        inspect_log.export(iter(()), Path("nowhere"))
    assert raised.value.place == "inspect_ai"


def test_nothing_graded_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="run the study first"):
        list(answers(study, tmp_path))


def test_traces_without_texts_are_refused(study: Study, results: Path) -> None:
    (path,) = (results / "graded").iterdir()
    write_jsonl(path, [row | {"completion": None} for row in read_jsonl(path)])
    with pytest.raises(DataError, match="no texts"):
        list(answers(study, results))


def test_a_trace_of_an_unknown_problem_is_refused(study: Study, results: Path) -> None:
    (path,) = (results / "problems").iterdir()
    write_jsonl(path, list(read_jsonl(path))[1:])
    with pytest.raises(DataError, match="1 problems are not in"):
        list(answers(study, results))


def test_nothing_is_left_of_an_export_that_fails(study: Study, results: Path, tmp_path: Path) -> None:
    (path,) = (results / "problems").iterdir()
    write_jsonl(path, list(read_jsonl(path))[1:])
    given = ["--study", "config/mini.yaml", "--results", str(results), "--format", "lm-eval", "--out"]
    with pytest.raises(DataError):
        export.main([*given, str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()

"""Traces that were made elsewhere become graded, filtered rows of a corpus; none is lost without a count."""

from collections import Counter
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from micota.common.errors import ConfigurationError, DataError
from micota.common.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.provenance import manifest
from micota.study.load import load_study
from micota.study.tasks import cleaned_datasets, kept_apart, tasks
from scripts import clean, corpus, grade, import_traces, problems
from tests import hub_cache
from tests.imported import ADD, PLAIN, SHAPES, Shape, study_of, trace


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from micota.models.scratch import build_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer().save_pretrained(folder)
    return folder


class Run:
    """The jobs from a source's rows to the corpus, by their programs."""

    def __init__(self, folder: Path, shape: Shape, tokenizer: Path, benchmark: list[Record] | None = None) -> None:
        self.home = folder / "results"
        self.study = folder / "study.json"
        raw = study_of(folder, shape)
        write_json(self.study, raw)
        against = self.home / "loaded/benchmark.jsonl"
        rows = benchmark or [{"problem": "What is the colour of a horse that nobody has seen?", "answer": "0"}]
        write_jsonl(against, [{"id": f"benchmark/{n}", "source": "t", **row} for n, row in enumerate(rows)])
        study, home = ["--study", str(self.study)], self.home
        loaded = ["--loaded", f"{home}/loaded.json", "--against", str(against)]
        problems.main([*study, "--dataset=train", f"--out={home}/loaded/train.jsonl", f"--counts={home}/loaded.json"])
        clean.main(
            [
                *study,
                "--dataset=train",
                f"--problems={home}/loaded/train.jsonl",
                *loaded,
                f"--out={home}/train.jsonl",
                f"--report={home}/report.json",
            ]
        )
        import_traces.main(
            [
                *study,
                "--corpus=long",
                f"--problems={home}/train.jsonl",
                f"--report={home}/report.json",
                f"--tokenizer={tokenizer}",
                f"--out={home}/imported/long.jsonl",
                f"--counts={home}/imported/long.json",
            ]
        )
        grade.main(
            [
                f"--problems={home}/train.jsonl",
                f"--traces={home}/imported/long.jsonl",
                f"--graded={home}/graded/long.jsonl",
            ]
        )
        self.make()
        self.rows, self.counts = list(read_jsonl(home / "long.jsonl")), read_json(home / "long.json")

    def make(self) -> None:
        """The corpus of the graded traces."""
        home = self.home
        corpus.main(
            [
                *("--study", str(self.study)),
                "--corpus=long",
                f"--graded={home}/graded/long.jsonl",
                f"--problems={home}/train.jsonl",
                f"--imported={home}/imported/long.json",
                f"--out={home}/long.jsonl",
                f"--counts={home}/long.json",
            ]
        )


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_of_public_sets(name: str, tmp_path: Path, tokenizer: Path) -> None:
    shape = SHAPES[name]
    run = Run(tmp_path, shape, tokenizer)
    assert (run.counts["kept"], run.counts["dropped"]) == (shape.kept, shape.dropped)
    assert run.counts["read"] == run.counts["kept"] + sum(run.counts["dropped"].values())
    assert {row["sampler"] for row in run.rows} == {"long"}
    assert run.counts["imported"]["source"] == str(tmp_path / "theirs.jsonl") and run.counts["imported"]["sha256"]


def test_marks_are_ours_and_the_sources_go(tmp_path: Path, tokenizer: Path) -> None:
    (row,) = Run(tmp_path, SHAPES["openthoughts"], tokenizer).rows
    assert row["completion"] == "<think>\n\nHm.\n\n</think>\n\nSo \\boxed{21}."
    assert row["problem"] == ADD[0]


def test_thinking_in_a_column_of_its_own_stands_before_the_answer(tmp_path: Path, tokenizer: Path) -> None:
    (row,) = Run(tmp_path, SHAPES["s1k"], tokenizer).rows
    assert row["completion"] == "<think>\nTen and eleven.\n</think>\n\nIt is \\boxed{21}."


def test_tokens_are_those_of_the_learner_and_of_an_end(tmp_path: Path, tokenizer: Path) -> None:
    from micota.models.tokenizer import load_tokenizer

    run = Run(tmp_path, SHAPES["smg"], tokenizer)
    count = load_tokenizer(tokenizer)
    for row in run.rows:
        assert row["n_tokens"] == len(count(row["completion"], add_special_tokens=False)["input_ids"]) + 1


def test_a_problem_of_a_benchmark_goes_with_all_its_traces(tmp_path: Path, tokenizer: Path) -> None:
    run = Run(tmp_path, SHAPES["openr1"], tokenizer, [{"problem": ADD[0].upper(), "answer": "21"}])
    assert run.counts["dropped"]["problem_dropped"] == 2
    assert "train/0" not in {row["id"] for row in run.rows}
    assert run.counts["read"] == run.counts["kept"] + sum(run.counts["dropped"].values())


def test_a_problem_again_is_a_further_trace_of_the_first(tmp_path: Path, tokenizer: Path) -> None:
    run = Run(tmp_path, SHAPES["smg"], tokenizer)
    assert [(row["id"], row["sample"]) for row in run.rows] == [("train/0", 0), ("train/0", 1), ("train/3", 0)]


def test_a_problem_again_with_another_answer_is_dropped(tmp_path: Path, tokenizer: Path) -> None:
    rows = [{"problem": ADD[0], "answer": answer, "text": trace(answer)} for answer in (21, 22)]
    run = Run(tmp_path, PLAIN._replace(rows=rows), tokenizer)
    assert (run.counts["kept"], run.counts["dropped"]) == (1, {"problem_dropped": 1})


def test_a_limit_reads_no_row_of_another_problem(tmp_path: Path, tokenizer: Path) -> None:
    shape = SHAPES["smg"]
    run = Run(tmp_path, shape._replace(dataset={**shape.dataset, "limit": 2}), tokenizer)
    assert run.counts["imported"]["rows"] == run.counts["read"] == 2


def test_a_set_of_the_hub_is_told_by_its_commit_and_licence(
    tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = SHAPES["smg"]
    hub_cache.write_dataset(tmp_path / "set", shape.rows, split="train")
    folder = hub_cache.put(tmp_path, "dataset", "me/pairs", tmp_path / "set")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(folder))
    commit = hub_cache.commit_of("me/pairs")
    hub = {"repo": "me/pairs", "config": "main", "split": "train", "revision": commit}
    run = Run(tmp_path, shape._replace(dataset={**shape.dataset, "path": None, "hub": hub}), tokenizer)
    assert run.counts["kept"] == shape.kept
    found = manifest.imported(tmp_path / "results")["long"]
    assert (found["source"], found["licence"]) == (f"me/pairs@{commit}", "mit")
    assert (found["config"], found["split"], found["rows"], found["traces"]) == ("main", "train", 4, 4)


def test_a_corpus_that_only_feeds_a_mixture_is_counted_by_its_learner(tmp_path: Path) -> None:
    """Nobody is trained on `theirs` itself: the first student of the mixture learns from it."""
    changes = {
        "corpora.theirs": {"kind": "imported", **PLAIN.corpus},
        "corpora.mix": {"kind": "mixed", "shares": {"short": 1, "theirs": 1}},
    }
    study = load_study(study_of(tmp_path, PLAIN, **changes))
    assert study.around("theirs").learner == "small" and study.around("long").learner == "medium"


def test_the_line_of_a_broken_row_is_named(tmp_path: Path, tokenizer: Path) -> None:
    rows = [{"problem": ADD[n], "answer": "1", "text": text} for n, text in enumerate(["x", 3])]
    with pytest.raises(DataError) as fault:
        Run(tmp_path, PLAIN._replace(rows=rows), tokenizer)
    assert fault.value.place == f"{tmp_path}/theirs.jsonl:2"
    assert not (tmp_path / "results/imported").exists() or not list((tmp_path / "results/imported").iterdir())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"corpora.long.dataset": "trian"}, r"corpora\.long\.dataset: there is no 'trian'"),
        ({"corpora.long.dataset": "validation"}, r"corpora\.long\.dataset: validation serves to measure"),
        ({"corpora.long.dataset": "math500"}, r"corpora\.long\.dataset: math500 serves to measure"),
        ({"corpora.large": {"kind": "imported", "columns": {"completion": "a"}}}, r"corpora\.large: a model is called"),
        ({"corpora.long.columns": {}}, r"corpora\.long\.imported\.columns\.completion: give one"),
        ({"corpora.long.columns": {"messages": "m", "thinking": "t"}}, r"columns\.thinking: a conversation"),
        (
            {"datasets.train.loader": "gsm8k", "datasets.train.columns": {}},
            r"datasets\.train\.columns: the loader plain",
        ),
        (
            {"datasets.train.columns": {"answer": "a", "boxed": "b"}},
            r"datasets\.train\.columns\.boxed: it stands instead",
        ),
        ({"sampling.training": None}, r"sampling\.training: medium writes a corpus"),
    ],
)
def test_what_a_study_may_not_ask_is_said_by_key(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_study(study_of(tmp_path, PLAIN, **changes))


def test_a_study_of_imported_corpora_alone_samples_no_training_problem(tmp_path: Path) -> None:
    """No teacher, no assistant, and no word on how training problems are asked."""
    changes = {
        "corpora": {name: {"kind": "imported", **PLAIN.corpus} for name in ("long", "brief")},
        "tuned": {}, "merges": [], "claims": None, "validation_problems": None, "sampling.training": None,
        "students.corpora": ["long", "brief"], "students.proposed": "brief", "likelihood.corpora": ["long", "brief"],
    }  # fmt: skip
    study = load_study(study_of(tmp_path, PLAIN, **changes))
    assert study.imports == {"long": "train", "brief": "train"} and study.corpus_samplers == []
    assert not [task for model in study.models for task in tasks(study, model) if task.problems == "train"]


def test_another_data_set_of_traces_is_kept_apart_as_the_training_problems_are(tmp_path: Path) -> None:
    theirs = {"loader": "plain", "path": "theirs.jsonl"}
    study = load_study(study_of(tmp_path, PLAIN, **{"datasets.theirs": theirs, "corpora.long.dataset": "theirs"}))
    assert cleaned_datasets(study)[:2] == ["train", "theirs"]
    assert kept_apart(study, "theirs") == kept_apart(study, "train")


def test_the_counts_of_all_that_was_read_add_up_whatever_is_kept(tmp_path: Path, tokenizer: Path) -> None:
    shape = SHAPES["openr1"]
    found = Counter[str]()
    for keep in ("correct", "finished", "all"):
        (tmp_path / keep).mkdir()
        run = Run(
            tmp_path / keep, shape._replace(corpus={**shape.corpus, "keep": keep, "per_problem": None}), tokenizer
        )
        found[keep] = run.counts["kept"]
        assert run.counts["read"] == run.counts["kept"] + sum(run.counts["dropped"].values()) == 10
    assert found["correct"] < found["finished"] < found["all"]


def test_a_lost_doubled_or_foreign_trace_is_seen_by_the_corpus(tmp_path: Path, tokenizer: Path) -> None:
    run = Run(tmp_path, SHAPES["openr1"], tokenizer)
    path = run.home / "graded/long.jsonl"
    rows = list(read_jsonl(path))
    for damaged, said in (
        (rows[:-1], "traces of .* that were imported; remove it|has . samples, where . should be"),
        ([*rows, rows[0]], "stands there twice"),
        ([rows[0] | {"sampler": "other"}, *rows[1:]], "a trace of 'other' in the file of 'long'"),
        ([rows[0] | {"correct": not rows[0]["correct"]}, *rows[1:]], "`correct` is .*, and math_verify says"),
    ):
        write_jsonl(path, damaged)
        with pytest.raises(DataError, match=said) as error:
            run.make()
        assert str(error.value).startswith(str(path))

"""tables/errors and tables/styles: what each trace counts as, and that logs without texts are refused by key."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import write_jsonl
from micota.common.tables import read_csv
from micota.results.readings import KINDS, Reader
from micota.results.tables import errors, styles
from micota.study.load import load_study
from micota.workflow.tables import tables
from tests.graded import entry, named, trace, write_traces
from tests.tiny import raw_config

RIGHT = "a12+3=15;b15*2=30;\\boxed{30}"
FULL = (
    "a12+3:12+3=15;check 15-3=12 ok;b15*2:10*2=20,5*2=10,20+10=30;check 30/2=15 ok;again,a12+3=15;b15*2=30;\\boxed{30}"
)
LOST, SLIP = "b12*2=24;a24+3=27;\\boxed{27}", "a12+3=14;b14*2=28;\\boxed{28}"
CUT: dict[str, Any] = {"finish_reason": "length", "reason": "no_box", "extracted": None}
NONE: dict[str, Any] = {"reason": "no_box", "extracted": None}
ENTRIES = [entry("s", "s", "base"), entry("s-mid-s0", "s", "mid", 0), entry("s-mid-s1", "s", "mid", 1)]
LOADERS = {"made": "arithmetic", "real": "plain"}
CORPORA: dict[str, Any] = {"corpora": named("long"), "corpus_loaders": {"long": "arithmetic"}}


def written(folder: Path) -> dict[str, list[Path]]:
    """Three models on two benchmarks, one of which nothing reads, and a corpus."""

    def made(completion: str, right: bool = False, **changes: Any) -> dict[str, Any]:
        return trace(f"made/{len(rows)}", "made", right, completion=completion, **changes)

    paths = []
    for model, completions in {"s": [RIGHT, "a12"], "s-mid-s0": [LOST, SLIP], "s-mid-s1": [FULL, RIGHT + "1"]}.items():
        rows: list[dict[str, Any]] = []
        for completion in completions:
            right = completion in (RIGHT, FULL)
            rows.append(made(completion, right, **(CUT if completion == "a12" else {})))
        rows.append(trace("real/0", "real", False, completion="Wait, hmm. It is \\boxed{2}"))
        rows.append(trace("real/1", "real", False, completion="I do not know", **NONE))
        paths.append(write_traces(folder / f"graded/{model}.jsonl", rows))
    problems = [{"id": f"made/{n}", "problem": "12a+3b*2?", "answer": "30", "source": "a"} for n in range(2)]
    problems += [{"id": f"real/{n}", "problem": "How many?", "answer": "3", "source": "p"} for n in range(2)]
    write_jsonl(folder / "problems.jsonl", problems)
    corpus = {"sample": 0, "sampler": "t", "problem": "12a+3b*2?", "n_tokens": 9}
    texts = [RIGHT, FULL, SLIP.replace("b14", "wait,a12+3=15;b15"), "no step at all"]
    write_jsonl(folder / "corpora/long.jsonl", ({**corpus, "id": str(n), "completion": t} for n, t in enumerate(texts)))
    return {
        "graded": paths,
        "reports": [],
        "problems": [folder / "problems.jsonl"],
        "corpora": [folder / "corpora/long.jsonl"],
    }


def test_each_wrong_answer_has_its_kind(tmp_path: Path) -> None:
    errors.make(written(tmp_path), tmp_path, entries=ENTRIES, loaders=LOADERS)
    rows = {(row["corpus"], row["benchmark"]): row for row in read_csv(tmp_path / "errors.csv")}
    found = {key: {kind: row[f"{kind}_percent"] for kind in KINDS} for key, row in rows.items()}
    steps = dict.fromkeys(KINDS, 0.0) | {"wrong": None}
    assert found["base", "made"] == steps | {"right": 50, "cut": 50}
    assert found["mid", "made"] == steps | {"right": 25, "lost_place": 25, "slip": 25, "wrong_box": 25}
    unread = dict.fromkeys(KINDS) | {"right": 0, "cut": 0, "format": 50, "wrong": 50}
    assert found["base", "real"] == found["mid", "real"] == unread
    assert [row["traces"] for row in rows.values()] == [2, 2, 4, 4]
    assert [row["right_by_fault_percent"] for row in rows.values()] == [0, None, 0, None]


def test_a_right_answer_by_faulty_steps_is_right_and_counted(tmp_path: Path) -> None:
    files = written(tmp_path)
    lucky = [trace(f"made/{n}", "made", True, completion=text) for n, text in enumerate((RIGHT, SLIP))]
    write_traces(files["graded"][0], lucky)
    errors.make(files, tmp_path, entries=ENTRIES[:1], loaders={"made": "arithmetic"})
    (row,) = read_csv(tmp_path / "errors.csv")
    assert (row["right_percent"], row["slip_percent"], row["right_by_fault_percent"]) == (100, 0, 50)


def test_styles_of_corpora_and_of_students(tmp_path: Path) -> None:
    makes: dict[str, Any] = {"entries": ENTRIES, "loaders": LOADERS, **CORPORA}
    styles.make(written(tmp_path), tmp_path, **makes)
    corpus, base, mid = read_csv(tmp_path / "styles.csv")
    assert (corpus["traces"], corpus["read"]) == (4, 3)
    third = pytest.approx(100 / 3)
    assert (corpus["short_percent"], corpus["full_percent"], corpus["second_pass_percent"]) == (third,) * 3
    assert (corpus["decomposed_percent"], corpus["checked_percent"]) == (third, third)
    assert (corpus["corrections"], corpus["marks"]) == (pytest.approx(1 / 3), 1.0)  # 2 checks, a pass, a correction
    assert (base["traces"], base["read"], base["marks"]) == (4, 1, 0.5)
    assert (mid["of"], mid["base"], mid["traces"], mid["read"]) == ("student", "s", 8, 4)


def test_every_kind_has_a_heading_and_a_set_without_a_reader_fewer_kinds() -> None:
    assert set(errors.HEADINGS) == set(KINDS)
    assert Reader("plain").kinds == ("right", "cut", "format", "wrong")
    assert Reader("plain").marks("Wait, check again") == 1 and Reader("arithmetic").marks("wait,check again,") == 3


@pytest.mark.parametrize("table", ["errors", "styles"])
def test_logs_without_texts_are_refused_by_key(table: str, tmp_path: Path) -> None:
    files = written(tmp_path)
    write_traces(files["graded"][0], [trace("made/0", "made", True, completion=None)])
    write_jsonl(files["corpora"][0], [{"id": "0", "sample": 0, "sampler": "t", "problem": None, "completion": None,
                                       "n_tokens": 9}])  # fmt: skip
    makes: dict[str, Any] = {"entries": ENTRIES, "loaders": {"made": "arithmetic"}}
    make: Any = errors.make if table == "errors" else partial(styles.make, **CORPORA)
    with pytest.raises(UserError, match=r"\.jsonl:1: `completion` is null.*grading\.texts"):
        make(files, tmp_path, **makes)


def test_a_study_whose_logs_have_no_texts_has_neither_table() -> None:
    both = {"errors", "styles"}
    assert both <= set(tables(load_study(raw_config("mini"))))
    assert not both & set(tables(load_study(raw_config("mini", {"grading": {"texts": False}}))))

"""The table of loops: of the truncated traces those that end in one phrase over and over, by model and data set."""

from pathlib import Path

import pytest

from micota.common.records import RecordError
from micota.common.tables import read_csv
from micota.results.tables import repetition
from tests.graded import named, trace, write_traces

CUT = {"finish_reason": "length"}


def test_truncated_traces_that_repeat_themselves_are_counted(tmp_path: Path) -> None:
    first = [trace("a/0", "a", True), trace("a/1", "a", False, repeated_share=0.9), trace("b/0", "b", False, **CUT)]
    first += [trace(f"a/{n}", "a", False, repeated_share=share, **CUT) for n, share in enumerate((0.2, 0.19, 1.0), 2)]
    other = [trace("a/0", "a", False, repeated_share=0.5, **CUT), trace("b/0", "b", True)]
    paths = [tmp_path / "s-mid-s0.jsonl", tmp_path / "s-mid-s1.jsonl", tmp_path / "teacher.jsonl"]
    for path, rows in zip(paths, (first, other, [trace("t/0", "t", True)]), strict=True):
        write_traces(path, rows)
    models = [*(entry | {"name": "s-mid"} for entry in named("s-mid-s0", "s-mid-s1")), *named("teacher")]
    repetition.make({"graded": paths, "reports": []}, tmp_path, models=models, repeating_from=0.2)
    rows = read_csv(tmp_path / "repetition.csv")
    assert [tuple(row.values()) for row in rows] == [
        ("s-mid", "a", 6, 4, pytest.approx(100 * 4 / 6), 3, 75.0),
        ("s-mid", "b", 2, 1, 50.0, 0, 0.0),
        ("teacher", "t", 1, 0, 0.0, 0, None),
    ]


def test_traces_from_before_it_was_measured_are_refused(tmp_path: Path) -> None:
    old = trace("a/0", "a", True)
    del old["repeated_share"]
    write_traces(tmp_path / "m.jsonl", [old])
    with pytest.raises(RecordError, match=r"m\.jsonl: .*grading\.repeating_from"):
        repetition.make(
            {"graded": [tmp_path / "m.jsonl"], "reports": []}, tmp_path, models=named("m"), repeating_from=0.2
        )

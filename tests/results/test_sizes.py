"""The gap by student size, from graded files whose every number is known, and the sizes from the weights' headers."""

from pathlib import Path

import numpy as np
import pytest

from micota.common.errors import UserError
from micota.common.records import read_json, write_json
from micota.common.tables import DASH, Row, read_csv
from micota.models.folders import parameters
from micota.results.contrasts import crossed
from micota.results.entries import Entry
from micota.results.figures.sizes import draw
from micota.results.labels import size_label
from micota.results.looks import Corpora
from micota.results.tables import sizes as sizes_table
from scripts import model_size
from tests.graded import entry, write_graded


def make(graded: Path, parameters: dict[str, int], entries: list[Entry], gaps: list[list[str]]) -> Path:
    for base, count in parameters.items():
        write_json(graded.parent / f"sizes/{base}.json", {"model": base, "parameters": count})
    counted = [graded.parent / f"sizes/{base}.json" for base in parameters]
    files, out = {"graded": list(graded.iterdir()), "sizes": counted, "reports": []}, graded.parent / "tables"
    sizes_table.make(files, out, entries=entries, benchmarks=["easy", "hard"], gaps=gaps)
    return out / "sizes"


def student(graded: Path, name: str, easy: list[bool], hard: list[bool]) -> None:
    write_graded(graded, name, {"easy": easy, "hard": hard})


def test_problems_and_seeds_are_paired_and_students_ordered_by_parameters(tmp_path: Path) -> None:
    graded = tmp_path / "graded"
    student(graded, "s", [True, False, False, False], [False, False])
    student(graded, "s-mid-s0", [True, True, True, False], [True, False])
    student(graded, "s-mid-s1", [True, True, False, False], [False, False])
    student(graded, "s-long-s0", [True, True, False, False], [True, False])
    student(graded, "s-long-s1", [True, False, False, False], [False, True])
    student(graded, "b", [True] * 4, [True, False])
    entries = [
        entry("b", "b", "base"),
        entry("s-mid-s0", "s", "mid"),
        entry("s", "s", "base"),
        entry("s-mid-s1", "s", "mid", 1),
        entry("s-long-s0", "s", "long"),
        entry("s-long-s1", "s", "long", 1),
    ]
    stem = make(graded, {"b": 2_000_000, "s": 1000}, entries, [["mid", "long"]])
    rows = read_csv(f"{stem}.csv")
    assert [(row["base"], row["kind"], row["corpus"], row["against"]) for row in rows] == [
        ("s", "accuracy", "mid", None), ("s", "accuracy", "base", None), ("s", "accuracy", "long", None),
        ("s", "gap", "mid", "long"), ("b", "accuracy", "base", None),
    ]  # fmt: skip
    mid, base, long, gap, _ = rows
    assert (mid["value"], base["value"], long["value"], gap["value"]) == (43.75, 12.5, 43.75, 0)
    assert (gap["seeds"], gap["problems"], base["seeds"], gap["parameters"]) == (2, 6, 1, 1000)
    expected = crossed([  # a row a seed
        100 * np.array([[0, 0, 1, 0], [0, 1, 0, 0]]),
        100 * np.array([[0, 0], [0, -1]]),
    ])  # fmt: skip
    assert (gap["low"], gap["high"]) == pytest.approx((expected.low, expected.high))
    text = Path(f"{stem}.md").read_text()
    assert "| s | 1,000 | gap | mid (MiCoTA) | long | +0.0 | [-" in text
    assert f"| s | 1,000 | accuracy | mid (MiCoTA) | {DASH} | 43.8 | [" in text
    with pytest.raises(UserError, match=r"b\.json: none says how large s is"):
        make(graded, {"b": 1}, entries, [])


def test_parameters_are_counted_by_the_headers_of_every_file(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    (tmp_path / "m").mkdir()
    for name, tensors in (("one", {"a": np.ones((3, 5)), "b": np.ones(7)}), ("two", {"c": np.ones((2, 2, 2))})):
        save_file(tensors, tmp_path / f"m/{name}.safetensors", metadata={"format": "np"})
    assert parameters(tmp_path / "m") == 15 + 7 + 8
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / "m" / name).write_text("{}")
    model_size.main([f"--model={tmp_path}/m", "--name=m", f"--out={tmp_path}/m.json"])
    assert read_json(tmp_path / "m.json") == {"model": "m", "parameters": 30}


def test_tied_weights_count_once() -> None:
    folder = Path(__file__).parents[2] / "reference/mini/bases/small"
    config = read_json(folder / "config.json")
    assert config["tie_word_embeddings"]
    hidden, inner, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    layer = 4 * hidden**2 + 3 * hidden + 3 * hidden * inner + 2 * hidden  # attention, its biases, feed-forward, norms
    assert parameters(folder) == vocabulary * hidden + config["num_hidden_layers"] * layer + hidden


def test_lines_by_size_go_through_every_student() -> None:
    values = [("small", 124_352, 40.0), ("medium", 336_864, 50.0)]
    numbers = {"low": 30.0, "high": 60.0, "against": None}
    rows: list[Row] = []
    for base, count, value in values:
        row = {"base": base, "parameters": count, "value": value, **numbers}
        rows += [{**row, "kind": "accuracy", "corpus": corpus} for corpus in ("base", "long", "mid")]
        rows += [{**row, "kind": "gap", "corpus": "mid", "against": "long", "value": 3.0, "low": None, "high": None}]
    lengths = [{"corpus": "long", "tokens_mean": 90.0}, {"corpus": "mid", "tokens_mean": 20.0}]
    left, right = draw(rows, Corpora(lengths))["sizes"].axes
    lines = dict(zip(left.get_legend_handles_labels()[1], left.containers, strict=True))
    assert list(lines) == ["base (untrained)", "mid (MiCoTA)", "long"], "the shorter CoT comes first"
    assert list(np.asarray(lines["long"][0].get_ydata())) == [40, 50]
    assert right.get_legend_handles_labels()[1] == ["mid (MiCoTA) \N{MINUS SIGN} long"]
    assert [text.get_text() for text in left.get_xticklabels()] == ["small\n0.12 M", "medium\n0.34 M"]


@pytest.mark.parametrize(
    ("count", "text"), [(124_352, "0.12 M"), (90_000, "90 k"), (3_085_938_688, "3.1 B"), (14e9, "14 B"), (7, "7")]
)
def test_parameters_in_words(count: float, text: str) -> None:
    assert size_label(count) == text

"""Numbers of others stand beside ours where the configuration names a row, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.common.errors import UserError
from micota.common.settings import laid_over
from micota.common.tables import read_csv
from micota.results import entries
from micota.results.tables import published
from micota.study.load import load_study
from scripts import score
from tests.tiny import ROOT, raw_config

BENCHMARKS = {"math500": "math", "gsm8k": "gsm8k"}
MAIN = "base,corpus,accuracy_math500,accuracy_gsm8k,accuracy_average\nqwen3b,long,50.0,80.0,65.0\nqwen3b,mid,1,1,1\n"
PUBLISHED = "name,student,trained_on,math,gsm8k,average\nlong,3B,long CoT,56.0,80.0,68.0\nsize,7B,long CoT,,,48.9\n"


def make(folder: Path, **changes: Any) -> list[dict[str, Any]]:
    (folder / "main.csv").write_text(MAIN, encoding="utf-8")
    (folder / "published.csv").write_text(PUBLISHED, encoding="utf-8")
    files = {"published": [folder / "published.csv"], "main": [folder / "main.csv"]}
    published.make(files, folder / "out", **{"benchmarks": BENCHMARKS, "beside": {"qwen3b-long": "long"}} | changes)
    return read_csv(folder / "out/published.csv")


def test_a_named_row_has_our_numbers_beside_it(tmp_path: Path) -> None:
    long, size = make(tmp_path)
    assert (long["math"], long["ours_math500"], long["ours"], long["difference"]) == (56, 50, "qwen3b-long", -3)
    assert (size["average"], size["ours_math500"], size["ours"], size["difference"]) == (48.9, None, None, None)
    assert (
        "| 3B | long CoT | 56.0 | 80.0 | 68.0 | qwen3b-long | 65.0 | -3.0 |"
        in (tmp_path / "out/published.md").read_text()
    )


def test_a_student_that_is_not_there_leaves_its_cells_empty(tmp_path: Path) -> None:
    assert make(tmp_path, beside={"qwen7b-long": "long"})[0]["ours_average"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beside": {"qwen3b-long": "lon"}}, "beside: lon: no such row"),
        ({"benchmarks": {"a": "b"}}, "b: no such column"),
    ],
)
def test_a_row_or_column_that_is_not_there_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(tmp_path, **changes)


def test_the_papers_study_names_rows_and_columns_that_are_there() -> None:
    study = load_study(raw_config("paper"))
    block = study.config.published
    assert block
    rows = read_csv(ROOT / block.file)
    assert set(block.benchmarks) == set(study.config.benchmarks)
    assert set(block.benchmarks.values()) <= rows[0].keys()
    assert set(block.beside.values()) <= {row["name"] for row in rows}
    assert set(block.beside) <= {f"{entry['base']}-{entry['corpus']}" for entry in entries.main(study)}


def test_a_scored_model_may_have_published_numbers_beside_it(tmp_path: Path) -> None:
    model = tmp_path / "theirs"
    model.mkdir()
    (model / "config.json").write_text("{}", encoding="utf-8")
    line = [f"--model={model}", "--name=smg_long", f"--out={tmp_path}/scored.yaml", "--published=3b-long", "--configs"]
    score.main([*line, str(ROOT / "config/paper.yaml")])
    study = load_study(laid_over(raw_config("paper"), yaml.safe_load((tmp_path / "scored.yaml").read_text())))
    assert study.config.published and study.config.published.beside["elsewhere-smg_long"] == "3b-long"
    assert entries.main(study)[-1] == {
        "model": "smg_long",
        "base": "elsewhere",
        "corpus": "smg_long",
        "seed": 0,
        "chain": None,
    }
    with pytest.raises(UserError, match="PUBLISHED=3b-long: the study mini has no `published:`"):
        score.main([*line, str(ROOT / "config/mini.yaml")])


def test_the_published_averages_are_those_of_their_benchmarks() -> None:
    """A slip in copying would show: SMG's average weighs its five benchmarks alike."""
    rows = [row for row in read_csv(ROOT / "reference/published/smg.csv") if row["math"] is not None]
    assert len(rows) == 7
    for row in rows:
        scores = [float(str(row[key])) for key in ("math", "amc23", "gsm8k", "olympiadbench", "aime24")]
        assert row["average"] == pytest.approx(sum(scores) / 5, abs=0.06), row["name"]

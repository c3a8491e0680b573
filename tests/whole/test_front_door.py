"""The front door: verdicts in words, the example and the figure of the README are made from the committed reference."""

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import read_json, write_jsonl
from micota.results.figures.front import draw
from micota.results.looks import Corpora
from micota.results.verdicts import against, verdict_table
from scripts import example, readme
from tests.conftest import ROOT

REFERENCE = ROOT / "reference"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A copy of the committed tables, to be changed."""
    for run in ("study", "controls", "mini"):
        shutil.copytree(REFERENCE / run / "tables", tmp_path / run / "tables")
    return tmp_path


def change(reference: Path, table: str, wanted: dict[str, str], column: str, value: str) -> None:
    """Write another value into the rows that have the wanted ones."""
    path = reference / table
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    found = [row for row in rows if all(row[key] == text for key, text in wanted.items())]
    assert found
    for row in found:
        row[column] = value
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_verdicts_and_numbers_follow_the_tables(reference: Path) -> None:
    small = {"base": "small", "corpus": "mid"}
    change(reference, "study/tables/claims.csv", {"claim": "mid_over_base_small"}, "verdict", "not decided")
    change(reference, "study/tables/main.csv", small, "accuracy_average", "41.26")
    table = verdict_table(reference)
    assert "than they were:<br>`medium` **reproduced**, `small` **not decided** |" in table
    assert "`small`: 41.3%, untrained" in table
    change(reference, "study/tables/claims.csv", {"claim": "mid_over_long_medium"}, "verdict", "not decided")
    assert "than long CoT:<br>`small` **reproduced**, `medium` **not decided** |" in verdict_table(reference)


GAP = {"base": "small", "kind": "gap", "corpus": "long"}


@pytest.mark.parametrize(
    ("table", "wanted", "column", "value", "sentence"),
    [
        ("study/tables/main.csv", {"base": "small", "corpus": "long"}, "accuracy_average", "99", "after long CoT"),
        ("study/tables/sizes.csv", GAP, "value", "-1.5", "first widens, then turns"),
        ("study/tables/assistants.csv", {"model": "ta_long"}, "accuracy", "5", "the assistant falls"),
        ("study/tables/likelihood.csv", {"base": "tiny", "corpus": "mid"}, "nll_per_token", "9", "not to `large`"),
        ("controls/tables/main.csv", {"corpus": "mix"}, "accuracy_average", "3", "the .mix. .* beat Mid-CoT"),
        ("controls/tables/main.csv", {"corpus": "mid_m2"}, "accuracy_average", "99", "no corpus beats"),
        ("controls/tables/main.csv", {"corpus": "mid"}, "accuracy_average", "47", "beat Mid-CoT"),  # of another run
        ("study/tables/main.csv", {"base": "small", "corpus": "mid"}, "accuracy_six_steps", "99", "two-step problems"),
        ("controls/tables/main.csv", {"corpus": "mid_teacher"}, "mean_tokens", "150", "answers as after short CoT"),
        ("mini/tables/claims.csv", {"claim": "mid_over_long_medium"}, "effect", "30", "One teacher"),
    ],
)
def test_a_sentence_that_the_tables_no_longer_bear_out_is_refused(
    reference: Path, table: str, wanted: dict[str, str], column: str, value: str, sentence: str
) -> None:
    change(reference, table, wanted, column, value)
    with pytest.raises(UserError, match=rf"micota/results/verdicts\.py: .* write it anew: .*{sentence}"):
        verdict_table(reference) + against(reference)


def test_a_table_without_the_row_is_an_error(reference: Path) -> None:
    change(reference, "controls/tables/main.csv", {"corpus": "mix"}, "corpus", "mixed")
    with pytest.raises(UserError, match=r"controls/tables/main\.csv: no row with base 'small', corpus 'mix'"):
        against(reference)


def test_pages_are_filled_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "reference").symlink_to(REFERENCE)
    (tmp_path / "docs").mkdir()
    for page in readme.PAGES:
        text = re.sub(r"(<!-- [\w-]+: begin -->).*?(<!-- )", r"\1\nold\n\2", (ROOT / page).read_text(), flags=re.DOTALL)
        (tmp_path / page).write_text(text)
    readme.main([f"--root={tmp_path}"])
    assert all((tmp_path / page).read_text() == (ROOT / page).read_text() for page in readme.PAGES)

    (tmp_path / "README.md").write_text("old")
    (tmp_path / "docs/results.md").write_text("<!-- claims: begin -->\n")
    with pytest.raises(UserError, match=r"README\.md: the page needs each marker once: <!-- verdicts: begin -->"):
        readme.main([f"--root={tmp_path}"])
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text().replace("reproduced", "old"))
    with pytest.raises(UserError, match=r"docs/results\.md: the page needs each marker once"):
        readme.main([f"--root={tmp_path}"])
    assert "old" in (tmp_path / "README.md").read_text()


def test_a_table_that_was_not_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"study/cost\.md: no such file; `make reference` and `make study-reference`"):
        readme.copied("study/cost.md")(tmp_path)


def test_the_figure_of_the_readme_shows_every_accuracy_in_the_order_of_length() -> None:
    rows = [
        {"base": base, "parameters": parameters, "kind": kind, "corpus": corpus, "value": value, "low": value - 2,
         "high": value + 3, "chains": 1, "seeds": 2, "problems": 9}
        for base, parameters in (("small", 2.7e5), ("large", 6e5))
        for kind, corpus, value in (("accuracy", "base", 60.0), ("accuracy", "long", 20.0), ("accuracy", "mid", 47.4),
                                    ("accuracy", "my_own", 1.0), ("gap", "mid", 27.4))
    ]  # fmt: skip
    lengths = [{"corpus": "long", "tokens_mean": 90.0}, {"corpus": "mid", "tokens_mean": 20.0}]
    (axes,) = draw(rows, Corpora(lengths))["front"].axes
    assert [text.get_text() for text in axes.texts] == ["60", "47", "20"] * 2
    assert [label.get_text() for label in axes.get_xticklabels()] == ["small\n0.27 M", "large\n0.6 M"]


def corpus(name: str, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {"id": id_, "sample": sample, "sampler": name, "problem": f"{id_}?", "completion": f"{name} {id_} {sample}",
         "n_tokens": 3}
        for id_ in ids for sample in (0, 1)
    ]  # fmt: skip


def test_the_example_is_the_first_problem_that_all_corpora_hold(tmp_path: Path) -> None:
    held = {"short": ["c", "b", "a"], "mid": ["a", "b"], "long": ["b", "a", "d"]}
    for name, ids in held.items():
        write_jsonl(tmp_path / f"{name}.jsonl", corpus(name, ids))
    files = [f"{tmp_path}/{name}.jsonl" for name in held]
    example.main([f"--out={tmp_path}/example.json", "--corpora", *files])
    found = read_json(tmp_path / "example.json")
    assert (found["id"], found["problem"]) == ("b", "b?")
    assert {name: trace["completion"] for name, trace in found["traces"].items()} == {
        name: f"{name} b 0" for name in held
    }
    with pytest.raises(UserError, match="no problem is in all of the corpora short, mid"):
        example.example({"short": corpus("short", ["a"]), "mid": corpus("mid", ["b"])})


def test_a_trace_is_broken_between_its_steps_and_nothing_is_lost() -> None:
    trace = "".join(f"a{number}*2={2 * number};" for number in range(40)) + "\\boxed{78}"
    lines = readme.broken(trace, width=30).splitlines()
    assert "".join(lines) == trace
    assert max(map(len, lines)) <= 30
    assert all(line.endswith(";") for line in lines[:-1])


def test_the_committed_example_is_right() -> None:
    """Every trace of it ends in the value of the chain, read from left to right."""
    found = read_json(REFERENCE / "mini/example.json")
    value, *steps = re.findall(r"[+*-]?\d+", found["problem"])
    result = int(value)
    for step in steps:
        result = {"+": result + int(step[1:]), "-": result - int(step[1:]), "*": result * int(step[1:])}[step[0]]
    assert list(found["traces"]) == ["short", "mid", "long"]
    assert all(trace["completion"].endswith(f"\\boxed{{{result}}}") for trace in found["traces"].values())

"""An oracle corpus: one demonstration for every training problem, as long as is asked for."""

from pathlib import Path

import pytest

from micota.common.contracts import CORPUS_ROW
from micota.common.errors import UserError
from micota.common.records import Record, read_jsonl, write_jsonl
from micota.planning.assumptions import assumed
from micota.planning.expected_lengths import Lengths
from micota.problems.arithmetic import parse, problems
from micota.study.load import load_study
from tests.corpus_rows import run_script
from tests.tiny import ROOT, raw_config


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training problems."""
    made = tmp_path_factory.mktemp("oracle")
    drawn = problems("train", 12, seed=1, operations=[2, 4], bound=299)
    write_jsonl(made / "train.jsonl", [{"id": f"train/{n}", **problem} for n, problem in enumerate(drawn)])
    return made


def oracle(folder: Path, out: Path, verbosity: str, problems: str = "train.jsonl") -> tuple[list[Record], Record]:
    flags = ["--kind", "oracle", "--verbosity", verbosity, "--seed", "3", "--problems", str(folder / problems)]
    return run_script(out, *flags, "--tokenizer", str(ROOT / "reference/mini/bases/tiny"))


def test_every_training_problem_has_one_correct_demonstration(folder: Path, tmp_path: Path) -> None:
    given = {row["id"]: row for row in read_jsonl(folder / "train.jsonl")}
    made, counts = oracle(folder, tmp_path, "0.5")
    assert {row["id"]: row["problem"] for row in made} == {name: row["problem"] for name, row in given.items()}
    assert all(row["completion"].endswith(f"\\boxed{{{given[row['id']]['answer']}}}") for row in made)
    assert (counts["read"], counts["kept"], counts["dropped"]) == (12, 12, {})
    assert len(list(read_jsonl(tmp_path / "made.jsonl", CORPUS_ROW))) == 12
    assert all(row["n_tokens"] == len(row["completion"]) - len("\\boxed{") + 1 + 1 for row in made)


def test_the_more_verbose_the_longer(folder: Path, tmp_path: Path) -> None:
    means = [oracle(folder, tmp_path, f"{verbosity}")[1]["tokens"]["mean"] for verbosity in (0.0, 0.3, 0.7, 1.0)]
    assert means == sorted(means) and means[0] < means[-1] / 3


def test_what_is_written_for_a_problem_does_not_hang_on_the_others(folder: Path, tmp_path: Path) -> None:
    whole, _ = oracle(folder, tmp_path, "0.9")
    write_jsonl(folder / "part.jsonl", list(read_jsonl(folder / "train.jsonl"))[5:])
    assert oracle(folder, tmp_path, "0.9", "part.jsonl")[0] == whole[5:]


def test_another_problem_than_a_chain_is_an_error(folder: Path, tmp_path: Path) -> None:
    write_jsonl(folder / "words.jsonl", [{"id": "w/0", "problem": "One and one?", "answer": "2", "source": "t"}])
    with pytest.raises(UserError, match=r"words\.jsonl: w/0 is no chain of arithmetic"):
        oracle(folder, tmp_path, "0.9", "words.jsonl")


def test_a_plan_expects_a_row_a_problem() -> None:
    study = load_study(raw_config("map"))
    lengths = Lengths(study, assumed(gpu=False))
    assert lengths.rows("all_v25-c1") == 7200 and lengths.rows("w10-c1") == 960
    assert lengths.corpus("all_v0-c1") < lengths.corpus("all_v25-c1") < lengths.corpus("oracle_v100-c1")


@pytest.mark.parametrize(
    "text", ["", "?", "12?", "12a+3", "12b+3?", "12a+3c-4?", "12a/3?", "3a-9?", "12a+3? 4", "a+3?"]
)
def test_what_spells_no_chain(text: str) -> None:
    assert parse(text) is None


def test_a_chain_is_read_as_it_was_written() -> None:
    for problem in problems("train", 60, seed=2, operations=[1, 2, 3, 4, 5, 6, 7, 8], bound=299):
        chain = parse(problem["problem"])
        assert chain is not None and chain.text == problem["problem"] and str(chain.values[-1]) == problem["answer"]

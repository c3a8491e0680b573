"""A chosen corpus: one of its candidates, unchanged, by a rule that can be audited."""

from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import Record, write_jsonl
from micota.corpora.kinds import Chosen
from tests.corpus_rows import rows_of, run_script, write_corpora


def chosen_by(by: str, candidates: list[str], **changes: Any) -> Chosen:
    of = {"between": ["short", "long"]} if by == "length" else {"base": "small"}
    return Chosen.model_validate({"kind": "chosen", "candidates": candidates, "by": by, **of, **changes})


def counted(kept: int, mean: float, read: int = 100) -> Record:
    return {"read": read, "kept": kept, "tokens": {"mean": mean}}


def test_auto_mid_by_length_is_nearest_the_geometric_mean() -> None:
    counts = {"short": counted(60, 50), "long": counted(60, 200), "a": counted(50, 70), "b": counted(60, 140)}
    corpus = chosen_by("length", ["a", "b"], floor=0.9)
    ratios = corpus.length_ratios(counts)  # around 100: by difference a is nearer
    assert ratios == pytest.approx({"a": 0.3567, "b": 0.3365}, abs=1e-4)
    made = corpus.choose(counts, "log_length_ratio", ratios)
    assert made["chosen"] == "b" and made["required_solved"] == pytest.approx(0.54)
    assert made["candidates"]["a"] == {"solved": 0.5, "mean_tokens": 70, "log_length_ratio": ratios["a"]}


@pytest.mark.parametrize(("floor", "chosen"), [(0.0, "weak"), (0.5, "weak"), (0.51, "mid"), (1.0, "best")])
def test_a_candidate_that_solves_too_little_is_out(floor: float, chosen: str) -> None:
    counts = {"weak": counted(40, 9), "mid": counted(60, 9), "best": counted(160, 9, read=200)}
    values = {"weak": 0.1, "mid": 0.2, "best": 0.3}
    corpus = chosen_by("nll", list(counts), floor=floor)
    assert corpus.choose(counts, "nll_per_token", values)["chosen"] == chosen


def test_nll_per_token_weighs_tokens_and_reads_the_candidates_alone() -> None:
    rows = [("a", 1.0, 10), ("b", 8.0, 40), ("a", 9.0, 30), ("other", 1.0, 0)]
    records = [{"corpus": corpus, "nll": nll, "n_tokens": n} for corpus, nll, n in rows]
    assert chosen_by("nll", ["b", "a"]).nll_per_token(records) == pytest.approx({"b": 0.2, "a": 0.25})
    with pytest.raises(UserError, match="likelihood: no NLL of c"):
        chosen_by("nll", ["a", "c"]).nll_per_token(records)


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [
        ("--by length --between short long", "w2"),
        ("--by length --between short long --floor 0.9", "w4"),
        ("--by length --between long", "w6"),
        ("--by nll --base small", "w6"),
        ("--by nll --base small --floor 1", "w4"),
    ],
)
def test_auto_mid_is_one_of_its_candidates_unchanged(tmp_path: Path, flags: str, chosen: str) -> None:
    sizes = {"short": (9, 10), "w2": (5, 21), "w4": (9, 28), "w6": (7, 33), "long": (9, 40)}  # solved, tokens
    corpora = {name: rows_of([(n, tokens) for n in range(solved)]) for name, (solved, tokens) in sizes.items()}
    nll = {"w2": 0.3, "w4": 0.2, "w6": 0.1, "short": 0.01}
    write_jsonl(
        tmp_path / "small.jsonl",
        [{**row, "corpus": name, "nll": each * row["n_tokens"]}
         for name, each in nll.items() for row in corpora[name]],
    )  # fmt: skip
    write_corpora(tmp_path, corpora)
    by_nll = "nll" in flags
    files = ["--likelihood", f"{tmp_path}/small.jsonl"] if by_nll else []
    files += ["--parts", *(f"{tmp_path}/{name}.jsonl" for name in corpora)]
    files += ["--counted", *(f"{tmp_path}/{name}.counts.json" for name in sizes)]
    made, counts = run_script(tmp_path, "--kind", "chosen", "--candidates", "w2", "w4", "w6", *flags.split(), *files)
    assert made == corpora[chosen]
    assert (counts["chosen"], counts["read"], counts["kept"], counts["dropped"]) == (
        (chosen, len(made), len(made), {})
    )  # fmt: skip
    assert {name: each["solved"] for name, each in counts["candidates"].items()} == {"w2": 0.5, "w4": 0.9, "w6": 0.7}
    assert all(("nll_per_token" in each) == by_nll for each in counts["candidates"].values())

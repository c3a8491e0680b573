"""Three sentences of a study, from made-up tables of several outcomes."""

from pathlib import Path
from typing import Any

import pytest

from micota.common.tables import Column, Row, write_csv
from micota.results.summary import sentences
from micota.results.tables import summary


def student(base: str, corpus: str, accuracy: float, chains: int = 1, seeds: int = 1) -> Row:
    return {"base": base, "corpus": corpus, "accuracy_average": accuracy, "chains": chains, "seeds": seeds}


def claim(name: str, effect: float | None, half: float = 1.0, verdict: str = "reproduced", **changes: Any) -> Row:
    row = {"claim": name, "text": f"claim {name}", "part": 1, "unit": "points", "expected": "positive", "margin": 0.0}
    ends = (None, None) if effect is None else (effect - half, effect + half)
    row |= {"effect": effect, "effect_low": ends[0], "effect_high": ends[1], "verdict": verdict}
    return row | {"chains": 1, "seeds": 1} | changes


MAIN = [student("s", "base", 50.0), student("s", "new", 60.04), student("s", "old", 55.0), student("s", "poor", 1.0)]


def said(claims: list[Row], confirmed: list[Row] | None, main: list[Row] = MAIN) -> tuple[str, str, str]:
    saw, agreement, limits = sentences(main, claims, confirmed, "new")
    return saw, agreement, limits


def test_what_was_seen() -> None:
    saw, _, _ = said([claim("a", 3), claim("b", 2, verdict="contradicted"), claim("b", 2, part=2)], None)
    assert saw == (
        "Trained on new, s solved 60.0% of the problems (untrained 50.0%; best other corpus: old, 55.0%);"
        " of 2 claims 1 reproduced and 1 contradicted."
    )
    alone, _, _ = said([claim("a", 3, verdict="not testable")], None, [student("s", "old", 5.0)])
    assert alone == "Of 1 claim 1 not testable here."
    elsewhere, _, _ = said([claim("a", 3)], None, [*MAIN, student("elsewhere", "new", 99.0)])
    assert "99.0" not in elsewhere


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        ([claim("a", 3)], [claim("a", 2)], "Of 1 effect that both measured, 1 points the same way"),
        ([claim("a", 3)], [claim("a", -2)], "0 point the same way as in the confirmation run, 1 the other way: “c"),
        ([claim("a", 3), claim("b", 3)], [claim("b", -2), claim("a", 0.5)], "1 is too close to call in one"),
        ([claim("a", 3)], [claim("a", 3)], "All 1 effects are those of the confirmation run, number for number."),
        ([claim("a", 3)], [claim("z", 3)], "has none of these effects"),
        ([claim("a", None)], [claim("a", 3)], "has none of these effects"),
        ([claim("a", 3)], None, "There is no confirmation run at hand"),
        ([claim(name, 3) for name in "abcde"], [claim(name, -3) for name in "abcde"], "“claim c” (+3 points he"),
        ([claim(name, 3) for name in "abcde"], [claim(name, -3) for name in "abcde"], " and 2 more."),
    ],
)
def test_whether_the_confirmation_run_agrees(here: list[Row], there: list[Row] | None, words: str) -> None:
    assert words in said(here, there)[1]


def test_a_margin_moves_the_null() -> None:
    """An effect of -1.5 +- 1 is on no side of 0 - 2, and on the wrong one of 0."""
    pair = [claim("a", -1.5, margin=2.0)], [claim("a", 5.0)]
    assert "1 is too close to call" in said(*pair)[1]
    assert "1 the other way" in said([claim("a", -1.5)], pair[1])[1]


def test_what_so_many_chains_can_not_tell() -> None:
    def limits(chains: int, seeds: int) -> str:
        return said([claim("a", 1)], None, [student("s", "new", 9.0, chains, seeds), *MAIN])[2]

    assert "nor one training seed" in limits(1, 1)
    assert "its 5 training seeds vary the students alone" in limits(1, 5)
    assert limits(3, 5).startswith("Its 3 chains, each with its own teacher")


def test_the_table_is_a_list_of_three(tmp_path: Path) -> None:
    for name, rows in {"main": MAIN, "claims": [claim("a", 3)], "there": [claim("a", -3)]}.items():
        write_csv(tmp_path / f"{name}.csv", rows, [Column(key) for key in rows[0]])
    files = {name: [tmp_path / f"{name}.csv"] for name in ("main", "claims")}
    for confirmed, words in (([], "no confirmation run"), ([tmp_path / "there.csv"], "the other way")):
        summary.make(files | {"confirmed": confirmed}, tmp_path, proposed="new")
        lines = (tmp_path / "summary.md").read_text().splitlines()
        assert len(lines) == 3 and all(line.startswith("- **") for line in lines)
        assert words in lines[1]

"""Which traces come with their text."""

from pathlib import Path

from micota.pages.sample import FEWEST, Chooser, chooser, draw
from tests.graded import trace


def test_what_is_small_comes_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("x" * 100)
    choose = chooser([tmp_path / "a.jsonl"], {"set": ["set/0"]}, room=100)
    assert choose.share == 1 and choose.takes(trace("set/9", "set", True))


def test_of_what_is_large_problems_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("x" * 1000)
    problems = {"set": [f"set/{number}" for number in range(100)]}
    choose = chooser([tmp_path / "a.jsonl"], problems, room=200)
    assert choose.share == 0.2 and len(choose.drawn) == 20
    assert choose.drawn == chooser([tmp_path / "a.jsonl"], problems, room=200).drawn
    taken = [problem for problem in problems["set"] if choose.takes(trace(problem, "set", True))]
    assert set(taken) == choose.drawn
    assert (choose.counts["traces"], choose.counts["texts"]) == (100, 20)


def test_of_each_data_set_some_are_drawn() -> None:
    assert len(draw([f"set/{number}" for number in range(100)], 0.001)) == FEWEST
    assert len(draw(["set/0"], 0.001)) == 1


def test_disagreements_come_with_their_text_while_there_is_room_and_are_counted() -> None:
    choose = Chooser(share=0.1, drawn=frozenset(), room=25)
    verdicts = {"math_verify": True, "string_rule": False, "last_number": True}
    rows = [trace(f"set/{n}", "set", True, verdicts=verdicts, completion="x" * 10) for n in range(4)]
    assert [choose.takes(row) for row in rows] == [True, True, False, False]
    assert not choose.takes(trace("set/9", "set", True))
    counts = choose.counts
    assert (counts["traces"], counts["texts"]) == (5, 2)
    assert (counts["disagreements"], counts["disagreement_texts"]) == (4, 2)


def test_a_trace_without_a_text_has_none_to_show() -> None:
    choose = Chooser()
    assert not choose.takes(trace("set/0", "set", True, completion=None))
    assert choose.counts["traces"] == 1 and choose.counts["texts"] == 0

"""benchmarks.kills on a study that is played: it counts kills, begins again, goes on with an earlier call, tells."""

import sys
from pathlib import Path

import pytest

from benchmarks import kills
from micota.common.records import read_jsonl

PLAYED = """
import sys, time
from pathlib import Path
work, tables = Path("results/s/work"), Path("results/s/tables")
work.mkdir(parents=True, exist_ok=True)
for step in range(4):
    if not (work / str(step)).exists():
        time.sleep(0.15)
        (work / str(step)).touch()
tables.mkdir(parents=True, exist_ok=True)
(tables / "main.csv").write_text("a\\n1\\n" if {good} else Path.cwd().name)
"""


def play(monkeypatch: pytest.MonkeyPatch, good: bool) -> None:
    """Studies that do a step after the other, and keep what is done."""
    before = kills.Study.__init__

    def started(self: kills.Study, *args: object) -> None:
        before(self, *args)  # type: ignore[arg-type]
        self.command = [sys.executable, "-c", PLAYED.replace("{good}", str(good))]

    monkeypatch.setattr(kills.Study, "__init__", started)
    monkeypatch.setattr(kills, "PARTS", ("Snakefile",))


def test_kills_are_made_until_there_are_enough_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, good=True)
    argv = ["--folder", str(tmp_path), "--longest", "1.2"]
    kills.main([*argv, "--count", "3"])
    done = list(read_jsonl(tmp_path / "kills.jsonl"))
    assert sum("after" in entry for entry in done) == 3 and done[-1]["finished"]
    assert {entry["signal"] for entry in done if "after" in entry} <= set(kills.SIGNALS)
    capsys.readouterr()
    kills.main([*argv, "--count", "4"])
    assert list(read_jsonl(tmp_path / "kills.jsonl"))[: len(done)] == done
    assert "4 kills" in capsys.readouterr().out


def test_a_table_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, good=False)
    with pytest.raises(SystemExit) as end:
        kills.main(["--folder", str(tmp_path), "--longest", "0.4", "--count", "1"])
    assert end.value.code == 1
    assert list(read_jsonl(tmp_path / "kills.jsonl"))[-1]["differing"] == ["results/s/tables/main.csv"]

"""Snakemake's benchmark files are read once for the manifest, the plan's pilot and the table of costs."""

from pathlib import Path

from micota.common.timings import read_timings, seconds
from micota.provenance.manifest import costs

HEADER = "s\th:m:s\tmax_rss\tcpu_time\trule_name\n"
FILES = {
    "train/a": HEADER + "10.5\t0:00:10\t900.4\t9.0\ttrain\n",
    "train/b": HEADER + "1.25\t0:00:01\tNA\t-\ttrain\n",
    "clean/a": HEADER + "NA\t-\t\tNA\tclean\n",  # too short to be sampled
    "clean/cut": HEADER + "3",  # lines that a full disk cut
    "odd/empty": "",
}


def test_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = read_timings(tmp_path)
    assert found == {
        "clean": {"a": {}, "cut": {"s": 3.0}},
        "odd": {"empty": {}},
        "train": {"a": {"s": 10.5, "max_rss": 900.4, "cpu_time": 9.0}, "b": {"s": 1.25}},
    }
    assert seconds(found) == {"clean": {"cut": 3.0}, "train": {"a": 10.5, "b": 1.25}}
    assert costs(tmp_path)["clean"] == {"jobs": 2, "wall_seconds": 3.0}
    assert costs(tmp_path)["odd"] == {"jobs": 1, "wall_seconds": 0.0}
    assert read_timings(tmp_path / "none") == {}

"""What each grader says of the benchmarks' own answers, which caps what it can say of a model's.

From the report of scripts/check_gold.py, a row for each benchmark.
"""

from pathlib import Path

from micota.common.records import read_json
from micota.common.tables import Column, write_table

RULES = {"string": "string", "last_number": "last number"}
COLUMNS = (
    Column("dataset", "Benchmark"),
    Column("problems", "Problems", "{0:,}"),
    Column("rule", "The paper's rule", lambda rule: RULES[rule]),
    Column("raw", "Rule, raw golds", "{0:,}"),
    Column("expected", "Expected", "{0:,}"),
    Column("ours", "Rule, our golds", "{0:,}"),
    Column("accepted", "math-verify", "{0:,}"),
    Column("excepted", "Known misprints", "{0:,}"),
)


def make(files: dict[str, list[Path]], out: Path) -> None:
    (report,) = files["gold"]
    write_table(out / "gold", list(read_json(report).values()), COLUMNS)

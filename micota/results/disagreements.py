"""The disagreement gallery: answers that graders judge differently, as a page to read."""

import re
from collections.abc import Sequence

from micota.common.tables import Row
from micota.results.scores import LABELS

LONGEST_TEXT = 600
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def gallery(rows: Sequence[Row], graders: Sequence[str], traces: int, show: int) -> str:
    """Markdown: how many there are in all, then the first `show` of them."""
    differing = sum(row["traces"] for row in rows)
    parts = [
        "# Disagreements between the graders\n",
        f"{differing:,} of {traces:,} traces, {len(rows):,} different answers; shown: {min(show, len(rows)):,}. All are"
        " in `disagreements.csv`. First what most traces say, last what math-verify cannot read.\n",
    ]
    for number, row in enumerate(rows[:show], start=1):
        parts.append(f"## {number}. {row['id']}\n")
        said = ", ".join(f"{LABELS[grader]}: **{'right' if row[grader] else 'wrong'}**" for grader in graders)
        lines = [
            f"{said} (math-verify's reason: {row['reason']})",
            f"problem: {code(row['problem'])}",
            f"gold answer: {code(row['answer'])}",
            f"the model's answer: {'no box' if row['extracted'] is None else code(row['extracted'])}",
            f"{row['traces']:,} {'trace' if row['traces'] == 1 else 'traces'} of {models(row['models'])}",
        ]
        parts.append("".join(f"- {line}\n" for line in lines))
    return "\n".join(parts)


def models(names: str, most: int = 5) -> str:
    """The first few models, and how many more there are."""
    first = names.split()
    more = f" and {len(first) - most} more" if len(first) > most else ""
    return ", ".join(first[:most]) + more


def code(text: str) -> str:
    """A text as Markdown's code, in one line: cut if it is long, control characters as escapes, ticks or not."""
    shown = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... ({len(text):,} characters)"
    shown = CONTROL.sub(lambda found: " " if found[0] == "\n" else ascii(found[0])[1:-1], shown)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if shown.strip() else "(empty)"

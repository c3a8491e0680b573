"""The table of the grader's conventions, `grading_rules.tsv`: a row a rule, with its example, reason and source."""

import re
from collections import defaultdict
from pathlib import Path

Rule = tuple[str, str, str, str, str]  # what is found, what it becomes, an answer that it changes, reason, source


def read_rules() -> dict[str, list[Rule]]:
    """The rules by stage, in order, with their parts filled in."""
    rules: dict[str, list[Rule]] = defaultdict(list)
    parts: dict[str, str] = {}
    for line in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            stage, pattern, becomes, example, reason, source = line.split("\t")
            if stage == "part":
                parts[pattern] = becomes
            whole = re.sub("<([A-Z]+)>", lambda part: parts.get(part[1], part[0]), pattern)
            rules[stage].append((whole, becomes, example, reason, source))
    return rules


RULES = read_rules()

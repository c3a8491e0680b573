r"""A corpus with its checks, second passes or second thoughts cut out by rule: shorter CoT without another author.

A rule reads marks, never meaning. `checks` and `second_pass` know the marks of procedural arithmetic
(micota/problems/arithmetic.py), `reflections` those of natural text (micota/grading/reflection.py). What stands between
two marks goes whole, also where something that is needed stands there.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from micota.common.contracts import corpus_rows
from micota.common.errors import DataError
from micota.common.records import Record
from micota.common.settings import Name, each_once
from micota.corpora.kinds.kind import CorpusKind, Expected, Files, Given, Made, Surroundings
from micota.grading.answers import last_box
from micota.grading.reflection import MARKS

ANSWER_LOST = "answer_lost"

# A step that its check takes back, with that check; "again," before it is no part of the step. It is looked for where
# steps begin alone: from every character on, a text of 64,000 without a semicolon takes seconds.
SLIP = re.compile(r"(?:(?<![^;])|(?<=;wait,))(again,)?[^;]*;check [^;]* no;wait,")
CHECK = re.compile(r"check [^;]*;")
SECOND_PASS = re.compile(r"again,.*(?=\\boxed)", re.DOTALL)
SENTENCE = re.compile(r".+?(?:[.!?][\"')\]]*\s+|\n\s*|\Z)", re.DOTALL)  # 3.14 ends none
REFLECTS = re.compile(rf"\W*(?:{'|'.join(re.escape(mark) for mark in MARKS)})(?!\w)", re.IGNORECASE)

Rule = Literal["checks", "second_pass", "reflections"]


def without(rule: Rule, text: str) -> str:
    r"""A trace without what the rule drops.

    `checks`: what stands from "check " to the next semicolon, and the step before a check that says "no" and is
    followed by "wait,"; `second_pass`: all from the first "again," to the last box; `reflections`: sentences that begin
    with a mark of reflection.
    """
    if rule == "checks":
        ended, semicolon, rest = SLIP.sub(r"\1", text).rpartition(";")
        return CHECK.sub("", ended + semicolon) + rest
    if rule == "second_pass":
        return SECOND_PASS.sub("", text)
    sentences = SENTENCE.findall(text)
    return "".join(sentence for sentence in sentences if not REFLECTS.match(sentence.replace("\u2019", "'")))


class Pruned(CorpusKind):
    """Another corpus' traces without their checks, second passes or second thoughts."""

    files: ClassVar = {
        "parts": "the corpus that is pruned",
        "tokenizer": "the model folder whose tokenizer counts the rows' tokens",
    }
    reasons: ClassVar = (ANSWER_LOST,)

    kind: Literal["pruned"] = Field(description="of corpus")
    of: Name = Field(description="the corpus that the rows are taken from")
    drop: Annotated[list[Rule], AfterValidator(each_once)] = Field(
        min_length=1,
        description="checks, second_pass: of procedural arithmetic; reflections: sentences that begin with a mark of"
        " reflection",
    )

    def made_of(self) -> list[str]:
        return [self.of]

    def reads(self, around: Surroundings) -> Files:
        return super().reads(around) | {"tokenizer": [f"models/{around.learner}"]}

    def rows(self, given: Given, around: Surroundings) -> Made:
        from micota.models.tokenizer import load_tokenizer

        path, tokenizer = given.of("parts", self.of), load_tokenizer(given.only("tokenizer"))
        found = yield from self.cut(corpus_rows(path), tokenizer)
        return {"of": self.of, **found}

    def cut(self, rows: Iterable[Record], tokenizer: Any) -> Made:
        """Every row pruned, or dropped where its last box is another one then.

        The tokens of all rows, changed or not, are counted by the learner's tokenizer, with one for the end where the
        trace has an end.
        """
        found = {rule: {"traces": 0, "characters": 0} for rule in self.drop}
        unchanged = 0
        for row in rows:
            text = whole = row["completion"]
            if whole is None:
                raise DataError(f"--parts: {self.of} has no texts, as in an archive of logs; give the corpus of a run")
            for rule in self.drop:
                shorter = without(rule, text)
                found[rule]["traces"] += shorter != text
                found[rule]["characters"] += len(text) - len(shorter)
                text = shorter
            unchanged += text == whole
            if last_box(text) != last_box(whole):
                yield row, ANSWER_LOST
                continue
            tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
            yield {**row, "completion": text, "n_tokens": tokens + (not row.get("truncated", False))}, None
        return {"pruned": found, "unchanged": unchanged}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        """Those of the whole corpus: how much is cut, no plan knows."""
        return plan.corpus(self.of)

    def expected_rows(self, name: str, plan: Expected) -> int:
        return plan.rows(self.of)

"""The data sets: a file each, which says all that the project knows of one. A new data set is a new file here.

A study names the file: `loader: gsm8k` is `gsm8k.py`. It holds a pure function `problem(row)` from a raw row to our
fields (`raw_answer` is the gold answer as the source writes it, which the paper's evaluation compares with), and in
capitals what is known of the set: see `Card`. A set that is made, not read, has `problems(**options)` instead. Where
completions can be followed step by step, `read(problem, completion)` does so: see `Reading`, and
`segments(problem, completion)` says what of them a page shows apart: see `Segment`. What else a file needs in capitals
begins with an underscore.

No revision is built in: a study names the one it used (`revision: unresolved` in HUB says that the names were written
down without a look at the Hub).
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from micota.common.cli import known
from micota.common.errors import DataError
from micota.common.settings import Closed, StopString
from micota.problems.reading import Reading, Segment
from micota.problems.settings import Rule

Read = Callable[[str, str], Reading | None]  # problem, completion -> its reading; None: a problem of another kind
Segments = Callable[[str, str], list[Segment]]  # problem, completion -> what of it is shown apart, in order
LOADERS = tuple(sorted(module.name for module in iter_modules(__path__)))


class Card(Closed):
    """What a data set's file says of the set, there in capitals: `ROWS = {"test": 500}`."""

    rows: dict[str, int] = Field({}, description="rows of each split, as published")
    sha256: dict[str, str] = Field({}, description="content of each split (micota/problems/content.py)")
    hub: dict[str, str | None] = Field(
        {"repo": None, "config": None, "split": "train", "revision": "unresolved"},
        description="its home on the Hugging Face Hub",
    )
    difficulty: float = Field(
        1.0,
        gt=0,
        description="how much longer traces are than on MATH; the plan's guess, by eye from published lengths",
    )
    misprints: dict[int, str] = Field(
        {}, description="row of the source -> why math-verify does not accept its gold answer"
    )
    rule: Rule = Field("string", description="the paper's rule for it; a study may name another")
    raw_golds: dict[str, dict[Rule, int]] = Field(
        {}, description="split -> rule -> golds, as the source writes them, that the rule accepts for the right answer"
    )
    prompt: dict[str, Any] | None = Field(
        None, description="a prompt of its own (micota/models/prompts.py); a study may name another"
    )
    stop: list[StopString] | None = Field(None, description="stop strings of its own; a study may name others")
    marks: list[StopString] | None = Field(
        None,
        description="marks of reflection of its own, where traces are no natural text (micota/grading/reflection.py)",
    )

    @model_validator(mode="after")
    def counts_golds_of_splits_that_it_has(self) -> Self:
        for split in self.raw_golds:
            if split not in self.rows:
                raise ValueError(f"raw_golds: ROWS does not say how many rows the split {split} has")
        return self


def loader_module(loader: str) -> ModuleType:
    """The file of a data set, imported only now."""
    known(loader, LOADERS, "loader")
    return import_module(f"{__name__}.{loader}")


def reader(loader: str) -> Read | None:
    """What reads the completions of a data set step by step; None where nothing does."""
    read: Read | None = getattr(loader_module(loader), "read", None)
    return read


def segmenter(loader: str) -> Segments | None:
    """What says which stretches of a data set's completions are shown apart; None where nothing does."""
    segments: Segments | None = getattr(loader_module(loader), "segments", None)
    return segments


def file_of(loader: str) -> str:
    """Where to look for what is known of a data set, for messages."""
    return f"micota/problems/datasets/{loader}.py"


def card(loader: str) -> Card:
    """What is known of a data set; UserError names what its file has in capitals and no card holds."""
    module = vars(loader_module(loader))
    told = {name.lower(): value for name, value in module.items() if name.isupper() and not name.startswith("_")}
    try:
        return Card.model_validate(told)
    except ValidationError as error:
        raise DataError(f"{file_of(loader)}: {'; '.join(map(said, error.errors()))}") from None


def said(fault: Any) -> str:
    """A fault by the name in the file."""
    if not fault["loc"]:  # of several facts together; the message begins with one
        name, _, words = str(fault["ctx"]["error"]).partition(": ")
        return f"{name.upper()}: {words}"
    name, *below = map(str, fault["loc"])
    if fault["type"] == "extra_forbidden":
        names = ", ".join(known.upper() for known in Card.model_fields)
        return f"{name.upper()}: there is no such fact of a data set; there are: {names}"
    return f"{'.'.join([name.upper(), *below])}: {fault['msg']}, found {fault['input']!r}"


def card_of(problem: dict[str, Any]) -> Card:
    """The card of the data set that a problem record was read as; an empty one for other problems."""
    loader = problem.get("loader") or problem["source"]
    return card(loader) if loader in LOADERS else Card()


def row_of(problem: dict[str, Any]) -> int | None:
    """The row of the source that a problem record was read from; None where its id does not say."""
    row = problem["id"].rpartition("/")[2]
    return int(row) if row.isdecimal() else None

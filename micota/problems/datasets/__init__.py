"""The data sets: one file each, and how any of them becomes problem records.

A loader is a module with `problem(row)`, a pure function from a raw row to our fields (`raw_answer` is the gold answer
as the source writes it, which the paper's evaluation compares with), `ROWS` and `SHA256`, the number of rows and the
content (`content_hash`) of each split, and `HUB`, its home on the Hugging Face Hub. Rows come from a local JSON Lines
file or from the Hub; `arithmetic` makes its own. No revision is built in: a study names the one it used (`revision:
unresolved` below says that the names were written down without a look at the Hub).
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from micota.common.cli import UserError
from micota.common.hub import UNRESOLVED, reason, snapshot
from micota.common.records import SURROGATE, Record
from micota.problems.datasets.answers import INVISIBLE, no_answer
from micota.problems.datasets.files import place_in, rows_of
from micota.problems.datasets.leaving_out import LeaveOut, holdable

LOADERS = {
    "gsm8k": "micota.problems.datasets.gsm8k",
    "math500": "micota.problems.datasets.math500",
    "math12k": "micota.problems.datasets.math12k",
    "aime24": "micota.problems.datasets.aime24",
    "amc23": "micota.problems.datasets.amc23",
    "olympiadbench": "micota.problems.datasets.olympiadbench",
    "plain": "micota.problems.datasets.plain",
    "arithmetic": "micota.problems.arithmetic",
}


@dataclass(frozen=True)
class Home:
    """Where the rows are: a local file, or a data set on the Hub at one revision."""

    path: Path | None = None
    repo: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        if self.path:
            return str(self.path)
        return f"{self.repo} (config {self.config}, split {self.split}) at revision {self.revision}"

    def place(self, index: int) -> str:
        """Where row number `index` stands, for error messages."""
        return place_in(self.path, index) if self.path else f"{self}, row {index}"


def loader_module(loader: str) -> ModuleType:
    """The module of a loader, imported only now."""
    if loader not in LOADERS:
        raise UserError(f"unknown loader {loader!r}: choose one of {', '.join(LOADERS)}")
    return import_module(LOADERS[loader])


HOW = "; leave such rows out by `leave_out: {no_answer: true}` in the set's block, or give the answer"
IS_ONE = ", or say by `no_answer: false` that this is one"


def load(
    dataset: str,
    loader: str,
    home: Home | None = None,
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    seed: int = 0,
    sha256: str | None = None,
    leave_out: LeaveOut | None = None,
) -> list[Record]:
    """The problem records of a data set; with `limit`, a seeded random sample in the order of the source.

    The content of the set, before a sample is drawn, must be `sha256`; without that, a set read whole must be the one
    that its loader knows. Rows that are left out do not count.
    """
    leave_out = leave_out or LeaveOut()
    module = loader_module(loader)
    if loader == "arithmetic":
        found = generated(dataset, loader, module.problems, options or {})
    else:
        home = home_of(dataset, module, home or Home())
        found = records(dataset, loader, module.problem, rows(dataset, home), home.place, leave_out)
        if limit is None:
            check_count(dataset, home, len(found) + leave_out.counts.total(), module.ROWS)
        known = {"": sha256} if sha256 else module.SHA256 if limit is None else {}
        check_content(dataset, home, found, known)
    return found if limit is None else sample(found, limit, seed)


def sample(found: list[Record], limit: int, seed: int) -> list[Record]:
    """At most `limit` records, drawn with the seed, in their order."""
    chosen = random.Random(seed).sample(range(len(found)), min(limit, len(found)))
    return [found[index] for index in sorted(chosen)]


def home_of(dataset: str, module: ModuleType, home: Home) -> Home:
    """Fill in what is known of the data set's home; a download must name its revision."""
    if home.path:
        return home
    hub = module.HUB
    if home.repo is None:
        home = Home(None, hub["repo"], home.config or hub["config"], home.split or hub["split"], home.revision)
    home = Home(None, home.repo, home.config, home.split or hub["split"], home.revision)
    if not home.repo:
        raise UserError(f"data set {dataset}: give a local copy (`path:`) or a repository on the Hub (`hub:`)")
    if not home.revision or home.revision == UNRESOLVED:
        raise UserError(
            f"data set {dataset}: {home.repo} needs a pinned `revision:` (a commit of its page on the Hub; `make pin` "
            "looks it up), or a local copy: --config data_folder=FOLDER, with the file that `path:` names in the "
            "`datasets` block"
        )
    return home


def rows(dataset: str, home: Home) -> Iterator[Record]:
    """The raw rows of a data set."""
    if home.path:
        yield from rows_of(home.path)
        return
    folder = snapshot("dataset", str(home.repo), str(home.revision), f"datasets.{dataset}.hub")
    from datasets import load_dataset

    try:
        if files := data_files(folder, home):
            for path in files:
                yield from rows_of(path)
            return
        # Streamed, for the library's own cache knows a set by its folder's name: rows of a folder that was not whole
        # when it was first read would be taken for those of the whole one.
        yield from load_dataset(str(folder), home.config, split=home.split, streaming=True)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        # Unknown config or split, files that are not there or no data: the library's errors are all of these kinds.
        raise UserError(f"datasets.{dataset}.hub: could not read {home} in {folder}: {reason(error)}") from None


def data_files(folder: Path, home: Home) -> list[str]:
    """The files of a split that are read as they stand; none where the library must (a part of a split, other forms).

    The library would turn dates into times, `025` in a CSV into 25, and stop where two files' columns differ in type.
    """
    if not folder.is_dir():
        return []
    from datasets import load_dataset_builder

    builder = load_dataset_builder(str(folder), home.config)
    settings = builder.config
    special = getattr(settings, "field", None) or getattr(settings, "sep", ",") != ","
    kinds = {kind.__name__ for kind in type(builder).__mro__}  # the builder's own class is named after the folder
    if special or not kinds & {"Json", "Csv", "Parquet"}:
        return []
    files = [str(path) for path in (settings.data_files or {}).get(home.split, [])]
    return [] if any(path.endswith((".zip", ".zst", ".bz2", ".xz")) for path in files) else files


def records(
    dataset: str,
    loader: str,
    problem: Callable[[Record], Record],
    raw: Iterable[Record],
    place: Callable[[int], str] = "row {}".format,
    leave_out: LeaveOut | None = None,
) -> list[Record]:
    """Problem records from raw rows; a row without a question or an answer is an error that says where it stands."""
    made = []
    leave_out = leave_out or LeaveOut()
    for index, row in enumerate(raw):
        if rule := leave_out.rule(row, None):
            leave_out.counts[rule] += 1
            continue
        try:
            fields = problem(row)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise UserError(f"{place(index)}: not a row of {loader} ({type(error).__name__}: {error})") from None
        if rule := leave_out.rule(row, fields):
            leave_out.counts[rule] += 1
            continue
        if not isinstance(fields["problem"], str):
            raise UserError(f"{place(index)}: the problem is of type {type(fields['problem']).__name__}, not a text")
        for name in ("problem", "answer"):
            if not INVISIBLE.sub("", fields[name]):
                raise UserError(f"{place(index)}: the row has no {name}{HOW if name == 'answer' else ''}")
        if leave_out.no_answer is None and no_answer(fields["answer"]):
            raise UserError(f"{place(index)}: {fields['answer']!r} says that the row has no answer{HOW}{IS_ONE}")
        made.append(record(dataset, loader, index, holdable(fields)))
        if broken := surrogate_in(made[-1]):
            raise UserError(f"{place(index)}: {broken} holds half of a surrogate pair, which is no text; mend the file")
    if unknown := set(leave_out.where) - leave_out.columns:
        raise UserError(f"datasets.{dataset}.leave_out.where: no row has a column {', '.join(sorted(unknown))}")
    if leave_out.counts.total() and not made:
        raise UserError(f"datasets.{dataset}.leave_out: no row is left; left out: {dict(leave_out.counts)}")
    if not made:
        raise UserError(f"data set {dataset}: it has no rows")
    return made


def record(dataset: str, loader: str, index: int, fields: Record) -> Record:
    """One problem record; its id is the row's index in the source, so a sample keeps the ids of the whole.

    A row's own `source` stays, and `loader` then says who read it.
    """
    own = {"source": fields["source"], "loader": loader} if fields.get("source") else {"source": loader}
    return {**fields, "id": f"{dataset}/{index}", **own}


def surrogate_in(record: Record) -> str | None:
    """The first field with half of a surrogate pair, which no tokenizer takes."""
    for name, value in record.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if SURROGATE.search(name + text):
            return name.encode("ascii", "backslashreplace").decode()
    return None


def generated(
    dataset: str, loader: str, problems: Callable[..., Iterable[Record]], options: Mapping[str, Any]
) -> list[Record]:
    """Problem records of a loader that makes its own; its options come from the config."""
    try:
        signature(problems).bind(**options)
    except TypeError as error:
        raise UserError(f"data set {dataset}: wrong options for {loader}: {error}") from None
    return [record(dataset, loader, index, fields) for index, fields in enumerate(problems(**options))]


def check_count(dataset: str, home: Home, found: int, expected: Mapping[str, int]) -> None:
    """A data set read whole must have as many rows as published: of its split if that is known, else of any."""
    counts = [expected[home.split]] if home.split and home.split in expected else sorted(set(expected.values()))
    if counts and found not in counts:
        raise UserError(
            f"data set {dataset}: {home} has {found} rows, expected {' or '.join(map(str, counts))}: "
            "the copy is not whole, or the revision is not the one meant"
        )


SPACING = re.compile(r"\\[ ,;:!>]|\\q?quad(?![a-zA-Z])|~|\s")


def normalise(text: str) -> str:
    """The text in lower case, with every run of spaces (LaTeX's too) as one space: the known hashes were taken so."""
    return " ".join(SPACING.sub(" ", text).lower().split())


def content_hash(found: Iterable[Record]) -> str:
    """A hash over problems and answers: spacing, case and order do not count, nor what else the records hold."""
    lines = sorted(f"{normalise(record['problem'])}\0{record['answer']}" for record in found)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def check_content(dataset: str, home: Home, found: Sequence[Record], expected: Mapping[str, str]) -> None:
    """A data set read whole must hold the problems and answers it is known by: of its split if known, else of any."""
    hashes = [expected[home.split]] if home.split and home.split in expected else sorted(set(expected.values()))
    content = content_hash(found)
    if hashes and content not in hashes:
        raise UserError(
            f"data set {dataset}: the problems or answers of {home} are not those known (content {content}, expected"
            f" {' or '.join(hashes)}): a revised or damaged copy. Compare it with another one; to use it all the same,"
            f" set `sha256: {content}` under datasets.{dataset}"
        )

"""The data sets: one file each, and how any of them becomes problem records.

A loader is a module with `problem(row)`, a pure function from a raw row to our fields (`raw_answer` is the gold answer
as the source writes it, which the paper's evaluation compares with), `ROWS` and `SHA256`, the number of rows and the
content (`content_hash`) of each split, and `HUB`, its home on the Hugging Face Hub. Rows come from a local JSON Lines
file or from the Hub; `arithmetic` makes its own. No revision is built in: a study names the one it used (`revision:
unresolved` below says that the names were written down without a look at the Hub).
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from micota.cli import UserError
from micota.hub import UNRESOLVED, reason, snapshot
from micota.lines import line_of
from micota.records import Record, read_jsonl

LOADERS = {
    "gsm8k": "micota.datasets.gsm8k",
    "math500": "micota.datasets.math500",
    "math12k": "micota.datasets.math12k",
    "aime24": "micota.datasets.aime24",
    "amc23": "micota.datasets.amc23",
    "olympiadbench": "micota.datasets.olympiadbench",
    "plain": "micota.datasets.plain",
    "arithmetic": "micota.arithmetic",
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
        return line_of(self.path, index) if self.path else f"{self}, row {index}"


def loader_module(loader: str) -> ModuleType:
    """The module of a loader, imported only now."""
    if loader not in LOADERS:
        raise UserError(f"unknown loader {loader!r}: choose one of {', '.join(LOADERS)}")
    return import_module(LOADERS[loader])


def answer_text(value: Any) -> str:
    """An answer as text: 27.0 -> "27", None -> "" (which `records` then reports as missing)."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def load(
    dataset: str,
    loader: str,
    home: Home | None = None,
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    seed: int = 0,
    sha256: str | None = None,
) -> list[Record]:
    """The problem records of a data set; with `limit`, a seeded random sample in the order of the source.

    A set read whole must be the one that its loader knows, or the one whose content is `sha256`.
    """
    module = loader_module(loader)
    if loader == "arithmetic":
        found = generated(dataset, loader, module.problems, options or {})
    else:
        home = home_of(dataset, module, home or Home())
        found = records(dataset, loader, module.problem, rows(dataset, home), home.place)
        if limit is None:
            check_count(dataset, home, len(found), module.ROWS)
            check_content(dataset, home, found, {"": sha256} if sha256 else module.SHA256)
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
        yield from read_jsonl(home.path)
        return
    folder = snapshot("dataset", str(home.repo), str(home.revision), f"datasets.{dataset}.hub")
    from datasets import load_dataset

    try:
        # Streamed, for the library's own cache knows a set by its folder's name: rows of a folder that was not whole
        # when it was first read would be taken for those of the whole one.
        yield from load_dataset(str(folder), home.config, split=home.split, streaming=True)
    except (OSError, ValueError, RuntimeError) as error:
        # Unknown config or split, files that are not there or no data: the library's errors are all of these kinds.
        raise UserError(f"datasets.{dataset}.hub: could not read {home} in {folder}: {reason(error)}") from None


def records(
    dataset: str,
    loader: str,
    problem: Callable[[Record], Record],
    raw: Iterable[Record],
    place: Callable[[int], str] = "row {}".format,
) -> list[Record]:
    """Problem records from raw rows; a row without a question or an answer is an error that says where it stands."""
    made = []
    for index, row in enumerate(raw):
        try:
            fields = problem(row)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise UserError(f"{place(index)}: not a row of {loader} ({type(error).__name__}: {error})") from None
        for field in ("problem", "answer"):
            if not fields[field]:
                raise UserError(f"{place(index)}: the row has no {field}")
        made.append(record(dataset, loader, index, fields))
    return made


def record(dataset: str, loader: str, index: int, fields: Record) -> Record:
    """One problem record; its id is the row's index in the source, so a sample keeps the ids of the whole."""
    return {**fields, "id": f"{dataset}/{index}", "source": loader}


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

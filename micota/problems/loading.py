"""A data set becomes problem records: its rows are read, checked, and left out by the rules that a study declares."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from micota.common.errors import DataError, UserError
from micota.common.records import SURROGATE, Record
from micota.problems.answers import INVISIBLE, no_answer
from micota.problems.columns import mapped
from micota.problems.content import check_content, check_count
from micota.problems.datasets import card, file_of, loader_module
from micota.problems.leaving_out import ANSWER_COLUMNS, Sieve, holdable
from micota.problems.settings import Arithmetic, Columns, Dataset, LeaveOut
from micota.problems.source import Source, completed, rows

HOW = "; leave such rows out by `leave_out: {no_answer: true}` in the set's block, or give the answer"
IS_ONE = ", or say by `no_answer: false` that this is one"


def load_block(dataset: str, block: Dataset, source: Source, left_out: Counter[str] | None = None) -> list[Record]:
    """The problem records of a data set as a study's block describes it, read from where `source` says."""
    given = (block.options, block.limit, block.seed, block.sha256, block.leave_out, left_out, block.columns)
    return load(dataset, block.loader, source, *given)


def load(
    dataset: str,
    loader: str,
    source: Source | None = None,
    options: Arithmetic | None = None,
    limit: int | None = None,
    seed: int = 0,
    sha256: str | None = None,
    leave_out: LeaveOut | None = None,
    left_out: Counter[str] | None = None,
    columns: Columns | None = None,
) -> list[Record]:
    """The problem records of a data set; with `limit`, a seeded random sample in the order of the source.

    The content of the set, before a sample is drawn, must be `sha256`; without that, a set read whole must be the one
    that its file knows. Rows that are left out do not count; `left_out` is filled with how many went, by rule.
    """
    module = loader_module(loader)
    if hasattr(module, "problems"):
        made = module.problems(**(options.model_dump() if options else {}))
        found = [record(dataset, loader, index, fields) for index, fields in enumerate(made)]
    elif hasattr(module, "problem"):
        facts = card(loader)
        source = completed(dataset, source or Source(), facts.hub)
        sieve = Sieve(leave_out or LeaveOut(), left_out, () if columns else ANSWER_COLUMNS)
        problem = partial(mapped, columns=columns, key=f"datasets.{dataset}.columns") if columns else module.problem
        found = records(dataset, loader, problem, rows(dataset, source), source.place, sieve)
        if limit is None:
            check_count(dataset, source, len(found) + sieve.counts.total(), facts.rows)
        known = {"": sha256} if sha256 else facts.sha256 if limit is None else {}
        check_content(dataset, source, found, known)
    else:
        raise DataError(f"{file_of(loader)}: it has no function problem(row), from a raw row to a problem's fields")
    return found if limit is None else sample(found, limit, seed)


def sample(found: list[Record], limit: int, seed: int) -> list[Record]:
    """At most `limit` records, drawn with the seed, in their order."""
    chosen = random.Random(seed).sample(range(len(found)), min(limit, len(found)))
    return [found[index] for index in sorted(chosen)]


def fault_of(error: Exception, row: Record) -> str:
    """Why a row is not one of its loader, in words."""
    if isinstance(error, KeyError):
        return (
            f"it has no {error}; there are: {', '.join(map(str, row))} (`columns` of a plain set says which is which)"
        )
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def records(
    dataset: str,
    loader: str,
    problem: Callable[[Record], Record],
    raw: Iterable[Record],
    place: Callable[[int], str] = "row {}".format,
    sieve: Sieve | None = None,
) -> list[Record]:
    """Problem records from raw rows; a row without a question or an answer is an error that says where it stands."""
    made = []
    sieve = sieve or Sieve(LeaveOut())
    for index, row in enumerate(raw):
        if rule := sieve.rule(row, None):
            sieve.counts[rule] += 1
            continue
        try:
            fields = problem(row)
        except UserError as error:
            raise DataError(f"{place(index)}: {error}") from None
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"{place(index)}: not a row of {loader}: {fault_of(error, row)}") from None
        if rule := sieve.rule(row, fields):
            sieve.counts[rule] += 1
            continue
        if not isinstance(fields["problem"], str):
            raise DataError(f"{place(index)}: the problem is of type {type(fields['problem']).__name__}, not a text")
        for name in ("problem", "answer"):
            if not INVISIBLE.sub("", fields[name]):
                raise DataError(f"{place(index)}: the row has no {name}{HOW if name == 'answer' else ''}")
        if sieve.rules.no_answer is None and no_answer(fields["answer"]):
            raise DataError(f"{place(index)}: {fields['answer']!r} says that the row has no answer{HOW}{IS_ONE}")
        made.append(record(dataset, loader, index, holdable(fields)))
        if broken := surrogate_in(made[-1]):
            raise DataError(f"{place(index)}: {broken} holds half of a surrogate pair, which is no text; mend the file")
    if unknown := set(sieve.rules.where) - sieve.columns:
        raise DataError(f"datasets.{dataset}.leave_out.where: no row has a column {', '.join(sorted(unknown))}")
    if sieve.counts.total() and not made:
        raise DataError(f"datasets.{dataset}.leave_out: no row is left; left out: {dict(sieve.counts)}")
    if not made:
        raise DataError(f"data set {dataset}: it has no rows")
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

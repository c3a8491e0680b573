"""Read and write the project's records: JSON Lines and JSON, checked on the way in, whole on the way out.

A file appears under its own name only when it is complete (micota/common/files.py). A broken line is reported by file
and line number, never skipped.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from micota.common.errors import DataError, MissingFile
from micota.common.files import whole
from micota.common.lines import opened
from micota.common.seals import check_seal

Record = dict[str, Any]

SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair: no text for a tokenizer


class RecordError(DataError):
    """A record file is malformed or lacks a field; the message names the file and the line."""


class NoRecords(MissingFile, RecordError):
    """A record file that is not there."""


def each_key_once(pairs: list[tuple[str, Any]]) -> Record:
    """A JSON object; ValueError if a key stands in it twice, of which json would take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice in an object")
    return found


def no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows")


RECORD = json.JSONDecoder(object_pairs_hook=each_key_once, parse_constant=no_number)
ROW = json.JSONDecoder(object_pairs_hook=each_key_once)  # of anybody's data: NaN often stands for "no value" there


def read_jsonl(path: str | Path, fields: Iterable[str] = ()) -> Iterator[Record]:
    """Yield the objects of a JSON Lines file; every one must have all of `fields`.

    Raises RecordError naming file and line for a missing file, a broken line, a missing field, a key that stands twice,
    and NaN (where `fields` are asked for: in our own records).
    """
    path, fields = Path(path), tuple(fields)
    if not path.is_file():
        raise NoRecords(f"{path}: no such file")
    sealed = check_seal(path)  # then it is as one of our programs wrote it, and costs no more than to read it
    decode = (json.JSONDecoder() if sealed else RECORD if fields else ROW).decode
    with opened(path) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            try:
                record = decode(line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogatepass"))
            except json.JSONDecodeError as error:
                raise RecordError(f"{path}:{number}: not valid JSON ({error.msg} at column {error.colno})") from None
            except UnicodeDecodeError as error:
                raise RecordError(f"{path}:{number}: not valid UTF-8 (byte {error.start})") from None
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, or brackets as deep
                raise RecordError(f"{path}:{number}: not readable JSON ({error})") from None
            if not isinstance(record, dict):
                raise RecordError(f"{path}:{number}: expected a JSON object, found {type(record).__name__}")
            missing = [field for field in fields if field not in record]
            if missing:
                raise RecordError(f"{path}:{number}: the record lacks {', '.join(missing)}")
            yield record


def write_lines(handle: TextIO, records: Iterable[Record]) -> int:
    """Write records one a line to an open file; returns how many."""
    count = 0
    for record in records:
        handle.write(json.dumps(record, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_jsonl(path: str | Path, records: Iterable[Record]) -> int:
    """Write records one a line, whole or not at all; returns how many."""
    with whole(path) as handle:
        return write_lines(handle, records)


def read_json(path: str | Path) -> Any:
    """Read one JSON document; RecordError names the file if it is missing or broken, or has a key twice in an object.

    Infinity and NaN are read: configurations of models have them.
    """
    path = Path(path)
    if not path.is_file():
        raise NoRecords(f"{path}: no such file")
    check_seal(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=each_key_once)
    except json.JSONDecodeError as error:
        raise RecordError(f"{path}:{error.lineno}: not valid JSON ({error.msg})") from None
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: not valid UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}: not readable JSON ({error})") from None


def write_json(path: str | Path, document: Any) -> None:
    """Write one JSON document, indented, whole or not at all."""
    with whole(path) as handle:
        handle.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")

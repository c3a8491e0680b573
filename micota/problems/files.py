"""Rows of data files as they stand in them: JSON Lines, JSON arrays, CSV, TSV, Parquet, and any of these gzipped.

Nothing is guessed: `025` in a CSV stays a text, a date in JSON stays the text it is. Local files and those of a
data set on the Hub are read by the same functions, so that both give the same rows.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from micota.common.errors import DataError
from micota.common.lines import line_of, opened
from micota.common.records import Record, RecordError, read_jsonl

FORMS = "JSON Lines, a JSON array, CSV, TSV or Parquet, also gzipped"


def form_of(path: Path) -> str:
    """`parquet`, `csv`, `tsv`, `array` or `lines`, by the first bytes and the name's ending."""
    if not path.is_file():
        raise RecordError(f"{path}: no such file")
    try:
        with opened(path) as handle:
            start = handle.read(4096)
    except (EOFError, OSError) as error:
        raise RecordError(f"{path}: not a whole gzip file ({error})") from None
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        raise DataError(f"{path}: a compressed file of a kind that is not read; unpack it to {FORMS}")
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if start.startswith(b"{"):
        return "lines"
    if ending in (".csv", ".tsv"):
        return ending[1:]
    if start.startswith(b"["):
        return "array"
    if start and ending not in (".json", ".jsonl", ".ndjson"):
        raise DataError(f"{path}: no form that is read; make it {FORMS}")
    return "lines"


def rows_of(path: str | Path) -> Iterator[Record]:
    """The rows of one file, each a mapping of columns; errors name the file and the line or row."""
    path = Path(path)
    read = {"lines": read_jsonl, "array": array_rows, "parquet": parquet_rows}.get(form_of(path), separated_rows)
    try:
        yield from read(path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RecordError(f"{path}: not a whole gzip file ({error})") from None


def array_rows(path: Path) -> Iterator[Record]:
    try:
        with opened(path) as handle:
            rows = json.loads(handle.read().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise RecordError(f"{path}:{error.lineno}: not valid JSON ({error.msg} at column {error.colno})") from None
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: not valid UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:  # as in micota/common/records.py
        raise RecordError(f"{path}: not readable JSON ({error})") from None
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise RecordError(f"{path}, row {index}: expected a JSON object, found {type(row).__name__}")
        yield row


def separated_rows(path: Path) -> Iterator[Record]:
    """Every cell is a text; an empty one is no value. Commas, semicolons or tabs part the cells, as the names."""
    csv.field_size_limit(2**31 - 1)  # a solution may be longer than the module's limit
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as handle:
        try:
            first = handle.readline()
            separator = max(",;\t", key=first.count)
            handle.seek(0)
            reader = csv.reader(handle, delimiter=separator, strict=True)
            names = [name.strip() for name in next(reader, [])]
            if len(set(names)) < len(names):
                raise RecordError(f"{path}: two columns have one name, of {', '.join(names)}")
            for index, row in enumerate(filter(None, reader)):
                if len(row) != len(names):
                    raise RecordError(f"{path}, row {index}: it has not as many cells as the first line has names")
                yield {name: cell or None for name, cell in zip(names, row, strict=True)}
        except UnicodeDecodeError as error:
            raise RecordError(f"{path}: not valid UTF-8 (byte {error.start})") from None
        except csv.Error as error:
            raise RecordError(f"{path}:{reader.line_num}: not valid CSV ({error})") from None


def parquet_rows(path: Path) -> Iterator[Record]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with opened(path) as handle:
            for batch in ParquetFile(handle).iter_batches(batch_size=1024):  # a row may hold traces
                yield from batch.to_pylist()
    except (ArrowException, OSError, ValueError) as error:
        raise RecordError(f"{path}: not valid Parquet ({' '.join(str(error).split())[:200]})") from None


def place_in(path: Path, index: int) -> str:
    """Where row number `index` stands, for error messages."""
    return line_of(path, index) if form_of(path) == "lines" else f"{path}, row {index}"

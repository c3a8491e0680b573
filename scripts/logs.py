"""Pack a study's per-sample logs into one small archive from which every table and figure can be made again.

    python -m scripts.logs pack --results results/study --archive reference/study/logs.tar.xz
    python -m scripts.logs unpack --archive reference/study/logs.tar.xz --results results/archived

The archive holds the graded traces and the corpora without their texts (the verdicts, lengths and reasons are what
tables are made of; a text that is left out is null), a judge model's verdicts, the likelihoods, the corpora's counts,
the problems' reports and the models' sizes. Equal results give an equal archive, byte for byte.
"""

import argparse
import io
import json
import lzma
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError, MissingFile
from micota.common.files import discard, fresh, publish, replacing
from micota.common.records import read_jsonl

KEPT = (
    "graded/*.jsonl",
    "judged.jsonl",
    "likelihood/*.jsonl",
    "corpora/*.jsonl",
    "corpora/*.counts.json",
    "sizes/*.json",
    "problems/*.report.json",
)
TEXTS = ("prompt", "problem", "completion")  # most of a log's size


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("pack", "unpack"))
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--archive", type=Path, required=True, help="a .tar.xz file")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Pack or unpack."""
    args = parse_args(argv)
    if args.action == "pack":
        pack(args.results, args.archive)
    else:
        unpack(args.archive, args.results)


def pack(results: Path, archive: Path) -> None:
    """Write the archive, whole or not at all."""
    paths = sorted(path for pattern in KEPT for path in results.glob(pattern))
    if not paths:
        raise DataError(f"{results}: no graded traces there; run the study first")
    with replacing(archive) as temporary, tarfile.open(temporary, "w:xz", preset=6) as tar:
        for path in paths:
            member = tarfile.TarInfo(str(path.relative_to(results)))  # no owner, no time: equal bytes
            content = without_texts(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    print(f"{archive}: {len(paths)} files, {archive.stat().st_size / 1e6:.1f} MB")


def without_texts(path: Path) -> bytes:
    """A file's content, the texts of its records set to null."""
    if path.suffix != ".jsonl":
        return path.read_bytes()

    def lines() -> Iterator[bytes]:
        for record in read_jsonl(path):
            slim = {key: None if key in TEXTS else value for key, value in record.items()}
            yield json.dumps(slim, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"

    return b"".join(lines())


def unpack(archive: Path, results: Path) -> None:
    """Fill a folder that does not exist yet: logs of two runs must not mix."""
    if not archive.is_file():
        raise MissingFile(f"{archive}: no such file")
    if results.exists():
        raise DataError(f"{results}: exists already; remove it or name another folder")
    temporary = fresh(results)
    try:
        with tarfile.open(archive, "r:xz") as tar:
            tar.extractall(temporary, filter="data")
        publish(temporary, results)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise DataError(f"{archive}: not a whole .tar.xz archive ({error})") from None
    finally:
        discard(temporary)
    print(f"{results}: unpacked {archive}")


if __name__ == "__main__":
    run(main)

"""Pack a study's per-sample logs into one small archive, from which tables are made and completions graded again.

    python -m scripts.logs pack --results results/study --archive reference/study/logs.tar.xz
    python -m scripts.logs unpack --archive reference/study/logs.tar.xz --results results/archived

The archive holds the graded traces and the corpora, a judge model's verdicts, the likelihoods, the corpora's counts,
the problems' reports and the models' sizes. Their texts stand apart, each once a problem (texts.jsonl). Unpacked, every
file is as it was, and traces lie beside the graded ones, as sampling wrote them. Equal results give an equal archive,
byte for byte. Older archives hold no texts: unpacked, these are null, and there are no traces to be graded.
"""

import argparse
import io
import json
import lzma
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError, MissingFile
from micota.common.files import discard, fresh, name_of, publish, replacing
from micota.common.records import Record, read_json, read_jsonl, write_jsonl
from micota.grading.grade import ungraded
from micota.provenance.texts import Texts
from micota.sampling.shards import dealt

KEPT = (
    "graded/*.jsonl",
    "judged.jsonl",
    "likelihood/*.jsonl",
    "corpora/*.jsonl",
    "corpora/*.counts.json",
    "sizes/*.json",
    "problems/*.report.json",
)
WITH_TEXTS = ("graded/*.jsonl", "corpora/*.jsonl")
TEXTS, SHARDS = "texts.jsonl", "shards.json"  # in the archive alone: the texts; model -> the files of its traces


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


def found(results: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below the results that the patterns name, in order."""
    return sorted(path for pattern in patterns for path in results.glob(pattern))


def pack(results: Path, archive: Path) -> None:
    """Write the archive, whole or not at all."""
    paths, texts = found(results, KEPT), Texts()
    if not paths:
        raise DataError(f"{results}: no graded traces there; run the study first")
    apart = found(results, WITH_TEXTS)
    with replacing(archive) as temporary, tarfile.open(temporary, "w:xz", preset=6) as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(name)  # no owner, no time: equal bytes
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        for path in paths:
            content = packed(map(texts.take, read_jsonl(path))) if path in apart else path.read_bytes()
            add(path.relative_to(results).as_posix(), content)
        add(TEXTS, packed(texts.records()))
        add(SHARDS, json.dumps(shards_of(results)).encode())
    print(f"{archive}: {len(paths)} files, {archive.stat().st_size / 1e6:.1f} MB")


def packed(records: Iterable[Record]) -> bytes:
    """Records as a file holds them."""
    lines: Iterator[str] = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return "".join(lines).encode("utf-8", "backslashreplace")


def shards_of(results: Path) -> dict[str, int]:
    """Model -> how many files its traces lie in; models whose traces are not there are left out."""
    folders = sorted((results / "cot").glob("*"))
    counts = {folder.name: len(list(folder.glob("shard-*.jsonl"))) for folder in folders}
    return {model: count for model, count in counts.items() if count}


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
        if (temporary / TEXTS).is_file():
            put_texts(temporary)
        publish(temporary, results)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise DataError(f"{archive}: not a whole .tar.xz archive ({error})") from None
    except DataError as error:  # it names a file of the archive, in a folder that is gone
        raise DataError(f"{archive}: {str(error).replace(f'{temporary}/', '')}; fetch the archive again") from None
    finally:
        discard(temporary)
    print(f"{results}: unpacked {archive}")


def put_texts(folder: Path) -> None:
    """Put the texts back into their records, and write the traces that were graded."""
    texts, shards = Texts(read_jsonl(folder / TEXTS, ("id", "texts"))), read_json(folder / SHARDS)
    for path in found(folder, WITH_TEXTS):
        records = [texts.put(record) for record in read_jsonl(path, ("id",))]
        write_jsonl(path, records)
        if path.parent.name == "graded" and (count := shards.get(name_of(path))):
            for shard, traces in enumerate(dealt(map(ungraded, records), count)):
                write_jsonl(folder / "cot" / name_of(path) / f"shard-{shard}.jsonl", traces)
    for name in (TEXTS, SHARDS):
        (folder / name).unlink()


if __name__ == "__main__":
    run(main)

"""Writes the page: templates, style and script in one file, data packed into it, or, where it is much, beside it."""

import base64
import gzip
import hashlib
import json
import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from micota.common.files import whole
from micota.common.records import Record

HERE = Path(__file__).parent
LARGEST = 20_000_000  # bytes of packed data in the page; above it texts go into files beside it
BESIDE = "traces"
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # kinds of characters that are not seen, or that turn others round
SCRIPTS = ("core", "text", "tables", "compare", "model", "corpus", "start")


class Chunks:
    """Pieces of data by name, each packed at once: JSON, gzipped, in base64. Equal data make equal bytes."""

    def __init__(self) -> None:
        self.packed: dict[str, str] = {}

    def keep(self, name: str, data: Any) -> None:
        """Texts may hold halves of surrogate pairs, which JSON's escapes carry."""
        text = json.dumps(data, separators=(",", ":")).encode("ascii")
        self.packed[name] = base64.b64encode(gzip.compress(text, 6, mtime=0)).decode("ascii")

    @property
    def beside(self) -> list[str]:
        """Those that go into files beside the page, in order."""
        if sum(map(len, self.packed.values())) <= LARGEST:
            return []
        return [name for name in self.packed if name.startswith(("texts/", "rows/"))]


def visible(text: object) -> str:
    """A text with every character that is not seen written out: a reader is to see what a model wrote."""
    return "".join(
        f"⟨U+{ord(mark):04X}⟩" if unicodedata.category(mark) in HIDDEN and mark not in "\n\t" else mark
        for mark in str(text)
    )


def as_json(data: Any) -> str:
    """A tree to be read."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def script() -> str:
    """The page's script: its parts in order."""
    return "\n".join((HERE / f"assets/{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


def policy(code: str) -> str:
    """What the page may do: run this script, load texts from beside it, and nothing else; it may ask no server."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    rules = {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}' 'self' file:",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def environment() -> Environment:
    """Everything is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"visible": visible, "as_json": as_json}
    return made


def write_tables(folder: Path, tables: Iterable[Any]) -> None:
    """Each table as a small page without a script, for Snakemake's report."""
    style = Markup((HERE / "assets/page.css").read_text(encoding="utf-8"))
    template = environment().get_template("table.html")
    for table in tables:
        with whole(folder / f"{table.name}.html") as handle:
            handle.write(template.render(table=table, style=style))


def write(page: Path, views: Record, chunks: Chunks) -> dict[str, int]:
    """Write the page, whole or not at all; gives its bytes and the number of files beside it."""
    beside = {name: f"{BESIDE}/{number}.js" for number, name in enumerate(chunks.beside)}
    folder = page.parent / BESIDE
    if folder.is_dir():  # of an earlier page
        shutil.rmtree(folder)
    for name, file in beside.items():
        with whole(page.parent / file) as handle:
            handle.write(f"arrived({json.dumps(name)}, {json.dumps(chunks.packed[name])});\n")
    write_tables(page.parent / "tables", views["tables"])
    code = script()
    style = (HERE / "assets/page.css").read_text(encoding="utf-8")
    within = {name: packed for name, packed in chunks.packed.items() if name not in beside}
    text = (
        environment()
        .get_template("page.html")
        .stream(**views, style=Markup(style), script=Markup(code), policy=policy(code), chunks=within, beside=beside)
    )
    with whole(page) as handle:
        handle.writelines(text)
    return {"bytes": page.stat().st_size, "beside": len(beside)}

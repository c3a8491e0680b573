"""Meet the faults of tests/fault_matrix.py: `python -m tests.faulty` writes docs/faults.md from what is said of each.

`python -m tests.faulty FOLDER` takes the study that an earlier run of tests.fault_study.build left in a folder.
"""

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from micota.common.cli import run
from micota.common.seals import SEALS
from tests.fault_matrix import FAULTS, Fault
from tests.fault_study import FILE, HOME, PROGRAMS, build
from tests.project import ROOT


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def said_by(folder: Path, words: list[str]) -> tuple[int, str]:
    """Run a program in a folder, in this process; its exit status, and what it wrote to stderr."""
    module, *flags = words
    main = import_module(f"scripts.{module}").main
    said = io.StringIO()
    status = 0
    argv = sys.argv
    with inside(folder), contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        sys.argv = [module, *flags]
        try:
            run(lambda _: main(flags))
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            sys.argv = argv
    return status, said.getvalue()


def meet(fault: Fault, study: Path, folder: Path) -> tuple[int, str]:
    """Break a copy of the study's results in `folder` and run the program that meets it."""
    shutil.copytree(study / "results", folder / "results", symlinks=True)
    shutil.copytree(study / "figures", folder / "figures")
    if not fault.sealed:
        shutil.rmtree(folder / HOME / SEALS)
    fault.damage(fault.place(folder))
    return said_by(folder, [fault.file[1:] if word == FILE else word for word in PROGRAMS[fault.program]])


def line_of(said: str) -> str:
    """The error's line, without what differs from one kind of CPU to another, whose models write other texts."""
    words = re.split("^error: ", said, flags=re.MULTILINE)[1] if "error: " in said else ""
    words = re.sub(r"[0-9a-f]{24,}", "...", " ".join(words.split()))
    words = re.sub(r"[\d,]+ bytes and was written with [\d,]+", "fewer or more bytes than it was written with", words)
    words = re.sub(r"\.json:\d+:", ".json:...:", words)  # of a document that gets longer with each setting
    return re.sub(r"(not valid JSON) \([^)]*\)", r"\1 (...)", words)


def row(fault: Fault, said: str) -> str:
    file = f"`{fault.file.lstrip('/')}`"
    return f"| {file}: {fault.what} | {fault.program} | {line_of(said).replace('|', chr(92) + '|')} |"


HEAD = """# Faults

A file is damaged: who notices, and what is said. Whoever reads it ends with one line that names the file and what to
do, and writes nothing. `make check-results STUDY=mini` looks at a whole study.

Search this page for what you were told. Each line was made by breaking a small finished study. Every result has a seal,
its hash as written (`results/{study}/.seals`), by which any change is seen; for most lines the seals were taken away,
so that they show the rules of the records alone. The last lines are of what people hand in: data sets, configurations.

| What is broken | Who meets it | What it says |
|---|---|---|
"""


def page(lines: list[str]) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        study = build(Path(name) / "study") if not sys.argv[1:] else Path(sys.argv[1])
        lines = []
        for number, fault in enumerate(FAULTS):
            status, said = meet(fault, study, Path(name) / str(number))
            lines.append(row(fault, said))
            print(status, lines[-1], flush=True)
    (ROOT / "docs/faults.md").write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

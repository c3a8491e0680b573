"""The study in three plain sentences (micota/results/summary.py), as a list in Markdown."""

from pathlib import Path

from micota.common.files import whole
from micota.common.tables import read_csv
from micota.results.summary import sentences

ABOUT = ("What this run saw", "The confirmation run", "What it can't tell")


def make(files: dict[str, list[Path]], out: Path, *, proposed: str) -> None:
    (main,), (claims,) = files["main"], files["claims"]
    confirmed = [row for path in files["confirmed"] for row in read_csv(path)]
    said = sentences(read_csv(main), read_csv(claims), confirmed or None, proposed)
    with whole(out / "summary.md") as handle:
        handle.writelines(f"- **{about}.** {sentence}\n" for about, sentence in zip(ABOUT, said, strict=True))

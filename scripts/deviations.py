"""Make docs/deviations.md and docs/provenance.md from the paper's configuration and the ledger of deviations.

python -m scripts.deviations --config config/paper.yaml --ledger docs/deviations.yaml --pages docs
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import MissingFile
from micota.common.files import whole
from micota.provenance.sources import deviations_page, provenance_page

MADE = "<!-- made by `make deviations` from config/paper.yaml and docs/deviations.yaml: edit those -->"
DEVIATIONS = f"""{MADE}
# Deviations

Where this project knowingly differs from the paper (MiCoTA, arXiv 2507.01887) or from the authors' code
(OPPO-PersonalAI/MiCoTA), and where it had to choose because neither says. Our values are those of `config/paper.yaml`;
where each comes from: [provenance.md](provenance.md). Expected effects are expectations: none was measured on the
paper's models.

- "Not stated": not in the abstract, the README or the code. The paper's full text was not at hand: check it there.
- "SMG": the code of "Small Models Struggle to Learn from Strong Reasoners" (arXiv 2502.12143), whose evaluation the
  authors' README adopts."""
PROVENANCE = f"""{MADE}
# Every value of the paper's study, by source

The values of `config/paper.yaml`, with the tag and the words that stand beside each. What an id (`D-...`) means:
[deviations.md](deviations.md)."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("config/paper.yaml"), help="the configuration with tags")
    parser.add_argument("--ledger", type=Path, default=Path("docs/deviations.yaml"), help="id -> what, why, effect")
    parser.add_argument("--pages", type=Path, default=Path("docs"), help="folder of the two pages")
    return parser.parse_args(argv)


def pages(config: Path, ledger: Path) -> dict[str, str]:
    """File name -> text of each page."""
    import yaml

    for path in (config, ledger):
        if not path.is_file():
            raise MissingFile(f"{path}: no such file")
    text = config.read_text(encoding="utf-8")
    rows = yaml.safe_load(ledger.read_text(encoding="utf-8"))
    return {
        "deviations.md": deviations_page(DEVIATIONS, rows, text),
        "provenance.md": provenance_page(PROVENANCE, text),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Write both pages."""
    args = parse_args(argv)
    for name, text in pages(args.config, args.ledger).items():
        with whole(args.pages / name) as handle:
            handle.write(text)
        print(f"{args.pages / name}: written")


if __name__ == "__main__":
    run(main)

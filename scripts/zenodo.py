"""Write .zenodo.json, the record that Zenodo makes of an archive (`make archive` puts it into the bundle).

python -m scripts.zenodo --citation CITATION.cff --claims reference/study/tables/claims.csv --out .zenodo.json
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.records import write_json
from micota.common.tables import read_csv
from micota.exports.zenodo import record
from micota.study.load import read_yaml


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--citation", type=Path, required=True, help="CITATION.cff")
    parser.add_argument(
        "--claims", type=Path, nargs="*", default=[], help="tables of verdicts, in their studies' folders"
    )
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    claims = {path.parent.parent.name: read_csv(path) for path in args.claims}
    write_json(args.out, record(read_yaml(args.citation), claims))


if __name__ == "__main__":
    run(main)

"""What every script shares: errors a user can act on, and JSON-valued flags."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any


class UserError(ValueError):
    """Something the user can mend: the message says what is wrong, where, and what to do."""


def json_flag(text: str) -> Any:
    """An argparse type: the flag's value is one JSON document."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not valid JSON: {error}") from None


def figure_args(description: str | None, argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line of every figure: the table it is drawn from, and where to write."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="the CSV of the table that the figure shows")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def draw_figure(description: str | None, draw: Callable[[Any], Any], argv: Sequence[str] | None) -> None:
    """The main of a script that draws one figure from the rows of one table."""
    args = figure_args(description, argv)
    from micota.plots import save
    from micota.tables import read_csv

    save(draw(read_csv(args.table)), args.out_stem)


def run(main: Callable[[Sequence[str] | None], None]) -> None:
    """Run a script's `main`; a UserError becomes one line on stderr and exit status 2."""
    try:
        main(None)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)

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


def run(main: Callable[[Sequence[str] | None], None]) -> None:
    """Run a script's `main`; a UserError becomes one line on stderr and exit status 2."""
    try:
        main(None)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)

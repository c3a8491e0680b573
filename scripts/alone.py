"""Run a command that no second one of its name may run beside: both would empty and fill the same folder.

    python -m scripts.alone --name tables make archived-tables

The second one is refused, by one line that says who is at it. The lock goes with the last process of the command.
"""

import argparse
import os
from collections.abc import Sequence

from micota.common.cli import Parser, run
from micota.common.errors import EnvironmentFault
from micota.common.locks import mark, opened, who
from micota.workflow.running import RUNS


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="of the lock, and in messages")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Lock, then become the command."""
    args = parse_args(argv)
    RUNS.mkdir(parents=True, exist_ok=True)
    handle, held = opened(RUNS / f"{args.name}.target")
    if held:
        raise EnvironmentFault(f"make {args.name} is running in this folder, as {who(handle)}: wait for it, or end it")
    mark(handle)
    os.set_inheritable(handle.fileno(), True)
    os.execvp(args.command[0], args.command)


if __name__ == "__main__":
    run(main)

"""What every program shares: its flags, and errors in one line."""

import argparse
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from micota.common.errors import ConfigurationError
from micota.common.faults import end_with_line
from micota.common.orphans import end_with_snakemake
from micota.common.peak import tell_peak

# Importing torch and TRL makes a million objects that stay. Python's collector would look for cycles among them after
# every 700 new ones, for a tenth of the time that the imports take (docs/performance.md).
COLLECT_AFTER = 50_000


class Parser(argparse.ArgumentParser):
    """Of the scripts that people call: a wrong flag is said in one line, as `run` says all that the user can mend."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(message)


def known(name: str, names: Any, key: str) -> None:
    """Raise UserError, with the names there are, if `name` is none of them."""
    if name not in names:
        raise ConfigurationError(f"{key}: there is no {name!r}; there are: {', '.join(names)}")


def once(names: list[Any], key: str, why: str) -> None:
    """Raise UserError for a name that stands twice."""
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise ConfigurationError(f"{key}: {', '.join(sorted(twice))} stands there more than once; {why}")


def run(main: Callable[[Sequence[str] | None], None]) -> None:
    """Run a script's `main`; a UserError or a fault of the disk becomes one line on stderr and exit status 2.

    A job of Snakemake ends with its Snakemake, and an interrupt (Ctrl-C) needs no traceback.
    """
    end_with_snakemake()
    tell_peak()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    try:
        main(None)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        end_with_line(error)

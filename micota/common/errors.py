"""What a user can mend, by kind: one line that says where, what is wrong, and what to do.

A message begins with its place: a key of the configuration, a flag, a file and line. Programs print it behind `error: `
and end with status 2 (micota/common/cli.py).
"""


class UserError(ValueError):
    """Something the user can mend."""

    @property
    def place(self) -> str:
        """Where the fault is: the key, the flag or the file that the message begins with."""
        return str(self).split("\n")[0].partition(": ")[0]


class ConfigurationError(UserError):
    """A key of the configuration, a flag or an option of Snakemake does not fit."""


class DataError(UserError):
    """Problems, traces, corpora or tables are not what they should be."""


class ModelError(UserError):
    """A model folder, its tokenizer or its merge partner does not fit."""


class NoRoom(UserError):
    """Something does not fit: results on a disk, a prompt in a model's context."""


class MissingFile(UserError):
    """A file or folder is not there, here or on the hub."""


class EnvironmentFault(UserError):
    """The machine or the installation lacks something, or another run holds it."""

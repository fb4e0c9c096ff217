"""One exception for each kind of mistake a user can make.

Every message names the file, row or argument, says what is wrong and what to do. None of them
quotes an utterance: it is therapy talk, and error messages travel.
"""

from __future__ import annotations


class ChangetalkError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(ChangetalkError, ValueError):
    """A file, table or argument that cannot be used as it stands."""


class ColumnError(InputError):
    """A table without the column that is needed, or with several that could be it."""


class ClientError(InputError):
    """It is not known, or not true, who of the speakers is the client."""


class FormatError(InputError):
    """A file that is not what its name says, is damaged, or is of no known format."""


class ModelError(ChangetalkError):
    """A model folder that is missing, damaged, tampered with or of an unknown version."""


class OutputError(ChangetalkError, OSError):
    """Results could not be written; nothing was left behind."""


class MissingPackageError(ChangetalkError, ImportError):
    """An optional package is needed for this; the message holds the command that installs it."""

"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from changetalk.errors import OutputError


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to, and move it to `path` once all went well.

    The temporary file lies in the target's folder, so that the move is one step of the file
    system. It is readable by its owner only, and so is the result: therapy talk. On any
    exception, Ctrl-C included, it is removed and what stood at `path` before stays.

    Parameters
    ----------
    path : path-like
        Where the finished file is to stand. Missing parent folders are made.

    Yields
    ------
    pathlib.Path
        An empty file with the target's suffix, to be opened and written by the caller.

    Raises
    ------
    OutputError
        If the target cannot be written: no permission, no space, a folder in its place.
    """
    target = Path(path)
    temporary: Path | None = None
    made: list[Path] = []
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if target.exists() and not target.is_file():  # a pipe, or /dev/null, which root could replace
            raise OSError("it is not a regular file; use - for standard output")
        made = [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".changetalk-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
        temporary, made = None, []
    except OSError as error:
        if isinstance(error, OutputError) or not _is_about(error, temporary, target):
            raise
        reason = error.strerror or str(error)
        raise OutputError(f"{target}: cannot be written ({reason}); nothing was left behind") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _is_about(error: OSError, temporary: Path | None, target: Path) -> bool:
    """Tell an error in writing from one in reading the input, which is another's to report."""
    if error.filename is None:
        return True
    name = Path(os.fsdecode(error.filename))
    return temporary is None or name in (temporary, target)


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

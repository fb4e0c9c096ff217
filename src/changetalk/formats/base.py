"""What every format has in common: a source gives rows, a sink takes them."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self

from changetalk.errors import ChangetalkError, FormatError, InputError
from changetalk.files import atomic_write

_LINES_KEPT: Final = 16_384  # so many rows back `where` still knows the line


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """A file format, as a user may name it.

    Attributes
    ----------
    name : str
        What ``--format`` takes.
    suffixes : tuple of str
        Endings of file names that mean this format, the usual one first.
    writable : bool
        Whether results can be written in it.
    description : str
        One line for the help page.
    """

    name: str
    suffixes: tuple[str, ...]
    writable: bool
    description: str


class _Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # stays the one and only when copied or sent to another process


#: The added column that formats of transcripts write back beside the talk, and the one that says
#: which model it is from.
LABEL: Final = "ct_label"
MODEL: Final = "ct_model"

#: The value of a JSON Lines row that lacks a key which other rows have. It is false, like None,
#: and is written back as the absence of the key; the other formats write an empty cell.
MISSING: Final = _Missing()


class Source(ABC):
    """A file opened for reading: a table of known columns whose rows are streamed.

    Use it in a ``with`` block.

    Parameters
    ----------
    path : pathlib.Path
        The file on disk.
    name : str
        What messages call it.

    Attributes
    ----------
    name, format : str
    columns : tuple of str
        Unique names, in the file's order; one of them may be empty.
    notes : list of str
        What the user should know about the reading, a sentence each. Reading the rows may add
        some.
    """

    format: str
    columns: tuple[str, ...]
    _unit: ClassVar[str] = "line"  # what messages count

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.notes: list[str] = []
        self._lines: deque[int] = deque(maxlen=_LINES_KEPT)
        self._count = 0
        self._running: Iterator[list[object]] | None = None

    def rows(self) -> Iterator[list[object]]:
        """Return an iterator over the rows, each as long as `columns`, in the file's order.

        Can be called once: the rows are read as they are asked for, and not kept.
        """
        if self._running is not None:
            raise RuntimeError(f"{self.name}: the rows of a source can be read once; open it again")
        self._running = self._guarded()
        return self._running

    def where(self, index: int) -> str:
        """Return the place of the row of that 0-based index, for messages.

        It is the line where the row starts (of a Word document, the paragraph) if that is known,
        else the row as a spreadsheet counts it, with the header as row 1.
        """
        behind = self._count - len(self._lines)
        if behind <= index < self._count:
            return f"{self.name}, {self._unit} {self._lines[index - behind]}"
        return f"{self.name}, row {self._row_number(index)}"

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._running, "close", None)
        if close is not None:
            close()  # a generator holds its file open until it is closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _rows(self) -> Iterator[list[object]]:
        """Read the rows; file errors and undecodable bytes may escape as they are."""

    def _row_number(self, index: int) -> int:
        return index + 2

    def _at_line(self, line: int) -> None:
        """Note that the next row given out starts at this line."""
        self._lines.append(line)
        self._count += 1

    def _guarded(self) -> Iterator[list[object]]:
        try:
            yield from self._rows()
        except ChangetalkError:
            raise
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror or error})") from error
        except UnicodeError as error:
            raise FormatError(f"{self.name}: changed while it was read; try again") from error


class Sink(ABC):
    """A file to be written: it appears, whole, at the end of a ``with`` block that went well.

    Parameters
    ----------
    path : str
        The target; ``-`` is standard output, which also gets all or nothing.
    source : Source or None
        Where the rows come from. What is known of the source's form is kept in the result.
    columns : sequence of str
        The source's columns, and after them the added ones.
    """

    format: str

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        self.name = "standard output" if path == "-" else path
        self.source = source
        self.columns = tuple(columns)
        # From this position on, cells are of our making: str, float or None.
        self.added_from = 0 if source is None else len(source.columns)
        self._path = path
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            final = _standard_output(self.format) if self._path == "-" else atomic_write(self._path)
            stack.enter_context(self._opened(stack.enter_context(final)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @abstractmethod
    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows, each as long as `columns`."""

    @abstractmethod
    def _opened(self, path: Path) -> AbstractContextManager[object]:
        """Write to `path` from entering to leaving, and leave it finished if all went well."""


@contextlib.contextmanager
def _standard_output(format_name: str) -> Iterator[Path]:
    """Give a path to write to, and copy what is there to standard output once all went well."""
    with tempfile.TemporaryDirectory(prefix="changetalk-") as folder:
        path = Path(folder, f"output.{format_name}")
        yield path
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:  # a notebook's standard output takes text only
            with open(path, encoding="utf-8", newline="") as text:
                shutil.copyfileobj(text, sys.stdout)
        else:
            sys.stdout.flush()
            with open(path, "rb") as file:
                shutil.copyfileobj(file, binary)
            binary.flush()

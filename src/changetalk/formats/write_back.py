"""Labels written into the very file that the talk is from, for formats that coders go on working in."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from changetalk.errors import FormatError, InputError
from changetalk.formats.base import LABEL, MODEL, Sink, Source
from changetalk.formats.markup import MAX_SIZE


class MarkedSource(Source):
    """A transcript that can take up labels: it can be read again, if it is still the same."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        self._stamp = self._read_stamp()
        if self._stamp[0] > MAX_SIZE:
            raise FormatError(f"{name}: is larger than {MAX_SIZE >> 20} MiB, as no session's transcript is")

    def content(self) -> bytes:
        """Return the file's bytes, which must be those that were read.

        Raises
        ------
        InputError
            If they are not, or can no longer be read.
        """
        try:
            content, stamp = self.path.read_bytes(), self._read_stamp()
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror or error})") from error
        if stamp != self._stamp:
            raise InputError(f"{self.name}: changed while it was read; try again")
        return content

    def _read_stamp(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns


class WriteBackSink(Sink):
    """The file that the rows come from, with their labels in it and all else as it was.

    It needs every row of its source, in order. Of the added columns the labels are written, and
    once which model they are from; for probabilities write a table.
    """

    program: ClassVar[str]  # what the file is of, for messages

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        super().__init__(path, source, columns)
        if not isinstance(source, MarkedSource) or source.format != self.format:
            raise InputError(
                f"{self.name}: labels are written into the {self.program} file that the talk is from, and "
                "this is not from one; write .csv"
            )
        self._marked = source
        self._labels: list[str | None] = []
        self._model = ""

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Take the labels of rows."""
        at = self._place(LABEL)
        by = self._place(MODEL)
        for row in rows:
            label = None if at is None else row[at]
            self._labels.append(None if label is None else str(label))
            if by is not None and row[by] is not None:
                self._model = str(row[by])

    def labels_of(self, count: int) -> list[str | None]:
        """Return the labels of the source's rows, of which there must be `count`."""
        if len(self._labels) != count:
            raise InputError(
                f"{self.name}: got {len(self._labels)} rows of the {count} in {self._marked.name}; write .csv"
            )
        return self._labels

    @abstractmethod
    def labelled(self, content: bytes) -> bytes:
        """Return the source's bytes with the labels in them."""

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        yield
        path.write_bytes(self.labelled(self._marked.content()))

    def _place(self, name: str) -> int | None:
        added = self.columns[self.added_from :]
        return self.added_from + added.index(name) if name in added else None

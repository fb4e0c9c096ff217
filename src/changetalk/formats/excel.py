"""Excel workbooks (.xlsx): typed cells of one sheet.

Excel's own limits cannot be written around: a cell of more than 32,767 characters or a sheet of
more than 1,048,576 rows is an error that says to write CSV. Excel does not tell an empty text from
an empty cell; formulas are read as the values that Excel last computed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from changetalk.errors import ChangetalkError, FormatError, MissingPackageError, OutputError
from changetalk.formats.base import MISSING, Sink, Source
from changetalk.formats.cells import JSONNumber, as_text
from changetalk.formats.encoding import binary_kind

if TYPE_CHECKING:
    from types import ModuleType

    from openpyxl.workbook import Workbook

_BATCH: Final = 512
_MAX_ROWS: Final = 1_048_576
_MAX_COLUMNS: Final = 16_384
_MAX_CELL: Final = 32_767  # UTF-16 units
_EXACT: Final = 2**53  # Excel's numbers are floats: whole ones beyond this are rounded

# openpyxl's own `escape` misses U+0000 and half characters, and does not protect text that looks
# like an escape already. XML turns a bare carriage return into a line feed, so it is escaped too.
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def _openpyxl() -> ModuleType:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingPackageError(
            'Excel files need the package openpyxl; type: pip install "changetalk[excel]"'
        ) from error
    return openpyxl


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep openpyxl's remarks about parts of a workbook that we do not read to ourselves."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        yield


class ExcelSource(Source):
    """One sheet of an Excel workbook: the one that holds something, or the one asked for.

    Empty rows above the header and below the last value are no rows; those between are.
    """

    format = "xlsx"

    def __init__(self, path: Path, name: str, sheet: str | None = None) -> None:
        super().__init__(path, name)
        openpyxl = _openpyxl()
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open(path, "rb"))
            self._refuse_others(file.read(64))
            with self._reading():
                book: Workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
                stack.callback(book.close)
                self._sheet = self._choose(book, sheet)
                self.sheet = str(self._sheet.title)
                self.columns, self._header_row = self._header()
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        self._stack.close()

    def _refuse_others(self, head: bytes) -> None:
        if not head:
            raise FormatError(f"{self.name}: is empty")
        if head.startswith(b"PK"):
            return
        kind, advice = binary_kind(head) or ("text or damaged data", "check the file, or its suffix")
        raise FormatError(f"{self.name}: is not an Excel workbook but looks like {kind}; {advice}")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        # openpyxl has no error of its own for damaged files: zipfile's, zlib's, the XML parser's
        # and its own KeyErrors, TypeErrors and so on all mean the same here.
        try:
            with _quietly():
                yield
        except ChangetalkError:
            raise
        except Exception as error:
            raise FormatError(
                f"{self.name}: is not an Excel workbook, or is damaged or cut off ({type(error).__name__}); "
                "open it in Excel and save it again as .xlsx"
            ) from error

    def _choose(self, book: Workbook, wanted: str | None) -> Any:
        sheets: dict[str, Any] = {sheet.title: sheet for sheet in book.worksheets}
        for sheet in sheets.values():
            sheet.reset_dimensions()  # other programs write wrong ones, and rows would be lost
        names = ", ".join(repr(title) for title in sheets)
        if wanted is not None:
            if wanted not in sheets:
                raise FormatError(f"{self.name}: has no sheet {wanted!r}; its sheets are {names}")
            return sheets[wanted]
        filled = [sheet for sheet in sheets.values() if any(map(_has_value, sheet.values))]
        shown = [sheet for sheet in filled if sheet.sheet_state == "visible"] or filled
        if not shown:
            raise FormatError(f"{self.name}: is empty")
        if len(shown) > 1:
            names = ", ".join(repr(sheet.title) for sheet in shown)
            raise FormatError(f"{self.name}: has several sheets, {names}; choose one with --sheet NAME")
        if len(filled) > 1:
            self.notes.append(f"only the sheet {shown[0].title!r} was read; the hidden ones were not")
        return shown[0]

    def _header(self) -> tuple[tuple[str, ...], int]:
        for number, row in enumerate(self._sheet.values, 1):
            cells = list(row)
            while cells and cells[-1] is None:
                cells.pop()
            if not cells:
                continue
            names = [_read(as_text(cell)) for cell in cells]
            for position, name in enumerate(names):
                if name in names[:position]:
                    raise FormatError(
                        f"{self.name}: columns {names.index(name) + 1} and {position + 1} have the same "
                        "name; the first row must name each column differently"
                    )
            return tuple(map(str, names)), number
        raise FormatError(f"{self.name}: is empty")

    def _row_number(self, index: int) -> int:
        return index + 1 + self._header_row

    def _values(self) -> Iterator[tuple[object, ...]]:
        rows = iter(self._sheet.values)
        while True:
            with self._reading():  # in batches: a generator must not hold the warning filters
                batch = list(islice(rows, _BATCH))
            if not batch:
                return
            yield from batch

    def _rows(self) -> Iterator[list[object]]:
        width = len(self.columns)
        empty = 0  # rows without a value, which count only if one with a value follows
        for number, row in enumerate(self._values(), 1):
            if number <= self._header_row:
                continue
            if not _has_value(row):
                empty += 1
                continue
            for _ in range(empty):
                yield [None] * width
            empty = 0
            cells = [_read(value) for value in row[:width]]
            if _has_value(row[width:]):
                raise FormatError(
                    f"{self.name}, row {number}: has a value in a column that the header does not name"
                )
            yield cells + [None] * (width - len(cells))


class ExcelSink(Sink):
    """A workbook of one sheet. Text stays text, whatever it starts with."""

    format = "xlsx"

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        openpyxl = _openpyxl()
        if len(self.columns) > _MAX_COLUMNS:
            raise OutputError(f"{self.name}: more than {_MAX_COLUMNS:,} columns, Excel's limit; write CSV")
        book = openpyxl.Workbook(write_only=True)
        title = self.source.sheet if isinstance(self.source, ExcelSource) else None
        self._sheet = book.create_sheet(title)
        self._cell_type = openpyxl.cell.WriteOnlyCell
        self._row = 0
        try:
            self.write([self.columns])
            yield
            # By way of memory: a zip archive that meets a full disk half-way cannot be closed cleanly.
            packed = io.BytesIO()
            book.save(packed)
            path.write_bytes(packed.getbuffer())
        except BaseException:
            with contextlib.suppress(Exception):
                self._sheet.close()  # ends openpyxl's temporary file; it removes that at exit
            raise

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        for row in rows:
            self._row += 1
            if self._row > _MAX_ROWS:
                raise OutputError(f"{self.name}: more than {_MAX_ROWS:,} rows, Excel's limit; write CSV")
            self._sheet.append([self._cell(value) for value in row])

    def _cell(self, value: object) -> object:
        value = _writable(value)
        if not isinstance(value, str):
            return value
        text = _ILLEGAL.sub(lambda match: f"_x{ord(match.group()):04X}_", value)
        if len(text) > _MAX_CELL // 2 and len(text.encode("utf-16-le")) // 2 > _MAX_CELL:
            raise OutputError(
                f"{self.name}: row {self._row} has a cell of more than {_MAX_CELL:,} characters, "
                "Excel's limit; write CSV"
            )
        if not text.startswith(("=", "#")):
            return text
        cell = self._cell_type(self._sheet, text)
        cell.data_type = "s"  # else openpyxl makes a formula or an error value of it
        return cell


def _has_value(row: Sequence[object]) -> bool:
    return any(value is not None and value != "" for value in row)


def _read(value: object) -> object:
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), value)
    return value


def _writable(value: object) -> object:
    """Return a value that Excel has a type for, which is text where no other fits."""
    if value is MISSING:
        return None
    if value is None or isinstance(value, str | bool | dt.timedelta):
        return value
    if isinstance(value, JSONNumber):
        return float(value) if math.isfinite(value) else value.text
    if isinstance(value, float):
        return value if math.isfinite(value) else as_text(value) or None
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    return _writable_time(value)


def _writable_time(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date):
        known = value.year >= 1900 and getattr(value, "tzinfo", None) is None
        return value if known else value.isoformat()
    if isinstance(value, dt.time):
        return value if value.tzinfo is None else value.isoformat()
    return as_text(value)

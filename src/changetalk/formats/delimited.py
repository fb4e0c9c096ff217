"""CSV and TSV: every cell comes back as the very string it was.

The rules, beyond those of Python's `csv`:

- Nothing is converted: ``007``, ``NA`` and `` x `` stay what they are.
- A row with more or fewer cells than the header is an error.
- A line with nothing but white space is a row of empty cells, except before the header and at the end of the
  file, where it is no row. In a file of one column it is an empty cell wherever it stands.
- A quoted cell ends with its quote: text between a closing quote and the delimiter is an error, as
  reading on would lose the quotes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NoReturn, TextIO

from changetalk.errors import FormatError
from changetalk.formats.base import Sink, Source
from changetalk.formats.cells import as_text, short_number
from changetalk.formats.encoding import text_encoding

_DELIMITERS: Final = ",;\t|"
_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE: Final = 1 << 16
_SAMPLE_RECORDS: Final = 100
_CELL_LIMIT: Final = 1 << 26  # characters; the csv module's own limit is 131,072
_EXCEL_HINT: Final = re.compile(r"sep=([,;\t|])\r?\n")


def sniff_delimiter(sample: str, *, whole: bool) -> str:
    """Return the delimiter of a table, judged by its header and first records.

    Parameters
    ----------
    sample : str
        The beginning of the file.
    whole : bool
        Whether that is all of it. If not, the last record is taken to be cut off.

    Returns
    -------
    str
        The one that splits the header and, where several do, splits most of the records into as
        many cells; a comma for a table of one column.
    """
    best, best_score = "", (0.0, 0)
    single, single_share = ",", 0.0
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        try:
            records = [record for record in islice(reader, _SAMPLE_RECORDS) if record]
        except csv.Error:  # pragma: no cover (a sample is shorter than any cell limit)
            continue
        if not whole and len(records) > 1:
            records = records[:-1]
        if not records:
            continue
        width = len(records[0])
        share = sum(len(record) == width for record in records) / len(records)
        if width > 1 and (share, width) > best_score:
            best, best_score = delimiter, (share, width)
        elif width == 1 and share > single_share:
            single, single_share = delimiter, share
    return best or single


class DelimitedSource(Source):
    """A CSV or TSV file.

    Attributes
    ----------
    delimiter, line_end : str
    bom : bool
        How the file is written, for a sink that writes one like it.
    """

    delimiter: str

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        self.encoding = encoding.name
        self.bom = encoding.bom
        if encoding.note:
            self.notes.append(encoding.note)
        if csv.field_size_limit() < _CELL_LIMIT:  # one limit for the whole process: only ever raised
            csv.field_size_limit(_CELL_LIMIT)
        with self._open() as file:
            sample = file.read(_SAMPLE)
            whole = not file.read(1)
        first = sample.partition("\n")[0]
        self.line_end = "\r\n" if first.endswith("\r") else "\n"
        hint = _EXCEL_HINT.match(sample)
        self._hint_lines = 0
        if hint:
            self._hint_lines = 1
            sample = sample[hint.end() :]
        self.delimiter = self._delimiter(sample, whole, hint.group(1) if hint else None)
        with self._open() as file:
            header, self._header_lines = self._header(file)
        self.columns = tuple(header)

    def _delimiter(self, sample: str, whole: bool, hint: str | None) -> str:
        return hint or sniff_delimiter(sample, whole=whole)

    def _open(self) -> TextIO:
        return open(self.path, encoding=self.encoding, newline="")

    def _header(self, file: TextIO) -> tuple[list[str], int]:
        """Return the first record that is not blank, and the number of lines up to its end."""
        for end, record in self._records(file):
            if record:
                seen: dict[str, int] = {}
                for number, name in enumerate(record, 1):
                    if seen.setdefault(name, number) != number:
                        raise FormatError(
                            f"{self.name}: columns {seen[name]} and {number} have the same name; "
                            "the first row must name each column differently"
                        )
                return record, end
        raise FormatError(f"{self.name}: is empty")

    def _records(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Give each record with the number of the line where it ends."""
        for _ in range(self._hint_lines):
            file.readline()
        reader = csv.reader(file, delimiter=self.delimiter, strict=True)
        end = self._hint_lines
        while True:
            try:
                record = next(reader, None)
            except csv.Error as error:
                self._refuse(error, end + 1)
            if record is None:
                return
            end = reader.line_num + self._hint_lines
            yield end, record

    def _refuse(self, error: csv.Error, line: int) -> NoReturn:
        reason = str(error)  # the csv module's own: it holds none of the file's text
        place = f"{self.name}, line {line}"
        if "unexpected end" in reason:
            raise FormatError(f'{place}: a quote (") opened in this row is never closed') from error
        if "field limit" in reason:
            raise FormatError(
                f'{place}: a cell of more than {_CELL_LIMIT:,} characters; is a quote (") never closed?'
            ) from error
        raise FormatError(
            f'{place}: text after the closing quote of a cell; write quotes inside a quoted cell twice ("")'
        ) from error

    def _rows(self) -> Iterator[list[object]]:
        width = len(self.columns)
        with self._open() as file:
            blank: list[int] = []  # lines with nothing in them, rows only if another row follows
            end = self._header_lines
            for next_end, record in self._records(file):
                if next_end <= self._header_lines:
                    continue
                start, end = end + 1, next_end
                if width > 1 and (not record or (len(record) == 1 and not record[0].strip())):
                    blank.append(start)
                    continue
                for line in blank:
                    self._at_line(line)
                    yield [""] * width
                blank.clear()
                cells: list[object] = list(record) or [""]
                if len(cells) != width:
                    raise FormatError(
                        f"{self.name}, line {start}: {len(cells)} cells where the header has {width}; put "
                        f"quotes around cells that hold a {_NAMES[self.delimiter]}"
                    )
                self._at_line(start)
                yield cells


class CSVSource(DelimitedSource):
    """Comma-separated values, or values separated by semicolons, tabs or bars."""

    format = "csv"


class TSVSource(DelimitedSource):
    """Tab-separated values, quoted where need be as in CSV."""

    format = "tsv"

    def _delimiter(self, sample: str, whole: bool, hint: str | None) -> str:
        return "\t"


class DelimitedSink(Sink):
    """A CSV or TSV file in UTF-8, written the way its source is where that is one too."""

    delimiter: str

    @contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        source = self.source
        line_end, bom, delimiter = "\n", False, self.delimiter
        if isinstance(source, DelimitedSource):
            line_end, bom = source.line_end, source.bom
            if source.format == self.format and len(source.columns) > 1:
                delimiter = source.delimiter
        # Half a character, which JSON can hold and UTF-8 cannot, is written as its escape.
        encoding = "utf-8-sig" if bom else "utf-8"
        with open(path, "w", encoding=encoding, errors="backslashreplace", newline="") as file:
            lines = file if line_end == "\r\n" else _UnixLines(file)
            self._writer = csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")
            self._writer.writerow(self.columns)
            yield

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        at = self.added_from
        self._writer.writerows([*map(as_text, row[:at]), *map(_added, row[at:])] for row in rows)


class _UnixLines:
    """A file for `csv.writer` whose lines end in a line feed.

    Asked for such lines itself, the writer leaves bare carriage returns in cells unquoted before
    Python 3.13, and they would be read as line ends.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line[:-2] + "\n")


class CSVSink(DelimitedSink):
    """Comma-separated values, or the source's delimiter if that is a CSV file too."""

    format = "csv"
    delimiter = ","


class TSVSink(DelimitedSink):
    """Tab-separated values."""

    format = "tsv"
    delimiter = "\t"


def _added(value: object) -> str:
    if isinstance(value, float) and value == value:
        return short_number(value)
    return as_text(value)

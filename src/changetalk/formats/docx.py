"""Word documents (.docx): a transcript in paragraphs, or in a table.

In paragraphs a turn starts with its speaker, as in plain text (``T: ...``), on a line of its own with
a time (``Anna K.  0:12``, as Otter and Teams write), or in bold. In a table there is a column of speakers
and one of text, with a header above them or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changetalk.columns import find_column
from changetalk.errors import ColumnError, FormatError
from changetalk.formats.base import Source
from changetalk.formats.docx_document import MOST_COLUMNS, Body, Line, Paragraph, Table, read_body
from changetalk.formats.plain import ProseSource
from changetalk.formats.speakers import find_heading, find_prefix, is_known, seconds

_TIME: Final = re.compile(r"[\[(]?\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,3})?\s*[\])]?")
# "0:0:5.100 --> 0:0:8.250", as Teams once put it above the line with the speaker.
_SPAN: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})[.,][0-9]{1,3} --> [0-9:.,]+")


@dataclass(frozen=True, slots=True)
class GridRow:
    """A table's row, a text for each column that the table has there; `number` as in `Row`."""

    number: int
    cells: list[str]


def open_docx(path: Path, name: str) -> Source:
    """Open a Word document as what most of it is: a table of talk, or else prose.

    Raises
    ------
    FormatError
        If it is no Word document, is damaged, or names no speakers.
    """
    body = read_body(path, name)
    grids = [_grid(block, name) for block in body.blocks if isinstance(block, Table)]
    told = next((found for grid in grids if (found := _headed(grid) or _unheaded(grid))), None)
    if told is not None:
        source = TableSource(path, name, body, grids, told)
        if source.size >= sum(len(block.text) for block in body.blocks if isinstance(block, Paragraph)):
            return source
    try:
        return DocumentSource(path, name, body)
    except FormatError:
        told = next((found for grid in grids if (found := _named(grid))), None)
        if told is None:
            raise
        return TableSource(path, name, body, grids, told)  # the user says which of its columns is what


@dataclass(frozen=True, slots=True)
class Layout:
    """How a transcript's table is to be read.

    Attributes
    ----------
    first : list of GridRow
        The table, or the first of several that go on with each other.
    columns : list of str
    headed : bool
        Whether its first row is the header.
    """

    first: list[GridRow]
    columns: list[str]
    headed: bool

    def takes(self, grid: list[GridRow]) -> bool:
        """Return whether a table is the first or goes on with it: the same header, or the same speakers."""
        if grid is self.first:
            return True
        if self.headed:
            return bool(grid) and _names(grid[0]) == self.columns
        k = self.columns.index("speaker")
        known = {row.cells[k].strip() for row in self.first if k < len(row.cells)}
        return all(len(row.cells) == len(self.columns) and row.cells[k].strip() in known for row in grid)


class TableSource(Source):
    """A Word document's table: a row of it a row.

    A header that names the text makes the columns. Without one they are ``speaker``, ``text``,
    ``start`` and ``end`` (seconds) where there are times, and ``column 3`` and so on, by their
    place. Tables that go on with it, on other pages, are read as one.
    """

    format = "docx"
    _unit = "paragraph"

    def __init__(self, path: Path, name: str, body: Body, grids: list[list[GridRow]], layout: Layout) -> None:
        super().__init__(path, name)
        columns = layout.columns
        for k, column in enumerate(columns):
            if column in columns[:k]:
                raise FormatError(
                    f"{name}: columns {columns.index(column) + 1} and {k + 1} of the table have the same "
                    "name; its first row must name each column differently"
                )
        self.columns = tuple(columns)
        taken = [row for grid in grids if layout.takes(grid) for row in grid]
        self.size = sum(len(cell) for row in taken for cell in row.cells)
        if layout.headed:
            self._times: list[int] = []
            self._grid = [row for row in taken if row.cells != layout.first[0].cells]
        else:
            self._times = [k for k, column in enumerate(columns) if column in ("start", "end")]
            self._grid = taken
            k = columns.index("speaker")
            unnamed = sum(not "".join(row.cells[k : k + 1]).strip() for row in taken)
            if unnamed:
                self.notes.append(f"{unnamed} rows of the table name no speaker, so they get no label")
        outside = sum(bool(block.text.strip()) for block in body.blocks if isinstance(block, Paragraph))
        others = sum(not layout.takes(grid) for grid in grids)
        for count, what in (
            (outside, "paragraphs outside of the table"),
            (others, "tables of another shape"),
        ):
            if count:
                self.notes.append(f"{count} {what} not read")
        _note_boxes(self, body)

    def _rows(self) -> Iterator[list[object]]:
        width = len(self.columns)
        for row in self._grid:
            self._at_line(row.number)
            if any(cell.strip() for cell in row.cells[width:]):
                raise FormatError(
                    f"{self.name}, paragraph {row.number}: stands in a column that the header does not name"
                )
            cells: list[object] = [*row.cells[:width], *[""] * (width - len(row.cells))]
            for k in self._times:
                text = str(cells[k]).strip()
                cells[k] = seconds(text) if text else None
            yield cells


class DocumentSource(ProseSource):
    """A Word document's paragraphs, the rows of tables among them; a soft break ends a line."""

    format = "docx"
    _unit = "paragraph"

    def __init__(self, path: Path, name: str, body: Body) -> None:
        super().__init__(path, name)
        lines = _prose(body)
        self._talk = list(_joined_spans((number, line.text.strip()) for number, line in lines))
        if self._has_no_speakers():
            plain = self._talk
            self._talk = [(number, _with_colon(line)) for number, line in lines]
            if self._has_no_speakers():
                self._talk = plain
            else:
                self.notes.append("names in bold at the beginning of lines were read as the speakers")
        self._find_speakers()
        _note_boxes(self, body)

    def _has_no_speakers(self) -> bool:
        return not self._has_headings() and len(self._census(0).speakers()) < 2

    def _lines_of_file(self) -> Iterator[tuple[int, str]]:
        return enumerate((line for _, line in self._talk), 1)

    def _at_line(self, line: int) -> None:
        super()._at_line(self._talk[line - 1][0])

    def _place(self, line: int) -> str:
        return f"paragraph {self._talk[line - 1][0]}"


def _prose(body: Body) -> list[tuple[int, Line]]:
    """Return the document's lines; the cells of a table's row make one."""
    lines: list[tuple[int, Line]] = []
    for block in body.blocks:
        if isinstance(block, Paragraph):
            lines += [(block.number, line) for line in block.lines]
            continue
        for row in block.rows:
            filled = [cell for cell in row.cells if cell.text.strip() and not row.deleted]
            if len(filled) == 1:
                lines += [(p.number, line) for p in filled[0].paragraphs for line in p.lines]
            else:
                lines.append((row.number, Line(" ".join(" ".join(cell.text.split()) for cell in filled))))
    return lines


def _joined_spans(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Put a time that stands on a line of its own, with an arrow, beside the speaker on the next."""
    span: tuple[int, str] | None = None
    for number, text in lines:
        times = _SPAN.fullmatch(span[1]) if span else None
        if span is not None and times is not None:
            heading = f"{text}  {times[1]}:{times[2]:0>2}:{times[3]:0>2}"
            if find_heading(heading) is None:
                yield span
            else:
                text = heading  # noqa: PLW2901
        span = (number, text) if _SPAN.fullmatch(text) else None
        if span is None:
            yield number, text
    if span is not None:
        yield span


def _with_colon(line: Line) -> str:
    """Return a line that starts in bold with a colon after what is bold, if that could be a name."""
    name = line.text[: line.bold].strip().rstrip(":-\u2013\u2014").rstrip()
    marked = f"{name}: {line.text[line.bold :].strip()}"
    return marked if name and find_prefix(marked) is not None else line.text.strip()


def _grid(table: Table, name: str) -> list[GridRow]:
    """Return a table's rows with the same place for the same column; merged cells hold the text above."""
    rows: list[GridRow] = []
    for row in table.rows:
        if row.deleted:
            continue
        cells: list[str] = []
        for cell in row.cells:
            above = rows[-1].cells if rows else []
            merged = cell.continues and len(cells) < len(above)
            text = above[len(cells)] if merged else cell.text
            cells += [text, *[""] * (cell.span - 1)]
            if len(cells) > MOST_COLUMNS:
                raise FormatError(
                    f"{name}, paragraph {row.number}: a table has more than {MOST_COLUMNS} columns, which "
                    "Word does not allow"
                )
        rows.append(GridRow(row.number, cells))
    return rows


def _headed(grid: list[GridRow]) -> Layout | None:
    """Return how a table is read whose first row names its columns, if one of them is the text."""
    if len(grid) < 2:
        return None
    names = _names(grid[0])
    try:
        found = find_column("text", names, where="", required=False) is not None
    except ColumnError:  # several: the user says which
        found = True
    return Layout(grid, names, headed=True) if found else None


def _named(grid: list[GridRow]) -> Layout | None:
    """Return how a table is read whose first row names every column, in whatever words."""
    names = _names(grid[0]) if len(grid) > 1 else []
    width = max((len(row.cells) for row in grid), default=0)
    whole = len(names) == width and all(names) and len(set(names)) == width
    return Layout(grid, names, headed=True) if names and whole else None


def _names(row: GridRow) -> list[str]:
    names = [" ".join(cell.split()) for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    return names


def _unheaded(grid: list[GridRow]) -> Layout | None:
    """Return how a table without a header is read, if one of its columns holds names only."""
    width = max((len(row.cells) for row in grid), default=0)
    cells = [[*(cell.strip() for cell in row.cells), *[""] * (width - len(row.cells))] for row in grid]
    columns = list(map(list, zip(*cells, strict=True)))
    speaker = next((k for k, column in enumerate(columns) if _are_speakers(column)), None)
    if speaker is None or width < 2:
        return None
    times = [k for k, column in enumerate(columns) if any(column) and all(map(_is_time, column))]
    rest = [k for k in range(width) if k != speaker and k not in times[:2]]
    if not rest:
        return None
    text = max(rest, key=lambda k: sum(map(len, columns[k])))
    named = {speaker: "speaker", text: "text", **dict(zip(times, ("start", "end"), strict=False))}
    return Layout(grid, [named.get(k, f"column {k + 1}") for k in range(width)], headed=False)


def _are_speakers(column: list[str]) -> bool:
    """Return whether these are two names or more that come again and again, or are well-known roles."""
    cells = [cell.rstrip(":") for cell in column if cell]
    names = {cell.casefold() for cell in cells}
    if not all(find_prefix(f"{name}:") is not None and any(map(str.isalpha, name)) for name in names):
        return False
    return len(names) > 1 and (2 * len(names) <= len(cells) or all(map(is_known, names)))


def _is_time(cell: str) -> bool:
    return not cell or _TIME.fullmatch(cell) is not None


def _note_boxes(source: Source, body: Body) -> None:
    if body.boxes:
        source.notes.append("what stands in text boxes was not read")

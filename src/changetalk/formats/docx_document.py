"""What is written in a Word document: its paragraphs and tables, as an author sees them.

Source: Office Open XML, ECMA-376 part 1, chapter 17 (WordprocessingML). The reader is ours:
`python-docx`, which tests compare it with, leaves out what was inserted with changes tracked, unpacks
every part of the file, and would need lxml. Insertions count, deletions do not; comments, footnotes,
headers, fields' codes and text boxes are not part of the talk.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from changetalk.errors import ChangetalkError, FormatError
from changetalk.formats.encoding import binary_kind
from changetalk.formats.markup import MAX_SIZE, Handler, read_xml

if TYPE_CHECKING:
    from zipfile import ZipFile

_ADVICE: Final = "open it in Word and save it again as .docx"
_MOST_PARTS: Final = 20_000
MOST_COLUMNS: Final = 63  # Word's limit
_WORD: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",  # strict
    }
)
_COMPATIBILITY: Final = "http://schemas.openxmlformats.org/markup-compatibility/2006"
#: Elements with nothing in them that was said, or with what stands elsewhere too.
_SKIPPED: Final = frozenset({"drawing", "pict", "object", "rt", "Fallback"})
_DELETED: Final = frozenset({"del", "moveFrom"})
_SIGNS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_OFF: Final = frozenset({"0", "false", "off"})


@dataclass(slots=True)
class Line:
    """A line of a paragraph, up to a soft break.

    Attributes
    ----------
    text : str
    bold : int
        So many characters at its beginning are bold.
    """

    text: str = ""
    bold: int = 0
    _plain: bool = False  # something that is not bold was there

    def add(self, text: str, *, bold: bool) -> None:
        """Append a piece of text."""
        if not text:
            return
        self._plain = self._plain or not (bold or text.isspace())
        self.text += text
        if not self._plain:
            self.bold = len(self.text)


@dataclass(slots=True)
class Paragraph:
    """A paragraph; `number` counts all of a document's, from 1."""

    number: int
    lines: list[Line] = field(default_factory=lambda: [Line()])

    @property
    def text(self) -> str:
        """Its lines."""
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class Cell:
    """A cell of a table: its paragraphs, how many columns it spans, whether it goes on with the one above."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    span: int = 1
    continues: bool = False

    @property
    def text(self) -> str:
        """All of its lines."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)


@dataclass(slots=True)
class Row:
    """A row of a table; `number` is that of its first paragraph."""

    number: int
    cells: list[Cell] = field(default_factory=list)
    deleted: bool = False


@dataclass(slots=True)
class Table:
    """A table of the document's body. Tables within its cells are read as lines of the cells."""

    rows: list[Row] = field(default_factory=list)


class Body(Handler):
    """The body of a Word document, read whole.

    Attributes
    ----------
    blocks : list of Paragraph or Table
        In the document's order.
    boxes : bool
        Whether there are text boxes, whose text was not read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.blocks: list[Paragraph | Table] = []
        self.boxes = False
        self._path: list[str] = []
        self._skip = 0
        self._count = 0
        self._tables = 0  # how deep in tables
        self._paragraph: Paragraph | None = None
        self._joined = False  # the paragraph's end was deleted: the next one goes on with it
        self._bold = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        namespace, _, local = name.rpartition(" ")
        if namespace not in _WORD and (namespace, local) != (_COMPATIBILITY, "Fallback"):
            local = f"other {local}"
        above = self._path[-1] if self._path else ""
        self._path.append(local)
        if not above and local != "document":
            kind = "it is an Excel workbook: rename it to .xlsx" if local == "other workbook" else _ADVICE
            raise FormatError(f"{self.name}: is not a Word document; {kind}")
        self.boxes = self.boxes or local == "txbxContent"
        # Amid properties, a deletion is that of the paragraph's end or of the row.
        if self._skip or local in _SKIPPED or (local in _DELETED and above not in ("rPr", "trPr")):
            self._skip += 1
            return
        value = next((v for key, v in attributes.items() if key.rpartition(" ")[2] == "val"), None)
        if local in ("tbl", "tr", "tc", "p"):
            self._open(local)
        elif "r" in self._path and local in _SIGNS:
            self._add(_SIGNS[local])
        elif local == "r":
            self._bold = False
        else:
            self._property(local, above, value)

    def end(self, name: str) -> None:
        """Take an element's end."""
        local = self._path.pop()
        if self._skip:
            self._skip -= 1
        elif local == "p":
            if not self._joined:
                self._paragraph = None
        elif local == "tbl":
            self._tables -= 1
            self._paragraph = None

    def text(self, text: str) -> None:
        """Take a piece of text, if it is of a run."""
        if not self._skip and self._path[-1] == "t":
            self._add(text)

    def _open(self, local: str) -> None:
        self._joined = self._joined and local == "p"
        if local == "tbl":
            self._tables += 1
            if self._tables == 1:
                self.blocks.append(Table())
        elif local == "p":
            self._new_paragraph()
        elif self._tables == 1:
            table = self.blocks[-1]
            if isinstance(table, Table):
                if local == "tr":
                    table.rows.append(Row(self._count + 1))
                elif table.rows:
                    table.rows[-1].cells.append(Cell())

    def _new_paragraph(self) -> None:
        self._count += 1
        if self._joined:
            self._joined = False
            return
        self._paragraph = Paragraph(self._count)
        table = self.blocks[-1] if self._tables and self.blocks else None
        if not isinstance(table, Table):
            self.blocks.append(self._paragraph)
        elif table.rows and table.rows[-1].cells:
            table.rows[-1].cells[-1].paragraphs.append(self._paragraph)

    def _property(self, local: str, above: str, value: str | None) -> None:
        """Take note of what is said about the run, the paragraph, the row or the cell."""
        if above == "rPr":
            if self._path[-3:-2] == ["pPr"]:
                self._joined = self._joined or local in _DELETED
            elif local == "b" or (local == "rStyle" and value == "Strong"):
                self._bold = value not in _OFF
            return
        table = self.blocks[-1] if self._tables == 1 and self.blocks else None
        if not isinstance(table, Table) or not table.rows:
            return
        row = table.rows[-1]
        if above == "trPr" and local == "del":
            row.deleted = True
        elif above == "trPr" and local == "gridBefore":
            row.cells.append(Cell(span=_span(value)))
        elif above == "tcPr" and row.cells and local == "gridSpan":
            row.cells[-1].span = _span(value)
        elif above == "tcPr" and row.cells and local == "vMerge":
            row.cells[-1].continues = value != "restart"

    def _add(self, text: str) -> None:
        if self._paragraph is None:
            return
        first, *rest = text.split("\n")
        self._paragraph.lines[-1].add(first, bold=self._bold)
        for line in rest:
            self._paragraph.lines.append(Line())
            self._paragraph.lines[-1].add(line, bold=self._bold)


class _Relations(Handler):
    """Which part of a package is its document."""

    target = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if attributes.get("Type", "").endswith("/officeDocument") and not self.target:
            self.target = attributes.get("Target", "")


def read_body(path: Path, name: str) -> Body:
    """Read the body of a Word document.

    Raises
    ------
    FormatError
        If the file is no Word document, is damaged, or is made to harm.
    """
    import zipfile

    with open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise FormatError(f"{name}: is empty")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(
            f"{name}: is in Word's old format (.doc) or has a password; save it as .docx without one"
        )
    if not head.startswith(b"PK"):
        kind, advice = binary_kind(head) or ("text or damaged data", "check the file, or its suffix")
        raise FormatError(f"{name}: is not a Word document but looks like {kind}; {advice}")
    with _reading(name), zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > _MOST_PARTS:
            raise FormatError(
                f"{name}: has more than {_MOST_PARTS:,} parts, as no real document has; {_ADVICE}"
            )
        if "_rels/.rels" not in archive.namelist():
            raise FormatError(f"{name}: is a ZIP archive but not a Word document; {_ADVICE}")
        relations = _Relations()
        _read_part(archive, "_rels/.rels", relations, name)
        body = Body(name)
        _read_part(archive, posixpath.normpath(relations.target.lstrip("/")), body, name, namespaces=True)
    return body


def is_word(path: Path) -> bool:
    """Return whether a ZIP archive is a Word document."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return any(part.startswith("word/") for part in archive.namelist())
    except Exception:  # damaged in one of many ways
        return False


def _read_part(archive: ZipFile, part: str, handler: Handler, name: str, *, namespaces: bool = False) -> None:
    if archive.getinfo(part).file_size > MAX_SIZE:
        raise FormatError(f"{name}: unpacks to more than {MAX_SIZE >> 20} MiB of text; {_ADVICE}")
    with archive.open(part) as file:
        read_xml(file, handler, where=name, advice=_ADVICE, namespaces=namespaces)


@contextlib.contextmanager
def _reading(name: str) -> Iterator[None]:
    # zipfile has many errors for damaged files: its own, zlib's, KeyErrors, EOFErrors and so on.
    try:
        yield
    except ChangetalkError:
        raise
    except Exception as error:
        raise FormatError(
            f"{name}: is not a Word document, or is damaged or cut off ({type(error).__name__}); {_ADVICE}"
        ) from error


def _span(value: str | None) -> int:
    if value is None or not value.isdecimal() or not 0 < int(value[:4]) <= MOST_COLUMNS:
        return 1
    return int(value[:4])

"""Results as a Word document to read: one table, in landscape, its header on every page."""

from __future__ import annotations

import contextlib
import html
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from changetalk.errors import OutputError
from changetalk.formats.base import LABEL, MODEL, Sink, Source
from changetalk.formats.cells import as_text, short_number
from changetalk.formats.docx_document import MOST_COLUMNS

#: Added columns that are left to tables for computing.
_LEFT_OUT: Final = frozenset({"ct_p_change", "ct_p_neutral", "ct_p_sustain", MODEL})
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHADES: Final = {"change": "E2F0D9", "sustain": "FBE5D6"}
_WIDTH: Final = 14_800  # twentieths of a point between the margins
_NARROW, _WIDE = 1_000, 6_000

_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_DOCUMENT: Final = "word/document.xml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/{_DOCUMENT}" ContentType="{_TYPES}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_TYPES}.footer+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="{_DOCUMENT}"/></Relationships>',
    "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/footer" Target="footer1.xml"/></Relationships>',
    "word/styles.xml": f"<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>"
    '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/>'
    '<w:sz w:val="20"/><w:szCs w:val="20"/></w:rPr></w:rPrDefault></w:docDefaults></w:styles>',
}
_LINES: Final = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)
_END: Final = (
    "</w:tbl><w:p/><w:sectPr>"
    f'<w:footerReference xmlns:r="{_OFFICE}" w:type="default" r:id="rId2"/>'
    '<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
    '<w:pgMar w:top="1020" w:right="1020" w:bottom="1020" w:left="1020" w:header="500" w:footer="500" '
    'w:gutter="0"/></w:sectPr></w:body></w:document>'
)


class DocxSink(Sink):
    """A Word document with a table: the columns there were, the label and how probable it is.

    Of labelling's columns the three probabilities are left out, and the model stands below each
    page instead of beside each row: the document is for reading. For computing, write a table.
    Characters that XML has no place for, such as U+0000, become U+FFFD.
    """

    format = "docx"

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        super().__init__(path, source, columns)
        self._added = range(self.added_from, len(self.columns)) if source is not None else range(0)
        self._shown = [
            k for k, name in enumerate(self.columns) if k not in self._added or name not in _LEFT_OUT
        ]
        self._by = next((k for k in self._added if self.columns[k] == MODEL), None)
        self._label = next((k for k, name in enumerate(self.columns) if name == LABEL), None)
        self._model = ""

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        for row in rows:
            if self._by is not None and row[self._by] is not None:
                self._model = str(row[self._by])
            shade = _SHADES.get(str(row[self._label])) if self._label is not None else None
            self._write_row([self._text(k, row[k]) for k in self._shown], shade)

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        import zipfile

        if len(self._shown) > MOST_COLUMNS:
            raise OutputError(f"{self.name}: more than {MOST_COLUMNS} columns, Word's limit; write CSV")
        # By way of memory: a zip archive that meets a full disk half-way cannot be closed cleanly.
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _PARTS.items():
                archive.writestr(name, _XML + content)
            with archive.open(_DOCUMENT, "w", force_zip64=True) as file:
                self._file: IO[bytes] = file
                self._put(self._beginning())
                self._write_row([self.columns[k] for k in self._shown], None, header=True)
                yield
                self._put(_END)
            note = f"Client talk labelled by changetalk, model {self._model}" if self._model else ""
            footer = f"<w:ftr {_W}><w:p>{_run(note)}</w:p></w:ftr>"
            archive.writestr("word/footer1.xml", (_XML + footer).encode())
        path.write_bytes(packed.getbuffer())

    def _beginning(self) -> str:
        # The first column named as text usually is gets the room, or else all share it alike.
        wide = next(
            (k for k in self._shown if self.columns[k].casefold() in ("text", "utterance_text")), None
        )
        rest = (_WIDTH - _WIDE) // max(len(self._shown) - 1, 1) if wide is not None else _NARROW
        widths = "".join(f'<w:gridCol w:w="{_WIDE if k == wide else rest}"/>' for k in self._shown)
        return (
            f"{_XML}<w:document {_W}><w:body><w:tbl><w:tblPr>"
            f'<w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{_LINES}</w:tblBorders></w:tblPr>'
            f"<w:tblGrid>{widths}</w:tblGrid>"
        )

    def _text(self, k: int, value: object) -> str:
        if not isinstance(value, float) or not math.isfinite(value) or k < self.added_from:
            return as_text(value)
        return f"{value:.2f}" if k in self._added else short_number(value)

    def _write_row(self, cells: list[str], shade: str | None, *, header: bool = False) -> None:
        fill = f'<w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="{shade}"/></w:tcPr>' if shade else ""
        label = self._shown.index(self._label) if self._label is not None else None
        marks = "<w:trPr><w:cantSplit/>" + ("<w:tblHeader/>" if header else "") + "</w:trPr>"
        parts = [
            f"<w:tc>{fill if k == label else ''}<w:p>{_run(cell, bold=header)}</w:p></w:tc>"
            for k, cell in enumerate(cells)
        ]
        self._put(f"<w:tr>{marks}{''.join(parts)}</w:tr>")

    def _put(self, text: str) -> None:
        self._file.write(text.encode())


def _run(text: str, *, bold: bool = False) -> str:
    """Return a run of text, with line breaks and tabs as Word has them."""
    text = _ILLEGAL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = html.escape(text, quote=False).split("\n")
    inside = "<w:br/>".join(
        "<w:tab/>".join(
            f'<w:t xml:space="preserve">{piece}</w:t>' if piece else "" for piece in line.split("\t")
        )
        for line in lines
    )
    return f"<w:r>{'<w:rPr><w:b/></w:rPr>' if bold else ''}{inside}</w:r>" if inside else ""

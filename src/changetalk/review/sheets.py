"""Spreadsheets for coding: Excel workbooks with a list to choose from, and CSV."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd

from changetalk.context import cell_text
from changetalk.errors import ColumnError
from changetalk.files import atomic_write
from changetalk.formats import open_sink, open_source
from changetalk.labels import LABELS
from changetalk.review.entries import Entry

#: The columns of a sheet; `model_label` stands before `code` where coding is not blind.
SHEET: Final = ("session", "row", "target", "context", "speaker", "text", "code", "sample_prob")

#: A cell that starts with one of these may be taken for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_WIDTHS: Final = {"session": 14, "target": 18, "context": 60, "speaker": 12, "text": 60, "model_label": 13}
_HIDDEN: Final = ("row", "sample_prob")  # for reading back, and none of a coder's business
_WRAPPED: Final = ("target", "context", "text")


def write_sheet(picked: pd.DataFrame, path: str | os.PathLike[str], *, blind: bool) -> None:
    """Write what was picked as a workbook (.xlsx) or as a table of text (.csv, .tsv)."""
    columns = [*SHEET[:-2], *(() if blind else ("model_label",)), *SHEET[-2:]]
    cells = {
        **{name: picked[name].tolist() for name in picked.columns if name in columns},
        "code": [None] * len(picked),
        "model_label": picked["label"].tolist(),
    }
    rows = list(zip(*(cells[name] for name in columns), strict=True))
    if Path(path).suffix.lower() == ".xlsx":
        _write_workbook(columns, rows, path)
        return
    with open_sink(path, None, columns) as sink:
        sink.write([_in_text(value) for value in row] for row in rows)


def read_sheet(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Read the rows of a coded sheet; a row in which nothing stands is none.

    Raises
    ------
    ColumnError
        If a column of the sheet as it was written is gone.
    """
    with open_source(path) as source:
        place = {name.strip().lower(): k for k, name in enumerate(source.columns)}
        for name in ("session", "row", "text", "code", "sample_prob"):
            if name not in place:
                raise ColumnError(
                    f"{source.name}: has no column {name!r}; code in a sheet that changetalk review wrote, "
                    "and leave its columns in place"
                )
        for i, row in enumerate(source.rows()):
            texts = {name: cell_text(row[k]) for name, k in place.items()}
            if not any(text.strip() for text in texts.values()):
                continue
            yield Entry(
                where=f"{source.name}, row {i + 2}",  # as spreadsheets count: cells hold several lines
                session=texts["session"],
                row=texts["row"],
                text=texts["text"],
                code=texts["code"].strip(),
                sample_prob=texts["sample_prob"],
            )


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: such a one gets an apostrophe.

    A CSV file cannot say that a cell is text. With what a client said, `=HYPERLINK(...)` in a
    transcript would become a link, and a turn that begins with a dash an error.
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    """Return a text without the apostrophe that `guarded` puts before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _in_text(value: object) -> str | None:
    if isinstance(value, float):
        return None if math.isnan(value) else repr(value)  # the sink would round a probability
    return None if value is None else guarded(str(value))


def _write_workbook(columns: list[str], rows: list[Any], path: str | os.PathLike[str]) -> None:
    """Write the rows as any result is written, so that text stays text, and dress them for coding."""
    with atomic_write(path) as final, tempfile.TemporaryDirectory(prefix="changetalk-") as folder:
        plain = Path(folder, Path(path).name)
        with open_sink(plain, None, columns) as sink:
            sink.write(rows)
        _dress(plain, columns, len(rows), final)


def _dress(plain: Path, columns: list[str], n: int, final: Path) -> None:
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.load_workbook(plain)
    sheet = book.worksheets[0]
    sheet.title = "to code"
    sheet.freeze_panes = "A2"
    for k, name in enumerate(columns, 1):
        letter = get_column_letter(k)
        sheet.cell(1, k).font = Font(bold=True)
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 11)
        sheet.column_dimensions[letter].hidden = name in _HIDDEN
        for i in range(2, n + 2):
            cell = sheet.cell(i, k)
            cell.alignment = Alignment(wrap_text=name in _WRAPPED, vertical="top")
            if name == "code" or isinstance(cell.value, str):
                cell.number_format = "@"  # text, also after somebody edits it
                cell.quotePrefix = cell.value is not None
    choices = DataValidation(type="list", formula1=f'"{",".join(LABELS)}"', allow_blank=True)
    choices.showErrorMessage = True
    choices.errorTitle, choices.error = "Not a label", f"Choose {', '.join(LABELS)}, or leave it empty."
    letter = get_column_letter(columns.index("code") + 1)
    choices.add(f"{letter}2:{letter}{n + 1}")
    sheet.add_data_validation(choices)
    packed = io.BytesIO()  # as ExcelSink does: a zip archive that meets a full disk cannot be closed
    book.save(packed)
    final.write_bytes(packed.getbuffer())

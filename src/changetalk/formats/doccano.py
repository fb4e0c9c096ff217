"""doccano's JSON Lines of text classification: ``{"id": 1, "text": "...", "label": ["change"]}``.

Read is what doccano exports (https://github.com/doccano/doccano, `data_export`; 1.5 and later, and the
``labels`` and ``meta`` of versions before), and written is what it imports: every key but the text and
the label is the example's metadata, which doccano keeps and exports again. The file's suffix is that
of any JSON Lines, so the format is taken only where it is named, or for ``.doccano.jsonl``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from changetalk.columns import find_column
from changetalk.context import cell_text
from changetalk.errors import FormatError, InputError
from changetalk.formats.base import MISSING, Source
from changetalk.formats.jsonl import JSONLinesSink, JSONLinesSource


class DoccanoSource(JSONLinesSource):
    """Examples of a text classification project.

    The columns are ``text``, ``label`` (several joined by ``;``) and the metadata, as in the file.
    """

    format = "doccano"

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, found in super()._objects():
            yield number, self._cells(found, f"{self.name}, line {number}")

    def _cells(self, found: dict[str, Any], where: str) -> dict[str, Any]:
        """Return an example's cells by column."""
        text = "text" if "text" in found else "data"
        if not isinstance(found.get(text), str):
            raise FormatError(
                f"{where}: has no text, so it is no example of a text project of doccano's; "
                "export it as JSONL, or read it with --format jsonl"
            )
        labels = "label" if "label" in found else "labels"
        if labels not in found and "annotations" in found:
            raise FormatError(
                f"{where}: has the numbers of labels and not their names; export it as JSONL with text labels"
            )
        meta = found.get("meta")
        flat = isinstance(meta, dict) and not meta.keys() & {*found, "text", "label"}
        cells: dict[str, Any] = {}
        for key, value in found.items():
            if key == text:
                cells["text"] = value
            elif key == labels:
                cells["label"] = _label(value, where)
            elif key == "meta" and flat:
                cells |= value
            else:
                cells[key] = value
        return cells


class DoccanoSink(JSONLinesSink):
    """Examples for doccano to import.

    The column of the text becomes ``text``, that of human labels ``label``; where there is none of
    labels, the model's (``ct_label``) are given as labels to be corrected, and stay metadata as well.

    Attributes
    ----------
    notes : list of str
        What was renamed.
    """

    format = "doccano"

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        super().__init__(path, source, columns)
        self.notes: list[str] = []
        text = find_column("text", self.columns, where=self.name)
        label = find_column("label", self.columns, where=self.name, required=False)
        names = {text: "text", label: "label"}
        for old, new in names.items():
            if old is not None and old != new:
                if new in self.columns:
                    raise InputError(
                        f"{self.name}: column {new!r} would be lost under {old!r}; drop or rename it"
                    )
                self.notes.append(f"column {old[:60]!r} is called {new!r}, as doccano wants it")
        self._label = None if label is None else self.columns.index(label)
        self._prelabel = (
            self.columns.index("ct_label") if label is None and "ct_label" in self.columns else None
        )
        self.columns = tuple(names.get(name, name) for name in self.columns)
        if self._prelabel is not None:
            self.columns = (*self.columns, "label")

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        super().write(map(self._example, rows))

    def _example(self, row: Sequence[object]) -> list[object]:
        cells = list(row)
        if self._label is not None:
            cells[self._label] = _labels(cells[self._label])
        if self._prelabel is not None:
            cells.append(_labels(row[self._prelabel]))
        text = self.columns.index("text")
        cells[text] = cell_text(cells[text])
        return cells


def _label(value: object, where: str) -> object:
    """Return an example's labels as one cell; as a list where a name has our separator in it."""
    names = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FormatError(
            f"{where}: its labels are no names (they may mark spans of text); "
            "export a project of text classification"
        )
    if any(";" in name for name in names):
        return names
    return ";".join(names) or None


def _labels(cell: object) -> list[object]:
    if isinstance(cell, list):
        return cell
    text = "" if cell is MISSING else cell_text(cell)
    return [name for part in text.split(";") if (name := part.strip())]

"""JSON Lines: one object a line. Lines with nothing in them are no rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from changetalk.errors import FormatError, OutputError
from changetalk.formats.base import MISSING, Sink, Source
from changetalk.formats.cells import JSONNumber, as_json
from changetalk.formats.encoding import text_encoding

_LONG: Final = 4000  # Python refuses to read or write whole numbers of more than 4,300 digits


def _float(text: str) -> float:
    number = float(text)
    return number if repr(number) == text else JSONNumber(text)


def _int(text: str) -> float:
    return JSONNumber(text) if len(text) > _LONG or text == "-0" else int(text)


_DECODER: Final = json.JSONDecoder(parse_float=_float, parse_int=_int)


class JSONLinesSource(Source):
    """A file with a JSON object a line.

    The columns are the union of the objects' keys, in the order of their first appearance; a row
    that lacks a key holds `MISSING` there. Of a key that an object has twice, the last value
    counts, as everywhere in JSON.
    """

    format = "jsonl"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        self._encoding = encoding.name
        if encoding.note:
            self.notes.append(encoding.note)
        columns: dict[str, None] = {}
        for _, found in self._objects():
            columns.update(dict.fromkeys(found))
        self.columns = tuple(columns)

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with open(self.path, encoding=self._encoding, newline="\n") as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if not text:
                    continue
                try:
                    value = _DECODER.decode(text)
                except (ValueError, RecursionError) as error:
                    hint = "; it looks like one JSON array" if text.startswith("[") else ""
                    raise FormatError(
                        f"{self.name}, line {number}: is not JSON{hint}; write one whole object a line"
                    ) from error
                if not isinstance(value, dict):
                    raise FormatError(
                        f"{self.name}, line {number}: is JSON, but not an object; write one {{...}} a line"
                    )
                yield number, value

    def _rows(self) -> Iterator[list[object]]:
        for number, found in self._objects():
            self._at_line(number)
            yield [found.get(name, MISSING) for name in self.columns]


class JSONLinesSink(Sink):
    """A file with a JSON object a line, in UTF-8, without the keys whose value is `MISSING`."""

    format = "jsonl"

    @contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        self._keys = [as_json(name) for name in self.columns]
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            self._file = file
            yield

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        for row in rows:
            try:
                cells = [
                    f"{key}: {as_json(value)}"
                    for key, value in zip(self._keys, self._plain(row), strict=True)
                    if value is not MISSING
                ]
            except RecursionError as error:
                raise OutputError(f"{self.name}: a value is nested too deeply to be written") from error
            self._file.write("{" + ", ".join(cells) + "}\n")

    def _plain(self, row: Sequence[object]) -> Iterator[object]:
        """Give the cells; of ours, a number that is none becomes null, which any reader takes."""
        for position, value in enumerate(row):
            yield None if position >= self.added_from and value != value else value

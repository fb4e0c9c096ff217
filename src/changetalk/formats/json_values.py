"""The values of a JSON file, one after another, however big the file is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NoReturn, TextIO

from changetalk.errors import FormatError
from changetalk.formats.jsonl import _DECODER

_CHUNK: Final = 1 << 16
_BLANK: Final = " \t\r\n"


def json_values(file: TextIO, name: str) -> Iterator[tuple[int, Any]]:
    """Give the values of an array, or values that stand one after another.

    Parameters
    ----------
    file : text file
        Open for reading, at its start. Little more than one value is held at a time.
    name : str
        What messages call it.

    Yields
    ------
    line : int
        Where the value starts, from 1.
    value : object
        Numbers that Python would write in another way keep their text, as in JSON Lines.

    Raises
    ------
    FormatError
        If the file is not JSON, is cut off, or is nested too deeply.
    """
    text = _Text(file, name)
    if text.sign() != "[":
        while text.sign():
            yield text.line, text.value()
        return
    text.skip()
    if text.sign() != "]":
        while True:
            text.sign()
            yield text.line, text.value()
            sign = text.sign()
            if sign == "]":
                break
            if sign != ",":
                text.refuse("is not JSON, or is cut off")
            text.skip()
    text.skip()
    if text.sign():
        text.refuse("goes on after the end of its list")


class _Text:
    """The part of a file that has been read and not yet used."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._text = ""
        self._at = 0
        self.line = 1

    def sign(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        while True:
            start = self._at
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            self.line += self._text.count("\n", start, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            self._text, self._at = self._file.read(_CHUNK), 0
            if not self._text:
                return ""

    def skip(self) -> None:
        """Go on by that character."""
        self._at += 1

    def value(self) -> Any:
        """Read the value that starts here."""
        while True:
            try:
                value, after = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                self.refuse("is nested too deeply")
            except ValueError:
                left = self._text[self._at :]
                more = self._file.read(max(_CHUNK, len(left)))
                if not more:
                    self.refuse("is not JSON, or is cut off")
                self._text, self._at = left + more, 0
            else:
                self.line += self._text.count("\n", self._at, after)
                self._at = after
                return value

    def refuse(self, what: str) -> NoReturn:
        """Raise the error that says where the file is wrong."""
        raise FormatError(f"{self._name}, line {self.line}: {what}; export it again") from None

"""Values of cells as text, for formats that hold text only."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from changetalk.formats.base import MISSING


class JSONNumber(float):
    """A number of a JSON file that Python would write in another way, such as ``1.10``."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> JSONNumber:
        """Make the number that `text` writes."""
        self = super().__new__(cls, text)
        self.text = text
        return self

    text: str

    def __reduce__(self) -> tuple[type[JSONNumber], tuple[str]]:
        return JSONNumber, (self.text,)


_AS_IS: Final = json.JSONEncoder(ensure_ascii=False).encode


def as_text(value: object) -> str:
    """Return a value as the text of a CSV cell: empty for nothing, full precision for numbers."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING or value != value:  # NaN is unequal to itself
        return ""
    if isinstance(value, JSONNumber):
        return value.text
    if isinstance(value, dict | list | tuple):
        return as_json(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    # Parquet gives Arrow's own scalars where Python has no type for a value.
    cast = getattr(value, "cast", None)
    return str(value if cast is None else cast("string"))


def as_json(value: object) -> str:
    """Return a value as JSON, with non-ASCII letters as they are.

    Numbers keep the text they were read with. What JSON has no form for is written as text.
    """
    if isinstance(value, JSONNumber):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_string(str(k))}: {as_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_json(item) for item in value) + "]"
    return _scalar_json(value)


def _scalar_json(value: object) -> str:
    if value is None or value is MISSING:
        return "null"
    if isinstance(value, bool | int | float):
        return _AS_IS(value)
    if isinstance(value, dt.date | dt.time):  # a datetime is a date
        return _string(value.isoformat())
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    return _string(as_text(value))


def short_number(value: float) -> str:
    """Return a number we computed with at most six decimals, as people read it.

    Examples
    --------
    >>> [short_number(x) for x in (0.5, 1.0, 1 / 3, 1e-9)]
    ['0.5', '1', '0.333333', '0']
    """
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _string(text: str) -> str:
    encoded = _AS_IS(text)
    try:
        encoded.encode()
    except UnicodeEncodeError:  # half a character, which UTF-8 cannot hold: stays an escape
        encoded = "".join(rf"\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in encoded)
    return encoded

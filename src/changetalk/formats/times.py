"""Times into a session: seconds, and clocks such as ``00:01:02.5``."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Final

from changetalk.formats.base import MISSING

_CLOCK: Final = re.compile(r"(?:(?:([0-9]{1,4}):)?([0-9]{1,5}):)?([0-9]{1,9}(?:[.,][0-9]{0,9})?)")


def seconds_of(value: object) -> float | None:
    """Return the seconds into a session that a cell tells.

    Parameters
    ----------
    value : object
        A number of seconds, a text such as ``"62.5"``, ``"1:02"`` or ``"00:01:02,5"``, or a time
        or duration as Excel and Parquet give them.

    Returns
    -------
    float or None
        Not negative; None where the cell is empty.

    Raises
    ------
    ValueError
        If it is something else; without the value, which may be talk.

    Examples
    --------
    >>> [seconds_of(v) for v in ("00:01:02,5", "1:02", 3, "")]
    [62.5, 62.0, 3.0, None]
    """
    if value is None or value is MISSING or value != value:
        return None
    if isinstance(value, dt.timedelta):
        return _checked(value.total_seconds())
    if isinstance(value, dt.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _checked(float(value))
    text = str(value).strip()
    if not text:
        return None
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError("is no time; write seconds, or hours:minutes:seconds")
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def clock(tenths: int) -> str:
    """Return tenths of a second as ``HH:MM:SS.s``, the one form that CACTI reads.

    Examples
    --------
    >>> clock(36_625)
    '01:01:02.5'
    """
    seconds, tenth = divmod(tenths, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{tenth}"


def _checked(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise ValueError("is no time into a session; it must not be negative")
    return seconds

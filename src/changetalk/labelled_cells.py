"""Reading the cells of labelled talk: labels, probabilities, codes, behaviours, times."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.columns import ClientRule, find_column
from changetalk.context import cell_text
from changetalk.errors import ClientError, ColumnError, InputError
from changetalk.labels import LABELS, parse_codes, parse_label

#: The columns of labelled talk, in this order.
COLUMNS: Final = (
    "session", "speaker", "text", "target", "client", "label", "p_change", "p_neutral", "p_sustain",
    "codes", "behaviour", "start", "end", "model",
)  # fmt: skip

#: The columns of probabilities, in the order of `LABELS`.
PROBABILITIES: Final = tuple(f"p_{label}" for label in LABELS)

_MISC: Final = ("codes", "misc_codes", "misc_code", "misc", "client_codes", "client_code", "code")
_BEHAVIOUR: Final = (
    "behaviour", "behavior", "therapist_behaviour", "therapist_behavior", "main_therapist_behaviour",
    "main_therapist_behavior", "therapist_codes", "therapist_code",
)  # fmt: skip
_START: Final = ("start", "start_time", "begin", "onset", "timestamp")
_END: Final = ("end", "end_time", "offset")
_NOT_CODED: Final = frozenset({"", "n/a", "na", "nan", "none"})  # as tables write an empty cell
_SUM_TOLERANCE: Final = 0.01  # tables hold probabilities rounded to two or three places

_T = TypeVar("_T")
_Flags = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float64]
Cells = Sequence[object]


def labelled_cells(
    cells: Mapping[str, Cells],
    *,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
    keep: Sequence[str] = (),
    where: str,
    at: Callable[[int], str],
) -> pd.DataFrame:
    """Do the work of `as_labelled` on columns of cells as they come.

    Parameters
    ----------
    cells : mapping of str to sequence, each of length n
    label, session, speaker, text, client, keep
        As for `as_labelled`.
    where : str
        What messages call the table.
    at : callable
        Gives the name of the 0-based row for messages.
    """
    names = list(cells)
    require_columns(keep, names, where)
    if label is None and "ct_label" not in names:
        raise ColumnError(
            f"{where}: has no column 'ct_label', so nothing was labelled; label it first "
            "(changetalk label), or name a column of labels with label= (--label)"
        )
    coded = find_column("label", names, label or "ct_label", where=where)
    assert coded is not None  # find_column raises where the column given is not there
    n = len(cells[coded])

    def column(role: str, given: str | None, *, required: bool = False) -> list[str]:
        name = find_column(role, names, given, where=where, required=required)
        return [""] * n if name is None else [cell_text(value) for value in cells[name]]

    rule = ClientRule.of(client)
    sessions = column("session", session)
    speakers = column("speaker", speaker, required=bool(rule.given) and not rule.everyone)
    written = ["" if value.lower() in _NOT_CODED else value for value in _texts(cells[coded])]
    if rule.given:
        speaking = _clients(sessions, speakers, rule, where)
        written = [value if yes else "" for value, yes in zip(written, speaking, strict=True)]
    try:
        labels = _each(written, parse_label, coded, at)
    except InputError as error:
        if rule.given:
            raise
        raise InputError(
            f"{error}; where the column holds the therapist's codes too, name the client (client=, --client)"
        ) from None
    is_client = np.array([value is not None for value in labels], dtype=bool)
    if not is_client.any():
        raise InputError(f"{where}: column {coded!r}: no client utterance is labelled; {n} rows were read")

    from_model = coded == "ct_label"
    shared = coded if rule.given and not from_model else None
    proba = _probabilities(cells, is_client, where, at) if from_model else np.full((n, 3), np.nan)
    modelled = from_model and "ct_model" in names
    models = [cell_text(value) or None for value in cells["ct_model"]] if modelled else [None] * n
    frame = pd.DataFrame(
        {
            "session": objects(sessions),
            "speaker": objects(speakers),
            "text": objects(column("text", text)),
            "target": objects(column("target", None)),
            "client": is_client,
            "label": objects(labels),
            **dict(zip(PROBABILITIES, proba.T, strict=True)),
            "codes": objects(_codes(cells, coded, written, is_client, at)),
            "behaviour": objects(_behaviour(cells, shared, is_client)),
            "start": _times(cells, _START, at),
            "end": _times(cells, _END, at),
            "model": objects([m if c else None for m, c in zip(models, is_client, strict=True)]),
        }
    )
    for name in keep:
        if name not in COLUMNS:
            frame[name] = objects([cell_text(value).strip() or None for value in cells[name]])
    return frame


def require_columns(wanted: Sequence[str], columns: Sequence[str], where: str) -> None:
    """Raise `ColumnError` where a column wanted is neither there nor one of `COLUMNS`."""
    for name in wanted:
        if name not in columns and name not in COLUMNS:
            shown = ", ".join(repr(c[:60]) for c in columns[:12])
            raise ColumnError(f"{where}: there is no column {name!r}; its columns are {shown}")


def _clients(sessions: list[str], speakers: list[str], rule: ClientRule, where: str) -> list[bool]:
    speaking: dict[str, set[str]] = {}
    for session, speaker in zip(sessions, speakers, strict=True):
        speaking.setdefault(session, set()).add(speaker)
    clients = {
        session: rule.clients(names, where=f"{where}, session {session[:60]!r}" if session else where)
        for session, names in speaking.items()
    }
    if not any(clients.values()):
        raise ClientError(f"{where}: none of its speakers is the client named with client= (--client)")
    return [who in clients[session] for session, who in zip(sessions, speakers, strict=True)]


def _each(
    texts: Sequence[str], read: Callable[[str], _T | None], column: str, at: Callable[[int], str]
) -> list[_T | None]:
    """Read every filled cell; an error names the first that cannot be."""
    known: dict[str, _T | None] = {"": None}
    found: list[_T | None] = []
    for i, text in enumerate(texts):
        if text not in known:
            try:
                known[text] = read(text)
            except ValueError as error:
                raise InputError(f"{at(i)}: column {column!r}: {error}") from None
        found.append(known[text])
    return found


def _probabilities(
    cells: Mapping[str, Cells],
    is_client: _Flags,
    where: str,
    at: Callable[[int], str],
) -> _Floats:
    """Return probabilities of shape (n, 3), columns in the order of `LABELS`; NaN off client rows."""
    n = len(is_client)
    names = [f"ct_{name}" for name in PROBABILITIES]
    missing = [name for name in names if name not in cells]
    if len(missing) == len(names):
        return np.full((n, 3), np.nan)
    if missing:
        raise ColumnError(f"{where}: has no column {missing[0]!r} beside the other probabilities; add it")
    p = np.array([_each(_texts(cells[name]), _number, name, at) for name in names], dtype=np.float64).T
    p[~is_client] = np.nan
    absent = np.isnan(p).all(axis=1)
    with np.errstate(invalid="ignore"):
        good = (p >= 0).all(axis=1) & (p <= 1).all(axis=1) & (np.abs(p.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    bad = np.flatnonzero(~good & ~absent)
    if len(bad):
        raise InputError(
            f"{at(int(bad[0]))}: {', '.join(names)} are not three numbers from 0 to 1 that sum to 1"
        )
    return p


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is not a number") from None


def _texts(cells: Cells) -> list[str]:
    return [cell_text(value).strip() for value in cells]


def _named(names: Mapping[str, Cells], known: Sequence[str]) -> str | None:
    """Return the column of a well-known name; of several, the one listed first."""
    by_plain = {name.strip().lower().replace(" ", "_"): name for name in names}
    return next((by_plain[name] for name in known if name in by_plain), None)


def _codes(
    cells: Mapping[str, Cells],
    coded: str,
    written: Sequence[str],
    is_client: _Flags,
    at: Callable[[int], str],
) -> list[str | None]:
    """Return the MISC codes: of the column of labels where it holds some, else of one so named."""
    found: list[str | None] = [_misc(text) for text in written]
    if any(found):
        return found
    name = _named({c: v for c, v in cells.items() if c != coded}, _MISC)
    if name is None:
        return found
    texts = [text if yes else "" for text, yes in zip(_texts(cells[name]), is_client, strict=True)]
    return _each(texts, _misc_or_label, name, at) if any(map(_misc, texts)) else found


def _misc(text: str) -> str | None:
    try:
        return ";".join(parse_codes(text)) if text else None
    except ValueError:
        return None


def _misc_or_label(text: str) -> str | None:
    parse_label(text)  # raises where it is neither
    return _misc(text)


def _behaviour(cells: Mapping[str, Cells], shared: str | None, is_client: _Flags) -> list[str | None]:
    """Return the therapist's behaviours: of a column so named, else of that shared with the client."""
    name = _named(cells, _BEHAVIOUR) or shared
    if name is None:
        return [None] * len(is_client)
    return [
        None if client or text.lower() in _NOT_CODED else text
        for text, client in zip(_texts(cells[name]), is_client, strict=True)
    ]


def _times(cells: Mapping[str, Cells], known: Sequence[str], at: Callable[[int], str]) -> _Floats:
    """Return seconds of shape (n,), NaN where a cell is empty or there is no column of times."""
    name = _named(cells, known)
    if name is None:
        return np.full(len(next(iter(cells.values()))), np.nan)
    seconds = [_seconds(value) for value in cells[name]]
    if all(s is None or math.isnan(s) for s in seconds):
        return np.full(len(seconds), np.nan)
    for i, second in enumerate(seconds):
        if second is None:
            raise InputError(
                f"{at(i)}: column {name!r}: is no time; write seconds, or hours:minutes:seconds, or empty it"
            )
    return np.array(seconds, dtype=np.float64)


def _seconds(value: object) -> float | None:
    """Read a time into the session; NaN where there is none, None where it is no time."""
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, dt.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    text = cell_text(value).strip()
    if not text:
        return math.nan
    try:
        parts = [float(part) for part in text.replace(",", ".").split(":")]
    except ValueError:
        return None
    total = sum(part * 60**k for k, part in enumerate(reversed(parts)))
    return total if len(parts) <= 3 and math.isfinite(total) and min(parts) >= 0 else None


def objects(values: Sequence[object]) -> pd.Series[Any]:
    """Return a column that holds its values as they are; pandas 3 would make NaN of None."""
    return pd.Series(list(values), dtype=object)

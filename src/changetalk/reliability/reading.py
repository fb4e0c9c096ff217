"""Coders' labels as numbers, from whatever holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from changetalk.columns import find_column
from changetalk.context import cell_text
from changetalk.dialogue import Transcript
from changetalk.errors import ColumnError, InputError
from changetalk.labelled import COLUMNS, as_labelled
from changetalk.labelled_cells import labelled_cells
from changetalk.labels import LABELS, Label, parse_label
from changetalk.reliability.intervals import IntArray, group_indices


@dataclass(frozen=True, slots=True)
class Coded:
    """What coders labelled, rows that none of them labelled left out.

    Attributes
    ----------
    coders : tuple of str
        Their names, each its own.
    votes : ndarray of int, shape (n, coders)
        Places in `LABELS`; -1 where missing.
    sessions : ndarray of int, shape (n,), or None
        The number of each row's session, from 0 up without gaps; None where it is not known.
    """

    coders: tuple[str, ...]
    votes: IntArray
    sessions: IntArray | None


def coded_columns(
    cells: Mapping[str, Sequence[object]],
    coders: Sequence[str],
    *,
    sessions: str | Iterable[object] | None = None,
    speaker: str | None = None,
    client: str | Sequence[str] | None = None,
    where: str,
    at: Callable[[int], str],
) -> Coded:
    """Read a table in which each coder has a column.

    Parameters
    ----------
    cells : mapping of str to sequence, each of length n
        The table's columns.
    coders : sequence of str
        The coders' columns.
    sessions : str or iterable, optional
        The column of sessions, found by well-known names where not given; or each row's session.
    speaker, client
        As for `as_labelled`.
    where : str
        What messages call the table.
    at : callable
        Gives the name of the 0-based row for messages.

    Raises
    ------
    ColumnError, ClientError, InputError
        As `as_labelled`, for each coder's column.
    """
    names = list(cells)
    _require_several(coders)
    missing = [name for name in coders if name not in cells]
    if missing:
        shown = ", ".join(repr(name[:60]) for name in names[:12])
        raise ColumnError(f"{where}: there is no column {missing[0]!r} of a coder; its columns are {shown}")
    given: Sequence[object] | None
    if sessions is None or isinstance(sessions, str):
        session = find_column("session", names, sessions, where=where, required=False)
        given = None if session is None else cells[session]
    else:
        session, given = None, list(sessions)
    if client is not None:
        speaker = find_column("speaker", names, speaker, where=where)
    # Other columns are none of our business, and must not raise errors.
    needed = [name for name in (session, speaker) if name is not None]
    frames = [
        labelled_cells(
            {name: cells[name] for name in dict.fromkeys([coder, *needed])},
            label=coder,
            session=session,
            speaker=speaker,
            client=client,
            where=where,
            at=at,
        )
        for coder in coders
    ]
    return _coded(coders, [frame["label"].tolist() for frame in frames], given, at)


def coded_each(
    coders: Mapping[str, Any],
    *,
    sessions: str | Iterable[object] | None = None,
    client: str | Sequence[str] | None = None,
) -> Coded:
    """Read what each coder labelled, row by row the same utterances.

    Parameters
    ----------
    coders : mapping of str to sequence or labelled talk
        A sequence of labels, or a table or transcripts as `as_labelled` takes them. Of a table
        the labels are ``ct_label``, else the column of labels found by well-known names.
    sessions : str or iterable, optional
        The session of each row; or, for tables, the column that holds it.
    client : str or sequence of str, optional
        As for `as_labelled`.

    Raises
    ------
    TypeError, ColumnError, ClientError, InputError
        If something is no sequence of labels nor labelled talk, a label cannot be read, or rows
        are not the same utterances.
    """
    _require_several(list(coders))
    column = sessions if isinstance(sessions, str) else None
    if column is not None and not any(map(_is_labelled_talk, coders.values())):
        raise InputError(
            f"sessions={column!r} names a column, but no coder gave a table; give each row's session"
        )
    labels: list[list[Label | None]] = []
    known: dict[str, tuple[str, list[str]]] = {}  # session, text: of which coder first, and what
    for name, value in coders.items():
        if not _is_labelled_talk(value):
            labels.append(_labels(name, value))
            continue
        frame = _as_labelled(value, name, column, client)
        labels.append(frame["label"].tolist())
        for role in ("session", "text"):
            cells = frame[role].str.strip().tolist()
            if any(cells):
                _require_same(role, known.setdefault(role, (name, cells)), (name, cells))
    lengths = {name: len(each) for name, each in zip(coders, labels, strict=True)}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise InputError(
            f"coders' labels are not as many: {shown}; every coder needs a label, or None, "
            "for each utterance, in the same order"
        )
    given: Sequence[object] | None = known["session"][1] if "session" in known else None
    if sessions is not None and column is None:
        given = list(sessions)
    return _coded(list(coders), labels, given, lambda i: f"row {i + 1} of {len(labels[0])}")


def columns_of(data: Any) -> dict[str, list[object]]:
    """Return the columns of a pandas, polars or pyarrow table.

    Raises
    ------
    TypeError
        If it is no such table.
    """
    try:
        table = nw.from_native(data, eager_only=True)
    except TypeError:
        raise TypeError(
            f"coders= names columns of a pandas, polars or pyarrow table, not of {type(data).__name__}"
        ) from None
    return {str(name): table[name].to_list() for name in table.columns}


def _coded(
    coders: Sequence[str],
    labels: Sequence[Sequence[Label | None]],
    sessions: Sequence[object] | None,
    at: Callable[[int], str],
) -> Coded:
    places = [[-1 if label is None else LABELS.index(label) for label in each] for each in labels]
    votes = np.array(places, dtype=np.intp).T
    rows = np.flatnonzero((votes >= 0).any(axis=1)).tolist()
    if not ((votes >= 0).sum(axis=1) >= 2).any():
        raise InputError(
            "no utterance was labelled by two coders, so there is nothing to compare; "
            "labels of the same utterance belong in the same row"
        )
    if sessions is None:
        return Coded(tuple(coders), votes[rows], None)
    if len(sessions) != len(votes):
        raise InputError(f"sessions: {len(sessions)} for {len(votes)} utterances; give one for each")
    empty = [i for i in rows if cell_text(sessions[i]).strip() == ""]
    if empty:
        raise InputError(f"{at(empty[0])}: labelled, but has no session; {len(empty)} such rows in all")
    kept = np.empty(len(rows), dtype=object)
    kept[:] = [sessions[i] for i in rows]
    return Coded(tuple(coders), votes[rows], group_indices(kept, len(rows), "sessions"))


def _require_several(coders: Sequence[str]) -> None:
    if not all(isinstance(name, str) and name for name in coders):
        raise TypeError("coders' names must be text, and not empty")
    twice = [name for name, count in Counter(coders).items() if count > 1]
    if twice:
        raise InputError(f"coder {twice[0]!r} is named twice; name each once")
    if len(coders) < 2:
        raise InputError(f"{len(coders)} coder was given; agreement needs two at least")


def _is_labelled_talk(value: object) -> bool:
    if isinstance(value, Transcript) or hasattr(value, "collect") or hasattr(value, "columns"):
        return True
    return isinstance(value, Sequence) and len(value) > 0 and isinstance(value[0], Transcript)


def _as_labelled(
    value: Any, coder: str, session: str | None, client: str | Sequence[str] | None
) -> pd.DataFrame:
    if isinstance(value, Transcript | Sequence) or hasattr(value, "collect"):  # it turns lazy frames away
        return as_labelled(value)
    names = [str(name) for name in getattr(value, "column_names", value.columns)]
    if set(COLUMNS) <= set(names):
        return as_labelled(value)
    label = None
    if "ct_label" not in names:
        label = find_column("label", names, where=f"the table of coder {coder!r}")
    return as_labelled(value, label=label, session=session, client=client)


def _labels(coder: str, value: object) -> list[Label | None]:
    """Read a plain sequence of labels: text, numbers, None or NaN."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise TypeError(
            f"coder {coder!r}: a sequence of labels, a table or transcripts are needed, "
            f"not {type(value).__name__}"
        )
    found: list[Label | None] = []
    for i, cell in enumerate(value):
        if isinstance(cell, np.ndarray | list | tuple):
            raise TypeError(f"coder {coder!r}: one label an utterance is needed, not several")
        text = cell_text(cell).strip()
        try:
            found.append(parse_label(text) if text else None)
        except ValueError as error:
            raise InputError(f"coder {coder!r}, utterance {i + 1}: {error}") from None
    return found


def _require_same(role: str, one: tuple[str, list[str]], other: tuple[str, list[str]]) -> None:
    (first, ours), (second, theirs) = one, other
    if len(ours) != len(theirs):
        return  # said better, later, of all coders
    differ = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    if differ:
        raise InputError(
            f"row {differ[0] + 1}: the {role} of coder {first!r} and that of coder {second!r} are not the "
            f"same ({len(differ)} such rows); give both tables the same rows in the same order"
        )

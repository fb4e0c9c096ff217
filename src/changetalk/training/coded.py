"""A lab's own coded sessions, read from a table for training and evaluation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.columns import ClientRule, Columns, find_column
from changetalk.context import FIELDS, cell_text, gather_rows
from changetalk.errors import InputError
from changetalk.formats import open_source
from changetalk.labels import parse_label


@dataclass(frozen=True, slots=True)
class CodedTalk:
    """Client utterances with their context and the labels that people gave them.

    Attributes
    ----------
    X : pandas.DataFrame, n rows
        Columns ``text, before, said, target, position``: what estimators take.
    y : ndarray of str, shape (n,)
        Labels: change, neutral, sustain.
    groups : ndarray of str, shape (n,)
        The session of each.
    uncoded : int
        Client utterances of the table that have no code, and are left out.
    """

    X: pd.DataFrame
    y: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    uncoded: int


def read_coded(
    path: str | os.PathLike[str],
    *,
    client: str | Sequence[str] | None = None,
    target: str | None = None,
    text: str | None = None,
    speaker: str | None = None,
    session: str | None = None,
    target_column: str | None = None,
    label: str | None = None,
    format: str | None = None,
    sheet: str | None = None,
) -> CodedTalk:
    """Read coded sessions from a table.

    Parameters
    ----------
    path : path-like
        A table in any format of `changetalk.formats.FORMATS`.
    client, target, text, speaker, session, target_column, format, sheet
        As for `changetalk.label_file`.
    label : str, optional
        The column of codes, in any spelling that `changetalk.labels.parse_label` reads; found by
        well-known names where not given.

    Returns
    -------
    CodedTalk
        In the table's order. Client utterances with an empty code are left out and counted.

    Raises
    ------
    InputError, FormatError, ColumnError, ClientError
        Naming the row where a code cannot be read.
    """
    rule = ClientRule.of(client)
    wanted = Columns(text=text, speaker=speaker, session=session, target=target_column)
    with open_source(path, format=format, sheet=sheet) as source:
        found = wanted.find(source.columns, client=rule, target=target is None, where=source.name)
        coded = find_column("label", source.columns, label, where=source.name)
        rows = list(source.rows())
        place = {name: k for k, name in enumerate(source.columns)}

        def column(name: str | None) -> list[Any] | None:
            return [row[place[name]] for row in rows] if name in place else None

        batch, taken = gather_rows(
            column(found.text) or [],
            column(found.speaker),
            column(found.session),
            (target or "") if found.target is None else column(found.target) or "",
            rule,
            where=source.name,
        )
        codes = [cell_text(value).strip() for value in column(coded) or []]
        kept = sorted((i, k) for k, i in enumerate(taken) if codes[i])
        labels = []
        for i, _ in kept:
            try:
                labels.append(parse_label(codes[i]))
            except ValueError as error:
                raise InputError(f"{source.where(i)}: column {coded!r}: {error}") from None
    if not kept:
        raise InputError(
            f"{path}: no client utterance has a code in column {coded!r}; {len(rows)} rows were read"
        )
    sessions = column(found.session)
    order = [k for _, k in kept]
    frame = pd.DataFrame({name: [getattr(batch, name)[k] for k in order] for name in FIELDS})
    groups = [cell_text(sessions[i]) if sessions is not None else "" for i, _ in kept]
    return CodedTalk(frame, np.array(labels), np.array(groups), len(taken) - len(kept))

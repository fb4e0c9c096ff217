"""`read`: the codes that people gave, back at the rows they belong to."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from changetalk.errors import InputError
from changetalk.labelled import as_labelled
from changetalk.labelled_cells import objects
from changetalk.labels import Label, parse_label
from changetalk.review.entries import Entry
from changetalk.review.label_studio import read_export
from changetalk.review.picking import PICKED
from changetalk.review.sheets import read_sheet, unguarded


def read(path: str | os.PathLike[str], talk: Any) -> pd.DataFrame:
    """Read coded utterances back, each at the row of the talk it was picked from.

    Parameters
    ----------
    path : path-like
        A spreadsheet that `write` made, with the codes in its column ``code``, or Label Studio's
        export of such tasks (``.json``, as JSON or JSON-MIN). Codes may be written in any way that
        `changetalk.labels.parse_label` reads; empty ones are missing. Rows may be moved or left
        out.
    talk : pandas.DataFrame, table, Transcript or sequence of Transcript
        What `pick` returned, or the labelled talk that was given to it, the same rows in the same
        order; see `changetalk.as_labelled`.

    Returns
    -------
    pandas.DataFrame
        The rows of `talk`, in its order, with its columns (of labelled talk those of
        `changetalk.as_labelled`) and ``human`` (object: change, neutral or sustain; None where
        nobody coded) and ``sample_prob`` (float: the probability with which it was drawn at
        random; NaN where it was not).

    Raises
    ------
    InputError
        If nothing is coded, an utterance is there twice, is not one of the talk's (its row,
        session and text are compared), or its code is no label. The message names the place in
        the file.
    ColumnError, FormatError
        If it is no file that `write` made, or Label Studio exported.

    Examples
    --------
    From labels to codes, and how well they agree::

        picked = review.pick(labelled, 100)
        review.write(picked, "to_code.xlsx")
        coded = review.read("to_code.xlsx", labelled)
        changetalk.agreement(coded, coders=["human", "label"])
    """
    was_picked = isinstance(talk, pd.DataFrame) and set(PICKED) <= set(talk.columns)
    frame = talk.copy() if was_picked else as_labelled(talk).copy()
    places = _places(frame, was_picked)
    entries = read_export if Path(path).suffix.lower() == ".json" else read_sheet
    human: list[Label | None] = [None] * len(frame)
    prob = np.full(len(frame), np.nan)
    seen: dict[int, str] = {}
    for entry in entries(path):
        place = _place(entry, places, frame)
        if place in seen:
            raise InputError(
                f"{entry.where}: is the utterance of {seen[place]} once more; keep one code for each, "
                "and read each coder's file by itself"
            )
        seen[place] = entry.where
        human[place], prob[place] = _code(entry), _probability(entry)
    if not any(human):
        raise InputError(
            f"{os.fspath(path)}: nothing is coded; {len(seen)} utterances without a code were read"
        )
    frame["human"] = objects(human).set_axis(frame.index)
    if not was_picked:
        frame["sample_prob"] = prob
    return frame


def _places(frame: pd.DataFrame, was_picked: bool) -> dict[int, int]:
    """Return the place in the frame of each row that may be coded, by its number in the input."""
    if was_picked:
        return {int(row): k for k, row in enumerate(frame["row"].tolist())}
    return {k: k for k, client in enumerate(frame["client"].tolist()) if client}


def _place(entry: Entry, places: Mapping[int, int], frame: pd.DataFrame) -> int:
    try:
        number = float(entry.row)
        place = places.get(int(number)) if number == int(number) else None
    except (ValueError, OverflowError):
        place = None
    if place is None:
        raise InputError(
            f"{entry.where}: its row is not that of an utterance that can be coded; "
            "give the talk that it was picked from, and leave the column 'row' as it was written"
        )
    given = {"session": entry.session, "text": entry.text}
    differing = [name for name, value in given.items() if not _same(value, frame[name].iloc[place])]
    if differing:
        raise InputError(
            f"{entry.where}: its {' and '.join(differing)} is not that of row {int(number)} of the talk; "
            "give the talk that it was picked from, and leave the columns as they were written"
        )
    return place


def _same(one: str, other: str) -> bool:
    """Whether two cells are the same, white space, a guard and what Excel makes of 007 in CSV aside."""
    one, other = unguarded(one), unguarded(other)
    if one.split() == other.split():
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _code(entry: Entry) -> Label | None:
    try:
        return parse_label(entry.code) if entry.code else None
    except ValueError as error:
        raise InputError(f"{entry.where}: {error}") from None


def _probability(entry: Entry) -> float:
    """Read a probability, with a decimal comma too; NaN where there is none."""
    text = entry.sample_prob.strip().replace(",", ".")
    try:
        value = float(text) if text else math.nan
    except ValueError:
        value = -1.0
    if not (math.isnan(value) or 0 < value <= 1):
        raise InputError(f"{entry.where}: sample_prob is no number above 0 and up to 1; leave it as it was")
    return value

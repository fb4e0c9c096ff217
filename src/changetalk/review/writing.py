"""`write`: what was picked, as a spreadsheet or as Label Studio tasks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pandas as pd

from changetalk.errors import InputError
from changetalk.review.label_studio import write_tasks
from changetalk.review.picking import PICKED
from changetalk.review.sheets import write_sheet

#: Endings of files that can be coded: spreadsheets, and Label Studio's tasks.
SUFFIXES: Final = (".xlsx", ".csv", ".tsv", ".json")


def write(picked: pd.DataFrame, path: str | os.PathLike[str], *, blind: bool = True) -> None:
    """Write what was picked for coding.

    Parameters
    ----------
    picked : pandas.DataFrame
        What `pick` returned.
    path : path-like
        ``.xlsx`` for a workbook in which the label is chosen from a list; ``.csv`` or ``.tsv`` for
        a table of text, in which a cell that a spreadsheet would take for a formula (beginning
        with ``= + - @``) gets an apostrophe before it; ``.json`` for Label Studio tasks, for the
        interface of `label_config`. The file appears whole or not at all, readable by its owner
        only.
    blind : bool, default True
        Whether the model's label is kept from the coder, as it must be where the codes are to
        judge the model: who sees a label tends to agree with it. If not, it stands in the column
        ``model_label``, or as the task's prediction.

    Raises
    ------
    TypeError
        If `picked` is no frame.
    InputError
        If it is not what `pick` returned, or the ending is another.
    OutputError
        If the file cannot be written.
    MissingPackageError
        For ``.xlsx``, if openpyxl is not installed.
    """
    if not isinstance(picked, pd.DataFrame):
        raise TypeError(f"picked must be the frame that review.pick returned, not {type(picked).__name__}")
    missing = [name for name in PICKED if name not in picked.columns]
    if missing:
        raise InputError(f"picked: has no column {missing[0]!r}; give the frame that review.pick returned")
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{os.fspath(path)}: cannot be written for coding; use {', '.join(SUFFIXES)}")
    if suffix == ".json":
        write_tasks(picked, path, blind=blind)
    else:
        write_sheet(picked, path, blind=blind)

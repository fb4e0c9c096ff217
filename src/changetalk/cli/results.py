"""What the verbs that read labelled files share: their talk in, a table of results out."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from changetalk.errors import InputError
from changetalk.formats import open_sink
from changetalk.labelled import read_labelled


def labelled_talk(options: argparse.Namespace, keep: Iterable[str] = ()) -> pd.DataFrame:
    """Read the labelled files that the command line names, and say what there is to know of them.

    Raises
    ------
    InputError
        If the output would overwrite a file that is read, or one of the files cannot be read.
    """
    output = options.output if options.output != "-" else None
    if output and any(
        Path(p).is_file() and Path(p).resolve() == Path(output).resolve() for p in options.inputs
    ):
        raise InputError(f"{output}: is the input itself; give the output another name")
    table = read_labelled(
        options.inputs,
        label=options.label,
        session=options.session,
        speaker=options.speaker,
        text=options.text,
        client=options.client,
        keep=list(keep),
        format=options.format,
        sheet=options.sheet,
        leave_out=output,
    )
    for note in table.attrs["notes"]:
        print(f"changetalk: {note}", file=sys.stderr)
    return table


def write_frame(frame: pd.DataFrame, path: str) -> None:
    """Write a table of results in the format that the path's ending names; ``-`` is standard output."""
    columns = [frame[name].tolist() for name in frame.columns]  # Python's own numbers, not numpy's
    with open_sink(path, None, list(frame.columns)) as sink:
        sink.write(zip(*columns, strict=True))


def aligned(frame: pd.DataFrame, decimals: int = 2) -> str:
    """Lay a table out for reading: text to the left, numbers to the right, ``-`` for what is missing."""
    cells = [[_cell(value, decimals) for value in frame[name].tolist()] for name in frame.columns]
    lines = [list(frame.columns), *map(list, zip(*cells, strict=True))]
    text = [not pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    widths = [max(len(line[k]) for line in lines) for k in range(len(text))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, text, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: object, decimals: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)

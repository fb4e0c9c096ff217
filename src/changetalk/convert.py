"""A file in one format, written in another; and codes of CACTI's brought to their words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from changetalk.columns import ClientRule
from changetalk.errors import ColumnError, InputError
from changetalk.formats import MISSING, Source, open_sink, open_source
from changetalk.formats.annomi import AnnoMISource, is_annomi
from changetalk.formats.cacti_join import ADDED, join_codes
from changetalk.formats.cacti_sinks import CactiSink


@dataclass(slots=True)
class Conversion:
    """What became of a file.

    Attributes
    ----------
    name : str
        The file.
    rows : int
        Rows written.
    columns : tuple of str
        What was read, and added from codes.
    notes : list of str
        What the user should know: how it was read, and what could not be carried over.
    """

    name: str
    rows: int = 0
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def convert_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    format: str | None = None,
    output_format: str | None = None,
    sheet: str | None = None,
    codes: str | os.PathLike[str] | None = None,
    by: Literal["time", "order"] = "time",
    client: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Conversion:
    """Write a file in another format; the output is written whole or not at all.

    Every row is carried over, and as much of it as the other format has a place for; the rest is
    named in the notes. AnnoMI's tables are known by their header, and get the names and values
    that are usual here (see `changetalk.formats.annomi`); say ``format="csv"`` to leave them as
    they are.

    Parameters
    ----------
    path, output : path-like
        In formats of `changetalk.formats.FORMATS`; ``-`` for standard output.
    format, output_format : str, optional
        Where the names' endings do not tell.
    sheet : str, optional
        Of a workbook with several.
    codes : path-like, optional
        A session that was coded in CACTI, whose codes are put beside the words of the transcript at
        `path`; see `changetalk.formats.cacti_join.join_codes`.
    by : {'time', 'order'}
        How the codes find their utterances.
    client : str or sequence of str, optional
        The client's name, where a file of CACTI's is read or written and it is not well known.
    name : str, optional
        What messages call the input; default: the path.

    Returns
    -------
    Conversion

    Raises
    ------
    InputError, FormatError, ColumnError, ClientError, OutputError
        Each with the file, what is wrong with it and what to do.
    """
    for given in (path, *(() if codes is None else (codes,))):
        if os.fspath(output) != "-" and _same(given, output):
            raise InputError(f"{output}: is the input itself; give the output another name")
    with ExitStack() as stack:
        source = stack.enter_context(open_source(path, format=format, sheet=sheet, name=name))
        done = Conversion(source.name)
        read: Source = source
        if format is None and is_annomi(source.columns):
            read = AnnoMISource(source)
        if codes is not None:
            coded = stack.enter_context(open_source(codes))
            read = _joined(read, coded, by, client, done)
        with open_sink(output, read, read.columns, format=output_format) as sink:
            if isinstance(sink, CactiSink):
                sink.rule = ClientRule.of(client)
            sink.write(_counted(read.rows(), done))
        done.columns = read.columns
        done.notes = [*read.notes, *done.notes, *getattr(sink, "notes", [])]
    return done


def _same(given: str | os.PathLike[str], output: str | os.PathLike[str]) -> bool:
    return Path(output).exists() and Path(given).exists() and Path(output).samefile(given)


def _counted(rows: Iterator[list[object]], done: Conversion) -> Iterator[list[object]]:
    for row in rows:
        done.rows += 1
        yield row


def _joined(
    read: Source,
    coded: Source,
    by: Literal["time", "order"],
    client: str | Sequence[str] | None,
    done: Conversion,
) -> Source:
    if not {"code", "start"} <= set(coded.columns):
        raise ColumnError(
            f"{coded.name}: has no columns 'code' and 'start'; --codes takes a session coded in CACTI"
        )
    taken = [column for column in ADDED if column in read.columns]
    if taken:
        raise ColumnError(f"{read.name}: already has the column {taken[0]!r}; rename or drop it first")
    transcript = [dict(zip(read.columns, row, strict=True)) for row in read.rows()]
    codes = [dict(zip(coded.columns, row, strict=True)) for row in coded.rows()]
    joined = join_codes(transcript, codes, by, client=client)
    done.notes += [f"codes of {coded.name}: {note}" for note in (*coded.notes, *joined.notes)]
    return _RowsSource(read, (*read.columns, *ADDED), joined.rows)


class _RowsSource(Source):
    """Rows that were made from those of another source."""

    format = "rows"

    def __init__(self, source: Source, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
        super().__init__(source.path, source.name)
        self.notes = source.notes
        self.columns = columns
        self._made: list[Mapping[str, object]] = list(rows)

    def _row_number(self, index: int) -> int:
        return index + 1

    def _rows(self) -> Iterator[list[object]]:
        for row in self._made:
            yield [row.get(name, MISSING) for name in self.columns]

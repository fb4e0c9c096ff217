"""Files in, the same files with labels out, in constant memory; and a file as a transcript."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from changetalk.columns import ClientRule, Columns
from changetalk.context import cell_text, gather_rows
from changetalk.dialogue import Prediction, Transcript, Utterance
from changetalk.errors import ClientError, InputError
from changetalk.formats import Source, open_sink, open_source
from changetalk.frames import ADDED, cells, refuse_labelled
from changetalk.labels import Label
from changetalk.loading import load
from changetalk.model import Model

#: Rows held at a time, at least; a session that is longer is held whole.
CHUNK: Final = 10_000

Row = list[object]


@dataclass(slots=True)
class FileSummary:
    """What labelling found in one file.

    Attributes
    ----------
    name : str
        The file.
    rows, sessions : int
        All that were read.
    counts : Counter of label
        Client utterances by label given.
    notes : list of str
        What the user should know of how the file was read.
    """

    name: str
    rows: int = 0
    sessions: int = 0
    counts: Counter[Label] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def labelled(self) -> int:
        """How many client utterances got a label."""
        return sum(self.counts.values())

    @property
    def percent_change(self) -> float | None:
        """%CT, change talk in percent of change and sustain talk; None where there is neither."""
        inclined = self.counts["change"] + self.counts["sustain"]
        return 100 * self.counts["change"] / inclined if inclined else None


@dataclass(frozen=True, slots=True)
class LabelledChunk:
    """Rows of a file, whole sessions of it, with what the model says of each."""

    rows: list[Row]
    predictions: list[Prediction | None]


def label_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    model: Model | str | os.PathLike[str] | None = None,
    client: str | Sequence[str] | None = None,
    target: str | None = None,
    text: str | None = None,
    speaker: str | None = None,
    session: str | None = None,
    target_column: str | None = None,
    format: str | None = None,
    output_format: str | None = None,
    sheet: str | None = None,
    name: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> FileSummary:
    """Label a file of any size; the output is written whole or not at all.

    Parameters
    ----------
    path : path-like
        Table or transcript, in any format of `changetalk.formats.FORMATS`.
    output : path-like
        Table to write, ``.csv``, ``.tsv``, ``.xlsx``, ``.jsonl``, ``.parquet`` or ``.docx``; ``.cha`` or
        ``.eaf`` where the input is of the same format; ``-`` for
        standard output. Holds every row and column of the input and six columns more.
    model : Model, name or folder, optional
    client, target, text, speaker, session, target_column
        As for `Model.label_frame`.
    format, output_format : str, optional
        Where the names' endings do not tell.
    sheet : str, optional
        Of a workbook with several.
    name : str, optional
        What messages call the input; default: the path.
    progress : callable, optional
        Called with the number of rows done since the last call.

    Returns
    -------
    FileSummary

    Raises
    ------
    InputError, FormatError, ColumnError, ClientError, ModelError, OutputError
        Each with the file, what is wrong with it and what to do.
    """
    used = model if isinstance(model, Model) else load(model)
    if (
        os.fspath(output) != "-"
        and Path(output).exists()
        and Path(path).exists()
        and Path(output).samefile(path)
    ):
        raise InputError(f"{output}: is the input itself; give the output another name")
    wanted = Columns(text=text, speaker=speaker, session=session, target=target_column)
    with open_source(path, format=format, sheet=sheet, name=name) as source:
        refuse_labelled(source.columns, where=source.name)
        summary = FileSummary(source.name)
        with open_sink(output, source, [*source.columns, *ADDED], format=output_format) as sink:
            for chunk in label_source(source, used, wanted, summary, client=client, target=target):
                sink.write([*row, *cells(p)] for row, p in zip(chunk.rows, chunk.predictions, strict=True))
                if progress is not None:
                    progress(len(chunk.rows))
    return summary


def label_source(
    source: Source,
    model: Model,
    wanted: Columns,
    summary: FileSummary,
    *,
    client: str | Sequence[str] | None,
    target: str | None,
) -> Iterator[LabelledChunk]:
    """Label an open source, some whole sessions at a time.

    Parameters
    ----------
    source : Source
    model : Model
    wanted : Columns
    summary : FileSummary
        Filled in on the way.
    client, target
        As for `Model.label_frame`.

    Yields
    ------
    LabelledChunk
        All rows of the source, in order.

    Raises
    ------
    ColumnError, ClientError
    InputError
        If a session goes on after it was done with: its rows must not lie chunks apart.
    """
    rule = ClientRule.of(client)
    found = wanted.find(source.columns, client=rule, target=target is None, where=source.name)
    place = {name: k for k, name in enumerate(source.columns)}
    at_session = place[found.session] if found.session else None

    def column(rows: list[Row], name: str | None) -> list[object] | None:
        return None if name is None else [row[place[name]] for row in rows]

    # Without a column of speakers every row stands alone, and may be cut off from the others.
    cut_anywhere = found.speaker is None and at_session is None
    for rows in _whole_sessions(source, at_session, summary, cut_anywhere=cut_anywhere):
        texts = column(rows, found.text)
        assert texts is not None  # find() requires it
        targets = column(rows, found.target)
        batch, taken = gather_rows(
            texts,
            column(rows, found.speaker),
            column(rows, found.session),
            (target or "") if targets is None else targets,
            rule,
            where=source.name,
        )
        said: list[Prediction | None] = [None] * len(rows)
        for i, prediction in zip(taken, model.predictions(batch), strict=True):
            said[i] = prediction
            summary.counts[prediction.label] += 1
        summary.rows += len(rows)
        yield LabelledChunk(rows, said)
    summary.notes += source.notes
    if not summary.labelled:
        raise ClientError(f"{source.name}: holds no client talk; {summary.rows} rows were read")


def read(
    path: str | os.PathLike[str],
    *,
    client: str | None = None,
    target: str | None = None,
    text: str | None = None,
    speaker: str | None = None,
    session: str | None = None,
    target_column: str | None = None,
    format: str | None = None,
    sheet: str | None = None,
) -> Transcript:
    """Read the transcript of one session.

    Parameters
    ----------
    path : path-like
        In any format of `changetalk.formats.FORMATS`.
    client, target, text, speaker, session, target_column, format, sheet
        As for `label_file`. One client; a file of several sessions is for `label_file`.

    Returns
    -------
    Transcript
        Every row of the file, in order; its session is named after the file where it does not
        say itself.

    Raises
    ------
    InputError, FormatError, ColumnError, ClientError
    """
    rule = ClientRule.of(client)
    if rule.everyone:
        raise InputError("read needs a client among the speakers; for a list of client talk call label(list)")
    with open_source(path, format=format, sheet=sheet) as source:
        wanted = Columns(text=text, speaker=speaker, session=session, target=target_column)
        found = wanted.find(source.columns, client=rule, target=target is None, where=source.name)
        rows = list(source.rows())
        place = {name: k for k, name in enumerate(source.columns)}

    def column(name: str | None) -> list[str]:
        return [cell_text(row[place[name]]) for row in rows] if name in place else [""] * len(rows)

    sessions = dict.fromkeys(column(found.session))
    if len(sessions) > 1:
        raise InputError(f"{path}: holds {len(sessions)} sessions; use label_file, or label_frame on a table")
    speakers = column(found.speaker)
    clients = rule.clients(set(speakers), where=source.name)
    if len(clients) != 1:
        raise ClientError(f"{path}: {len(clients)} of its speakers are the client; a transcript has one")
    targets = [t for t in dict.fromkeys(column(found.target)) if t]
    if len(targets) > 1:
        raise InputError(f"{path}: names {len(targets)} target behaviours in one session; give target=")
    times = ([_seconds(value) for value in column(name)] for name in ("start", "end"))
    utterances = tuple(
        Utterance(said, who, start, end)
        for said, who, start, end in zip(column(found.text), speakers, *times, strict=True)
    )
    goal = target if target is not None else "".join(targets)
    return Transcript(utterances, next(iter(clients)), goal, "".join(sessions) or Path(path).stem)


def _whole_sessions(
    source: Source, at: int | None, summary: FileSummary, *, cut_anywhere: bool
) -> Iterator[list[Row]]:
    """Cut a source into pieces of at least `CHUNK` rows, between sessions only."""
    rows: list[Row] = []
    open_sessions: set[str] = set()
    done: set[str] = set()
    last = None
    for i, row in enumerate(source.rows()):
        session = "" if at is None else cell_text(row[at])
        if session != last:
            if session in done:
                raise InputError(
                    f"{source.where(i)}: session {session[:60]!r} goes on after other sessions; "
                    "sort the file by session, or label it with label_frame"
                )
            if len(rows) >= CHUNK and session not in open_sessions:
                yield rows
                summary.sessions += len(open_sessions)
                done |= open_sessions
                rows, open_sessions = [], set()
            open_sessions.add(session)
            last = session
        rows.append(row)
        if cut_anywhere and len(rows) >= CHUNK:
            yield rows
            rows = []
    if rows:
        yield rows
    summary.sessions += len(open_sessions)


def _seconds(value: str) -> float | None:
    """Read seconds, or a time such as ``00:01:02.5``."""
    try:
        parts = [float(part) for part in value.split(":")]
    except ValueError:
        return None
    return sum(part * 60**k for k, part in enumerate(reversed(parts))) if len(parts) <= 3 else None

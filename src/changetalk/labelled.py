"""Labelled talk in one shape, whoever labelled it: what every analysis starts from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pandas as pd

from changetalk.dialogue import Transcript
from changetalk.errors import ColumnError, InputError
from changetalk.formats import FORMATS, READABLE_SUFFIXES, open_source
from changetalk.labelled_cells import COLUMNS, PROBABILITIES, labelled_cells, objects, require_columns

__all__ = ["COLUMNS", "PROBABILITIES", "as_labelled", "read_labelled"]

#: What is taken for labelled talk in a folder, in which other files may lie too.
_TABLES: Final = ("csv", "tsv", "xlsx", "jsonl", "parquet")


def as_labelled(
    data: Any,
    *,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Bring labelled talk into the shape that every analysis reads.

    Parameters
    ----------
    data : table, Transcript or sequence of Transcript
        What labelling gave: a pandas, polars or pyarrow table, or transcripts with predictions.
        A frame that this function returned, or rows of one, comes back as it is.
    label : str, optional
        A column of labels other than ``ct_label``, such as a human coder's, in any spelling that
        `changetalk.labels.parse_label` reads; empty, or ``n/a``, where there is none.
        The model's probabilities are then left out.
    session, speaker, text : str, optional
        Columns by name, where well-known names do not find them.
    client : str or sequence of str, optional
        Whose rows count as the client's; by default every row that has a label does. Needed where
        one column holds the codes of client and therapist; the therapist's become ``behaviour``.
    keep : sequence of str
        Further columns to carry along, as text.

    Returns
    -------
    pandas.DataFrame, n rows
        A row an input row, in the input's order, with a fresh index and the columns

        ==================================  ======  =========================================
        ``session``, ``speaker``, ``text``  str     empty where the table has no such column
        ``target``                          str     the target behaviour; empty where not known
        ``client``                          bool    a client utterance that has a label
        ``label``                           object  change, neutral or sustain; else None
        ``p_change, p_neutral, p_sustain``  float   probabilities; NaN where there are none
        ``codes``                           object  MISC codes, joined by ``;``; else None
        ``behaviour``                       object  the therapist's behaviour; None on client rows
        ``start``, ``end``                  float   seconds; NaN where there are none
        ``model``                           object  which model gave the label; else None
        ==================================  ======  =========================================

        and those of `keep`. Codes, behaviours and times are found by well-known names (such as
        ``codes``, ``main_therapist_behaviour``, ``timestamp``). A column of such a name in which
        no cell is a MISC code, or a time, is another thing and is left alone; one in which some
        are must hold nothing else.

    Raises
    ------
    ColumnError
        If there is no column of labels, or a column named is not there.
    ClientError
        If nobody in a session has the name given as `client`.
    InputError
        If nothing was labelled, a cell cannot be read, or two transcripts have one name.
    TypeError
        If `data` is of another kind.
    """
    told = label, session, speaker, text, client
    if isinstance(data, pd.DataFrame) and set(COLUMNS) <= set(data.columns) and told == (None,) * 5:
        require_columns(keep, list(data.columns), "the table")
        if not data["client"].any():
            raise InputError("the table: no client utterance is labelled; label it first")
        return data.reset_index(drop=True)
    if isinstance(data, Transcript) or _are_transcripts(data):
        data = _frame_of([data] if isinstance(data, Transcript) else list(data))
    cells = _cells(data)
    n = len(next(iter(cells.values()), ()))
    return labelled_cells(
        cells,
        label=label,
        session=session,
        speaker=speaker,
        text=text,
        client=client,
        keep=keep,
        where="the table",
        at=lambda i: f"the table, row {i + 1} of {n}",
    )


def read_labelled(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
    keep: Sequence[str] = (),
    format: str | None = None,
    sheet: str | None = None,
    leave_out: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Read labelled files, or folders of them, into one frame.

    Parameters
    ----------
    paths : path-like, or several
        Tables as `changetalk.label_file` writes them. Of a folder, every table in it and in its
        folders is read (``.csv``, ``.tsv``, ``.xlsx``, ``.jsonl``, ``.parquet``), by name.
    label, session, speaker, text, client, keep
        As for `as_labelled`.
    format, sheet : str, optional
        As for `changetalk.label_file`.
    leave_out : path-like, optional
        A file that is passed over in folders, such as an earlier result.

    Returns
    -------
    pandas.DataFrame
        What `as_labelled` gives, file after file. A file without a column of sessions, or a row
        without a session, is a session named after the file (``anna`` for ``anna.vtt.csv``).
        Where two files have a session of the same name, both become ``file/session``: files
        never share one. What the user should know of the reading stands in ``attrs["notes"]``,
        a list of str.

    Raises
    ------
    InputError, FormatError, ColumnError, ClientError
        With the file and the row. A folder without a table is an error, and so is a file in it
        that was not labelled.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = [file for path in given for file in _tables(Path(path), leave_out)]
    if not files:
        raise InputError("no file was named; name a labelled file, or a folder of them")
    twice = [path for path, count in Counter(files).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]}: is named twice; its talk would count twice")
    stems = Counter(_stem(file) for file in files)
    frames = []
    notes: list[str] = []
    for file in files:
        with open_source(file, format=format, sheet=sheet) as source:
            rows = list(source.rows())
            columns = list(zip(*rows, strict=True)) or [()] * len(source.columns)
            frame = labelled_cells(
                dict(zip(source.columns, columns, strict=True)),
                label=label,
                session=session,
                speaker=speaker,
                text=text,
                client=client,
                keep=keep,
                where=source.name,
                at=source.where,
            )
            notes += [f"{source.name}: {note}" for note in source.notes]
        stem = _stem(file)
        unique = stem if stems[stem] == 1 else str(file.with_name(stem))
        frames.append((unique, frame, [name or unique for name in frame["session"]]))
    places = Counter(name for _, _, sessions in frames for name in set(sessions))
    for unique, frame, sessions in frames:
        frame["session"] = objects([s if places[s] == 1 else f"{unique}/{s}" for s in sessions])
    shared = sum(count > 1 for count in places.values())
    if shared:
        notes.append(f"{shared} session names are in more than one file: they are called file/session")
    table = pd.concat([frame for _, frame, _ in frames], ignore_index=True)
    table.attrs["notes"] = notes
    return table


def _stem(file: Path) -> str:
    """Return a file's name without its endings: ``anna.vtt.csv`` is what labelling made of anna.vtt."""
    name = Path(file.name)
    while name.suffix.lower() in READABLE_SUFFIXES:
        name = name.with_suffix("")
    return str(name)


def _tables(path: Path, leave_out: str | os.PathLike[str] | None) -> list[Path]:
    """Return the path itself, or all tables below a folder but one."""
    if not path.is_dir():
        return [path]
    suffixes = {suffix for name in _TABLES for suffix in FORMATS[name].suffixes}
    left = None if leave_out is None else Path(leave_out).resolve()
    found = sorted(
        p
        for p in path.rglob("*")
        if p.is_file()
        and p.resolve() != left
        and p.suffix.lower() in suffixes
        and not any(part.startswith((".", "~$")) for part in p.relative_to(path).parts)
    )
    if not found:
        raise InputError(f"{path}: holds no labelled table ({', '.join(sorted(suffixes))})")
    return found


def _are_transcripts(data: object) -> bool:
    return isinstance(data, Sequence) and len(data) > 0 and all(isinstance(each, Transcript) for each in data)


def _frame_of(transcripts: Sequence[Transcript]) -> pd.DataFrame:
    twice = [name for name, count in Counter(t.session for t in transcripts).items() if count > 1]
    if twice:
        raise InputError(
            f"{twice[0][:60]!r} is the session of more than one transcript; "
            "give each its own: dataclasses.replace(transcript, session=...)"
        )
    for k, transcript in enumerate(transcripts):
        if not any(u.prediction for u in transcript):
            name = f"session {transcript.session[:60]!r}" if transcript.session else f"transcript {k + 1}"
            raise InputError(f"{name}: no client utterance is labelled; call model.label(transcript) first")
    return pd.concat([t.to_frame() for t in transcripts], ignore_index=True)


def _cells(data: Any) -> dict[str, list[object]]:
    """Return a table's columns as lists; narwhals alone would turn a lazy frame away without advice."""
    try:
        table = nw.from_native(data, eager_only=True)
    except TypeError:
        raise TypeError(
            "a pandas, polars or pyarrow table, a Transcript or several are needed, "
            f"not {type(data).__name__}" + ("; call .collect() first" if hasattr(data, "collect") else "")
        ) from None
    except nw.exceptions.DuplicateError:
        raise ColumnError("the table: has columns of the same name; give each a name of its own") from None
    return {str(name): table[name].to_list() for name in table.columns}

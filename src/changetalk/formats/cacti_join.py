"""Codes that were given to a recording, brought together with the words of its transcript."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final, Literal

from changetalk.columns import ClientRule, find_column
from changetalk.context import cell_text
from changetalk.errors import ColumnError, InputError
from changetalk.formats.cacti_database import SPEAKERS
from changetalk.formats.times import clock, seconds_of
from changetalk.labels import label_of_codes

Row = Mapping[str, object]

#: The columns that a transcript gets; `code_start` is the time of its first code.
ADDED: Final = ("code", "label", "behaviour", "annotation", "code_start")

_START: Final = ("start", "start_time", "begin", "onset", "timestamp")
_END: Final = ("end", "end_time", "offset")
_SHOWN: Final = 8  # of the rows that a note lists


@dataclass(frozen=True, slots=True)
class JoinedCodes:
    """A transcript with its codes.

    Attributes
    ----------
    rows : list of dict
        The transcript's rows in their order, with the columns of `ADDED`, None where there is no
        code; several codes of a row are joined by ``;``, in the order of their times. Among them, at
        its place, a row without words for each code that found no utterance.
    uncoded : list of int
        Which of the transcript's rows got no code, from 0.
    unplaced : list of int
        Which of the codes found no utterance, from 0.
    notes : list of str
        The same for people to read, without words of the transcript.
    """

    rows: list[dict[str, object]]
    uncoded: list[int]
    unplaced: list[int]
    notes: list[str] = field(default_factory=list)


def join_codes(
    transcript: Sequence[Row],
    codes: Sequence[Row],
    by: Literal["time", "order"] = "time",
    *,
    client: str | Sequence[str] | None = None,
    tolerance: float = 2.0,
) -> JoinedCodes:
    """Give each utterance of a transcript the codes that were given to the recording.

    Where it is known whose a code is, it goes only to what that speaker said. Nothing is lost:
    what finds no partner is reported, and a code without an utterance becomes a row of its own.

    Parameters
    ----------
    transcript : sequence of mapping
        A session's rows by column, found by well-known names: ``speaker``, and for ``by="time"``
        ``start`` and, where there is one, ``end`` (seconds or clocks). A row without an end lasts
        until the next begins.
    codes : sequence of mapping
        Rows as `CactiSource` gives them.
    by : {'time', 'order'}
        By time, a code goes to the utterance during which it was given, else to the nearest that
        is not further off than `tolerance`. By order, the two sequences of speakers are laid side
        by side (`difflib.SequenceMatcher`) and equals matched one to one; this needs a transcript
        cut into the very pieces that were coded.
    client : str or sequence of str, optional
        The client's name, where it is not well known.
    tolerance : float
        Seconds.

    Returns
    -------
    JoinedCodes

    Raises
    ------
    ColumnError
        If the transcript has no times where they are needed, or has a column of `ADDED` already.
    ClientError
        If it is not known which speaker is the client.
    InputError
        If it holds several sessions, a time cannot be read, or `by` is neither.
    """
    if by not in ("time", "order"):
        raise InputError(f"by={by!r}: codes are joined by 'time' or by 'order'")
    columns = list(transcript[0]) if transcript else []
    taken = [name for name in ADDED if name in columns]
    if taken:
        raise ColumnError(f"the transcript: already has the column {taken[0]!r}; rename or drop it first")
    session = find_column("session", columns, where="the transcript", required=False)
    if session and len({cell_text(row[session]) for row in transcript}) > 1:
        raise InputError(
            "the transcript: holds several sessions; codes are those of one, so join each by itself"
        )
    speaker = find_column("speaker", columns, where="the transcript", required=False)
    theirs = [cell_text(code.get("speaker")) for code in codes]
    ours = _roles(transcript, speaker, client) if any(theirs) else [""] * len(transcript)
    times = [_time(code, "start", f"code {k + 1}") for k, code in enumerate(codes)]
    starts = _times(transcript, columns, required=by == "time")
    if by == "time":
        found = [_at(time, who, starts, ours, tolerance) for time, who in zip(times, theirs, strict=True)]
    else:
        found = _in_order(ours, theirs)
    members: dict[int, list[int]] = {}
    for k, row in enumerate(found):
        if row is not None:
            members.setdefault(row, []).append(k)
    before = _places(found, times, starts if by == "time" else [])
    rows: list[dict[str, object]] = []
    for i in range(len(transcript) + 1):
        rows += [_alone(codes[k], columns, transcript, session, speaker) for k in before.get(i, [])]
        if i < len(transcript):
            rows.append({**transcript[i], **_coded([codes[k] for k in members.get(i, [])])})
    uncoded = [i for i in range(len(transcript)) if i not in members]
    unplaced = [k for k, row in enumerate(found) if row is None]
    return JoinedCodes(rows, uncoded, unplaced, _notes(transcript, codes, times, uncoded, unplaced))


def _roles(transcript: Sequence[Row], speaker: str | None, client: str | Sequence[str] | None) -> list[str]:
    if speaker is None:
        return [""] * len(transcript)
    names = [cell_text(row[speaker]) for row in transcript]
    clients = ClientRule.of(client).clients(set(names), where="the transcript")
    return ["" if not name else SPEAKERS[name in clients] for name in names]


def _time(row: Row, column: str, where: str) -> float | None:
    try:
        return seconds_of(row.get(column))
    except ValueError as error:
        raise InputError(f"{where}: column {column!r}: {error}") from None


def _times(
    transcript: Sequence[Row], columns: Sequence[str], *, required: bool
) -> list[tuple[float, float] | None]:
    """Return start and end of each row; None where it has no start."""
    start, end = _column(columns, _START), _column(columns, _END)
    if start is None:
        if required and transcript:
            raise ColumnError(
                "the transcript: has no column 'start' to join codes by time; join them by order"
            )
        return [None] * len(transcript)
    begins = [_time(row, start, f"the transcript, row {i + 1}") for i, row in enumerate(transcript)]
    ends = [
        _time(row, end, f"the transcript, row {i + 1}") if end else None for i, row in enumerate(transcript)
    ]
    spans: list[tuple[float, float] | None] = []
    following = float("inf")
    for begin, finish in zip(reversed(begins), reversed(ends), strict=True):
        if begin is None:
            spans.append(None)
            continue
        spans.append((begin, max(begin, following if finish is None else finish)))
        following = begin if begin < following else following
    return spans[::-1]


def _column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    known = {name.strip().lower(): name for name in reversed(columns)}
    return next((known[name] for name in names if name in known), None)


def _at(
    time: float | None, who: str, spans: list[tuple[float, float] | None], ours: list[str], tolerance: float
) -> int | None:
    """Return the row that a code given at this time belongs to."""
    if time is None:
        return None
    rows = [(span, i) for i, span in enumerate(spans) if span and (not who or ours[i] in ("", who))]
    near = [(max(span[0] - time, time - span[1], 0.0), -span[0], -i) for span, i in rows]
    if not near:
        return None
    distance, _, row = min(near)
    return -row if distance <= tolerance else None


def _in_order(ours: list[str], theirs: list[str]) -> list[int | None]:
    known = all(ours) and all(theirs)
    left, right = (ours, theirs) if known else ([""] * len(ours), [""] * len(theirs))
    found: list[int | None] = [None] * len(theirs)
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            found[block.b + k] = block.a + k
    return found


def _places(
    found: list[int | None], times: list[float | None], spans: list[tuple[float, float] | None]
) -> dict[int, list[int]]:
    """Return before which row each code without an utterance goes."""
    timed = [(span[0], i) for i, span in enumerate(spans) if span]
    ordered = timed == sorted(timed)
    begins = [begin for begin, _ in timed]
    places: dict[int, list[int]] = {}
    last = 0
    for k, (row, time) in enumerate(zip(found, times, strict=True)):
        if row is not None:
            last = row + 1
            continue
        place = last
        if begins and ordered and time is not None:
            after = bisect_right(begins, time)
            place = timed[after][1] if after < len(timed) else len(spans)
        places.setdefault(place, []).append(k)
    return places


def _coded(codes: list[Row]) -> dict[str, object]:
    labels = [text for text in (cell_text(code.get("label")) for code in codes) if text]
    # Any change or sustain talk trumps neutral; of both, the first: `labels.label_of_codes`.
    marks = tuple({"change": "O+", "sustain": "O-"}.get(label, "FN") for label in labels)
    start = next((code.get("start") for code in codes), None)
    return {
        "code": _joined(codes, "code"),
        "label": label_of_codes(marks) if marks else None,
        "behaviour": _joined(codes, "behaviour"),
        "annotation": _joined(codes, "annotation"),
        "code_start": start,
    }


def _joined(codes: list[Row], column: str) -> str | None:
    return ";".join(text for text in (cell_text(code.get(column)) for code in codes) if text) or None


def _alone(
    code: Row, columns: Sequence[str], transcript: Sequence[Row], session: str | None, speaker: str | None
) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(columns)
    if start := _column(columns, _START):
        row[start] = code.get("start")
    if session:
        row[session] = transcript[0][session]
    if speaker:
        row[speaker] = code.get("speaker")
    return {**row, **_coded([code])}


def _notes(
    transcript: Sequence[Row],
    codes: Sequence[Row],
    times: list[float | None],
    uncoded: list[int],
    unplaced: list[int],
) -> list[str]:
    notes = []
    if uncoded:
        shown = ", ".join(str(i + 1) for i in uncoded[:_SHOWN]) + (", ..." if len(uncoded) > _SHOWN else "")
        notes.append(f"utterances without a code: {len(uncoded)} of {len(transcript)} (number {shown})")
    if unplaced:
        shown = ", ".join(
            f"{cell_text(codes[k].get('code')) or 'none'} at "
            f"{'no time' if (time := times[k]) is None else clock(round(time * 10))}"
            for k in unplaced[:_SHOWN]
        ) + (", ..." if len(unplaced) > _SHOWN else "")
        notes.append(
            f"codes without an utterance: {len(unplaced)} of {len(codes)} ({shown}); rows without words"
        )
    return notes

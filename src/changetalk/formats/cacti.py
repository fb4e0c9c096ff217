"""CACTI: times and codes of a session, usually without its words.

Read are, under one suffix (``.casaa``) and as text,

- the SQLite file of CACTI 0.80 and later;
- the list of codes that it exports: ``HH:MM:SS.s CODE`` lines;
- the text that CACTI 0.30 to 0.60 kept a session in: ``Audio File:``, tab and a path, then lines of
  time, the code's number and the code;
- the one before: a number, start, end, two counts of bytes, the code's number and the code.

Source of all four: CACTI's own (https://github.com/jling-NM/CACTI), `SessionData` and `MiscDataItem`.
What is read has no words: `changetalk.formats.cacti_join.join_codes` brings it together with a
transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from changetalk.errors import FormatError
from changetalk.formats.base import Source
from changetalk.formats.cacti_database import MAGIC, SPEAKERS, CodedSession, CodedUtterance, read_casaa
from changetalk.formats.encoding import text_encoding
from changetalk.formats.times import seconds_of
from changetalk.labels import LABELS, parse_codes, parse_label

#: What our lists of codes say where there is none.
UNCODED: Final = "uncoded"
#: What is read, a row an utterance; `end` only where the file has one.
COLUMNS: Final = ("speaker", "start", "code", "code_id", "label", "behaviour", "annotation")

_THERAPIST, _CLIENT = SPEAKERS
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]"  # the decimal sign is that of CACTI's country
_HEADER: Final = re.compile(r"\s*Audio File(?:name)?:\t(.*)", re.IGNORECASE)
_LINE: Final = re.compile(rf"({_TIME})[ \t]+(\S.*?)\s*")
_SESSION_LINE: Final = re.compile(rf"({_TIME})\t(-?[0-9]{{1,9}})\t(.*?)\s*")
_EXPORTED: Final = re.compile(rf"{_TIME}(?:[ \t]|\t-?[0-9]+\t)\S{{1,16}}\s*")
# MISC 2.5's therapist codes, as CACTI's own summary counts them.
_THERAPIST_CODE: Final = re.compile(
    r"ADP|ADW|AF|CO|DI|EC|FA|FI|GI|RCP|RCW|RF|ST|SU|WA|P|(?:CQ|OQ|SR|CR)(?:\+/-|[-+0])?", re.IGNORECASE
)


def looks_like_cacti(sample: str) -> bool:
    """Return whether a text's beginning is a list of CACTI's codes and not talk."""
    lines = [line for line in sample.splitlines()[:40] if line.strip()]
    if lines and _HEADER.match(lines[0]):
        return True
    whole = lines if len(lines) < 2 or sample.endswith("\n") else lines[:-1]
    return bool(whole) and all(_EXPORTED.fullmatch(line) for line in whole)


class CactiSource(Source):
    """A session that was coded in CACTI, from its SQLite file or from text.

    A code is a label where the client is the speaker, and a behaviour of the therapist's otherwise.

    Attributes
    ----------
    session : CodedSession
    """

    session: CodedSession

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        with open(path, "rb") as file:
            database = file.read(len(MAGIC)) == MAGIC
        self.format = "casaa" if database else "casaa-text"
        self.session = read_casaa(path, name) if database else self._read_text()
        ends = any(u.end is not None for u in self.session.utterances)
        self.columns = (*COLUMNS[:2], *(("end",) if ends else ()), *COLUMNS[2:])
        self._note_what_is_left()

    def _row_number(self, index: int) -> int:
        return index + 1

    def _rows(self) -> Iterator[list[object]]:
        ends = "end" in self.columns
        for u in self.session.utterances:
            of_client = u.speaker == _CLIENT
            yield [
                u.speaker,
                u.start,
                *([u.end] if ends else []),
                u.code or None,
                u.code_id,
                label_of_code(u.code) if of_client else None,
                None if of_client else u.code or None,
                u.annotation or None,
            ]

    def _note_what_is_left(self) -> None:
        session = self.session
        unknown = sum(
            u.speaker == _CLIENT and bool(u.code) and label_of_code(u.code) is None
            for u in session.utterances
        )
        if unknown:
            self.notes.append(
                f"client codes that are no MISC codes with a valence, and so give no label: {unknown}"
            )
        nobody = sum(not u.speaker and bool(u.code) for u in session.utterances)
        if nobody:
            self.notes.append(f"codes that are not MISC's, so that it is not known whose they are: {nobody}")
        uncoded = sum(not u.code for u in session.utterances)
        if uncoded:
            self.notes.append(
                f"utterances without a code, or with one that the file does not name: {uncoded}"
            )
        kept = [
            what
            for what, there in (
                ("the recording's path", session.audio),
                ("the notes on the session", session.remarks),
                (f"{len(session.ratings)} global ratings", session.ratings),
            )
            if there
        ]
        if kept:
            self.notes.append(f"not in the rows: {', '.join(kept)}")

    def _read_text(self) -> CodedSession:
        encoding = text_encoding(self.path, self.name)
        if encoding.note:
            self.notes.append(encoding.note)
        session = CodedSession()
        with open(self.path, encoding=encoding.name) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                header = _HEADER.fullmatch(line.rstrip("\n"))
                if header is not None and not session.utterances:
                    session.audio = header[1].strip()
                    continue
                utterance = _parsed(line.rstrip("\n"))
                if utterance is None:
                    raise FormatError(
                        f"{self.name}, line {number}: expected a time and a code of CACTI's, such as "
                        "00:01:02.5 R+; export it again"
                    )
                session.utterances.append(utterance)
                self._at_line(number)
        return session


def label_of_code(code: str) -> str | None:
    """Return the label of a code of the client's; None where it tells none."""
    try:
        return parse_label(code) if code else None
    except ValueError:
        return None


def speaker_of_code(code: str) -> str:
    """Return who is coded with a code of MISC's, or an empty text where both or neither could be.

    Examples
    --------
    >>> [speaker_of_code(code) for code in ("R+", "CR+", "smile")]
    ['Client', 'Therapist', '']
    """
    try:
        parse_codes(code)
    except ValueError:
        if code in LABELS:
            return _CLIENT
        return _THERAPIST if _THERAPIST_CODE.fullmatch(code) else ""
    return _CLIENT


def _parsed(line: str) -> CodedUtterance | None:
    """Read a line of any of the three texts; None where it is of none of them."""
    session_line = _SESSION_LINE.fullmatch(line)
    if session_line:
        time, number, code = session_line.groups()
        return CodedUtterance("", seconds_of(time), None, speaker_of_code(code), code, int(number))
    short = _LINE.fullmatch(line)
    if short:
        time, code = short.groups()
        code = "" if code == UNCODED else code
        return CodedUtterance("", seconds_of(time), None, speaker_of_code(code), code)
    cells = line.rstrip().split("\t")
    if len(cells) not in (5, 7) or not all(re.fullmatch(r"-?[0-9]{1,12}", cells[k]) for k in (0, 3, 4)):
        return None
    try:
        start, end = seconds_of(cells[1]), seconds_of(cells[2])
        number_of_code = int(cells[5]) if len(cells) == 7 and len(cells[5]) < 12 else None
    except ValueError:
        return None
    code = cells[6].strip() if len(cells) == 7 else ""
    return CodedUtterance("", start, end, speaker_of_code(code), code, number_of_code)

"""Writing a session's codes for CACTI: its SQLite file, and the list of codes that it exports.

CACTI holds one session a file, a time for each utterance to a tenth of a second, and one code at a time.
A code is the cell of a column of codes, else the label (``change``, ``neutral``, ``sustain``: a
machine's label is no MISC code, and is not given the name of one), else the therapist's behaviour.
Words go into the annotations, which CACTI shows beside an utterance.
"""

from __future__ import annotations

import math
import sqlite3
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changetalk.columns import ClientRule, find_column, is_client_name, is_therapist_name
from changetalk.context import cell_text
from changetalk.errors import ClientError, InputError, OutputError
from changetalk.formats.base import Sink, Source
from changetalk.formats.cacti import UNCODED, CactiSource, label_of_code, speaker_of_code
from changetalk.formats.cacti_database import SCHEMA, SPEAKERS, USER_VERSION, CodedSession, CodedUtterance
from changetalk.formats.times import clock, seconds_of
from changetalk.labels import parse_codes

_THERAPIST, _CLIENT = SPEAKERS
_START: Final = ("start", "start_time", "begin", "onset", "timestamp")
_CODES: Final = ("code", "codes", "misc", "misc_code", "misc_codes", "client_code", "client_codes")
_LABELS: Final = ("label", "client_talk_type", "talk_type", "client_talk")
_BEHAVIOURS: Final = (
    "behaviour", "behavior", "therapist_behaviour", "therapist_behavior", "main_therapist_behaviour",
    "main_therapist_behavior", "therapist_code", "therapist_codes",
)  # fmt: skip
_NOT_CODED: Final = frozenset({"", "n/a", "na", "nan", "none"})
_FIRST_ID: Final = 1001  # beyond the numbers in labs' configurations
_UNCODED_ID: Final = -1  # CACTI's own number for no code
_DAY: Final = 24 * 36_000  # tenths; CACTI's clocks start again


@dataclass(slots=True)
class _Draft:
    """A row, before it is known who the client is."""

    where: str
    tenths: int
    name: str
    codes: tuple[str, ...]
    code_id: int | None
    kind: str  # whose code it is, as far as it tells
    annotation: str


class CactiSink(Sink):
    """What both files of codes share.

    Attributes
    ----------
    rule : ClientRule
        Who the client is, where names and codes do not tell; to be set before rows are written.
    notes : list of str
        What could not be carried over, a sentence each; complete once the file is written.
    """

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        super().__init__(path, source, columns)
        self.rule = ClientRule()
        self.notes: list[str] = []
        place = {name: k for k, name in enumerate(self.columns)}

        def known(role: str) -> int | None:
            found = find_column(role, self.columns, where=self.name, required=False)
            return None if found is None else place[found]

        self._start = _named(place, _START)
        self._speaker, self._session = known("speaker"), known("session")
        coded = (
            _named(place, _CODES),
            _named(place, _LABELS),
            place.get("ct_label"),
            _named(place, _BEHAVIOURS),
        )
        self._coded = [k for k in dict.fromkeys(coded) if k is not None]
        self._behaviour = coded[3]
        self._code_id = place.get("code_id")
        self._words = place["annotation"] if "annotation" in place else known("text")
        self._model = place.get("ct_model")
        if self._start is None:
            raise InputError(
                f"{self.name}: CACTI needs a time for each utterance; there is no column 'start'"
            )
        if not self._coded:
            raise InputError(
                f"{self.name}: there is no column of codes or labels to write; label the file first"
            )
        used = {
            self._start,
            self._speaker,
            self._code_id,
            self._words,
            self._model,
            *self._coded,
        }
        left = [repr(name[:60]) for k, name in enumerate(self.columns) if k not in used]
        if left:
            self.notes.append(f"CACTI has no place for the columns {', '.join(left)}: left out")
        self._drafts: list[_Draft] = []
        self._sessions: set[str] = set()
        self._models: set[str] = set()
        self._rows = self._overruled = self._rounded = 0

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows; they are checked, and written at the end."""
        for row in rows:
            where = f"row {self._rows + 1}" if self.source is None else self.source.where(self._rows)
            self._rows += 1
            self._sessions.add(_cell(row, self._session))
            if len(self._sessions) > 1:
                raise InputError(
                    f"{where}: a second session; a file of CACTI's holds one, so write each by itself"
                )
            if model := _cell(row, self._model):
                self._models.add(model)
            self._drafts.append(self._drafted(row, where))

    def _drafted(self, row: Sequence[object], where: str) -> _Draft:
        assert self._start is not None
        try:
            start = seconds_of(row[self._start])
        except ValueError as error:
            raise InputError(f"{where}: column {self.columns[self._start]!r}: {error}") from None
        if start is None:
            raise InputError(f"{where}: has no time; CACTI needs one for each utterance")
        tenths = math.floor(start * 10 + 0.5)
        self._rounded += abs(start * 10 - tenths) > 1e-6
        given = {k: cell for k in self._coded if (cell := _cell(row, k)).lower() not in _NOT_CODED}
        chosen = next(iter(given), None)
        code = given.get(chosen, "") if chosen is not None else ""
        labels = {label_of_code(cell) for k, cell in given.items() if k != self._behaviour}
        self._overruled += len(labels - {None}) > 1
        codes, kind = _split(code)
        if chosen == self._behaviour:
            kind = _THERAPIST
        elif code and not kind and label_of_code(code):
            kind = _CLIENT
        return _Draft(
            where,
            tenths,
            _cell(row, self._speaker),
            codes,
            self._number(row, where),
            kind,
            _cell(row, self._words),
        )

    def _number(self, row: Sequence[object], where: str) -> int | None:
        text = _cell(row, self._code_id)
        if not text:
            return None
        try:
            number = float(text)
            if number == int(number) and abs(number) < 1 << 31:
                return int(number)
        except (ValueError, OverflowError):
            pass
        raise InputError(f"{where}: column 'code_id' holds no whole number; correct or empty it")

    def _utterances(self) -> list[CodedUtterance]:
        """Return what is to be written, once all rows are there."""
        roles = self._roles()
        numbers = self._numbers(roles)
        taken: set[tuple[int, int]] = set()
        found = []
        moved = several = uncoded = 0
        for draft in self._drafts:
            several += len(draft.codes) > 1
            uncoded += not draft.codes
            for code in draft.codes or ("",):
                number = numbers[code]
                tenths = draft.tenths
                while (tenths, number) in taken:
                    tenths += 1
                moved += tenths != draft.tenths
                taken.add((tenths, number))
                if tenths >= _DAY:
                    raise InputError(
                        f"{draft.where}: lies 24 hours or more into the session; CACTI cannot hold it"
                    )
                key = f"{clock(tenths).replace(':', '').replace('.', '')}{number}"
                speaker = roles[draft.name] if draft.name else draft.kind
                found.append(CodedUtterance(key, tenths / 10, None, speaker, code, number, draft.annotation))
        if any(name.casefold() != role.casefold() for name, role in roles.items()):
            self.notes.append(
                f"CACTI knows no names: speakers are {' and '.join(sorted(set(roles.values())))}"
            )
        for what, count in (
            ("rows with several codes, which became an utterance each", several),
            ("rows without a code: in the file, but CACTI shows coded utterances only", uncoded),
            ("utterances moved on by tenths of a second, as CACTI holds a code once at one time", moved),
            ("rows whose labels disagree; that of the first column was written", self._overruled),
            ("times rounded to the tenth of a second that CACTI holds", self._rounded),
        ):
            if count:
                self.notes.append(f"{what}: {count}")
        return found

    def _roles(self) -> dict[str, str]:
        """Return which of CACTI's speakers each name is."""
        names = list(dict.fromkeys(draft.name for draft in self._drafts if draft.name))
        if self.rule.given:
            clients = self.rule.clients(names, where=self.name)
            return {name: _CLIENT if name in clients else _THERAPIST for name in names}
        coded = {draft.name for draft in self._drafts if draft.kind == _CLIENT}
        roles = {}
        for name in names:
            if is_client_name(name) or (name in coded and not is_therapist_name(name)):
                roles[name] = _CLIENT
            elif is_therapist_name(name) or coded or any(map(is_client_name, names)):
                roles[name] = _THERAPIST
            else:
                shown = ", ".join(repr(n[:60]) for n in names[:12])
                raise ClientError(
                    f"{self.name}: who is the client is not clear; the speakers are {shown}; name the client "
                    "with --client"
                )
        return roles

    def _numbers(self, roles: dict[str, str]) -> dict[str, int]:
        """Return a number for each code: that of the rows where they have one."""
        whose: dict[str, str] = {}
        numbers: dict[str, int] = {"": _UNCODED_ID}
        for draft in self._drafts:
            speaker = roles[draft.name] if draft.name else draft.kind
            for code in draft.codes:
                if whose.setdefault(code, speaker) != speaker:
                    raise InputError(
                        f"{draft.where}: code {code[:24]!r} is given to client and therapist; in CACTI each "
                        "code is one speaker's"
                    )
                if draft.code_id is None or draft.code_id == _UNCODED_ID or len(draft.codes) > 1:
                    continue
                if numbers.setdefault(code, draft.code_id) != draft.code_id:
                    raise InputError(
                        f"{draft.where}: code {code[:24]!r} has two numbers in 'code_id'; give it one"
                    )
        if len(set(numbers.values())) < len(numbers):
            raise InputError(f"{self.name}: two codes have the same number in 'code_id'; give each its own")
        free = max(_FIRST_ID, 1 + max(numbers.values()))
        for code in whose:
            if code not in numbers:
                numbers[code] = free
                free += 1
        self._whose = whose
        return numbers

    @contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        yield
        utterances = self._utterances()
        try:
            self._save(path, utterances)
        except sqlite3.Error as error:
            raise OutputError(f"{self.name}: cannot be written ({error}); nothing was left behind") from error

    @abstractmethod
    def _save(self, path: Path, utterances: list[CodedUtterance]) -> None:
        """Write a file of these."""

    @property
    def _before(self) -> CodedSession:
        """The session that the rows come from, with what is not in rows."""
        return self.source.session if isinstance(self.source, CactiSource) else CodedSession()


class CasaaSink(CactiSink):
    """A file that CACTI 0.80 and later open.

    CACTI takes the global ratings that it offers from the file and not from the user's
    configuration; of a file not from CACTI there are none, and its view of ratings stays closed.
    """

    format = "casaa"

    def _save(self, path: Path, utterances: list[CodedUtterance]) -> None:
        before = self._before
        remarks = [before.remarks] if before.remarks else []
        if self._models:
            remarks.append(f"Labels by {'; '.join(sorted(self._models))}")
        codes = {
            u.code_id: (u.code_id, _stored(u.code), SPEAKERS.index(u.speaker) if u.speaker else None)
            for u in utterances
            if u.code
        }
        kept = {u.key for u in utterances}
        links = [link for link in before.links if link[0] in kept]
        if len(links) < len(before.links):
            self.notes.append(
                f"links of recoded utterances to ratings, left out: {len(before.links) - len(links)}"
            )
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("pragma journal_mode=off")
            database.execute(f"pragma user_version={USER_VERSION}")
            database.executescript(f"begin; {SCHEMA}")
            database.executemany("insert into speakers values (?, ?)", enumerate(SPEAKERS))
            database.executemany("insert into codes values (?, ?, ?)", codes.values())
            database.executemany(
                "insert into utterances values (?, ?, ?, ?)",
                [
                    (
                        u.key,
                        clock(round((u.start or 0) * 10)),
                        u.code_id if u.code else None,
                        _stored(u.annotation),
                    )
                    for u in utterances
                ],
            )
            database.executemany("insert into ratings values (?, ?, ?)", before.ratings)
            database.executemany("insert into utterances_ratings values (?, ?)", links)
            database.executemany(
                "insert into attributes values (?, ?)",
                [("AUDIO_FILE_PATH", before.audio), ("GLOBAL_NOTES", "\n".join(remarks))],
            )
            database.execute("commit")


class CasaaTextSink(CactiSink):
    """The list of codes as CACTI 0.80 and later export it: ``HH:MM:SS.s CODE`` lines, by time."""

    format = "casaa-text"

    def _save(self, path: Path, utterances: list[CodedUtterance]) -> None:
        if self._words is not None and any(u.annotation for u in utterances):
            self.notes.append("a list of codes has no words or annotations: left out")
        if any(u.speaker != speaker_of_code(u.code) for u in utterances if u.code):
            self.notes.append(
                "a list of codes has no speakers, and some of these codes do not tell whose they are"
            )
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for u in sorted(utterances, key=lambda u: u.start or 0.0):
                file.write(f"{clock(round((u.start or 0) * 10))} {' '.join(u.code.split()) or UNCODED}\n")


def _named(place: dict[str, int], known: Sequence[str]) -> int | None:
    by_plain = {name.strip().lower().replace(" ", "_"): k for name, k in reversed(place.items())}
    return next((by_plain[name] for name in known if name in by_plain), None)


def _cell(row: Sequence[object], at: int | None) -> str:
    return "" if at is None else cell_text(row[at]).strip()


def _split(code: str) -> tuple[tuple[str, ...], str]:
    """Return the codes in a cell, and whose they are as far as they tell."""
    if not code:
        return (), ""
    try:
        codes = tuple(dict.fromkeys(parse_codes(code)))
    except ValueError:
        codes = (code,)
    return (codes if len(codes) > 1 else (code,)), speaker_of_code(code)


def _stored(text: str) -> str | bytes:
    """Return a text so that it comes back: digits alone would become a number in CACTI's columns."""
    encoded = text.encode("utf-8", "backslashreplace")
    try:
        float(text)
    except ValueError:
        return encoded.decode()
    return encoded

"""The SQLite file of CACTI 0.80 and later (``.casaa``), read without trusting it.

The tables are those that CACTI's `SessionData.initDB` makes
(https://github.com/jling-NM/CACTI, 0.80 of 2018 to 1.0 of 2022). A file from elsewhere may be made to
do harm when it is opened as a database: it is opened read-only, none of what SQL can run in it
(triggers, views, virtual tables, generated columns, functions) is let in, and its size is bounded.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from changetalk.errors import FormatError
from changetalk.formats.times import seconds_of

#: The speakers that CACTI knows, by their number in its files.
SPEAKERS: Final = ("Therapist", "Client")
#: First bytes of every SQLite file.
MAGIC: Final = b"SQLite format 3\0"
#: What CACTI writes into ``PRAGMA user_version``.
USER_VERSION: Final = 1

#: CACTI's tables. Columns of type ``string`` hold text, but digits alone become numbers in them.
SCHEMA: Final = """
create table speakers (speaker_id integer primary key not null, speaker_name string not null unique);
create table codes (
    code_id integer primary key not null, code_name string not null unique, speaker_id integer,
    foreign key (speaker_id) references speakers (speaker_id)
);
create table utterances (
    utterance_id text primary key not null unique, time_marker string not null, code_id integer,
    annotation string, foreign key (code_id) references codes (code_id)
);
create table ratings (
    rating_id integer primary key not null, rating_name string not null unique,
    response_value integer not null
);
create table utterances_ratings (
    utterance_id text, rating_id integer,
    foreign key (utterance_id) references utterances (utterance_id),
    foreign key (rating_id) references ratings (rating_id)
);
create table attributes (name, value);
"""
_NEEDED: Final = {
    "speakers": ("speaker_id", "speaker_name"),
    "codes": ("code_id", "code_name", "speaker_id"),
    "utterances": ("utterance_id", "time_marker", "code_id", "annotation"),
}
_OPTIONAL: Final = {
    "ratings": ("rating_id", "rating_name", "response_value"),
    "utterances_ratings": ("utterance_id", "rating_id"),
    "attributes": ("name", "value"),
}

_MAX_BYTES: Final = 1 << 26  # an hour's session takes some 100 KB
_LIMITS: Final = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 1 << 24),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1 << 16),
    (sqlite3.SQLITE_LIMIT_COLUMN, 64),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 32),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
)
_ADVICE: Final = "open it in CACTI and save it again"


@dataclass(slots=True)
class CodedUtterance:
    """What a coder made of one utterance.

    Attributes
    ----------
    key : str
        CACTI's own name of it: the digits of the time, and the code's number.
    start, end : float or None
        Seconds; only CACTI before 0.30 noted an end.
    speaker : str
        ``Therapist``, ``Client``, or empty where that is not known.
    code : str
        As the coder's configuration names it; empty where it was not coded.
    code_id : int or None
        The code's number in that configuration.
    annotation : str
        The coder's own note.
    """

    key: str = ""
    start: float | None = None
    end: float | None = None
    speaker: str = ""
    code: str = ""
    code_id: int | None = None
    annotation: str = ""


@dataclass(slots=True)
class CodedSession:
    """A session as it was coded in CACTI.

    Attributes
    ----------
    utterances : list of CodedUtterance
        By time; of one time, in the order in which they were coded.
    audio, remarks : str
        The recording's path, and the coder's notes on the whole session.
    ratings : list of (int, str, int)
        Number, name and value of each global rating.
    links : list of (str, int)
        Which utterance speaks for which rating.
    """

    utterances: list[CodedUtterance] = field(default_factory=list)
    audio: str = ""
    remarks: str = ""
    ratings: list[tuple[int, str, int]] = field(default_factory=list)
    links: list[tuple[str, int]] = field(default_factory=list)


def read_casaa(path: Path, name: str) -> CodedSession:
    """Read a session file of CACTI 0.80 or later.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        What messages call it.

    Returns
    -------
    CodedSession
        All utterances, also those whose code the file does not know, which CACTI leaves out.

    Raises
    ------
    FormatError
        If it is not such a file, is damaged, is open in CACTI, is too big, or holds what no file
        of CACTI's does.
    """
    with _opened(path, name) as database:
        tables = _checked_tables(database, name)
        session = CodedSession()
        if "attributes" in tables:
            noted = {_text(key): _text(value) for key, value in _all(database, "attributes", _OPTIONAL)}
            session.audio = noted.get("AUDIO_FILE_PATH", "")
            session.remarks = noted.get("GLOBAL_NOTES", "")
        if "ratings" in tables:
            session.ratings = [
                (_whole(key, name), _text(rating), _whole(value, name))
                for key, rating, value in _all(database, "ratings", _OPTIONAL)
            ]
            if "utterances_ratings" in tables:
                found = _all(database, "utterances_ratings", _OPTIONAL)
                session.links = [(_text(key), _whole(rating, name)) for key, rating in found]
        speakers = {key: _text(speaker) for key, speaker in _all(database, "speakers", _NEEDED)}
        codes = {
            key: (_text(code), speakers.get(speaker, ""))
            for key, code, speaker in _all(database, "codes", _NEEDED)
        }
        rows = _all(database, "utterances", _NEEDED)
    for number, (key, time, code_id, annotation) in enumerate(rows, 1):
        try:
            start = seconds_of(time)
        except ValueError:
            raise FormatError(f"{name}: the time of utterance {number} cannot be read; {_ADVICE}") from None
        code, speaker = codes.get(code_id, ("", ""))
        number_of_code = None if code_id is None else _whole(code_id, name)
        session.utterances.append(
            CodedUtterance(_text(key), start, None, speaker, code, number_of_code, _text(annotation))
        )
    session.utterances.sort(key=lambda u: u.start or 0.0)
    return session


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise FormatError(f"{name}: is {size >> 20} MB, more than any session of CACTI's; check the file")
    for ending in ("-journal", "-wal"):
        beside = Path(f"{path}{ending}")
        if beside.exists() and beside.stat().st_size:
            raise FormatError(f"{name}: is open in CACTI, or CACTI stopped while it saved; {_ADVICE}")
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        database.text_factory = _decoded
        for limit, most in _LIMITS:
            database.setlimit(limit, most)
        for pragma in (
            "trusted_schema=off",
            "ignore_check_constraints=on",
            "cell_size_check=on",
            "mmap_size=0",
        ):
            database.execute(f"pragma {pragma}")
        database.set_authorizer(_only_reads)
        yield database
    except (sqlite3.Error, UnicodeError) as error:
        # SQLite's own words may quote the file, and then Python may not be able to read them.
        raise FormatError(
            f"{name}: is no session of CACTI's, or is damaged ({type(error).__name__}); {_ADVICE}"
        ) from error
    finally:
        if database is not None:
            database.close()


def _only_reads(action: int, what: str | None, *_: str | None) -> int:
    allowed = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) or (
        action == sqlite3.SQLITE_PRAGMA and what in ("quick_check", "table_xinfo")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _checked_tables(database: sqlite3.Connection, name: str) -> set[str]:
    """Return the names of the tables, once they are known to be tables and nothing else."""
    found = database.execute("select type, name, rootpage from sqlite_master").fetchall()
    if any(kind not in ("table", "index") or not page for kind, _, page in found):
        raise FormatError(
            f"{name}: holds a view, trigger or virtual table, which no file of CACTI's does; it is not read"
        )
    tables = {str(table).lower() for kind, table, _ in found if kind == "table"}
    for table, needed in {**_NEEDED, **_OPTIONAL}.items():
        if table not in tables:
            if table in _OPTIONAL:
                continue
            raise FormatError(f"{name}: is an SQLite file, but not of CACTI's: it has no table {table!r}")
        columns = database.execute(f"pragma table_xinfo({table})").fetchall()
        if any(hidden for *_, hidden in columns):
            raise FormatError(
                f"{name}: table {table!r} computes a column, which no file of CACTI's does; it is not read"
            )
        missing = set(needed) - {str(column[1]).lower() for column in columns}
        if missing:
            raise FormatError(f"{name}: its table {table!r} has no column {min(missing)!r}; {_ADVICE}")
    if [tuple(row) for row in database.execute("pragma quick_check(1)")] != [("ok",)]:
        raise FormatError(f"{name}: is damaged or cut off; {_ADVICE}")
    return tables


def _all(
    database: sqlite3.Connection, table: str, known: dict[str, tuple[str, ...]]
) -> list[tuple[Any, ...]]:
    # Not through an index, which a damaged or made-up file may have wrong.
    return database.execute(f"select {', '.join(known[table])} from {table} not indexed").fetchall()


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return _decoded(value)
    return "" if value is None else str(value)


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int):
        raise FormatError(f"{name}: holds something else where CACTI has a number; {_ADVICE}")
    return value

"""CACTI's files: read without trust, written so that CACTI's own queries find everything."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from changetalk.columns import ClientRule
from changetalk.errors import ChangetalkError, ClientError, FormatError, InputError, OutputError
from changetalk.formats.cacti import COLUMNS, CactiSource, looks_like_cacti, speaker_of_code
from changetalk.formats.cacti_sinks import CasaaSink, CasaaTextSink

FIXTURES = Path(__file__).parent / "fixtures"
SESSION = (FIXTURES / "session.casaa.sql").read_text()

# CACTI's own: SessionData.getUtterances. An utterance that this does not give is not on its screen.
CACTI_READS = (
    "select utterances.*, codes.code_name, codes.speaker_id from utterances inner join codes "
    "on utterances.code_id = codes.code_id order by utterances.time_marker"
)

ROWS = [
    ["Therapist", 1.0, "OQ0", 14, None, "OQ0", None],
    ["Client", 4.5, "D+", 34, "change", None, "voice breaks"],
    ["Client", 4.5, "R+", 36, "change", None, None],
    ["Client", 9.2, "D-", 35, "sustain", None, None],
    ["Therapist", 12.0, "CR+/-", 21, None, "CR+/-", None],
    ["Client", 15.0, "C+_m", 61, None, None, None],
    ["Client", 3601.5, "FN", 50, "neutral", None, None],
]


def make(path: Path, *more: str, session: str = SESSION) -> Path:
    """Make a session file as CACTI does, and run further statements in it."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(f"pragma synchronous=off; pragma journal_mode=memory; {session}")
        for statement in more:
            database.execute(statement)
        database.commit()
    return path


def read(path: Path) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return columns and rows."""
    with CactiSource(path, str(path)) as source:
        rows = list(source.rows())
        assert all(len(row) == len(source.columns) for row in rows)
        return source.columns, rows


def write(kind, path: Path, columns: list[str], rows: list[list[object]], **options) -> list[str]:
    """Write rows; return the notes."""
    with kind(str(path), None, columns) as sink:
        sink.rule = ClientRule.of(options.get("client"))
        sink.write(rows)
    return sink.notes


def asked(path: Path, query: str) -> list[tuple[object, ...]]:
    """Return what a query gives."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


# -- reading -----------------------------------------------------------------------------------------


def test_session_of_0_80_and_later(tmp_path) -> None:
    path = make(tmp_path / "session.casaa")
    assert read(path) == (COLUMNS, ROWS)
    with CactiSource(path, "mine") as source:
        assert source.format == "casaa"
        assert source.session.audio == "C:\\Recordings\\made_up.wav"
        assert source.session.ratings == [(0, "ACCEPTANCE", 4), (1, "EMPATHY", 5)]
        assert source.session.links == [("000004534", 1)]
        assert source.notes == [
            "client codes that are no MISC codes with a valence, and so give no label: 1",
            "not in the rows: the recording's path, the notes on the session, 2 global ratings",
        ]
        assert source.where(0) == "mine, row 1"


def test_the_file_is_neither_changed_nor_joined_by_others(tmp_path) -> None:
    path = make(tmp_path / "a b#c?d%20.casaa")
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_exported_list_has_the_same_codes(tmp_path) -> None:
    columns, rows = read(FIXTURES / "exported_codelist_session.txt")
    assert columns == COLUMNS
    expected = [[*row[:3], None, *row[4:6], None] for row in ROWS]
    expected[5][0], expected[5][5] = "", "C+_m"  # whose an unknown code is, the list does not say
    assert rows == expected


def test_text_sessions_of_0_60_and_before() -> None:
    with CactiSource(FIXTURES / "session_0.60.casaa", "x") as source:
        assert source.format == "casaa-text"
        assert source.session.audio == "C:\\Recordings\\made_up.wav"
        assert [row[:4] for row in source.rows()] == [
            ["Therapist", 1.0, "OQ0", 14],
            ["Client", 4.5, "D+", 34],
            ["Client", 9.2, "D-", 35],
        ]
        assert source.where(1) == "x, line 3"
    assert read(FIXTURES / "session_0.10.casaa") == (
        (*COLUMNS[:2], "end", *COLUMNS[2:]),
        [
            ["Therapist", 0.0, 4.0, "OQ0", 14, None, "OQ0", None],
            ["Client", 4.0, 9.0, "D+", 34, "change", None, None],
            ["", 9.0, 11.0, None, None, None, None, None],
        ],
    )


def test_decimal_commas_where_cacti_runs_in_german(put, tmp_path) -> None:
    assert [row[1] for row in read(put("a.txt", "00:00:01,5 R+\n00:01:00,0 CQ0\n"))[1]] == [1.5, 60.0]
    path = make(tmp_path / "a.casaa", "update utterances set time_marker = '00:00:04,5' where code_id = 34")
    assert read(path)[1][1][1] == 4.5


def test_codes_that_sqlite_made_numbers_are_texts(tmp_path) -> None:
    path = make(tmp_path / "a.casaa", "update codes set code_name = '7' where code_id = 11")
    with closing(sqlite3.connect(path)) as database:
        database.execute("insert into utterances values ('x', '00:00:20.0', 11, '12')")
        database.commit()
    assert read(path)[1][-2] == ["Therapist", 20.0, "7", 11, None, "7", "12"]


def test_utterances_that_cacti_does_not_show_are_read(tmp_path) -> None:
    path = make(
        tmp_path / "a.casaa",
        "insert into utterances values ('x', '00:00:20.0', null, null)",
        "insert into utterances values ('y', '00:00:21.0', 999, '')",
    )
    assert len(asked(path, CACTI_READS)) == 7
    rows = read(path)[1]
    assert rows[-3:-1] == [
        ["", 20.0, None, None, None, None, None],
        ["", 21.0, None, 999, None, None, None],
    ]


def test_whose_a_code_is() -> None:
    therapist = ["ADP", "ADW", "CQ+", "OQ-", "SR0", "CR+/-", "ST", "GI", "p"]
    assert {speaker_of_code(code) for code in therapist} == {"Therapist"}
    assert {speaker_of_code(code) for code in ["R+", "TS-", "FN", "change", "AC+"]} == {"Client"}
    assert {speaker_of_code(code) for code in ["", "smile", "C+_m", "12"]} == {""}


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("00:00:01.0 OQ0\n00:00:02.0 R+\n", True),
        ("Audio File:\tx.wav\n", True),
        ("00:00:01.0\t14\tOQ0\n00:00:02.0\t3", True),
        ("00:00:01.0 OQ0", True),
        ("00:00:01.0 Anna: hello there\n00:00:02.0 Bob: yes\n", False),
        ("00:00:01.0 hello there\n", False),
        ("T: hello\n", False),
        ("", False),
    ],
)
def test_what_looks_like_cacti(text, yes) -> None:
    assert looks_like_cacti(text) is yes


# -- hostile and damaged -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["create view talk as select * from utterances"], "a view, trigger or virtual table"),
        (["create trigger t after insert on codes begin delete from utterances; end"], "a view, trigger"),
        (["create virtual table words using fts5(secret)"], "a view, trigger or virtual table"),
        (["alter table codes add column x as (hex(zeroblob(9)))"], "table 'codes' computes a column"),
        (["drop table utterances_ratings", "drop table utterances"], "no table 'utterances'"),
        (["alter table utterances rename column time_marker to secret"], "has no column 'time_marker'"),
        (["alter table attributes rename column value to secret"], "'attributes' has no column 'value'"),
        (["update utterances set time_marker = 'secret' where code_id = 34"], "time of utterance 2"),
        (["update utterances set time_marker = -1 where code_id = 34"], "time of utterance 2"),
        (["update utterances set code_id = 'secret' where code_id = 34"], "something else where CACTI has"),
        (["update ratings set response_value = 'secret'"], "something else where CACTI has a number"),
        ([f"create table wide ({', '.join(f'c{i}' for i in range(90))})"], "is no session of CACTI's"),
    ],
)
def test_what_is_not_cactis_is_refused(tmp_path, more, says) -> None:
    path = make(tmp_path / "a.casaa", *more)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value).partition(".casaa")[2]


def test_damaged_databases(tmp_path) -> None:
    whole = make(tmp_path / "a.casaa").read_bytes()
    path = tmp_path / "b.casaa"
    for content in (whole[:-4096], whole[:5000], whole[:100], whole[:16], whole[:20000] + whole[24096:]):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"damaged|cut off"):
            read(path)


def test_a_schema_in_no_encoding(tmp_path) -> None:
    path = make(tmp_path / "a.casaa")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE codes", b"CREATE TABEL c\xff\xfees"))
    with pytest.raises(FormatError, match="is no session of CACTI's, or is damaged"):
        read(path)


def test_a_view_in_place_of_a_table_runs_nothing(tmp_path) -> None:
    path = make(
        tmp_path / "a.casaa",
        "drop table attributes",
        "create view attributes as with recursive n(x) as (select 1 union all select x + 1 from n) "
        "select x as name, x as value from n",
    )
    with pytest.raises(FormatError, match="a view, trigger"):
        read(path)


def test_a_check_that_would_fill_the_memory_is_not_run(tmp_path) -> None:
    path = tmp_path / "a.casaa"
    make(
        path,
        session=SESSION.replace("value);", "value check (length(randomblob(value)) < 0));", 1).split(
            "INSERT"
        )[0],
    )
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma ignore_check_constraints=on")
        database.execute("insert into attributes values ('x', 999999999)")
        database.commit()
    assert read(path)[1] == []


def test_files_that_are_open_or_huge(tmp_path, monkeypatch) -> None:
    path = make(tmp_path / "a.casaa")
    journal = tmp_path / "a.casaa-journal"
    journal.write_bytes(b"x")
    with pytest.raises(FormatError, match="is open in CACTI"):
        read(path)
    journal.unlink()
    monkeypatch.setattr("changetalk.formats.cacti_database._MAX_BYTES", 1000)
    with pytest.raises(FormatError, match="more than any session"):
        read(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("00:00:01.0 R+\nsecret talk\n", 2),
        ("00:00:01.0\n", 1),
        ("0:00:01.0 R+\n", 1),
        ("00:00:01 R+\n", 1),
        ("00:00:01.0 R+\nAudio File:\tsecret\n", 2),
        ("1\t0:00:00\t0:00:04\t0\n", 1),
        ("1\tsecret\t0:00:04\t0\t5\t14\tOQ0\n", 1),
        ("1\t0:00:00\t0:00:04\t0\t5\tsecret\tOQ0\n", 1),
        ("x\t0:00:00\t0:00:04\t0\t5\t14\tOQ0\n", 1),
        ("-00:00:01.0 R+\n", 1),
    ],
)
def test_malformed_text(put, text, line) -> None:
    with pytest.raises(FormatError) as caught:
        read(put("a.txt", text))
    message = str(caught.value)
    assert f"line {line}: expected a time and a code" in message
    assert "secret" not in message.partition("a.txt")[2]


# -- writing -----------------------------------------------------------------------------------------


def test_tables_are_those_that_cacti_makes(tmp_path) -> None:
    theirs, ours = make(tmp_path / "theirs.casaa"), tmp_path / "ours.casaa"
    write(CasaaSink, ours, ["speaker", "start", "code"], [["client", 1, "R+"]])
    tables = [name for (name,) in asked(theirs, "select name from sqlite_master where type = 'table'")]
    assert [name for (name,) in asked(ours, "select name from sqlite_master where type = 'table'")] == tables
    for query in [
        "pragma user_version",
        *(f"pragma {what}({t})" for t in tables for what in ("table_info", "foreign_key_list")),
    ]:
        assert [str(row).lower() for row in asked(ours, query)] == [
            str(row).lower() for row in asked(theirs, query)
        ]
    assert asked(ours, "select * from speakers") == [(0, "Therapist"), (1, "Client")]
    assert asked(ours, "select name from attributes") == [("AUDIO_FILE_PATH",), ("GLOBAL_NOTES",)]
    assert asked(ours, "pragma integrity_check") == [("ok",)]
    assert asked(ours, "pragma foreign_key_check") == []


def test_machine_labels(tmp_path) -> None:
    path = tmp_path / "a.casaa"
    columns = ["session", "speaker", "start", "text", "behaviour", "ct_label", "ct_model"]
    rows: list[list[object]] = [
        ["s", "Bob", 1, "How was it?", "question", None, None],
        ["s", "Anna", 61.26, "I want to.", None, "change", "linear 1.1.0 (abc)"],
        ["s", "Anna", "00:01:05", "007", "n/a", "neutral", "linear 1.1.0 (abc)"],
        ["s", "Bob", 3700.04, "Mm.", "", None, None],
    ]
    notes = write(CasaaSink, path, columns, rows)
    assert asked(path, CACTI_READS) == [
        ("00000101001", "00:00:01.0", 1001, "How was it?", "question", 0),
        ("00010131002", "00:01:01.3", 1002, "I want to.", "change", 1),
        ("00010501003", "00:01:05.0", 1003, b"007", "neutral", 1),
    ]
    assert asked(path, "select value from attributes")[1] == ("Labels by linear 1.1.0 (abc)",)
    assert [row[:3] + row[4:] for row in read(path)[1]] == [
        ["Therapist", 1.0, "question", None, "question", "How was it?"],
        ["Client", 61.3, "change", "change", None, "I want to."],
        ["Client", 65.0, "neutral", "neutral", None, "007"],
        ["", 3700.0, None, None, None, "Mm."],
    ]
    assert notes == [
        "CACTI has no place for the columns 'session': left out",
        "CACTI knows no names: speakers are Client and Therapist",
        "rows without a code: in the file, but CACTI shows coded utterances only: 1",
        "times rounded to the tenth of a second that CACTI holds: 2",
    ]


def test_codes_of_the_lab_go_before_labels(tmp_path) -> None:
    path = tmp_path / "a.casaa"
    columns = ["role", "timestamp", "codes", "ct_label"]
    rows: list[list[object]] = [
        ["C", 1, "R-; O+", "change"],
        ["C", 1, "R-", "sustain"],
        ["C", 2, "", "neutral"],
        ["T", 3, "CR+", None],
    ]
    notes = write(CasaaSink, path, columns, rows)
    assert [row[2] for row in read(path)[1]] == ["R-", "O+", "R-", "neutral", "CR+"]
    assert [row[1] for row in read(path)[1]] == [1.0, 1.0, 1.1, 2.0, 3.0]
    assert [note.split(":")[0] for note in notes] == [
        "CACTI knows no names",
        "rows with several codes, which became an utterance each",
        "utterances moved on by tenths of a second, as CACTI holds a code once at one time",
        "rows whose labels disagree; that of the first column was written",
    ]


def test_a_session_of_cactis_comes_back_whole(tmp_path) -> None:
    path, again = make(tmp_path / "a.casaa"), tmp_path / "again.casaa"
    with CactiSource(path, "a") as source, CasaaSink(str(again), source, source.columns) as sink:
        sink.write(source.rows())
    assert read(again) == read(path)
    assert sink.notes == []
    assert sorted(asked(again, "select * from utterances")) == sorted(asked(path, "select * from utterances"))
    for table in ("ratings", "utterances_ratings", "attributes", "speakers"):
        assert asked(again, f"select * from {table}") == asked(path, f"select * from {table}")


def test_exported_list(tmp_path) -> None:
    path, out = make(tmp_path / "a.casaa"), tmp_path / "a.casaa.txt"
    with CactiSource(path, "a") as source, CasaaTextSink(str(out), source, source.columns) as sink:
        sink.write(source.rows())
    assert out.read_bytes() == (FIXTURES / "exported_codelist_session.txt").read_bytes()
    assert sink.notes == [
        "a list of codes has no words or annotations: left out",
        "a list of codes has no speakers, and some of these codes do not tell whose they are",
    ]


@pytest.mark.parametrize(
    ("columns", "rows", "error", "says"),
    [
        (["speaker", "code"], [], InputError, "there is no column 'start'"),
        (["speaker", "start", "text"], [], InputError, "no column of codes or labels"),
        (["speaker", "start", "code"], [["C", None, "R+"]], InputError, "row 1: has no time"),
        (
            ["speaker", "start", "code"],
            [["C", "secret", "R+"]],
            InputError,
            "row 1: column 'start': is no time",
        ),
        (["speaker", "start", "code"], [["C", -1, "R+"]], InputError, "must not be negative"),
        (["speaker", "start", "code"], [["C", 86_400, "R+"]], InputError, "24 hours or more"),
        (
            ["speaker", "start", "code"],
            [["Anna", 1, "x"], ["Bob", 2, "y"]],
            ClientError,
            "who is the client is not",
        ),
        (
            ["speaker", "start", "code"],
            [["C", 1, "x"], ["T", 2, "x"]],
            InputError,
            "given to client and therapist",
        ),
        (
            ["session", "start", "code"],
            [["a", 1, "R+"], ["b", 2, "R+"]],
            InputError,
            "row 2: a second session",
        ),
        (["start", "code", "code_id"], [[1, "R+", "1.5"]], InputError, "'code_id' holds no whole number"),
        (["start", "code", "code_id"], [[1, "R+", 1], [2, "R+", 2]], InputError, "has two numbers"),
        (
            ["start", "code", "code_id"],
            [[1, "R+", 1], [2, "R-", 1]],
            InputError,
            "two codes have the same number",
        ),
    ],
)
def test_what_cannot_be_written(tmp_path, columns, rows, error, says) -> None:
    path = tmp_path / "a.casaa"
    for kind in (CasaaSink, CasaaTextSink):
        with pytest.raises(error) as caught:
            write(kind, path, columns, rows)
        assert says in str(caught.value)
        assert "secret" not in str(caught.value)
        assert not list(tmp_path.iterdir())


def test_the_client_may_be_named(tmp_path) -> None:
    path = tmp_path / "a.casaa"
    write(CasaaSink, path, ["speaker", "start", "code"], [["Anna", 1, "x"], ["Bob", 2, "y"]], client="Anna")
    assert [row[0] for row in read(path)[1]] == ["Client", "Therapist"]
    with pytest.raises(ClientError):
        write(CasaaSink, path, ["speaker", "start", "code"], [["Anna", 1, "x"]], client="Eve")


def test_no_room(tmp_path, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("changetalk.formats.cacti_sinks.sqlite3.connect", full)
    with pytest.raises(OutputError, match="disk is full"):
        write(CasaaSink, tmp_path / "a.casaa", ["start", "code"], [[1, "R+"]])
    assert not list(tmp_path.iterdir())


WORD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(str.strip).filter(bool)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["Client", "Therapist"]), st.integers(0, 863_000), WORD, st.text(max_size=12)
        ),
        max_size=8,
    )
)
def test_round_trip_of_any_codes(folder, rows) -> None:
    path = folder / "a.casaa"
    # A code is one speaker's, and a cell of several codes is not one code.
    kept = [
        (who, tenths, f"{who[0]}.{code}", note)
        for who, tenths, code, note in rows
        if code.lower() not in ("n/a", "na", "nan", "none")
    ]
    unique = {(tenths, code): (who, tenths, code, note) for who, tenths, code, note in kept}
    table = [[who, tenths / 10, code, note] for who, tenths, code, note in unique.values()]
    write(CasaaSink, path, ["speaker", "start", "code", "annotation"], table)
    found = [[row[0], row[1], row[2], row[6] or ""] for row in read(path)[1]]
    expected = [[a, b, c, d.encode("utf-8", "backslashreplace").decode().strip()] for a, b, c, d in table]
    assert found == sorted(expected, key=lambda row: row[1])


# -- fuzz --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def valid(folder) -> list[bytes]:
    """Return files of each kind."""
    texts = [
        path.read_bytes() for path in sorted(FIXTURES.glob("*")) if re.search("casaa$|codelist", path.name)
    ]
    return [make(folder / "valid.casaa").read_bytes(), *texts]


def reads(path: Path) -> int | None:
    """Read it all, or be told why not in one line of ours."""
    try:
        with CactiSource(path, str(path)) as source:
            rows = list(source.rows())
            assert all(len(row) == len(source.columns) for row in rows)
            return len(rows)
    except ChangetalkError as error:
        message = str(error)
    assert message.isprintable()
    assert str(path) in message
    return None


def test_the_valid_files_are_read(valid, folder) -> None:
    for content in valid:
        (folder / "any.casaa").write_bytes(content)
        assert reads(folder / "any.casaa")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
@example(content=b"SQLite format 3\0")
@example(content=b"SQLite format 3\0" + b"\0" * 100)
def test_any_bytes(folder, content) -> None:
    path = folder / "any.casaa"
    path.write_bytes(content)
    reads(path)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files(folder, valid, data) -> None:
    content = bytearray(data.draw(st.sampled_from(valid)))
    for _ in range(data.draw(st.integers(1, 6))):
        # The first page holds the schema: harm is likeliest there.
        at = data.draw(st.integers(0, min(len(content), 4096)) | st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["cut", "change", "change", "insert", "delete"]))
        if kind == "cut":
            del content[at:]
        elif kind == "change":
            new = data.draw(st.binary(min_size=1, max_size=4))
            content[at : at + len(new)] = new
        elif kind == "insert":
            content[at:at] = data.draw(st.binary(max_size=4) | st.sampled_from([b"\n", b"\t", b" "]))
        else:
            del content[at : at + data.draw(st.integers(1, 20))]
    path = folder / "mutated.casaa"
    path.write_bytes(bytes(content))
    reads(path)

"""`changetalk convert`: every row goes over, and what cannot is named."""

from __future__ import annotations

import argparse
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from changetalk.cli import convert as verb
from changetalk.convert import convert_file
from changetalk.errors import ChangetalkError, ClientError, ColumnError, FormatError, InputError
from changetalk.formats import FORMATS, open_source

FIXTURES = Path(__file__).parents[1] / "formats" / "fixtures"

TALK = """speaker,start,text
Bob,0:00,How was it?
Anna,0:04,I want to walk. I did once.
Anna,0:09,But it rains.
Bob,0:11,Mm.
Anna,0:14,Yes.
"""
LABELLED = """session,speaker,start,text,behaviour,label,ct_label,ct_confidence,ct_model
s,therapist,1.5,How was it?,question,,,,
s,client,4.0,I want to walk.,,change,change,0.8,m 1
s,client,9.0,"But, it rains.",,sustain,neutral,0.5,m 1
"""
WRITABLE = [name for name, spec in FORMATS.items() if spec.writable]
TABLES = ["csv", "tsv", "xlsx", "jsonl", "parquet"]


def run(*given: object, **more: object) -> int:
    """Run the verb as the command line would."""
    names = ("source_format", "to", "sheet", "codes", "client")
    options = {**dict.fromkeys(names), "by": "time", **more}
    return verb.run(argparse.Namespace(input=str(given[0]), output=str(given[1]), **options))


def rows_of(path: Path, **options: str) -> list[dict[str, object]]:
    """Return a file's rows by column."""
    with open_source(path, **options) as source:
        return [dict(zip(source.columns, row, strict=True)) for row in source.rows()]


@pytest.fixture
def put(tmp_path):
    """Return a function that writes a file."""

    def put(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return put


@pytest.fixture
def session(tmp_path) -> Path:
    """A session coded in CACTI."""
    path = tmp_path / "session.casaa"
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma synchronous=off")
        database.executescript((FIXTURES / "session.casaa.sql").read_text())
    return path


@pytest.mark.parametrize(
    "name", ["csv", "tsv", "xlsx", "jsonl", "parquet", "labelstudio", "doccano", "casaa"]
)
def test_there_and_back_between_all_formats(put, tmp_path, name) -> None:
    path, there, back = put("in.csv", LABELLED), tmp_path / "there", tmp_path / "back.csv"
    done = convert_file(path, there, output_format=name)
    assert (done.rows, done.columns) == (3, tuple(LABELLED.splitlines()[0].split(",")))
    assert convert_file(there, back, format=name).rows == 3
    before, after = rows_of(path), rows_of(back)
    kept = ("start", "label", "behaviour") if name == "casaa" else tuple(before[0])
    assert [{k: row[k] for k in kept} for row in after] == [{k: row[k] for k in kept} for row in before]


@pytest.mark.parametrize("name", TABLES)
def test_from_transcripts_to_tables(put, tmp_path, name) -> None:
    out = tmp_path / f"out.{name}"
    convert_file(put("in.txt", "T: How?\nC: So.\n"), out)
    assert [(row["speaker"], row["text"]) for row in rows_of(out)] == [("T", "How?"), ("C", "So.")]


def test_what_could_not_be_carried_over_is_said(put, tmp_path, capsys) -> None:
    out = tmp_path / "new" / "out.casaa"
    assert run(put("in.csv", LABELLED), out) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{tmp_path / 'in.csv'}: 3 rows, 9 columns -> {out}",
        "  CACTI has no place for the columns 'session', 'ct_confidence': left out",
        "  rows whose labels disagree; that of the first column was written: 1",
    ]


def test_from_standard_input_to_standard_output(monkeypatch, capfd) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LABELLED.encode())))
    assert run("-", "-", source_format="csv", to="labelstudio") == 0
    out, err = capfd.readouterr()
    assert [task["data"]["speaker"] for task in json.loads(out)] == ["therapist", "client", "client"]
    assert err.startswith("<stdin>: 3 rows, 9 columns -> -\n  the project's labelling interface: <View>")


def test_annomi_gets_the_usual_names_unless_it_is_called_a_table(tmp_path, capsys) -> None:
    assert run(FIXTURES / "annomi.csv", tmp_path / "a.csv") == 0
    assert "read as AnnoMI's" in capsys.readouterr().out
    rows = rows_of(tmp_path / "a.csv")
    assert [row["label"] for row in rows] == ["", "", "change", "neutral", "sustain"]
    assert [row["behaviour"] for row in rows] == ["question", "question", "", "", ""]
    assert run(FIXTURES / "annomi.csv", tmp_path / "b.csv", source_format="csv") == 0
    assert (tmp_path / "b.csv").read_bytes() == (FIXTURES / "annomi.csv").read_bytes()


def test_codes_join_their_words(put, session, tmp_path, capsys) -> None:
    out = tmp_path / "coded.csv"
    assert run(put("in.csv", TALK), out, codes=session, client=["Anna"]) == 0
    assert [(row["speaker"], row["text"], row["code"], row["label"]) for row in rows_of(out)] == [
        ("Bob", "How was it?", "OQ0", ""),
        ("Anna", "I want to walk. I did once.", "D+;R+", "change"),
        ("Anna", "But it rains.", "D-", "sustain"),
        ("Bob", "Mm.", "CR+/-", ""),
        ("Anna", "Yes.", "C+_m;FN", "neutral"),
    ]
    said = capsys.readouterr().out
    assert f"codes of {session}: not in the rows: the recording's path" in said


def test_codes_without_words_are_reported_and_kept(put, session, tmp_path, capsys) -> None:
    out = tmp_path / "coded.jsonl"
    talk = "".join(TALK.splitlines(keepends=True)[:3])
    assert run(put("in.csv", talk), out, codes=session, client="Anna", by="order") == 0
    rows = rows_of(out)
    assert [row["code"] for row in rows] == ["OQ0", "D+", "R+", "D-", "CR+/-", "C+_m", "FN"]
    assert [row["text"] for row in rows[2:]] == [None] * 5
    assert (
        f"codes of {session}: codes without an utterance: 5 of 7 (R+ at 00:00:04.5,"
        in capsys.readouterr().out
    )


def test_text_exports_of_cacti_are_known_by_their_content(tmp_path) -> None:
    convert_file(FIXTURES / "exported_codelist_session.txt", tmp_path / "a.csv")
    assert [row["code"] for row in rows_of(tmp_path / "a.csv")] == [
        "OQ0",
        "D+",
        "R+",
        "D-",
        "CR+/-",
        "C+_m",
        "FN",
    ]
    convert_file(FIXTURES / "session_0.60.casaa", tmp_path / "new.casaa")
    assert [row["code_id"] for row in rows_of(tmp_path / "new.casaa")] == [14, 34, 35]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"codes": "in.csv"}, ColumnError, "has no columns 'code' and 'start'"),
        ({"codes": "session.casaa"}, ClientError, "who is the client is not clear"),
        ({"codes": "none.casaa"}, InputError, "no such file"),
        ({"source_format": "jsonl"}, FormatError, "is not JSON"),
        ({"source_format": "doc"}, InputError, "unknown format 'doc'"),
        ({"to": "vtt"}, InputError, "cannot write vtt files"),
        ({"to": "casaa"}, InputError, "no column of codes or labels"),
        ({"sheet": "x"}, InputError, "only Excel workbooks have sheets"),
    ],
)
def test_what_goes_wrong_leaves_nothing(put, session, tmp_path, options, error, says) -> None:
    path = put("in.csv", TALK)
    codes = {"codes": tmp_path / options["codes"]} if "codes" in options else {}
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error, match=says):
        run(path, tmp_path / "out.xlsx", **{**options, **codes})
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_overwrites_what_is_read(put, session) -> None:
    path = put("in.csv", TALK)
    for given, more in ((path, {}), (session, {"codes": session})):
        before = given.read_bytes()
        with pytest.raises(InputError, match="is the input itself"):
            run(path, given, **more)
        assert given.read_bytes() == before


def test_a_column_that_is_taken(put, session, tmp_path) -> None:
    with pytest.raises(ColumnError, match="already has the column 'label'"):
        run(put("in.csv", LABELLED), tmp_path / "out.csv", codes=session)


@pytest.mark.parametrize("name", WRITABLE)
def test_an_error_while_writing_keeps_what_was_there(put, tmp_path, name) -> None:
    path = put("in.jsonl", '{"text": "a", "start": 1, "code": "R+", "speaker": "client"}\nsecret\n')
    out = put("out", "old")
    with pytest.raises(ChangetalkError):
        convert_file(path, out, output_format=name)
    assert out.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out"]

"""Whatever the bytes: rows, or one of our errors in one line."""

from __future__ import annotations

from pathlib import Path

import docx
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError
from changetalk.formats import FORMATS, open_source

TEXTS = {
    "csv": 'speaker,text\r\nT,"How, was ""it""?"\r\nC,"two\nlines"\r\n\r\nC,caf\u00e9\r\n',
    "tsv": 'speaker\ttext\nT\tHow?\nC\t"a\tb"\n',
    "jsonl": '{"speaker": "T", "n": 1.10}\n{"text": "\\ud83d", "x": [1, {"a": null}]}\n',
    "txt": "Session: 1\nTarget: less\n\n[00:01:02] T: How?\n12 C (0:10): So\nmore\nT: ok\nC: yes\n",
    "vtt": "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000 align:start\n<v Anna K.>a &amp; b</v>\n\n"
    "x/1-0\n00:03.000 --> 00:04.000\nC: no\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nT: a\n\n2\n00:00:02,000 --> 00:00:03,000\nC: b\n\nT: c\n",
}


FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def valid(folder) -> dict[str, bytes]:
    """Return a valid file's bytes for each format."""
    book = openpyxl.Workbook()
    for row in (["speaker", "text", "n"], ["T", "How?", 1], ["C", "So", 2.5]):
        book.active.append(row)
    book.save(folder / "v.xlsx")
    pq.write_table(
        pa.table({"text": ["a", None], "n": [1, 2], "d": pa.array(["x", "y"]).dictionary_encode()}),
        folder / "v.parquet",
    )
    document = docx.Document()
    for line in ("T: How?", "C: So", "T: a", "C: b"):
        document.add_paragraph(line)
    document.save(folder / "v.docx")
    return {
        **{name: text.encode() for name, text in TEXTS.items()},
        "xlsx": (folder / "v.xlsx").read_bytes(),
        "parquet": (folder / "v.parquet").read_bytes(),
        "docx": (folder / "v.docx").read_bytes(),
        "cha": (FIXTURES / "session.cha").read_bytes(),
        "eaf": (FIXTURES / "session.eaf").read_bytes(),
        "casaa": (FIXTURES / "session_0.60.casaa").read_bytes(),
        "casaa-text": (FIXTURES / "exported_codelist_session.txt").read_bytes(),
        "labelstudio": (FIXTURES / "label_studio.json").read_bytes(),
        "doccano": (FIXTURES / "doccano.jsonl").read_bytes(),
    }


def reads(path, **options) -> int | None:
    """Read it all; return the number of rows, or None where one of our errors says why not."""
    try:
        with open_source(path, **options) as source:
            rows = list(source.rows())
            assert all(len(row) == len(source.columns) for row in rows)
            assert len(set(source.columns)) == len(source.columns)
            source.where(0)
            return len(rows)
    except ChangetalkError as error:
        message = str(error)
    assert message.isprintable()
    assert str(path) in message
    return None


def test_the_valid_files_are_read(valid, folder) -> None:
    assert list(valid.keys() ^ FORMATS.keys()) == []
    for name, content in valid.items():
        path = folder / f"whole{FORMATS[name].suffixes[0]}"
        path.write_bytes(content)
        assert reads(path), name


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
@example(content=b"\xef\xbb\xbf\n\x1c\n")
@example(content=b"\0")
def test_any_bytes(folder, name, content) -> None:
    path = folder / f"any{FORMATS[name].suffixes[0]}"
    path.write_bytes(content)
    reads(path)
    bare = folder / "any"
    bare.write_bytes(content)
    reads(bare)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files(folder, valid, name, data) -> None:
    content = bytearray(valid[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["cut", "change", "insert", "delete"]))
        if kind == "cut":
            del content[at:]
        elif kind == "change":
            content[at : at + 1] = data.draw(st.binary(min_size=1, max_size=2))
        elif kind == "insert":
            content[at:at] = data.draw(
                st.binary(max_size=4) | st.sampled_from([b"\n", b'"', b"\n\n", b"-->", b":", b"{"])
            )
        else:
            del content[at : at + data.draw(st.integers(1, 20))]
    path = folder / f"mutated{FORMATS[name].suffixes[0]}"
    path.write_bytes(bytes(content))
    reads(path)

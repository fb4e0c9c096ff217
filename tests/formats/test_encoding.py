from __future__ import annotations

import codecs

import pytest

from changetalk.errors import FormatError
from changetalk.formats import open_source

TABLE = "speaker,text\nC,\u201cI don\u2019t caf\u00e9\u201d\n"


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
def test_unicode_with_and_without_bom(put, read, suffix, encoding, bom) -> None:
    table = TABLE.replace(",", "\t") if suffix == "tsv" else TABLE
    path = put(f"in.{suffix}", bom + table.encode(encoding))
    assert read(path) == (("speaker", "text"), [["C", "\u201cI don\u2019t caf\u00e9\u201d"]])


def test_cp1252_is_read_with_a_note(put) -> None:
    with open_source(put("in.csv", TABLE.encode("cp1252"))) as source:
        assert next(source.rows()) == ["C", "\u201cI don\u2019t caf\u00e9\u201d"]
        assert "cp1252" in source.notes[0]


def test_a_late_byte_that_is_not_utf8_is_seen(put, read) -> None:
    body = "C,caf\u00e9 \u00fc\n".encode("cp1252")
    path = put("in.csv", b"speaker,text\n" + b"C,plain\n" * 100_000 + body)
    assert read(path)[1][-1] == ["C", "caf\u00e9 \u00fc"]


def test_neither_utf8_nor_cp1252(put, read) -> None:
    with pytest.raises(FormatError, match="save it as UTF-8"):
        read(put("in.csv", b"speaker,text\nC,\x81\x8d caf\xe9\n"))


def test_damaged_utf16(put, read) -> None:
    with pytest.raises(FormatError, match="damaged"):
        read(put("in.csv", codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le") + b"x"))


@pytest.mark.parametrize(
    "content", [b"", b" \r\n\t\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF8 + b"\n"]
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.vtt", "a.srt"])
def test_empty_files(put, read, content, name) -> None:
    with pytest.raises(FormatError, match="is empty"):
        read(put(name, content))


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.dat", "a"])
def test_empty_files_of_other_kinds(put, read, name) -> None:
    with pytest.raises(FormatError, match="is empty"):
        read(put(name, b""))


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"PK\x03\x04", r"rename it to \.docx or \.xlsx"),
        (b"PAR1", r"rename it to \.parquet"),
        (b"%PDF-1.7", "a PDF file"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"GIF89a", "a GIF image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
        (b"SQLite format 3\0", "SQLite"),
        (b"RIFF\0\0\0\0WAVEfmt ", "recording"),
        (b"\0\0\0\x20ftypmp42", "recording"),
        (bytes(range(128)), "binary data"),
        (bytes(range(256)), "binary data"),
        ("speaker,text\nC,no\n".encode("utf-16-le"), "UTF-16"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.vtt", "a.jsonl"])
def test_binary_junk_is_named(put, read, head, says, name) -> None:
    with pytest.raises(FormatError, match=says):
        read(put(name, head * 2 if says == "UTF-16" else head + b"\0\x07rest\n" * 50))


def test_words_that_only_look_like_magic(put, read) -> None:
    assert read(put("a.csv", "ID3,text\nBZh,GIF\n"))[0] == ("ID3", "text")


def test_a_few_nulls_are_text(put, read) -> None:
    assert read(put("a.csv", b"speaker,text\nC,\0a\0b\0\n"))[1] == [["C", "\0a\0b\0"]]

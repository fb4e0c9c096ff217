from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from changetalk.errors import FormatError, InputError, OutputError
from changetalk.formats import FORMATS, READABLE_SUFFIXES, open_sink, open_source

CONTENT = {
    "csv": "speaker,text\nC,a\n",
    "tsv": "speaker\ttext\nC\ta\n",
    "jsonl": '{"speaker": "C", "text": "a"}\n',
    "txt": "T: How, and why?\nC: So, so.\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nT: yes\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nT: yes\n",
    "cha": "@Begin\n*CLI:\tyes .\n@End\n",
}


def interrupted(rows: int):
    """Give that many rows, and then what Ctrl-C gives."""
    yield from [["x"]] * rows
    raise KeyboardInterrupt


def test_formats_and_suffixes() -> None:
    tables = ["csv", "tsv", "xlsx", "jsonl", "parquet"]
    transcripts = ["txt", "vtt", "srt", "docx", "cha", "eaf"]
    others = ["casaa", "casaa-text", "labelstudio", "doccano"]
    assert list(FORMATS) == [*tables, *transcripts, *others]
    assert {name for name, spec in FORMATS.items() if not spec.writable} == {"txt", "vtt", "srt"}
    assert set(READABLE_SUFFIXES) >= {f".{name}" for name in (*tables, *transcripts)}


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("suffix", ["", ".dat", ".UPPER"])
def test_known_by_name_or_by_content(put, name, suffix) -> None:
    path = put(f"in.{name.upper()}" if suffix == ".UPPER" else f"in{suffix}", CONTENT[name])
    with open_source(path) as source:
        assert source.format == name


def test_binary_formats_by_content(tmp_path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.save(tmp_path / "a.xlsm.tmp")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "b")
    for name, expected in (("a.xlsm.tmp", "xlsx"), ("b", "parquet")):
        with open_source(tmp_path / name) as source:
            assert source.format == expected
    with pytest.raises(FormatError, match=r"looks like a Parquet file; rename it to \.parquet"):
        open_source((tmp_path / "b").rename(tmp_path / "b.csv"))
    for name, old in (("c.xls", "Excel's old format"), ("d.doc", "Word's old format")):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        with pytest.raises(FormatError, match=f"is in {old}; save it as "):
            open_source(tmp_path / name)


def test_format_given(put) -> None:
    path = put("x.txt", CONTENT["tsv"])
    with open_source(path, format="TSV", name="<stdin>") as source:
        assert (source.format, source.name) == ("tsv", "<stdin>")
    with pytest.raises(InputError, match="unknown format 'doc'; known are csv, tsv"):
        open_source(path, format="doc")


@pytest.mark.parametrize(
    ("name", "other"), [("csv", "vtt"), ("csv", "jsonl"), ("txt", "srt"), ("srt", "vtt"), ("tsv", "srt")]
)
def test_known_suffix_with_other_content(put, name, other) -> None:
    with pytest.raises(FormatError, match=rf"looks like .* rename it to \.{other} or say --format {other}"):
        open_source(put(f"in.{name}", CONTENT[other]))


def test_unknown_content(put) -> None:
    with pytest.raises(FormatError, match=r"no known format.*csv, tsv, xlsx"):
        open_source(put("in.dat", "one line of prose\nand another one\n"))


def test_unreadable_paths(tmp_path, put, monkeypatch) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no such file"):
        open_source(put("f.csv", "a") / "g.csv")
    with pytest.raises(InputError, match="is a folder"):
        open_source(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        open_source(tmp_path / ("x" * 300))
    with pytest.raises(InputError, match="cannot be read"):
        open_source("a\0b.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="not a regular file"):
        open_source(tmp_path / "pipe.csv")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = put("in.csv", CONTENT["csv"])
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="no permission"):
        open_source(path)


def test_a_sheet_of_what_has_none(put) -> None:
    with pytest.raises(InputError, match="only Excel workbooks have sheets"):
        open_source(put("in.csv", CONTENT["csv"]), sheet="A")


@pytest.mark.parametrize("target", ["out.vtt", "out.txt", "out.srt", "out", "out.doc"])
def test_what_cannot_be_written(tmp_path, target) -> None:
    with pytest.raises(InputError, match=r"cannot write .*; use \.csv, \.tsv, \.xlsx, \.jsonl, \.parquet"):
        open_sink(tmp_path / target, None, ["a"])


@pytest.mark.parametrize("name", ["csv", "tsv", "xlsx", "jsonl", "parquet", "docx"])
def test_all_or_nothing(tmp_path, name, recwarn) -> None:
    path = tmp_path / f"out.{name}"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), open_sink(path, None, ["a"]) as sink:
        sink.write(interrupted(20_000))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with open_sink(path, None, ["a"]) as sink:
        sink.write([["x"]])
        assert path.read_text() == "old"
    with open_source(path) as source:
        assert list(source.rows()) == [["x"]]


@pytest.mark.parametrize("name", ["csv", "tsv", "xlsx", "jsonl", "parquet", "docx"])
def test_unwritable_targets(tmp_path, name) -> None:
    (tmp_path / f"folder.{name}").mkdir()
    with pytest.raises(OutputError), open_sink(tmp_path / f"folder.{name}", None, ["a"]) as sink:
        sink.write([["x"]])
    assert [path.name for path in tmp_path.iterdir()] == [f"folder.{name}"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet", "docx"])
def test_full_disk(tmp_path, name, monkeypatch) -> None:
    from changetalk.formats.registry import _SINKS

    kind = _SINKS[name]
    opened = kind._opened
    monkeypatch.setattr(kind, "_opened", lambda self, path: opened(self, Path("/dev/full")))
    with pytest.raises(OutputError), open_sink(tmp_path / f"out.{name}", None, ["a"]) as sink:
        sink.write([["x" * 1000]] * 2000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet", "docx"])
def test_standard_output(tmp_path, capfdbinary, name) -> None:
    with open_sink("-", None, ["text", "p"], format=None if name == "csv" else name) as sink:
        sink.write([["caf\u00e9", 0.5]])
    sent = capfdbinary.readouterr().out
    path = tmp_path / f"sent.{name}"
    path.write_bytes(sent)
    with open_source(path) as source:
        assert source.columns == ("text", "p")
        assert next(source.rows())[0] == "caf\u00e9"


def test_nothing_is_printed_after_an_error(capfdbinary) -> None:
    with pytest.raises(KeyboardInterrupt), open_sink("-", None, ["a"]) as sink:
        sink.write(interrupted(1))
    assert capfdbinary.readouterr().out == b""


def test_standard_output_of_a_notebook(monkeypatch) -> None:
    import io

    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with open_sink("-", None, ["a"]) as sink:
        sink.write([["caf\u00e9"]])
    assert out.getvalue() == "a\ncaf\u00e9\n"


def test_from_any_format_to_any(put, tmp_path) -> None:
    for name, content in CONTENT.items():
        for kind in ("csv", "tsv", "xlsx", "jsonl", "parquet"):  # those that hold every column
            target = tmp_path / f"{name}.{kind}"
            with (
                open_source(put(f"in.{name}", content)) as source,
                open_sink(target, source, [*source.columns, "ct_label", "ct_p_change"]) as sink,
            ):
                sink.write([*row, "change", 0.25] for row in source.rows())
            with open_source(target) as source:
                assert source.columns[-2:] == ("ct_label", "ct_p_change")
                assert [row[-2] for row in source.rows()] == ["change"] * (2 if name == "txt" else 1)


def test_nothing_heavy_is_imported() -> None:
    heavy = "{'pandas', 'pyarrow', 'openpyxl', 'sklearn', 'numpy', 'webvtt', 'srt'}"
    code = f"import changetalk.formats, sys; print({heavy} & set(sys.modules))"
    sent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sent.stdout.strip() == "set()"

from __future__ import annotations

import datetime as dt
import io
import sys
import warnings
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import FormatError, MissingPackageError, OutputError
from changetalk.formats import MISSING, open_sink, open_source

TEXT = st.text(st.characters(), min_size=1, max_size=20)


@pytest.fixture
def book(tmp_path):
    """Return a function that writes a workbook, a list of rows a sheet, as Excel keeps them."""

    def book(name="in.xlsx", **sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / name)
        return tmp_path / name

    return book


TALK = [["speaker", "text"], ["T", "How was it?"], ["C", "Hard."]]


def test_typed_cells_come_back(book, read, resend, tmp_path) -> None:
    row = [
        "C",
        7,
        1.5,
        True,
        None,
        dt.datetime(2024, 5, 6, 7, 8, 9),
        "007",
        dt.time(1, 2, 3),
        dt.timedelta(hours=30),
    ]
    path = book(Sheet=[list("abcdefghi"), row])
    assert read(path) == (tuple("abcdefghi"), [row])
    out = resend(path, tmp_path / "out.xlsx", {"ct_label": ["change"], "ct_p_change": [1 / 3]})
    assert read(out)[1] == [[*row, "change", 1 / 3]]
    assert openpyxl.load_workbook(out).sheetnames == ["Sheet"]


def test_empty_rows_inside_are_kept_and_around_are_not(book, read) -> None:
    path = book(S=[[], [], *TALK[:2], [], TALK[2], [None, ""], []])
    assert read(path)[1] == [["T", "How was it?"], [None, None], ["C", "Hard."]]


def test_where_is_the_row_in_excel(book) -> None:
    with open_source(book(S=[[], *TALK])) as source:
        assert source.where(1).endswith("row 4")


def test_sheets(book, read) -> None:
    two = book(Coded=TALK, Codes=[["code"], ["R+"]])
    with pytest.raises(FormatError, match=r"'Coded', 'Codes'; choose one with --sheet NAME"):
        read(two)
    assert read(two, sheet="Codes") == (("code",), [["R+"]])
    with pytest.raises(FormatError, match="has no sheet 'X'"):
        read(two, sheet="X")
    assert read(book("b.xlsx", Empty=[], Talk=TALK))[1] == TALK[1:]
    with pytest.raises(FormatError, match="is empty"):
        read(book("c.xlsx", Empty=[], Blank=[[None, ""]]))


def test_hidden_sheets_do_not_count(book) -> None:
    path = book(Talk=TALK, Lists=[["a"], ["b"]])
    made = openpyxl.load_workbook(path)
    made["Lists"].sheet_state = "hidden"
    made.save(path)
    with open_source(path) as source:
        assert [list(row) for row in source.rows()] == TALK[1:]
        assert "'Talk'" in source.notes[0]


def test_wrong_dimensions_do_not_hide_rows(book, read) -> None:
    path = book(S=TALK)
    parts = {}
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'ref="A1:B3"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'ref="A1:B3"', b'ref="A1"')
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert read(path)[1] == TALK[1:]


def test_text_never_becomes_a_formula_or_an_error_value(tmp_path, read) -> None:
    path = tmp_path / "out.xlsx"
    cells = ["=1+1", "+1", "-1", "@a", "=", "#N/A", "#REF!", "=cmd|' /C calc'!A0", "007"]
    with open_sink(path, None, ["text"]) as sink:
        sink.write([cell] for cell in cells)
    assert read(path)[1] == [[cell] for cell in cells]
    sheet = openpyxl.load_workbook(path).active
    assert {cell.data_type for cell in sheet["A"]} <= {"s", "inlineStr"}


def test_what_xml_cannot_hold_is_escaped_as_excel_does(tmp_path, read) -> None:
    path = tmp_path / "out.xlsx"
    cells = ["a\x01b\0", "_x0041_", "a\rb\r\nc\n", "\ufffe", "\ud83d", " x ", "tab\t"]
    with open_sink(path, None, ["text"]) as sink:
        sink.write([cell] for cell in cells)
    assert read(path)[1] == [[cell] for cell in cells]
    assert openpyxl.load_workbook(path).active["A2"].value == "a_x0001_b_x0000_"


def test_values_excel_has_no_type_for_are_text(tmp_path, read) -> None:
    path = tmp_path / "out.xlsx"
    aware = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    values = [2**60, float("nan"), float("inf"), aware, dt.date(1850, 1, 1), [1, "a"], MISSING]
    with open_sink(path, None, list("abcdefg")) as sink:
        sink.write([values, ["x"] * 7])
    assert read(path)[1][0] == [str(2**60), None, "inf", aware.isoformat(), "1850-01-01", '[1, "a"]', None]


def test_excels_limits_are_errors_and_leave_nothing(tmp_path) -> None:
    path = tmp_path / "out.xlsx"
    with (
        pytest.raises(OutputError, match=r"row 3 .*32,767.* write CSV"),
        open_sink(path, None, ["text"]) as sink,
    ):
        sink.write([["ok"], ["x" * 32_768]])
    assert list(tmp_path.iterdir()) == []
    with open_sink(path, None, ["text"]) as sink:
        sink.write([["x" * 32_767]])
    with open_source(path) as source:
        assert len(next(source.rows())[0]) == 32_767


def test_ragged_rows_and_double_names(book, read) -> None:
    with pytest.raises(FormatError, match="row 3: has a value in a column that the header does not name"):
        read(book(S=[["speaker", "text"], ["T", "a"], ["C", "b", "secret"]]))
    with pytest.raises(FormatError, match="columns 1 and 3 have the same name"):
        read(book(S=[["a", "b", "a"], [1, 2, 3]]))


def test_damaged_workbooks(book, put, read) -> None:
    whole = book(S=TALK).read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    for content in (whole[: len(whole) // 2], whole[:-30], other.getvalue()):
        with pytest.raises(FormatError, match="not an Excel workbook, or is damaged or cut off"):
            read(put("bad.xlsx", content))
    with pytest.raises(FormatError, match="password"):
        read(put("bad.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600))
    with pytest.raises(FormatError, match=r"save it as \.xlsx"):
        read(put("bad.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600))
    with pytest.raises(FormatError, match="looks like text"):
        read(put("bad.xlsx", "speaker,text\n"))


def test_openpyxl_remarks_do_not_leak(book, read, monkeypatch) -> None:
    path = book(S=TALK)
    import openpyxl.reader.excel as reader

    def remark(*_):
        warnings.warn_explicit(
            "unsupported extension", UserWarning, "x.py", 1, module="openpyxl.worksheet._reader"
        )

    old = reader.ExcelReader.read_worksheets
    monkeypatch.setattr(reader.ExcelReader, "read_worksheets", lambda self: (remark(), old(self))[1])
    assert read(path)[1] == TALK[1:]


def test_without_openpyxl(book, monkeypatch, tmp_path) -> None:
    path = book(S=TALK)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingPackageError, match=r'pip install "changetalk\[excel\]"'):
        open_source(path)
    with (
        pytest.raises(MissingPackageError, match=r'pip install "changetalk\[excel\]"'),
        open_sink(tmp_path / "o.xlsx", None, ["a"]),
    ):
        pass
    assert not (tmp_path / "o.xlsx").exists()


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=4))
def test_round_trip_of_any_text(folder, rows) -> None:
    path, back = folder / "a.xlsx", folder / "b.xlsx"
    with open_sink(path, None, ["x", "y"]) as sink:
        sink.write(rows)
    with open_source(path) as source, open_sink(back, source, source.columns) as sink:
        sink.write(source.rows())
    with open_source(back) as source:
        assert [tuple(row) for row in source.rows()] == rows

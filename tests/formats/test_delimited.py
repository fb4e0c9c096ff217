from __future__ import annotations

import csv
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import FormatError
from changetalk.formats import open_sink, open_source

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t\v\x1b\x85"), max_size=30
)
LABELS = {"ct_label": ["change", None], "ct_p_change": [0.8123456789, None]}


def test_cells_come_back_as_the_strings_they_were(put, read) -> None:
    cells = ["007", "NA", " x ", "1e5", "", "null", "True", "1,5", "\U0001f600", "\u202e\u05e9", "a\0b"]
    path = put("in.csv", "id,text\n" + "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells)))
    columns, rows = read(path)
    assert columns == ("id", "text")
    assert rows == [[str(i), cell] for i, cell in enumerate(cells)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_and_kept(put, read, resend, tmp_path, delimiter) -> None:
    lines = ["speaker{0}text{0}score", "T{0}How, then; so{0}1", "C{0}Well; I, um, do{0}2"]
    if delimiter in ",;":
        lines = [lines[0], 'T{0}"How, then; so"{0}1', 'C{0}"Well; I, um, do"{0}2']
    path = put("in.csv", "\n".join(lines).format(delimiter) + "\n")
    columns, rows = read(path)
    assert columns == ("speaker", "text", "score")
    assert rows == [["T", "How, then; so", "1"], ["C", "Well; I, um, do", "2"]]
    out = resend(path, tmp_path / "out.csv", LABELS)
    assert out.read_text().splitlines()[0] == delimiter.join([*columns, *LABELS])
    assert out.read_text().splitlines()[1].endswith(f"change{delimiter}0.812346")
    assert read(out)[1][1][3:] == ["", ""]


def test_european_excel_with_decimal_commas(put, read) -> None:
    path = put("in.csv", "Nr;Sprecher;Aussage;Wert\r\n1;T;Ja, gut;0,5\r\n2;K;Nein;1,25\r\n")
    assert read(path)[1] == [["1", "T", "Ja, gut", "0,5"], ["2", "K", "Nein", "1,25"]]


def test_excel_separator_line(put, read) -> None:
    path = put("in.csv", "sep=;\r\nspeaker;text\r\nT;a,b\r\n")
    assert read(path) == (("speaker", "text"), [["T", "a,b"]])


def test_single_column_with_commas_inside(put, read, resend, tmp_path) -> None:
    path = put("in.csv", "text\nhello\nwell, yes\n")
    assert read(path) == (("text",), [["hello"], ["well, yes"]])
    out = resend(path, tmp_path / "out.csv", LABELS)
    assert out.read_text() == 'text,ct_label,ct_p_change\nhello,change,0.812346\n"well, yes",,\n'


def test_line_ends_bom_and_quoted_newlines_are_kept(put, read, resend, tmp_path) -> None:
    raw = b'\xef\xbb\xbfspeaker,text\r\nC,"one\r\ntwo"\r\nC,"three\nfour"\r\n'
    path = put("in.csv", raw)
    assert read(path) == (("speaker", "text"), [["C", "one\r\ntwo"], ["C", "three\nfour"]])
    assert resend(path, tmp_path / "out.csv").read_bytes() == raw


def test_header_only_has_no_rows(put, read) -> None:
    assert read(put("in.csv", "speaker,text\n")) == (("speaker", "text"), [])


def test_blank_lines_inside_are_rows_and_at_the_end_are_not(put, read) -> None:
    path = put("in.csv", "\nspeaker,text\nT,a\n\n  \nC,b\n,\n\n\n")
    assert read(path)[1] == [["T", "a"], ["", ""], ["", ""], ["C", "b"], ["", ""]]


def test_blank_line_in_one_column_is_an_empty_cell(put, read) -> None:
    assert read(put("in.csv", 'text\na\n\nb\n""\n'))[1] == [["a"], [""], ["b"], [""]]


def test_where_names_the_line_a_row_starts_at(put) -> None:
    path = put("in.csv", 'speaker,text\nT,"a\nb"\nC,c\n')
    with open_source(path, name="mine.csv") as source:
        assert source.where(1) == "mine.csv, row 3"
        list(source.rows())
        assert [source.where(i) for i in range(2)] == ["mine.csv, line 2", "mine.csv, line 4"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n1,2,3\n", "line 3: 3 cells where the header has 2"),
        ("a,b,c\n1,2,3\n1,2\n", "line 3: 2 cells where the header has 3"),
        ('a,b\n1,"x\n\ny"\n1\n', "line 5: 1 cells where the header has 2"),
        ('a,b\n1,2\n3,"secret talk\n5,6\n', "line 3: a quote"),
        ('a,b\n1,"secret" talk\n', "line 2: text after the closing quote"),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 have the same name"),
        ("a,,\n1,2,3\n", "columns 2 and 3 have the same name"),
    ],
)
def test_malformed_tables_name_the_row_and_quote_nothing(put, read, content, says) -> None:
    with pytest.raises(FormatError) as caught:
        read(put("in.csv", content))
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_empty_header_name_is_kept(put, read) -> None:
    assert read(put("in.csv", ",text\n0,a\n1,b\n"))[0] == ("", "text")


def test_rows_can_be_read_once(put) -> None:
    with open_source(put("in.csv", "a,b\n1,2\n")) as source:
        list(source.rows())
        with pytest.raises(RuntimeError, match="once"):
            source.rows()


def test_very_long_cells(put, read, resend, tmp_path) -> None:
    long = "really " * 50_000
    path = put("in.csv", f"speaker,text\nC,{long}\nT,ok\n")
    assert read(path)[1][0] == ["C", long]
    assert resend(path, tmp_path / "out.csv").read_bytes() == path.read_bytes()


def test_tsv(put, read, resend, tmp_path) -> None:
    path = put("in.tsv", 'speaker\ttext\nC\tI said "no", so; yes\n')
    assert read(path)[1] == [["C", 'I said "no", so; yes']]
    out = resend(path, tmp_path / "out.tsv", {"ct_label": ["neutral"]})
    assert read(out) == (("speaker", "text", "ct_label"), [["C", 'I said "no", so; yes', "neutral"]])


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=6), name=st.sampled_from(["a.csv", "a.tsv"]))
def test_round_trip_of_any_text(folder, rows, name) -> None:
    path, back = folder / name, folder / f"back-{name}"
    with open_sink(path, None, ["x", "y", "z"]) as sink:
        sink.write(rows)
    with open_source(path) as source, open_sink(back, source, source.columns) as sink:
        sink.write(source.rows())
    assert back.read_bytes() == path.read_bytes()
    with open_source(back) as source:
        assert [tuple(row) for row in source.rows()] == rows


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(TEXT, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read(folder, rows, delimiter) -> None:
    path = folder / "theirs.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["speaker", "text"], *(["C", cell] for cell in rows)])
    with open_source(path) as source:
        assert list(source.rows()) == [["C", cell] for cell in rows]


def test_many_rows_in_constant_memory(tmp_path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with open(path, "w") as file:
        file.write("session,speaker,text\n")
        file.writelines(
            f"s{i // 100},{'TC'[i % 2]},I have thought about it {i} times\n" for i in range(50_000)
        )
    tracemalloc.start()
    try:
        with open_source(path) as source, open_sink(out, source, [*source.columns, "ct_p_change"]) as sink:
            sink.write([*row, 0.5] for row in source.rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6e6
    assert out.read_bytes().count(b"\n") == 50_001

"""Word documents: transcripts as people and programs write them, results as a table to read."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path

import docx
import pytest
from docx.shared import RGBColor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError, FormatError, OutputError
from changetalk.formats import open_sink, open_source
from changetalk.formats.speakers import find_heading
from changetalk.frames import ADDED

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)


def package(body: str, *, root: str = f"w:document {W}", relations: str = RELATIONS, **parts: str) -> bytes:
    """Return a .docx with this in its body, as Word packs it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", relations)
        if root:
            body = f'<?xml version="1.0"?><{root}><w:body>{body}</w:body></{root.split()[0]}>'
        archive.writestr("word/document.xml", body)
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def p(*runs: str, properties: str = "") -> str:
    inside = "".join(run if run.startswith("<") else f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return f"<w:p>{properties}{inside}</w:p>"


def bold(text: str) -> str:
    return f"<w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r>"


def table(*rows: tuple[str, ...]) -> str:
    cells = (
        "".join(f"<w:tc>{p(cell) if not cell.startswith('<') else cell}</w:tc>" for cell in r) for r in rows
    )
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


@pytest.fixture
def written(tmp_path):
    """Return a function that lets python-docx write paragraphs and tables, lists of rows."""

    def written(*blocks, name="in.docx") -> Path:
        made = docx.Document()
        for block in blocks:
            if isinstance(block, str):
                made.add_paragraph(block)
                continue
            grid = made.add_table(rows=0, cols=len(block[0]))
            for row in block:
                for cell, text in zip(grid.add_row().cells, row, strict=True):
                    cell.text = text
        made.save(tmp_path / name)
        return tmp_path / name

    return written


def notes_of(path: Path) -> list[str]:
    with open_source(path) as source:
        list(source.rows())
        return source.notes


# Prose


@pytest.mark.parametrize(
    ("t", "c"), [("T", "C"), ("Therapist", "Client"), ("Dr. Mehta", "P1"), ("\u533b", "\u674e")]
)
def test_paragraphs_with_speakers(written, read, t, c):
    path = written(
        "Session 3", "", f"{t}: How was it?", f"{c}: Hard.", "Really.", f"{t}:\tAnd then?", f"{c}: I left."
    )
    columns, rows = read(path)
    assert columns == ("speaker", "text")
    assert rows == [[t, "How was it?"], [c, "Hard. Really."], [t, "And then?"], [c, "I left."]]
    assert notes_of(path) == ["1 line before the first speaker skipped"]
    with open_source(path) as source:
        list(source.rows())
        assert source.where(1).endswith("in.docx, paragraph 4")


def test_heads_name_the_target(written, read):
    path = written("Session: 3", "Target: drinking less", "", "T: So?", "C: No.", "T: Why?", "C: No.")
    assert read(path)[0] == ("speaker", "text", "target")


def test_otter(read, tmp_path):
    """As Otter exports: name and time in a paragraph, then the talk."""
    made = docx.Document()
    made.add_heading("Intake", 1)
    made.add_paragraph("Mon, May 6, 2024 9:00AM \u2022 25:01")
    for name, time, text in (
        ("Dr. Mehta", "0:02", "How was the week?"),
        ("Speaker 2", "0:09", "Hard: at 10:30 I drank."),
        ("Dr. Mehta", "1:00:21", "And then?"),
    ):
        made.add_paragraph(f"{name}  {time}")
        made.add_paragraph(text)
    made.save(tmp_path / "in.docx")
    columns, rows = read(tmp_path / "in.docx")
    assert columns == ("start", "speaker", "text")
    assert rows == [
        [2.0, "Dr. Mehta", "How was the week?"],
        [9.0, "Speaker 2", "Hard: at 10:30 I drank."],
        [3621.0, "Dr. Mehta", "And then?"],
    ]


def test_rev(written, read):
    path = written(
        "Interviewer (00:02):", "How was it?", "P1 (00:09):", "Hard.", "Interviewer (00:12):", "So?"
    )
    assert read(path)[1] == [
        [2.0, "Interviewer", "How was it?"],
        [9.0, "P1", "Hard."],
        [12.0, "Interviewer", "So?"],
    ]


def test_teams(read, tmp_path):
    """As Teams exports: name in bold, time and talk in one paragraph with a soft break."""
    made = docx.Document()
    for name, time, text in (
        ("Mehta, Priya", "0:02", "How was it?"),
        ("Kim (Guest)", "12:09", "Hard: yes."),
    ) * 2:
        paragraph = made.add_paragraph()
        paragraph.add_run(name).bold = True
        paragraph.add_run(f"   {time}").font.color.rgb = RGBColor(90, 90, 90)
        paragraph.add_run().add_break()
        paragraph.add_run(text)
    made.save(tmp_path / "in.docx")
    rows = read(tmp_path / "in.docx")[1]
    assert rows[:2] == [[2.0, "Mehta, Priya", "How was it?"], [729.0, "Kim (Guest)", "Hard: yes."]]
    assert len(rows) == 4


def test_teams_of_old(written, read):
    path = written(
        "0:0:5.100 --> 0:0:8.250\nAnna K.\nHow was it?",
        "0:1:8.5 --> 0:1:10.3\nBob\nHard.",
        "1:2:3.0 --> 1:2:4.0\nAnna K.\nSo?",
    )
    rows = read(path)[1]
    assert rows == [[5.0, "Anna K.", "How was it?"], [68.0, "Bob", "Hard."], [3723.0, "Anna K.", "So?"]]


def test_soft_breaks_tabs_and_hyphens(put, read):
    run = "<w:r><w:t>T: How</w:t><w:br/><w:t>was it?</w:t><w:cr/><w:t>C:</w:t><w:tab/><w:t>so</w:t>"
    run += "<w:noBreakHyphen/><w:t>so</w:t><w:softHyphen/></w:r>"
    tabs = '<w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr>'
    path = put("in.docx", package(p(run, properties=tabs) + p("T: ok") + p("C: yes")))
    assert read(path)[1] == [["T", "How was it?"], ["C", "so-so"], ["T", "ok"], ["C", "yes"]]


def test_speakers_in_bold(put, read):
    body = p(bold("Anna"), " How was it?") + p(bold("Bob "), bold("K."), " Hard.") + p("Really.")
    body += p(bold("Anna")) + p("And then?") + p(bold("Bob K.:"), " I left.") + p("<w:r><w:rPr>"
            '<w:rStyle w:val="Strong"/></w:rPr><w:t>Anna</w:t></w:r>', " So.")  # fmt: skip
    path = put("in.docx", package(body))
    assert read(path)[1] == [
        ["Anna", "How was it?"],
        ["Bob K.", "Hard. Really."],
        ["Anna", "And then?"],
        ["Bob K.", "I left."],
        ["Anna", "So."],
    ]
    assert notes_of(path) == ["names in bold at the beginning of lines were read as the speakers"]


def test_bold_means_nothing_where_colons_name_the_speakers(put, read):
    off = '<w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t>C: no</w:t></w:r>'
    body = (
        p("T: so?")
        + p(off)
        + p(bold("Never"), " again")
        + p("T: ok")
        + p("C: yes")
        + p(bold("Never"), " more")
    )
    assert [row[0] for row in read(put("in.docx", package(body)))[1]] == ["T", "C", "T", "C"]


def test_tracked_changes_are_taken_as_accepted(put, read):
    gone = '<w:del w:id="1" w:author="a"><w:r><w:delText>secret </w:delText></w:r></w:del>'
    new = '<w:ins w:id="2" w:author="a"><w:r><w:t>very </w:t></w:r></w:ins>'
    moved = '<w:moveFrom w:id="3"><w:r><w:t>secret</w:t></w:r></w:moveFrom>'
    end = '<w:pPr><w:rPr><w:del w:id="4" w:author="a"/></w:rPr></w:pPr>'
    body = p("T: It was ", gone, new, "hard", moved, ".") + p("C: Yes", properties=end) + p(", it was.")
    body += p('<w:moveTo w:id="5"><w:r><w:t>T: So.</w:t></w:r></w:moveTo>') + p("C: No.")
    assert read(put("in.docx", package(body)))[1] == [
        ["T", "It was very hard."],
        ["C", "Yes, it was."],
        ["T", "So."],
        ["C", "No."],
    ]


def test_what_is_not_talk_is_left_out(put, read):
    comment = '<w:commentRangeStart w:id="0"/><w:r><w:t>Hard</w:t></w:r><w:commentRangeEnd w:id="0"/>'
    comment += '<w:r><w:commentReference w:id="0"/></w:r><w:r><w:footnoteReference w:id="1"/></w:r>'
    field = "<w:r><w:fldChar/></w:r><w:r><w:instrText>secret</w:instrText></w:r><w:r><w:t>.</w:t></w:r>"
    link = '<w:hyperlink r:id="rId9" xmlns:r="x"><w:r><w:t> See.</w:t></w:r></w:hyperlink>'
    box = f"<w:r><w:pict><w:txbxContent>{p('secret')}</w:txbxContent></w:pict></w:r>"
    body = p("T: How?") + p("C: ", comment, field, link, box) + p("T: ok") + p("C: yes")
    path = put("in.docx", package(body))
    assert read(path)[1][1] == ["C", "Hard. See."]
    assert notes_of(path) == ["what stands in text boxes was not read"]


def test_content_controls_and_small_tables_are_read_as_they_stand(put, read):
    body = f"<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>{p('T: one')}</w:sdtContent></w:sdt>"
    body += table(("C: two",), ("T: three",)) + table(("and", "four")) + p("C: five")
    rows = read(put("in.docx", package(body)))[1]
    assert rows == [["T", "one"], ["C", "two"], ["T", "three and four"], ["C", "five"]]


def test_it_reads_the_paragraphs_that_python_docx_reads(written, read):
    lines = ["T: Na\u00efve & <so>?", "C: \u05d0\u05e0\u05d9", "T: a\tb", "C: \U0001f642  x"] * 3
    path = written(*lines)
    known = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    assert known == lines
    assert [f"{row[0]}: {row[1]}" for row in read(path)[1]] == known


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Anna K.  0:12", "Anna K."),
        ("Anna K.\t1:00:12", "Anna K."),
        ("Speaker 1 [00:00:12]", "Speaker 1"),
        ("We met at 10:30", None),
        ("We met at  10:30", None),
        ("so then (0:12)", None),
        ("Anna  0:12 Hello", None),
    ],
)
def test_headings(line, name):
    found = find_heading(line)
    assert (found and found.name) == name


# Tables


TALK = [["Therapist", "How was it?"], ["Client", "Hard.\nReally."], ["Therapist", "So?"], ["Client", ""]]


def test_a_table_with_a_header(written, read):
    path = written("Session 3", [["Speaker", "Text", "Code"], *([*row, "x"] for row in TALK)], "The end")
    columns, rows = read(path)
    assert columns == ("Speaker", "Text", "Code")
    assert rows == [[*row, "x"] for row in TALK]
    assert notes_of(path) == ["2 paragraphs outside of the table not read"]
    with open_source(path) as source:
        list(source.rows())
        assert source.where(1).endswith("paragraph 8")


def test_a_table_without_a_header(written, read):
    rows = [[str(k), *row, f"[0:0{k}]"] for k, row in enumerate(TALK, 1)]
    columns, found = read(written(rows))
    assert columns == ("column 1", "speaker", "text", "start")
    assert found == [[str(k), *row, float(k)] for k, row in enumerate(TALK, 1)]


def test_colons_in_cells_and_rows_without_a_speaker(written):
    path = written([["T:", "How was it?"], ["C:", "Hard."], ["", "Really."], ["T:", "So?"]])
    with open_source(path) as source:
        assert source.columns == ("speaker", "text")
        assert [row[0] for row in source.rows()] == ["T:", "C:", "", "T:"]
        assert source.notes == ["1 rows of the table name no speaker, so they get no label"]


def test_a_header_in_other_words_is_left_to_the_user(written, read):
    path = written([["Person", "\u00c4u\u00dferung"], ["Anna", "Hallo."], ["Kim", "Ja."]])
    assert read(path) == (("Person", "\u00c4u\u00dferung"), [["Anna", "Hallo."], ["Kim", "Ja."]])


def test_tables_that_go_on_with_the_first(written, read):
    header = ["Speaker", "Text"]
    other = [["Rating", "Score"], ["Empathy", "4"]]
    path = written(other, [header, *TALK[:2]], [header, *TALK[2:]])
    assert read(path) == (("Speaker", "Text"), TALK)
    assert notes_of(path) == ["1 tables of another shape not read"]
    assert read(written(other, TALK, TALK[2:], name="b.docx"))[1] == [*TALK, *TALK[2:]]


def test_a_small_table_in_prose_is_no_transcript(written, read):
    turns = [
        f"{who}: {text}" for who in "TC" for text in ("Tell me about the week.", "That is long ago.")
    ] * 3
    path = written([["Speaker", "Text"], ["T", "x"]], *turns)
    assert read(path)[0] == ("speaker", "text")
    assert len(read(path)[1]) == 12


def test_merged_and_deleted_cells(put, read):
    def cell(text, properties=""):
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"

    def row(*cells, properties=""):
        return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"

    body = row(cell("speaker"), cell("text"), cell("note"))
    body += row(cell("C", '<w:vMerge w:val="restart"/>'), cell("one"), cell("x"))
    body += row(cell("", "<w:vMerge/>"), cell("two and more", '<w:gridSpan w:val="2"/>'))
    body += row(cell("secret"), cell("secret"), cell(""), properties='<w:del w:id="1"/>')
    body += row(cell("three"), properties='<w:gridBefore w:val="1"/>')
    body += row(cell("T"), f"<w:tc>{p('a')}{table(('b', 'c'))}{p('d')}</w:tc>")
    path = put("in.docx", package(f"<w:tbl>{body}</w:tbl>"))
    assert read(path)[1] == [
        ["C", "one", "x"],
        ["C", "two and more", ""],
        ["", "three", ""],
        ["T", "a\nb\nc\nd", ""],
    ]


def test_it_reads_the_tables_that_python_docx_reads(written, read):
    path = written([["speaker", "text"], ["T", " a\tb "], ["C", "c\n\nd"], ["T", ""], ["", "&<>"]])
    known = [[cell.text for cell in row.cells] for row in docx.Document(str(path)).tables[0].rows]
    columns, rows = read(path)
    assert [list(columns), *rows] == known


# Writing


def labelled(source: Path, target: Path) -> Path:
    with (
        open_source(source) as opened,
        open_sink(target, opened, [*opened.columns, *ADDED]) as sink,
    ):
        rest = (0.1, 0.1, 0.8, 0.8765, "tiny 1.0 (abc)")
        sink.write([*row, *(("sustain", *rest) if row[0] == "C" else [None] * 6)] for row in opened.rows())
    return target


def test_a_result_is_a_table_that_python_docx_and_we_read(written, read, tmp_path):
    path = written("T: How was it?", "C: Hard & <bad>.", "T: So?", "C: \u05d0 \U0001f642")
    out = labelled(path, tmp_path / "out.docx")
    expected = [
        ["speaker", "text", "ct_label", "ct_confidence"],
        ["T", "How was it?", "", ""],
        ["C", "Hard & <bad>.", "sustain", "0.88"],
        ["T", "So?", "", ""],
        ["C", "\u05d0 \U0001f642", "sustain", "0.88"],
    ]
    known = docx.Document(str(out))
    assert [[cell.text for cell in row.cells] for row in known.tables[0].rows] == expected
    section = known.sections[0]
    assert section.footer.paragraphs[0].text == "Client talk labelled by changetalk, model tiny 1.0 (abc)"
    assert section.page_width > section.page_height
    columns, rows = read(out)
    assert [list(columns), *rows] == expected


def test_a_file_is_labelled_and_analysed(written, tmp_path, tiny_model):
    """By the public way in: the labels are those of a table, and analyses find them."""
    from changetalk.labelled import read_labelled
    from changetalk.tables import label_file

    path = written("T: How was it?", "C: I want to stop.", "T: So?", "C: I can't.")
    for kind in ("docx", "csv"):
        label_file(path, tmp_path / kind / f"session.{kind}", model=tiny_model)
    document, csv = (read_labelled(tmp_path / kind / f"session.{kind}") for kind in ("docx", "csv"))
    assert document["client"].tolist() == [False, True, False, True]
    for column in ("speaker", "text", "label"):
        assert document[column].tolist() == csv[column].tolist()


def test_results_that_are_no_labels_are_written_whole(tmp_path, read):
    with open_sink(tmp_path / "out.docx", None, ["text", "ct_p_change", "n", "ct_model"]) as sink:
        sink.write([["a", 0.1234567, 3, None], [None, float("nan"), 1.5, "m"]])
    assert read(tmp_path / "out.docx") == (
        ("text", "ct_p_change", "n", "ct_model"),
        [["a", "0.123457", "3", ""], ["", "", "1.5", "m"]],
    )


def test_what_xml_cannot_hold_is_replaced(tmp_path, read):
    with open_sink(tmp_path / "out.docx", None, ["text", "b"]) as sink:
        sink.write([["a\0b\x15\ud83d\uffff", "a\r\nb\rc"]])
    assert read(tmp_path / "out.docx")[1] == [["a\ufffdb\ufffd\ufffd\ufffd", "a\nb\nc"]]


def test_more_columns_than_word_allows(tmp_path):
    with (
        pytest.raises(OutputError, match="more than 63 columns"),
        open_sink(tmp_path / "out.docx", None, [str(k) for k in range(64)]),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_all_or_nothing(tmp_path):
    def interrupted():
        yield from [["a"]] * 1000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_sink(tmp_path / "out.docx", None, ["text"]) as sink:
        sink.write(interrupted())
    assert list(tmp_path.iterdir()) == []


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(CELLS | st.sampled_from(["a\nb", "\t", " x ", "\n"]), min_size=3, max_size=3), min_size=1
    )
)
def test_round_trip_of_any_cells(folder, rows):
    path = folder / "out.docx"
    names = ["speaker", "text", "n"]
    with open_sink(path, None, names) as sink:
        sink.write(rows)
    known = [[cell.text for cell in row.cells] for row in docx.Document(str(path)).tables[0].rows]
    assert known == [names, *rows]
    with open_source(path) as source:
        assert list(source.columns) == names
        assert list(source.rows()) == [row for row in rows if row != names]


# Damaged and hostile files


def hostile(body: str) -> bytes:
    return package(body, root="")


def lying(content: bytes, size: int) -> bytes:
    """Say another unpacked size of the document than the true one."""
    at = content.index(b"word/document.xml", content.index(b"PK\x01\x02")) - 46
    return content[: at + 24] + struct.pack("<I", size) + content[at + 28 :]


SAID = package(p("T: secret one") + p("C: secret two") + p("T: ok") + p("C: no"))
WIDE = '<w:tc><w:tcPr><w:gridSpan w:val="63"/></w:tcPr></w:tc>'
ENTITY = '<!DOCTYPE w:document [<!ENTITY a "secret">]>'
MALFORMED = {
    "empty": (b"", "is empty"),
    "text": (b"T: secret\n", "looks like text or damaged data"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"old format \(.doc\) or has a password"),
    "PDF": (b"%PDF-1.7 secret", "looks like a PDF"),
    "cut off": (SAID[: len(SAID) // 2], "is damaged or cut off"),
    "no zip": (b"PK\x03\x04" + b"x" * 100, "is damaged or cut off"),
    "another archive": (
        package("", relations="").replace(b"_rels/.rels", b"_rels/xrels"),
        "not a Word document",
    ),
    "no document": (SAID.replace(b"word/document.xml", b"word/documentoxml"), r"\(KeyError\)"),
    "no relation": (package(p("T: x"), relations="<Relationships/>"), r"\(KeyError\)"),
    "Excel": (package("", root="workbook"), "is not a Word document; it is an Excel workbook: rename it"),
    "other Office file": (package("", root="p"), "is not a Word document"),
    "no XML": (hostile("secret"), "is damaged or cut off"),
    "cut XML": (hostile(f"<w:document {W}><w:body><w:p>"), "is damaged or cut off"),
    "entities": (hostile(f"{ENTITY}<w:document {W}>&a;</w:document>"), "declares a document type"),
    "entities from outside": (
        hostile('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'),
        "declares a document type",
    ),
    "very deep": (hostile(f"<w:document {W}>" + "<w:p>" * 5000), "nested more than"),
    "a smaller size than true": (lying(SAID, 50), "damaged or cut off"),
    "a larger size than allowed": (lying(SAID, 1 << 31), "unpacks to more than"),
    "encrypted": (
        SAID.replace(b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\x01"),
        r"\(RuntimeError\)",
    ),
    "unknown compression": (
        re.sub(rb"(PK\x01\x02.{6})\x08\0", b"\\1\x63\0", SAID, flags=re.DOTALL),
        r"\(NotImplementedError\)",
    ),
    "nobody speaks": (
        package(p("a secret story") + p("and on")),
        "no speakers found.*two columns of a table",
    ),
    "nothing in it": (package(p()), "no speakers found"),
    "columns without end": (
        package(f"<w:tbl><w:tr>{WIDE}{WIDE}</w:tr></w:tbl>"),
        "more than 63 columns",
    ),
    "a header twice": (package(table(("text", "text"), ("secret", "secret"))), "same name"),
    "a cell too many": (package(table(("speaker", "text"), ("C", "no", "secret"))), "header does not name"),
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_files_say_what_is_wrong_and_not_what_was_said(put, content, message):
    path = put("in.docx", content)
    with pytest.raises(FormatError, match=message) as caught, open_source(path) as source:
        list(source.rows())
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_zip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """A thousandth of what it unpacks to, and refused before it is; also where it lies about that."""
    monkeypatch.setattr("changetalk.formats.markup.MAX_SIZE", 4 << 20)
    monkeypatch.setattr("changetalk.formats.docx_document.MAX_SIZE", 4 << 20)
    bomb = package(" " * (5 << 20))
    assert len(bomb) < 10_000
    for content in (bomb, lying(bomb, 1000)):
        (tmp_path / "in.docx").write_bytes(content)
        with pytest.raises(FormatError, match=r"unpacks to more than|damaged or cut off"):
            open_source(tmp_path / "in.docx")


def test_parts_without_end(put, monkeypatch):
    monkeypatch.setattr("changetalk.formats.docx_document._MOST_PARTS", 10)
    path = put("in.docx", package(p("T: x"), **{f"part{k}": "" for k in range(10)}))
    with pytest.raises(FormatError, match="has more than 10 parts"):
        open_source(path)


def test_known_by_content(written, tmp_path):
    path = written("T: How?", "C: So.")
    for name in ("bare", "in.tmp"):
        (tmp_path / name).write_bytes(path.read_bytes())
        with open_source(tmp_path / name) as source:
            assert source.format == "docx"
    (tmp_path / "in.txt").write_bytes(path.read_bytes())
    with pytest.raises(FormatError, match=r"a ZIP archive, as Word and Excel files are; rename it to \.docx"):
        open_source(tmp_path / "in.txt")


PARTS = st.sampled_from(
    [f"<{end}w:{name}>" for name in ("p", "r", "t", "tbl", "tr", "tc", "del", "rPr") for end in ("", "/")]
    + ["<w:br/>", "<w:b/>", "<w:vMerge/>", "T: ", "C: ", "&", "so"]
)
ELEMENTS = st.recursive(
    st.sampled_from(["T: so", "C: no", "", "text", "speaker", "0:12", "Anna  0:12"]).map(p),
    lambda inner: st.tuples(
        st.sampled_from(
            ["p", "r", "t", "tbl", "tr", "tc", "ins", "del", "rPr", "sdt", "txbxContent", "pict"]
        ),
        st.lists(inner, max_size=4),
    ).map(lambda pair: f"<w:{pair[0]}>{''.join(pair[1])}</w:{pair[0]}>"),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ELEMENTS, max_size=6).map("".join) | st.lists(PARTS, max_size=30).map("".join))
def test_any_document_is_read_or_refused(folder, body):
    path = folder / "any.docx"
    path.write_bytes(package(body))
    try:
        with open_source(path) as source:
            rows = list(source.rows())
        assert all(len(row) == len(source.columns) for row in rows)
    except ChangetalkError as error:
        message = str(error)
    else:
        message = str(path)
    assert message.isprintable()
    assert str(path) in message


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, len(SAID)), st.integers(0, 20), st.binary(max_size=4)),
        min_size=1,
        max_size=3,
    )
)
def test_damaged_files_are_read_or_refused(folder, edits):
    content = bytearray(SAID)
    for at, length, new in edits:
        content[at : at + length] = new
    path = folder / "damaged.docx"
    path.write_bytes(content)
    try:
        with open_source(path) as source:
            list(source.rows())
    except ChangetalkError as error:
        message = str(error)
    else:
        message = str(path)
    assert message.isprintable()
    assert str(path) in message

"""ELAN files: rows in the order of time, and labels that ELAN finds on tiers of their own."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pympi
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError, FormatError, InputError
from changetalk.formats import open_sink, open_source
from changetalk.frames import ADDED

FIXTURE = Path(__file__).parent / "fixtures" / "session.eaf"
ROWS = [
    ["Therapist", 0.78, 2.34, "How was the week?", "T-Spch", None, None],
    ["Client", 2.4, 5.12, "I want to stop, na\u00efve as that is.", "C-Spch", None, "wish aside"],
    ["Therapist", 5.12, 6.0, "Hard & long.", "T-Spch", None, None],
    ["Client", 6.1, 9.05, "But I can't see how.", "C-Spch", "A-", None],
]


def labelled(source: Path, target: Path, labels) -> Path:
    """Write a file's labels back into it, as `label_file` does."""
    with (
        open_source(source) as opened,
        open_sink(target, opened, [*opened.columns, *ADDED]) as sink,
    ):
        rest = (0.1, 0.1, 0.8, 0.8, "tiny 1.0 (abc)")
        sink.write(
            [*row, label, *(rest if label else [None] * 5)]
            for row, label in zip(opened.rows(), labels, strict=True)
        )
    return target


def eaf(*tiers: str, times=(0, 1000, 2000, 3000), after: str = "") -> str:
    """Return an ELAN file of these tiers, as short as it can be."""
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{k}"' + ("/>" if t is None else f' TIME_VALUE="{t}"/>')
        for k, t in enumerate(times, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT AUTHOR="" '
        'DATE="2024-05-06T10:14:04+01:00" FORMAT="3.0" VERSION="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">'
        f'<HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>{slots}</TIME_ORDER>{"".join(tiers)}{after}'
        "</ANNOTATION_DOCUMENT>"
    )


def tier(name: str, *annotations: str, **attributes: str) -> str:
    given = "".join(f' {key.upper()}="{value}"' for key, value in attributes.items())
    inside = "".join(f"<ANNOTATION>{annotation}</ANNOTATION>" for annotation in annotations)
    return f'<TIER TIER_ID="{name}"{given}>{inside}</TIER>'


def said(key: str, start: int, end: int, text: str) -> str:
    return (
        f'<ALIGNABLE_ANNOTATION ANNOTATION_ID="{key}" TIME_SLOT_REF1="ts{start}" TIME_SLOT_REF2="ts{end}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>"
    )


def about(key: str, other: str, text: str) -> str:
    return (
        f'<REF_ANNOTATION ANNOTATION_ID="{key}" ANNOTATION_REF="{other}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION>"
    )


def test_the_fixture(read):
    columns, rows = read(FIXTURE)
    assert columns == ("speaker", "start", "end", "text", "tier", "misc", "part")
    assert rows == ROWS
    with open_source(FIXTURE) as source:
        list(source.rows())
        assert source.notes == []
        assert source.where(1).endswith("session.eaf, line 34")


def test_it_reads_what_pympi_reads():
    known = pympi.Eaf(str(FIXTURE))
    expected = [
        [known.get_parameters_for_tier(name)["PARTICIPANT"], start / 1000, end / 1000, text, name]
        for name in known.get_tier_names()
        if "PARENT_REF" not in known.get_parameters_for_tier(name)
        for start, end, text in known.get_annotation_data_for_tier(name)
    ]
    with open_source(FIXTURE) as source:
        rows = list(source.rows())
    assert [row[:5] for row in rows] == sorted(expected, key=lambda row: row[1])
    codes = {row[1]: row[5] for row in rows if row[5]}
    assert codes == {
        start / 1000: code for start, _, code, _ in known.get_annotation_data_for_tier("misc@C-Spch")
    }


def test_a_file_that_pympi_writes(tmp_path, read):
    made = pympi.Eaf(author="made up")
    for name in ("T", "C"):
        made.add_tier(name)
    made.add_annotation("C", 1500, 2500, "later")
    made.add_annotation("T", 0, 1200, "first")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.to_file(str(tmp_path / "in.eaf"))
    columns, rows = read(tmp_path / "in.eaf")
    assert columns == ("speaker", "start", "end", "text", "tier")
    assert rows == [["T", 0.0, 1.2, "first", "T"], ["C", 1.5, 2.5, "later", "C"]]
    out = labelled(tmp_path / "in.eaf", tmp_path / "out.eaf", [None, "sustain"])
    again = pympi.Eaf(str(out))
    assert again.get_annotation_data_for_tier("ct_label@C") == [(1500, 2500, "sustain", "later")]
    assert again.get_parameters_for_tier("ct_label@C")["ANNOTATOR"] == "tiny 1.0 (abc)"


def test_labels_are_a_tier_below_the_clients(tmp_path, read):
    out = labelled(FIXTURE, tmp_path / "out.eaf", [None, "change", None, "sustain"])
    columns, rows = read(out)
    assert columns == ("speaker", "start", "end", "text", "tier", "misc", "part", "ct_label")
    assert rows == [[*row, label] for row, label in zip(ROWS, [None, "change", None, "sustain"], strict=True)]
    known = pympi.Eaf(str(out))
    assert known.get_parameters_for_tier("ct_label@Client") == {
        "ANNOTATOR": "tiny 1.0 (abc)",
        "DEFAULT_LOCALE": "en",
        "LINGUISTIC_TYPE_REF": "ct_label",
        "PARENT_REF": "C-Spch",
        "PARTICIPANT": "Client",
        "TIER_ID": "ct_label@Client",
    }
    assert known.get_parameters_for_linguistic_type("ct_label")["CONSTRAINTS"] == "Symbolic_Association"
    assert [a[2] for a in known.get_annotation_data_for_tier("ct_label@Client")] == ["change", "sustain"]


def test_all_else_is_the_same_byte_for_byte(tmp_path):
    """But the counter, from which ELAN goes on naming annotations."""
    out = labelled(FIXTURE, tmp_path / "out.eaf", [None, "change", None, "sustain"]).read_bytes()
    start, end = out.index(b'<TIER ANNOTATOR="tiny'), out.index(b"<LINGUISTIC_TYPE")
    rest = out[:start] + out[end:]
    start = rest.index(b'<LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" '
                       b'LINGUISTIC_TYPE_ID="ct_label"')  # fmt: skip
    rest = rest[:start] + rest[rest.index(b"<LOCALE") :]
    assert rest.replace(b">23</PROPERTY>", b">21</PROPERTY>") == FIXTURE.read_bytes()
    assert re.findall(rb'ANNOTATION_ID="a2[23]"', out) == [b'ANNOTATION_ID="a22"', b'ANNOTATION_ID="a23"']


def test_a_file_is_labelled_and_analysed(tmp_path, tiny_model):
    """By the public way in: the labels are those of a table, and analyses find them, and the coder's."""
    from changetalk.labelled import read_labelled
    from changetalk.tables import label_file

    for kind in ("eaf", "csv"):
        label_file(FIXTURE, tmp_path / kind / f"session.{kind}", model=tiny_model)
    eaf, csv = (read_labelled(tmp_path / kind / f"session.{kind}") for kind in ("eaf", "csv"))
    assert eaf["client"].tolist() == [False, True, False, True]
    for column in ("speaker", "text", "label", "start", "end"):
        assert eaf[column].tolist() == csv[column].tolist()
    coder = read_labelled(tmp_path / "eaf" / "session.eaf", label="misc")
    assert coder["label"].tolist() == [None, None, None, "sustain"]


def test_nothing_labelled_nothing_added(tmp_path):
    out = labelled(FIXTURE, tmp_path / "out.eaf", [None] * 4)
    assert out.read_bytes() == FIXTURE.read_bytes()


def test_the_shortest_file_gets_what_it_lacks(put, read):
    path = put("in.eaf", eaf(tier("C&amp;\u00e9", said("a7", 1, 2, "no"))))
    out = labelled(path, path.with_name("out.eaf"), ["neutral"])
    known = pympi.Eaf(str(out))
    assert known.get_annotation_data_for_tier("ct_label@C&\u00e9") == [(0, 1000, "neutral", "no")]
    assert known.get_parameters_for_linguistic_type("ct_label")["CONSTRAINTS"] == "Symbolic_Association"
    text = out.read_text()
    assert 'STEREOTYPE="Symbolic_Association"' in text
    assert 'ANNOTATION_ID="a8"' in text
    assert text.index("<TIER ANNOTATOR") < text.index("<LINGUISTIC_TYPE") < text.index("<CONSTRAINT")


@pytest.mark.parametrize(
    ("one", "two", "speakers", "noted"),
    [
        ({"participant": "Anna"}, {"participant": "Bob"}, ["Anna", "Bob"], False),
        ({}, {"participant": " "}, ["speech", "gesture"], False),
        ({"participant": "Anna"}, {"participant": "Anna"}, ["speech", "gesture"], True),
        ({"participant": "gesture"}, {}, ["speech", "gesture"], False),
        ({"participant": "speech"}, {}, ["speech", "gesture"], False),
    ],
)
def test_each_tier_is_a_speaker_of_its_own(put, one, two, speakers, noted):
    path = put(
        "in.eaf",
        eaf(tier("speech", said("a1", 1, 2, "x"), **one), tier("gesture", said("a2", 2, 3, "y"), **two)),
    )
    with open_source(path) as source:
        assert [row[0] for row in source.rows()] == speakers
        assert bool(source.notes) == noted


def test_times_decide_the_order_and_unaligned_ones_follow_what_is_before_them(put, read):
    path = put(
        "in.eaf",
        eaf(
            tier("A", said("a1", 5, 6, "last"), said("a2", 1, 2, "first"), said("a3", 2, 4, "then")),
            tier("B", said("a4", 3, 4, "unaligned"), said("a5", 2, 6, "long")),
            times=(0, 1000, None, 2000, 3000, 4000),
        ),
    )
    assert [row[:4] for row in read(path)[1]] == [
        ["A", 0.0, 1.0, "first"],
        ["A", 1.0, 2.0, "then"],
        ["B", None, 2.0, "unaligned"],
        ["B", 1.0, 4.0, "long"],
        ["A", 3.0, 4.0, "last"],
    ]


def test_dependent_tiers_are_columns_however_deep(put, read):
    tiers = [
        tier("K", said("a1", 1, 2, "one"), said("a2", 2, 3, "two")),
        tier("words@K", about("b1", "a1", "o"), about("b2", "a1", "ne"), parent_ref="K"),
        tier("pos@K", about("c1", "b2", "N"), parent_ref="words@K"),
        tier("W", said("a3", 3, 4, "three")),
        tier("words@W", about("b3", "a3", "three"), parent_ref="W"),
        tier("text@W", about("d1", "a3", "drei"), parent_ref="W"),
        tier("loose", said("e1", 4, 4, "?"), parent_ref="K"),
    ]
    columns, rows = read(put("in.eaf", eaf(*tiers)))
    assert columns[5:] == ("words", "pos", "text_2", "loose")
    assert [row[5:] for row in rows] == [
        ["o ne", "N", None, None],
        [None, None, None, None],
        ["three", None, "drei", None],
    ]
    with open_source(put("in.eaf", eaf(*tiers))) as source:
        list(source.rows())
        assert source.notes == [
            "1 annotations of dependent tiers lie outside of what they should belong to; not read"
        ]


def test_a_tier_below_an_empty_one_is_noted(put):
    path = put(
        "in.eaf",
        eaf(tier("C", said("a1", 1, 2, "x")), tier("D"), tier("E", said("a2", 1, 2, "y"), parent_ref="D")),
    )
    with open_source(path) as source:
        assert len(list(source.rows())) == 1
        assert source.notes[0].startswith("1 annotations of dependent tiers lie outside")


def test_speakers_within_phases_of_a_session_are_rows(put, read):
    after = '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="in" CONSTRAINTS="Included_In"/>'
    phases = eaf(
        tier("phase", said("a1", 1, 4, "planning")),
        tier("C", said("a2", 2, 3, "hi"), parent_ref="phase", participant="Client", linguistic_type_ref="in"),
        tier("w", said("a3", 2, 3, "h"), parent_ref="C", participant="Client", linguistic_type_ref="in"),
        after=after,
    )
    columns, rows = read(put("in.eaf", phases))
    assert columns[5:] == ("w",)
    assert [row[:1] + row[3:] for row in rows] == [
        ["phase", "planning", "phase", None],
        ["Client", "hi", "C", "h"],
    ]


def test_a_column_of_labels_cannot_be_written_twice(put, tmp_path):
    path = put(
        "in.eaf",
        eaf(tier("C", said("a1", 1, 2, "x")), tier("ct_label@C", said("a2", 2, 3, "y"), participant="D")),
    )
    with pytest.raises(FormatError, match="already has a tier 'ct_label@C'"):
        labelled(path, tmp_path / "out.eaf", ["change", None])
    assert [p.name for p in tmp_path.iterdir()] == ["in.eaf"]


def test_only_into_the_file_that_the_talk_is_from(put, tmp_path):
    with (
        open_source(FIXTURE.with_name("session.cha")) as source,
        pytest.raises(InputError, match=r"written into the ELAN file .* write \.csv"),
    ):
        open_sink(tmp_path / "out.eaf", source, [*source.columns, *ADDED])


def test_known_by_content(put):
    with open_source(put("in", FIXTURE.read_bytes())) as source:
        assert source.format == "eaf"
    with pytest.raises(FormatError, match=r"looks like an ELAN file .* rename it to \.eaf"):
        open_source(put("in.txt", FIXTURE.read_bytes()))


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE ANNOTATION_DOCUMENT [<!ENTITY a "secret">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>'
)
OUTSIDE = (
    '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    "<ANNOTATION_DOCUMENT>&f;</ANNOTATION_DOCUMENT>"
)
MALFORMED = {
    "empty": ("", "is empty"),
    "white space": (" \n", "is empty"),
    "text": ("T: secret\n", "is damaged or cut off"),
    "cut off": (FIXTURE.read_bytes()[:3000], "is damaged or cut off"),
    "wrong tags": (FIXTURE.read_text().replace("</TIER>", "</TIERS>", 1), "mismatched tag"),
    "other XML": ("<html><p>secret</p></html>", "is XML but not of ELAN"),
    "entities that expand": (BOMB, "declares a document type"),
    "entities from outside": (OUTSIDE, "declares a document type"),
    "an unknown entity": (eaf("&secret;"), "undefined entity"),
    "very deep": ("<ANNOTATION_DOCUMENT>" + "<a>" * 1000, "nested more than"),
    "UTF-16": (FIXTURE.read_text().encode("utf-16"), "is not in UTF-8"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "a ZIP archive"),
    "encoding": (
        '<?xml version="1.0" encoding="utf-7"?><ANNOTATION_DOCUMENT/>',
        "encoding that is not known",
    ),
    "unknown encoding": ('<?xml version="1.0" encoding="nonsense"?><ANNOTATION_DOCUMENT/>', "encoding"),
    "no annotations": (eaf(tier("C")), "has no annotations"),
    "no tiers": (eaf(), "has no annotations"),
    "a time that is none": (eaf(times=("secret",)), "is not a number of milliseconds"),
    "a time too many": (eaf(times=("9" * 4400,)), "is not a number of milliseconds"),
    "a slot twice": (eaf().replace('"ts2"', '"ts1"'), "a time slot has no name of its own"),
    "no such slot": (eaf(tier("C", said("a1", 1, 9, "secret"))), "time slot is missing"),
    "frames": (eaf().replace("milliseconds", "PAL-frames"), "another unit than milliseconds"),
    "two tiers of a name": (eaf(tier("C"), tier("C")), "a tier has no name of its own"),
    "two annotations of a name": (
        eaf(tier("C", said("a1", 1, 2, "secret"), said("a1", 2, 3, "y"))),
        "an annotation has no name of its own",
    ),
    "outside of tiers": (eaf(said("a1", 1, 2, "secret")), "stands outside of a tier"),
    "no parent": (eaf(tier("C", about("a1", "a0", "secret"))), "is not on its tier's parent"),
    "no reference": (eaf(tier("C", about("a1", "", "secret"))), "does not say which other"),
    "parent elsewhere": (
        eaf(
            tier("C", said("a1", 1, 2, "x")),
            tier("D", said("a2", 1, 2, "y")),
            tier("E", about("a3", "a2", "secret"), parent_ref="C"),
        ),
        "is not on its tier's parent",
    ),
    "no parent tier": (eaf(tier("C", said("a1", 1, 2, "x"), parent_ref="D")), "parent is missing"),
    "a circle": (
        eaf(tier("C", said("a1", 1, 2, "x"), parent_ref="D"), tier("D", parent_ref="C")),
        "parent is missing, or is below",
    ),
    "tiers without end": (eaf(*(tier(f"t{k}") for k in range(2001))), "more than 2,000 tiers"),
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_files_say_what_is_wrong_and_not_what_was_said(put, content, message):
    path = put("in.eaf", content)
    with pytest.raises(FormatError, match=re.escape(message)) as caught, open_source(path) as source:
        list(source.rows())
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value).replace(str(path), "")
    assert str(caught.value).isprintable()


def test_what_is_too_large_is_refused(put, monkeypatch):
    monkeypatch.setattr("changetalk.formats.markup.MAX_SIZE", 3000)
    with pytest.raises(FormatError, match="unpacks to more than"):
        open_source(FIXTURE)
    monkeypatch.setattr("changetalk.formats.write_back.MAX_SIZE", 3000)
    with pytest.raises(FormatError, match="is larger than"):
        open_source(FIXTURE)


def test_a_huge_tag_takes_no_time(put):
    """An old expat reads an unfinished tag again with every piece of it that comes."""
    path = put("in.eaf", f'<ANNOTATION_DOCUMENT a="{"x" * 10_000_000}"/>')
    with pytest.raises(FormatError, match="has no annotations"):
        open_source(path)


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_round_trip_of_any_names_and_words(folder, data, names):
    """Written by pympi, read, labelled, read again by both: nothing lost, nothing moved."""
    made = pympi.Eaf(author="")
    words = []
    for k, name in enumerate(names):
        made.add_tier(name)
        for n in range(data.draw(st.integers(0, 3))):
            text = data.draw(
                st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
            )
            made.add_annotation(name, 1000 * n + k, 1000 * n + 900 + k, text)
            words.append((n, k, name, text))
    path = folder / "made.eaf"
    path.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.to_file(str(path))
    try:
        with open_source(path) as source:
            rows = list(source.rows())
    except FormatError:
        assert not words
        return
    assert [(row[4], row[3]) for row in rows] == [word[2:] for word in sorted(words)]
    labels = data.draw(st.lists(st.sampled_from(["change", None]), min_size=len(rows), max_size=len(rows)))
    out = labelled(path, folder / "out.eaf", labels)
    with open_source(out) as source:
        again = list(source.rows())
    assert [row[:5] for row in again] == [row[:5] for row in rows]
    if any(labels):
        assert [row[-1] for row in again] == labels
    known = pympi.Eaf(str(out))
    found = [a[2] for name in known.get_tier_names() if name.startswith("ct_label@")
             for a in known.get_annotation_data_for_tier(name)]  # fmt: skip
    assert len(found) >= labels.count("change")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(FIXTURE.read_bytes())),
            st.integers(0, 30),
            st.binary(max_size=4)
            | st.sampled_from(
                [b"</TIER>", b'"a3"', b'"ts5"', b"<ANNOTATION>", b'PARENT_REF="C-Spch"', b"C-Spch"]
            ),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_damaged_files_are_read_and_written_back_or_refused(folder, edits):
    content = bytearray(FIXTURE.read_bytes())
    for at, length, new in edits:
        content[at : at + length] = new
    path = folder / "damaged.eaf"
    path.write_bytes(content)
    try:
        with open_source(path) as source:
            rows = list(source.rows())
        assert all(len(row) == len(source.columns) for row in rows)
        assume("ct_label" not in source.columns)
        out = labelled(path, folder / "out.eaf", ["change"] * len(rows))
    except ChangetalkError as error:
        message = str(error)
    else:
        message = ""
    assert message.isprintable()
    if message:
        assert str(path) in message
        return
    with open_source(out) as source:
        assert [row[-1] for row in source.rows()] == ["change"] * len(rows)

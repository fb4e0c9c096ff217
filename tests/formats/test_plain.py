from __future__ import annotations

import pytest

from changetalk.errors import FormatError
from changetalk.formats import open_source
from changetalk.formats.speakers import find_prefix


@pytest.fixture
def turns(put):
    """Return a function that reads a transcript as columns, rows and notes."""

    def turns(text, name="in.txt"):
        with open_source(put(name, text)) as source:
            rows = list(source.rows())
            return source.columns, rows, source.notes

    return turns


TALK = "{t}: How was the week?\n{c}: I told him: stop.\n{t}: And then?\n{c}: He did.\n"


@pytest.mark.parametrize(
    ("t", "c"),
    [
        ("T", "C"),
        ("Therapist", "Client"),
        ("DR. MEHTA", "P1"),
        ("I", "B"),
        ("Interviewer 1", "Participant #12"),
        ("Anna K.", "Jo\u00eblle O\u2019Neil-Smith"),
        ("\u533b\u751f", "\u674e\u660e"),
        ("Will Smith", "He Wei"),
        ("Head of Unit", "Anna and Bob"),
    ],
)
@pytest.mark.parametrize("blank", ["\n", "\n\n", "\r\n", "\r\n \r\n"])
def test_speakers(turns, t, c, blank) -> None:
    columns, rows, notes = turns(TALK.format(t=t, c=c).replace("\n", blank))
    assert columns == ("speaker", "text")
    assert rows == [[t, "How was the week?"], [c, "I told him: stop."], [t, "And then?"], [c, "He did."]]
    assert notes == []


def test_tabs_full_width_colons_and_no_space(turns) -> None:
    rows = turns("T:\tHow?\nC\uff1a\u597d\nT:So\nC :Yes\n")[1]
    assert rows == [["T", "How?"], ["C", "\u597d"], ["T", "So"], ["C", "Yes"]]


def test_lines_without_a_speaker_go_on_with_the_turn(turns) -> None:
    rows = turns("T: How was\n  the week?\n\nReally?\nC:\nFine\nT: Ok\n")[1]
    assert rows == [["T", "How was the week? Really?"], ["C", "Fine"], ["T", "Ok"]]


def test_colons_in_speech_are_no_speakers(turns) -> None:
    text = (
        "T: Tell me.\n"
        "C: My wife goes:\nI told him: stop.\nAnd he said: no.\nNote: I was sober.\n"
        "http://example.org\n10:30 it was.\n"
        "And he said: no.\nNote: again.\nWell, doctor: no\nWell, doctor: no\n"
        "T: So.\nRemember this: never\n"
    )
    rows = turns(text)[1]
    assert [row[0] for row in rows] == ["T", "C", "T"]
    assert "And he said: no. Note: again." in rows[1][1]


def test_a_name_that_occurs_once_is_speech_and_noted(turns) -> None:
    _, rows, notes = turns("T: Hello\nC: Hi\nReceptionist Kim: Your taxi\nT: Wait\n")
    assert [row[0] for row in rows] == ["T", "C", "T"]
    assert len(notes) == 1
    assert "1 line starts as if with a speaker's name that occurs only once (line 3)" in notes[0]


def test_two_lines_of_two_people(turns) -> None:
    assert turns("Anna: I drink.\nBob: Why?\n")[1] == [["Anna", "I drink."], ["Bob", "Why?"]]


HEADS = [
    ("Session 3 with Anna\n\n", "", 1),
    ("Session: 3\nDate: 2 May 2024\nTarget: drinking less\n", "drinking less", 3),
    ("Target behaviour: starting exposure: the bus\n\n", "starting exposure: the bus", 1),
    ("Transcript\nTherapist: Dr. Mehta\nClient: Anna K.\nTarget behavior: no gambling\n", "no gambling", 4),
    ("Session: 3\nTherapist: Dr. Mehta\nClient: Anna K.\n\n", "", 3),
    ("Client: Anna K.\nTherapist: Dr. Mehta\n\n", "", 2),
]


@pytest.mark.parametrize(("head", "target", "skipped"), HEADS)
def test_heads_before_letters(turns, head, target, skipped) -> None:
    columns, rows, notes = turns(head + TALK.format(t="T", c="C"))
    assert columns == (("speaker", "text", "target") if target else ("speaker", "text"))
    assert [row[0] for row in rows] == ["T", "C", "T", "C"]
    assert [row[2:] for row in rows] == [[target] if target else []] * 4
    assert notes == [f"{skipped} line{'s' if skipped > 1 else ''} before the first speaker skipped"]


@pytest.mark.parametrize(("head", "target", "skipped"), HEADS[:5])
def test_heads_before_roles(turns, head, target, skipped) -> None:
    _, rows, notes = turns(head + TALK.format(t="Therapist", c="Client"))
    assert len(rows) == 4
    assert rows[0][1] == "How was the week?"
    assert notes[0].startswith(f"{skipped} line")


@pytest.mark.parametrize(
    "first", ["Therapist: Hello Anna.\nClient: Hi.\n", "Therapist: Good Morning\nClient: Hello\n"]
)
def test_first_turns_are_no_head(turns, first) -> None:
    _, rows, _ = turns("Target: drinking less\n" + first + "\n" + TALK.format(t="Therapist", c="Client"))
    assert len(rows) == 6


def test_names_and_times_on_lines_of_their_own(turns) -> None:
    """As Otter exports them."""
    columns, rows, notes = turns(
        "Intake\nMon, May 6, 2024 9:00AM\n\nDr. Mehta  0:02  \nHow was it?\n\nAnna K.  1:00:09\n"
        "Hard: so hard.\nHard: yes.\n\nDr. Mehta  1:00:12\nSo?\n\nKim [1:01:00]\nHello.\n"
    )
    assert columns == ("start", "speaker", "text")
    assert rows == [
        [2.0, "Dr. Mehta", "How was it?"],
        [3609.0, "Anna K.", "Hard: so hard. Hard: yes."],
        [3612.0, "Dr. Mehta", "So?"],
        [3660.0, "Kim", "Hello."],
    ]
    assert notes == ["2 lines before the first speaker skipped"]


def test_times_and_line_numbers(turns) -> None:
    columns, rows, _ = turns(
        "1 [00:01:02] T: a\n2 00:01:05,5 C: b\n3. T (1:02:03): c\n4) C [02:04]: d\n"
        "5 T: e\n(00:59) C: [laughs] f 10:30\n"
    )
    assert columns == ("start", "speaker", "text")
    assert rows == [
        [62.0, "T", "a"],
        [65.5, "C", "b"],
        [3723.0, "T", "c"],
        [124.0, "C", "d"],
        [None, "T", "e"],
        [59.0, "C", "[laughs] f 10:30"],
    ]


@pytest.mark.parametrize(
    "text", ["Just a story.\nIt goes on.\n", "speaker\ttext\nC\tsecret\n", "I said: no\nso it is\n"]
)
def test_no_speakers(turns, text) -> None:
    with pytest.raises(FormatError, match="no speakers found") as caught:
        turns(text)
    assert "secret" not in str(caught.value)


def test_where_and_encoding(put) -> None:
    path = put("in.txt", "Titel\n\nT: Wie war\ndie Woche?\nK: sch\u00f6n\nT: gut\nK: ja\n".encode("cp1252"))
    with open_source(path) as source:
        assert len(list(source.rows())) == 4
        assert source.where(1).endswith("line 5")
        assert "cp1252" in source.notes[0]


@pytest.mark.parametrize(
    "line", ["a" + " " * 200_000, "[" * 200_000, "a:" * 100_000, "-" * 200_000, " \t" * 100_000 + ":"]
)
def test_long_lines_take_no_time(line) -> None:
    find_prefix(line, numbered=True)

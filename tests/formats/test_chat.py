"""CHAT: read as its manual means it, written back with nothing changed but what is added."""

from __future__ import annotations

import re
from pathlib import Path

import pylangacq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError, FormatError, InputError
from changetalk.formats import open_sink, open_source
from changetalk.formats.chat_words import spoken, times
from changetalk.frames import ADDED

FIXTURE = Path(__file__).parent / "fixtures" / "session.cha"
HEAD = "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tTHE Therapist, CLI Client Participant\n"
TALK = HEAD + "*THE:\tso ?\n*CLI:\tI want to .\n@End\n"


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


def without_labels(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)  # of bytes: at LF, CR and CRLF, as CHAT's lines
    return b"".join(line for line in lines if not line.startswith((b"%xct:", b"@Comment:\t%xct:")))


def test_the_fixture(read):
    columns, rows = read(FIXTURE)
    assert columns == ("speaker", "start", "end", "text", "tier", "%wor", "%mor", "%com", "%act")
    assert [row[:5] for row in rows] == [
        ["Therapist", 0.78, 2.34, "how was the the week?", "THE"],
        ["Participant", 2.4, 5.12, "um I want I want to stop, na\u00efve as that is.", "CLI"],
        ["Participant", None, None, "", "CLI"],
        ["Therapist", None, None, "hard and long.", "THE"],
        ["Participant", 6.1, 9.05, "but I can't see how...", "CLI"],
    ]
    assert rows[0][5].startswith("how \u2022780_1000\u2022 was")
    assert rows[1][6].endswith("cm|cm adj|na\u00efve conj|as pro:dem|that cop|be&3S .")
    assert rows[1][7:] == ["quietly", "looks away"]
    with open_source(FIXTURE) as source:
        list(source.rows())
        assert source.notes == []
        assert source.where(1).endswith("session.cha, line 12")


def test_it_reads_what_pylangacq_reads():
    """Same participants, tiers and times; and its words, which are ours without what was retraced."""
    known = pylangacq.read_chat(str(FIXTURE))
    roles = {who.code: who.role for who in known.participants()}
    with open_source(FIXTURE) as source:
        rows = list(source.rows())
        utterances = list(source.utterances())
    for row, ours, theirs in zip(rows, utterances, known.utterances(), strict=True):
        assert row[0] == roles[theirs.participant]
        assert row[4] == theirs.participant
        assert (row[1], row[2]) == (
            tuple(t / 1000 for t in theirs.time_marks) if theirs.time_marks else (None, None)
        )
        tiers = {piece.name: piece.text for piece in ours.beside}
        assert tiers == {k: v for k, v in theirs.tiers.items() if k[0] == "%"}
        assert ours.main.text == theirs.tiers[theirs.participant]
        words = iter(re.findall(r"[\w']+", row[3]))
        assert all(token.word in words for token in theirs.tokens if token.word[0].isalnum())


MAIN_TIERS = {
    "<I want> [//] I need to stop .": "I want I need to stop.",
    "no [/] no [x 3] .": "no no.",
    "gonna [: going to] do [* m] it [+ gram] .": "gonna do it.",
    "[- spa] hola [=! laughs] you [= to me] !": "hola you!",
    "&-um &~ba &+wa water &uh .": "um ba wa- water uh.",
    "(be)cause I w(oul)d .": "because I would.",
    "ice_cream and black+bird .": "ice cream and black bird.",
    "no:: , wo:rd^s a@l wow@s:spa .": "no, words a wow.",
    "at 10:30 .": "at 10:30.",
    "&=laughs &*INV:mhm 0is (.) (..) (0.5) (1:02.3) right ?": "right?",
    "0 .": "",
    "&=nods .": "",
    "xxx .": "[inaudible]",
    "xxx you www ?": "[inaudible] you [inaudible]?",
    "+< so \u2021 and then +...": "so, and then...",
    "++ and so +//.": "and so--",
    "but I +/.": "but I--",
    "you what +!?": "you what?!",
    "who +..?": "who?",
    '+" he said +"/.': "he said.",
    "\u201cyes\u201d I said \u201e right ?": '"yes" I said, right?',
    "ha\u2308ha\u2309 <um yeah> [>] \u2191up\u2193 .": "haha um yeah up.",
    "blanket. (laughs) yes .": "blanket. (laughs) yes.",
    "so \x1512_34\x15 then . \x1534_56\x15": "so then.",
    "[[[ <<< ]]]": "",
    "": "",
}


@pytest.mark.parametrize(("tier", "words"), MAIN_TIERS.items())
def test_spoken_words(tier, words):
    assert spoken(tier) == words


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("a . \x15780_2340\x15", (0.78, 2.34)),
        ("a \x15780_900\x15 b . \x15900_2340\x15", (0.78, 2.34)),
        ('a . \x15%snd:"tape1"_780_2340\x15', (0.78, 2.34)),
        ("a . \u2022780_2340\u2022", (0.78, 2.34)),
        ('a . \x15%pic:"cat.jpg"\x15', (None, None)),
        ("a . \x15", (None, None)),
        ("a .", (None, None)),
    ],
)
def test_times(tier, expected):
    assert times(tier) == expected


@pytest.mark.parametrize(
    "tier", ["[" * 100_000, "<" * 100_000, "\x15" * 100_001, "(" * 100_000, "a_" * 50_000]
)
def test_long_tiers_take_no_time(tier):
    spoken(tier)
    times(tier)


@pytest.mark.parametrize(
    ("participants", "speakers"),
    [
        ("THE Anna Therapist, CLI Participant", ["Therapist", "Participant"]),
        ("THE Therapist,\n\tCLI Bob Patient", ["Therapist", "Patient"]),
        ("THE Participant, CLI Participant", ["THE", "CLI"]),
        ("CLI Client", ["THE", "Client"]),
        ("THE, CLI", ["THE", "CLI"]),
    ],
)
def test_roles_name_the_speakers_where_they_tell_them_apart(put, read, participants, speakers):
    talk = f"@Begin\n@Participants:\t{participants}\n*THE:\ta .\n*CLI:\tb .\n@End\n"
    assert [row[0] for row in read(put("in.cha", talk))[1]] == speakers


def test_without_header_or_end(put):
    with open_source(put("in.cha", "*PAR:\tso .\n\n*INV: \tyes .\n")) as source:
        assert [row[:4] for row in source.rows()] == [
            ["PAR", None, None, "so."],
            ["INV", None, None, "yes."],
        ]
        assert source.notes == ["does not end with @End: it may be cut off"]


def test_two_tiers_of_a_kind_are_both_kept(put, read):
    talk = "*CLI:\ta .\n%com:\tone\n%com:\ttwo\n\tand more\n*CLI:\tb .\n@End\n"
    assert [row[-1] for row in read(put("in.cha", talk))[1]] == ["one\ntwo and more", None]


def test_times_by_the_word_are_no_binary_data(put, read):
    talk = HEAD + "*CLI:\tI do . \x150_9\x15\n%wor:\t" + "I \x150_9\x15 " * 200 + ".\n@End\n"
    assert len(read(put("in.cha", talk))[1]) == 1


def test_old_encodings(put, read):
    path = put("in.cha", (HEAD + "*CLI:\tcaf\u00e9 .\n@End\n").encode("cp1252"))
    assert read(path)[1][0][3] == "caf\u00e9."
    out = labelled(path, path.with_name("out.cha"), ["change"])
    assert without_labels(out.read_bytes()) == path.read_bytes()


@pytest.mark.parametrize("content", [HEAD + "*CLI:\ta .\n@End\n", "@Begin\n*CLI:\ta .\n"])
def test_known_by_content(put, content):
    with open_source(put("in", content)) as source:
        assert source.format == "cha"
    with pytest.raises(FormatError, match=r"looks like a CHAT transcript .* rename it to \.cha"):
        open_source(put("in.txt", content))


MALFORMED = {
    "empty": ("", "is empty"),
    "no utterances": (HEAD + "@End\n", "has no utterances"),
    "plain text": ("T: so ?\nC: yes .\n", "line 1: starts with none of"),
    "text amid it": (HEAD + "*CLI:\tso .\nsecret words\n@End\n", "line 6: starts with none of"),
    "no colon": (HEAD + "*CLI\tsecret .\n@End\n", "line 5: has no colon"),
    "no colon below": (HEAD + "*CLI:\tso .\n%com secret\n@End\n", "line 6: has no colon"),
    "no code": (HEAD + "*:\tsecret .\n@End\n", "line 5: has no colon"),
    "a tier above the talk": (
        HEAD + "%com:\tsecret\n*CLI:\tso .\n@End\n",
        "line 5: is a dependent tier before",
    ),
    "continuation of nothing": ("\tsecret\n" + TALK, "line 1: goes on with a line above"),
    "two transcripts": (TALK + TALK, "holds several transcripts"),
    "a participant twice": (
        "@Begin\n@Participants:\tCLI Client, CLI Mother\n*CLI:\tso .\n@End\n",
        "line 2: names 'CLI' twice",
    ),
    "UTF-16": (TALK.encode("utf-16"), "is not in UTF-8"),
    "a recording": (b"RIFF\0\0\0\0WAVEfmt ", "sound or video recording"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "a ZIP archive"),
    "noise": (bytes(range(256)) * 20, "looks like binary data"),
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_files_say_what_is_wrong_and_not_what_was_said(put, content, message):
    path = put("in.cha", content)
    with pytest.raises(FormatError, match=re.escape(message)) as caught, open_source(path) as source:
        list(source.rows())
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_labels_are_written_below_their_utterances(tmp_path, read):
    out = labelled(FIXTURE, tmp_path / "session.cha", [None, "change", None, None, "sustain"])
    lines = out.read_text(encoding="utf-8").split("\n")
    assert lines[15:18] == ["%com:\tquietly", "%act:\tlooks away", "%xct:\tchange"]
    assert lines[20:24] == [
        "*CLI:\tbut I can't [= ability] see how +... \x156100_9050\x15",
        "%xct:\tsustain",
        "@Comment:\t%xct: client talk as labelled by tiny 1.0 (abc)",
        "@End",
    ]
    assert without_labels(out.read_bytes()) == FIXTURE.read_bytes()
    columns, rows = read(out)
    assert columns[-1] == "ct_label"
    assert [row[-1] for row in rows] == [None, "change", None, None, "sustain"]
    assert [row[:-1] for row in rows] == read(FIXTURE)[1]


def test_pylangacq_reads_what_was_written(tmp_path):
    out = labelled(FIXTURE, tmp_path / "session.cha", [None, "change", None, None, "sustain"])
    found = [u for u in pylangacq.read_chat(str(out)).utterances() if u.changeable_header is None]
    assert [u.tiers.get("%xct") for u in found] == [None, "change", None, None, "sustain"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["@End", "@End\n", "", "\n", "\n\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_all_else_is_the_same_byte_for_byte(put, end, last, mark):
    talk = HEAD + "*CLI:\tone\n\tand two .\n%com:\tx  \n\n*THE:\tso ?\n*CLI:\tI want to ."
    talk += last if last in ("", "\n", "\n\n") else f"\n{last}"
    path = put("in.cha", mark + talk.replace("\n", end).encode())
    out = labelled(path, path.with_name("out.cha"), ["change", None, "neutral"]).read_bytes()
    assert out.count(b"%xct:\t") == 2
    assert out.startswith(mark)
    # A file that does not end its last line gets that end, for there to be a line below.
    assert without_labels(out).removesuffix(end.encode()) == path.read_bytes().removesuffix(end.encode())
    assert set(re.findall(rb"\r\n|\r|\n", out)) == {end.encode()}
    with open_source(path) as before, open_source(path.with_name("out.cha")) as after:
        assert [row[:6] for row in after.rows()] == [row[:6] for row in before.rows()]


def test_a_file_is_labelled_and_analysed(tmp_path, tiny_model):
    """By the public way in: the labels are those of a table, and analyses find them."""
    from changetalk.labelled import read_labelled
    from changetalk.tables import label_file

    for kind in ("cha", "csv"):
        label_file(FIXTURE, tmp_path / kind / f"session.{kind}", model=tiny_model)
    cha, csv = (read_labelled(tmp_path / kind / f"session.{kind}") for kind in ("cha", "csv"))
    assert cha["client"].tolist() == [False, True, False, False, True]
    for column in ("speaker", "text", "label"):
        assert cha[column].tolist() == csv[column].tolist()


def test_nothing_labelled_nothing_added(tmp_path):
    out = labelled(FIXTURE, tmp_path / "out.cha", [None] * 5)
    assert out.read_bytes() == FIXTURE.read_bytes()


def test_only_into_the_file_that_the_talk_is_from(put, tmp_path):
    with (
        open_source(put("in.csv", "speaker,text\nC,a\n")) as source,
        pytest.raises(InputError, match=r"written into the CHAT file .* write \.csv"),
    ):
        open_sink(tmp_path / "out.cha", source, [*source.columns, *ADDED])
    with pytest.raises(InputError, match="written into the CHAT file"):
        open_sink(tmp_path / "out.cha", None, ["text"])


def test_all_rows_or_nothing(put, tmp_path):
    path = put("in.cha", TALK)
    with (
        open_source(path) as source,
        pytest.raises(InputError, match="got 1 rows of the 2"),
        open_sink(tmp_path / "out.cha", source, [*source.columns, *ADDED]) as sink,
    ):
        sink.write([[*next(source.rows()), *[None] * 6]])
    assert [p.name for p in tmp_path.iterdir()] == ["in.cha"]


def test_a_source_that_changes_meanwhile(put, tmp_path):
    path = put("in.cha", TALK)

    def labels_while_it_changes(sink, rows):
        with sink:
            sink.write([*row, *["change"] * 6] for row in rows)
            path.write_text(TALK + "@Comment:\tlater\n")

    with open_source(path) as source:
        sink = open_sink(tmp_path / "out.cha", source, [*source.columns, *ADDED])
        with pytest.raises(InputError, match="changed while it was read"):
            labels_while_it_changes(sink, source.rows())
    assert [p.name for p in tmp_path.iterdir()] == ["in.cha"]


PIECES = st.sampled_from(
    [
        "*CLI:\t",
        "%com:\t",
        "@Begin",
        "@End",
        "\n",
        "\r\n",
        "\t",
        "<a b> [//] ",
        "&-um ",
        "\x151_2\x15",
        "[",
        "so .\n",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES | st.text(max_size=4), max_size=30))
def test_whatever_is_in_it_it_is_read_and_written_back_or_refused(folder, pieces):
    path, out = folder / "any.cha", folder / "out.cha"
    path.write_bytes("".join(pieces).encode("utf-8", "replace"))
    try:
        with open_source(path) as source:
            rows = list(source.rows())
        assume("ct_label" not in source.columns)
        labelled(path, out, ["change"] * len(rows))
    except ChangetalkError as error:
        message = str(error)
    else:
        message = ""
    assert message.isprintable()
    if message:
        return
    assert without_labels(out.read_bytes()).rstrip(b"\r\n") == path.read_bytes().rstrip(b"\r\n")
    with open_source(out) as source:
        assert [row[-1] for row in source.rows()] == ["change"] * len(rows)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_spoken_takes_anything(text):
    said = spoken(text)
    assert said == said.strip()
    assert "\x15" not in said or text.count("\x15") % 2

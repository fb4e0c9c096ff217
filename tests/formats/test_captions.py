from __future__ import annotations

import io

import pytest
import srt
import webvtt

from changetalk.errors import FormatError
from changetalk.formats import open_source

COLUMNS = ("speaker", "start", "end", "text")

ZOOM = """WEBVTT

1
00:00:01.000 --> 00:00:04.120
Dr. Ren\u00e9e O'Neil (she/her): How did the week go?

2
00:00:04.500 --> 00:00:06.000
\u674e\u660e2 [Gast]: Not so well,
I'd say &amp; mean it.

3
00:00:07.000 --> 00:00:08.000
Note: I said that before.

4
00:00:09.000 --> 00:01:10.000
Dr. Ren\u00e9e O'Neil (she/her): Go on.

5
01:00:11.500 --> 01:00:12.000
\u674e\u660e2 [Gast]: It is 10:30: late.
"""

TEAMS = """WEBVTT

33f6a3c5-2ac9-4d3f-a0e2-4d9f3a4f1b2f/12-0
00:00:01.030 --> 00:00:04.000
<v Anna K.>I was going to &lt;really&gt;</v>

33f6a3c5-2ac9-4d3f-a0e2-4d9f3a4f1b2f/12-1
00:00:04.000 --> 00:00:05.500
<v Anna K.>stop: on Monday.</v>

33f6a3c5-2ac9-4d3f-a0e2-4d9f3a4f1b2f/15-0
00:00:06.000 --> 00:00:07.000
<v Mehta, Dr. (Clinic)>And then?</v>

33f6a3c5-2ac9-4d3f-a0e2-4d9f3a4f1b2f/16-0
00:00:07.000 --> 00:00:08.000
<v Mehta, Dr. (Clinic)>Say.</v>
"""

SRT = """1
00:00:01,000 --> 00:00:04,000
Anna: <i>I drink</i>
every day.

2
00:00:04,000 --> 00:00:05,250
Bob: Why?

3
00:00:06,000 --> 00:00:07,000
- Anna: Habit.
- Bob: I see.

4
00:00:08,000 --> 00:00:09,000
{\\an8}And it helps.
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_zoom(put, read, end) -> None:
    doctor, client = "Dr. Ren\u00e9e O'Neil (she/her)", "\u674e\u660e2 [Gast]"
    assert read(put("in.vtt", ZOOM.replace("\n", end))) == (
        COLUMNS,
        [
            [doctor, 1.0, 4.12, "How did the week go?"],
            [client, 4.5, 6.0, "Not so well, I'd say & mean it."],
            [client, 7.0, 8.0, "Note: I said that before."],
            [doctor, 9.0, 70.0, "Go on."],
            [client, 3611.5, 3612.0, "It is 10:30: late."],
        ],
    )


def test_teams_pieces_of_a_sentence_are_one_row(put, read) -> None:
    assert read(put("in.vtt", "\ufeff" + TEAMS)) == (
        COLUMNS,
        [
            ["Anna K.", 1.03, 5.5, "I was going to <really> stop: on Monday."],
            ["Mehta, Dr. (Clinic)", 6.0, 7.0, "And then?"],
            ["Mehta, Dr. (Clinic)", 7.0, 8.0, "Say."],
        ],
    )


def test_srt(put, read) -> None:
    assert read(put("in.srt", SRT)) == (
        COLUMNS,
        [
            ["Anna", 1.0, 4.0, "I drink every day."],
            ["Bob", 4.0, 5.25, "Why?"],
            ["Anna", 6.0, 7.0, "Habit."],
            ["Bob", 6.0, 7.0, "I see."],
            ["Bob", 8.0, 9.0, "And it helps."],
        ],
    )


def test_times_and_text_are_those_of_the_well_known_parsers(put, read) -> None:
    ours = [row[1:3] for row in read(put("in.vtt", ZOOM))[1]]
    theirs = webvtt.from_buffer(io.StringIO(ZOOM))
    assert ours == [
        [cue.start_in_seconds + cue.start_time.milliseconds / 1000, pytest.approx(cue.end_in_seconds, abs=1)]
        for cue in theirs
    ]
    plain = "".join(f"{i}\n00:{i:02}:01,{i:03} --> 00:{i:02}:02,000\nT: turn {i}\n\n" for i in range(1, 30))
    ours = read(put("in.srt", plain))[1]
    assert [[row[1], row[2], f"T: {row[3]}"] for row in ours] == [
        [cue.start.total_seconds(), cue.end.total_seconds(), cue.content] for cue in srt.parse(plain)
    ]


def test_notes_styles_settings_and_tags(put, read) -> None:
    text = """WEBVTT - a recording
Kind: captions

STYLE
::cue { color: red }

NOTE
made by hand --- T: no cue

00:01.000 --> 00:02.000 align:start position:0%
<v.loud Anna>I <b>want</b> <00:01.500><c.x>to</c> <laugh> go</v>
<v Bob>Oh &#39;really&#39;?</v>

last one
00:03.000 --> 00:04.000
It is: so

and more, after a blank line
"""
    assert read(put("in.vtt", text))[1] == [
        ["Anna", 1.0, 2.0, "I want to <laugh> go"],
        ["Bob", 1.0, 2.0, "Oh 'really'?"],
        ["Bob", 3.0, 4.0, "It is: so and more, after a blank line"],
    ]


def test_speech_before_anyone_is_named(put) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n\n00:02.000 --> 00:03.000\nT: yes\n"
    with open_source(put("in.vtt", text)) as source:
        assert [row[0] for row in source.rows()] == ["", "T"]
        assert "line 3" in source.notes[0]
        assert source.where(1).endswith("line 6")


@pytest.mark.parametrize("name", ["in.vtt", "in.srt"])
def test_without_speakers(put, read, name) -> None:
    text = ("WEBVTT\n\n" if name == "in.vtt" else "") + "1\n00:00:01,000 --> 00:00:02,000\nsecret talk\n"
    with pytest.raises(FormatError, match=r"no speakers found .* 'Anna: \.\.\.'") as caught:
        read(put(name, text))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ZOOM[6:].lstrip(), "line 1: does not start with WEBVTT"),
        (ZOOM.replace("WEBVTT", "WEBVTTX"), "line 1: does not start with WEBVTT"),
        ("WEBVTT\n\nNOTE nothing\n", "no captions"),
        ("WEBVTT\n\nAnna: secret\n", "line 3: expected a caption's times"),
        (ZOOM.replace("00:00:04.500 -->", "00:00:04.500 ->"), "line 8: broken or cut-off times"),
        (ZOOM.replace("00:00:04.500 -->", "00:0x:04.500 -->"), "line 8: broken or cut-off times"),
        (ZOOM.replace("00:01:10.000", "00:01:70.000"), "line 17: broken or cut-off times"),
        (ZOOM[: ZOOM.index("01:00:12")], "line 21: broken or cut-off times"),
        (ZOOM[: ZOOM.index("01:00:11") + 5], "line 20: broken or cut-off times"),
        (ZOOM[: ZOOM.index("\n01:00:11")], "line 20: broken or cut-off times"),
        (ZOOM[: ZOOM.index("\n\u674e\u660e2 [Gast]: It")], "line 21: the last caption is cut off"),
        (TEAMS[: TEAMS.index("\n00:00:07.000")], "line 15: broken or cut-off times"),
        (TEAMS[: TEAMS.index("2ac9-4d3f-a0e2-4d9f3a4f1b2f/16")], "line 15: broken or cut-off times"),
    ],
)
def test_damaged_vtt(put, read, text, says) -> None:
    with pytest.raises(FormatError) as caught:
        read(put("in.vtt", text))
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SRT[: SRT.index(",000 --> 00:00:09")], "line 15: broken or cut-off times"),
        (SRT.replace("00:00:04,000 --> 00:00:05,250", "4 seconds"), "line 6: broken or cut-off times"),
        ("Anna: hi\nBob: ho\n", "line 1: expected a caption's times"),
    ],
)
def test_damaged_srt(put, read, text, says) -> None:
    with pytest.raises(FormatError) as caught:
        read(put("in.srt", text))
    assert says in str(caught.value)

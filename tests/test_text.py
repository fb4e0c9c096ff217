"""The normaliser: one form for every transcriber's way of writing."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.text import normalise

# Pieces that real transcripts are made of, so that examples reach every rule.
PIECES = st.sampled_from(
    [
        "um", "Uh,", "uh huh", "uh-uh", "mhm", "erm...", "I", "it's-", "don\u2019t", "\u201cno\u201d", "a--b",
        "[", "]", "(", ")", "((", "<", ">", "*", "-", "\u2014", ",", ";", "...", "?", "laughs", "[laughs]",
        "(long pause)", "<i>", "</i>", "[inaudible 00:12:03]", "{", "}", "pause", "x", "xx", "12:03", "3.5",
        "\x00", "\ud800", "\u200b", "\u202e", "e\u0301", "\U0001f642", "\ufb01", "\u05e9\u05dc", "\n", "\t",
        " ", "\u00a0", "h", "m", "u",
    ]
)  # fmt: skip
transcript_like = st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join)
any_text = st.text(st.characters(exclude_categories=()), max_size=200) | transcript_like


@given(any_text)
@settings(max_examples=400)
def test_normalising_again_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once


@given(any_text)
@settings(max_examples=200)
def test_the_result_is_printable_single_spaced_and_stripped(text):
    once = normalise(text)
    assert once.isprintable()
    assert once == " ".join(once.split())
    once.encode("utf-8")


def words(text):
    return re.findall(r"\w+", text)


@given(st.lists(st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=8), max_size=12))
@settings(max_examples=200)
def test_plain_words_stay_and_none_is_invented(spoken):
    text = " ".join(spoken)
    composed = unicodedata.normalize("NFKC", text).replace("\u02bc", "'")
    allowed = {*words(composed), "uh", "huh", "mm", "hmm"}
    assert set(words(normalise(text))) <= allowed


@given(transcript_like)
@settings(max_examples=200)
def test_every_word_was_there_before_in_some_spelling(text):
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    compact = "".join(c for c in compact if c.isprintable())
    for word in words(normalise(text)):
        assert word in compact or word in {"uh", "huh", "mm", "hmm"}


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("", ""),
        ("  \n\t ", ""),
        ("[inaudible]", ""),
        ("(pause)  [00:01:02] <laugh> *sighs*", ""),
        ("I [chuckles] know", "I know"),
        ("[laughing] yes", "yes"),
        ("[I think] so", "I think so"),
        ("(I think) so", "(I think) so"),
        ("it's- it's hard", "it's it's hard"),
        ("well-known", "well-known"),
        ("wait\u2014what", "wait - what"),
        ("Um, I'm, uh, fine", "I'm, fine"),
        ("Um", "Um"),
        ("uh-uh", "uh-uh"),
        ("Uh huh.", "uh-huh."),
        ("mhm", "mm-hmm"),
        ("umbrella", "umbrella"),
        ("\u201cDon\u2019t\u201d", '"Don\'t"'),
        ("<i>really</i>", "really"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("nul\x00l", "null"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("zero\u200bwidth", "zerowidth"),
        ("e\u0301", "\u00e9"),
        ("\U0001f642", "\U0001f642"),
        ("I\u2026", "I..."),
        ("\u202eabc", "abc"),
    ],
)
def test_rules(raw, clean):
    assert normalise(raw) == clean


def test_case_and_questions_stay():
    assert normalise("Could I? MAYBE!") == "Could I? MAYBE!"


LONG = {
    "words": "I want to stop. ",
    "one word": "a",
    "fillers": "um, ",
    "filler and commas": ",;",
    "u": "u",
    "m": "m",
    "open brackets": "[",
    "marks": "[laughs] ",
    "nested marks": "(laugh",
    "unclosed marks": "[long ",
    "dots after a bracket": ".",
    "question marks": "?",
    "spaces": " ",
    "dashes": "-",
    "digits": "1",
    "nul": "\x00",
    "combining": "\u0301",
    "hebrew": "\u05d0",
    "emoji": "\U0001f642",
    "ellipses": "\u2026",
    "surrogates": "\ud800",
    "asides": "*",
    "backchannels": "uh huh ",
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("opening", ["", "um ", "[", "(", "<", "*"])
def test_a_hundred_thousand_characters_take_linear_time(kind, opening):
    """Also after an opening bracket, where a careless pattern would try again and again."""
    text = opening + (LONG[kind] * (100_000 // len(LONG[kind]) + 1))[:100_000] + "x"
    began = time.process_time()
    normalise(text)
    assert time.process_time() - began < 3


def test_deeply_nested_marks_end():
    depth = 10_000
    text = "(laugh" * depth + ")" * depth
    began = time.process_time()
    once = normalise(text)
    assert time.process_time() - began < 3
    assert normalise(once) == once

"""The one normaliser: every model reads text through it, in training and in use.

A model's manifest names the version it was trained with. Whoever changes what `normalise`
returns for any text raises `VERSION` and retrains the shipped models.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

VERSION: Final = 1

_PUNCTUATION: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
        **dict.fromkeys("\u2013\u2014\u2015", " - "),
    }
)

# What transcribers put in brackets about the recording, and not about what was said.
_MARK: Final = (
    r"(?:(?:long|short|brief|slight|nervous|softly|quietly|audible|heavy|big|deep|sound of|both|all|"
    r"client|patient|therapist|counsell?or|interviewer)\s+)*"
    r"(?:inaudible|unintelligible|indiscernible|indistinct|unclear|cross-?\s?talk|overlap(?:ping)?|"
    r"laugh(?:s|ing|ter|ed)?|chuckl(?:e|es|ing)|giggl(?:e|es|ing)|snort(?:s|ing)?|smil(?:e|es|ing)|"
    r"sigh(?:s|ing|ed)?|exhal(?:e|es|ing)|inhal(?:e|es|ing)|breath(?:s|es|ing)?|gasp(?:s|ing)?|"
    r"cough(?:s|ing)?|sniff(?:s|les|ing)?|clear(?:s|ing)? (?:his |her |their )?throat|"
    r"cr(?:y|ies|ying)|sob(?:s|bing)?|tear(?:s|ful|ing up)?|whisper(?:s|ing)?|"
    r"paus(?:e|es|ing)|silence|silent|beat|nod(?:s|ding)?|shrug(?:s|ging)?|"
    r"shak(?:es|ing) (?:his |her |their )?head|"
    r"music|noise|background noise|applause|phone rings|tape (?:ends|stops)|end of (?:tape|recording)|"
    r"blank_audio|no audio|interruption|interrupted|audio (?:cuts out|gap))"
    r"(?:\s+(?:softly|quietly|nervously|loudly|slightly|a little|speech|voices|seconds|\d+))*"
    r"|(?:at\s+)?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?|\d+\.\d+|\d+(?:\.\d+)?\s*(?:s|sec|secs|seconds)|\.++|x{2,}+|\?++"
)
# Possessive (*+), so that a bracket before 100,000 dots or spaces does not take quadratic time.
_BRACKETED_MARK: Final = re.compile(
    rf"\[\s*+(?:{_MARK})[.!?\s]*+(?:\d{{1,2}}:\d{{2}}(?::\d{{2}})?\s*+)?\]"
    rf"|<\s*+(?:/\s*+)?(?:{_MARK}|[a-z])\s*+(?:/\s*+)?>"
    rf"|\(\(?\s*+(?:{_MARK})[.!?\s]*+\)\)?"
    rf"|\*\s*+(?:{_MARK})[.!?\s]*+\*",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"[\[\]{}]|<(?=[^\W\d_])|(?<=[^\W\d_])>")
_CUT_OFF: Final = re.compile(r"(?<=\w)-+(?=[\s.,?!;:\"]|$)")
_DASHES: Final = re.compile(r"-{2,}")
_BACKCHANNEL: Final = (
    (re.compile(r"\bu+h[\s-]*hu+h\b", re.IGNORECASE), "uh-huh"),
    (re.compile(r"\bm+[\s-]*h+m+\b", re.IGNORECASE), "mm-hmm"),
)
# `uh-huh` and `uh-uh` are answers, not fillers.
_FILLER: Final = re.compile(
    r"(?<![\w'-])(?:u+h*m+|u+h+|e+r+m*|a+h+m+)(?![\w'-])[,.]*(?=\s|$|[?!,.;:-])", re.IGNORECASE
)
_LOOSE_COMMA: Final = re.compile(r"(?:^|(?<=[\s,]))[,;]+(?=\s|$)|(?<=,)\s*,+")
_MANY_COMMAS: Final = re.compile(r"([,;])[,;]{9,}")
_SPACE: Final = re.compile(r"\s+")

# Marks within marks within marks: deeper than this, brackets are noise.
_MOST_PASSES: Final = 20
_NESTING: Final = re.compile(r"[\[\](){}<>*]")


def normalise(text: str) -> str:
    """Bring a transcript's or a chat's way of writing into one form.

    In order: Unicode NFKC; control, format and unassigned characters out; curly quotes and
    dashes straight; marks about the recording out, such as ``[inaudible]``, ``<laugh>``,
    ``(pause)`` (other words in square brackets stay, without the brackets); cut-off words
    without their dash (``it's-``); back-channels spelt one way (``uh huh``, ``mhm``); the
    fillers um, uh, er, erm out, unless nothing else was said; white space single. Case,
    spelling and other punctuation stay.

    Parameters
    ----------
    text : str
        Any string.

    Returns
    -------
    str
        The normalised text, empty where nothing was said. Normalising it again changes nothing.

    Examples
    --------
    >>> normalise("Um, I\u2019m [chuckles] it's- it\u2019s hard (pause) you know\u2026")
    "I'm it's it's hard you know..."
    >>> normalise("[inaudible]")
    ''
    """
    for _ in range(_MOST_PASSES):
        result = _pass(text)
        if result == text:
            return result
        text = result  # what one pass brings together, the next may recognise
    return normalise(_NESTING.sub(" ", text))


def _pass(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PUNCTUATION)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    if not _PLAIN.search(text):
        return _without_fillers(_SPACE.sub(" ", text).strip())
    text = _BRACKETED_MARK.sub(" ", text)
    text = _BRACKETS.sub(" ", text)
    text = _DASHES.sub(" - ", text)
    text = _CUT_OFF.sub("", text)
    return _without_fillers(_SPACE.sub(" ", text).strip())


_PLAIN: Final = re.compile(r"[\[\]{}<>()*-]")


def _without_fillers(text: str) -> str:
    for pattern, spelling in _BACKCHANNEL:
        text = pattern.sub(spelling, text)
    less = _FILLER.sub("", text)
    if less == text:
        return text
    less = _LOOSE_COMMA.sub("", _MANY_COMMAS.sub(r"\1", less))
    less = _SPACE.sub(" ", less).strip()
    return less if any(c.isalnum() for c in less) else text

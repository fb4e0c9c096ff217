"""Who speaks: prefixes such as ``T:``, ``Anna K.:`` or ``P1 (00:01:02):`` at the start of a line.

Any line may start with words and a colon ("I told him: stop"). A prefix is taken for a speaker if
it looks like a name and is a well-known role (``Therapist``, ``C``, ``P1``) or starts two lines or
more. Where that leaves fewer than two speakers and every line starts like one, all of them are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST: Final = 40  # characters of a speaker's name
_MOST_WORDS: Final = 5

_TIME: Final = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,3})?"
_BRACKETED_TIME: Final = rf"(?:\[\s*{_TIME}\s*\]|\(\s*{_TIME}\s*\)|<\s*{_TIME}\s*>)"
# A name holds no sentence's punctuation; its dots, brackets and quotes are those of
# "Dr. O'Neil (she/her) [Guest 2]".
_REST: Final = r"[^:\uff1a\n\t?!;\"\u201c\u201d\u2026]"
_PREFIX: Final = re.compile(
    rf"\s*+(?:(?P<time>{_BRACKETED_TIME}|{_TIME})[\s-]*+)?"
    r"(?:[-\u2013\u2014]\s*+)?"
    rf"(?P<name>[^\W_]{_REST}{{0,{_LONGEST - 1}}}?)"
    rf"\s*+(?P<after>{_BRACKETED_TIME})?\s*+"
    r"[:\uff1a](?!//)(?P<text>.*)",
    re.DOTALL,
)
_NUMBER: Final = re.compile(r"\s*[0-9]{1,6}(?:[.)]\s*|\s+)(?=[^\W\d_]|[\[(<]?\s*[0-9]{1,2}:[0-9]{2})")

_ROLES: Final = (
    "therapist|counsell?or|clinician|provider|practitioner|psychologist|psychiatrist|doctor|dr|nurse|coach|"
    "interviewer|facilitator|moderator|social worker|helper|staff|client|patient|participant|interviewee|"
    "respondent|subject|caller|student|speaker|unknown speaker|mother|father|partner|spouse"
)
_KNOWN: Final = re.compile(
    rf"(?:the )?(?:{_ROLES}|t|c|p|th|cl|pt|co|int|ther|couns)[\s_#.-]*[0-9]{{0,3}}", re.IGNORECASE
)
_ROLE_WORD: Final = re.compile(rf"(?:{_ROLES})(?: name| id)?s?", re.IGNORECASE)

_NO_NAMES: Final = _words(
    """
    also and anyway because but example first hence hint however http https instead just last like listen look
    maybe meaning namely nb no nope note notes now ok okay or plus ps question quote reason
    remember right said
    says second see so still sure then thing things think third though thus today tomorrow warning well what
    why yeah yes yesterday
    """
)
_GREETINGS: Final = _NO_NAMES | _words("evening good hello hey hi i morning thank thanks uh um welcome")
_NOT_IN_NAMES: Final = _words(
    """
    a about am an are as asked at because been but can can't could couldn't did didn't do does don't for
    from go going gonna got had has have he he's her here him his how i i'd i'll i'm i've if is isn't it it's
    just know like me my never not on only or our said say saying says she she's should so that
    that's their
    them then there they they're thing things think this thought to told us was wasn't we we're went were what
    when where which who why will with won't would you you're your
    """
)
_ALSO_NAMES: Final = _words("an can do first he her second so third will you")
# Keys of a transcript's head that are never speakers.
_HEADERS: Final = _words(
    """
    age audio coder coding collection condition consent copyright date duration end file filename gender id
    interview language length location media note notes place project recorded recording session setting site
    source start study time title topic transcribed transcriber transcript transcription version visit
    """
)
_HEADER_TAILS: Final = frozenset(
    {"by", "date", "file", "id", "length", "name", "no", "no.", "number", "on", "time", "#"}
)


# "Anna K.  0:12", as Otter and Teams put it on a line of its own.
_HEADING: Final = re.compile(
    rf"(?P<name>[^\W_]{_REST}{{0,{_LONGEST - 1}}}?)"
    rf"(?:(?:\s\s+|\t)(?P<bare>{_TIME})|\s+(?P<time>{_BRACKETED_TIME}))"
)


@dataclass(frozen=True, slots=True)
class Prefix:
    """The start of a line that could name its speaker.

    Attributes
    ----------
    name : str
        As written.
    text : str
        What follows the colon.
    start : float or None
        A time beside the name, in seconds.
    """

    name: str
    text: str
    start: float | None = None

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.name.casefold()


@dataclass(slots=True)
class Census:
    """Counts of what lines start with, from which the speakers follow."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    timed: set[str] = field(default_factory=set)
    bare: int = 0

    def add(self, prefix: Prefix | None, line: int) -> None:
        """Count a line that has something in it."""
        if prefix is None:
            self.bare += 1
        else:
            self.counts[prefix.key] = self.counts.get(prefix.key, 0) + 1
            self.first.setdefault(prefix.key, line)
            if prefix.start is not None:
                self.timed.add(prefix.key)

    def speakers(self) -> frozenset[str]:
        """Return the keys of the prefixes that are speakers."""
        found = frozenset(key for key, count in self.counts.items() if count > 1 or is_known(key))
        return frozenset(self.counts) if len(found) < 2 and not self.bare else found

    def doubt(self, place: Callable[[int], str] = "line {}".format) -> str | None:
        """Return a note on lines that start like a speaker's but were read as speech.

        `place` says what to call a line by its number.
        """
        left = [self.first[key] for key in self.counts.keys() - self.speakers()]
        if not left:
            return None
        many = f"{len(left)} lines start" if len(left) > 1 else "1 line starts"
        return (
            f"{many} as if with a speaker's name that occurs only once ({place(min(left))}); "
            "read as what the speaker before says"
        )


def find_prefix(line: str, *, numbered: bool = False) -> Prefix | None:
    """Return the prefix of a line if it could name a speaker.

    Parameters
    ----------
    line : str
        One line of a transcript, or the text of a caption.
    numbered : bool
        Whether a line number may stand before the speaker.

    Examples
    --------
    >>> find_prefix("[00:01:02] Anna K.: Hello.")
    Prefix(name='Anna K.', text='Hello.', start=62.0)
    >>> find_prefix("I told him: stop") is None
    True
    """
    if numbered:
        line = line[match.end() :] if (match := _NUMBER.match(line)) else line
    match = _PREFIX.match(line)
    if match is None:
        return None
    name, text = match["name"].strip(), match["text"]
    if not _could_be_name(name) or (not name[0].isalpha() and text[:1].strip()):
        return None  # "10:30" is a time, while a caller's number stands before a space
    time = match["time"] or match["after"]
    return Prefix(name, text.strip(), None if time is None else seconds(time))


def find_heading(line: str) -> Prefix | None:
    """Return who speaks if the line names a speaker and a time, and holds nothing else.

    Examples
    --------
    >>> find_heading("Anna K.  0:12")
    Prefix(name='Anna K.', text='', start=12.0)
    >>> find_heading("We met at 10:30") is None
    True
    """
    match = _HEADING.fullmatch(line)
    if match is None or not _could_be_name(match["name"].strip()):
        return None
    return Prefix(match["name"].strip(), "", seconds(match["bare"] or match["time"]))


def is_known(key: str) -> bool:
    """Return whether a name is a well-known one of a speaker, such as ``Therapist``, ``C`` or ``P1``."""
    return bool(_KNOWN.fullmatch(key))


def is_header(key: str) -> bool:
    """Return whether a prefix is a key of a transcript's head, such as ``Session`` or ``Date``."""
    words = key.split()
    return is_target(key) or (
        words[0] in _HEADERS and (len(words) == 1 or words[-1] in _HEADER_TAILS or words[-1].isdecimal())
    )


def is_target(key: str) -> bool:
    """Return whether a prefix announces the session's target behaviour."""
    return bool(re.fullmatch(r"target(?:ed)?(?:[\s_-]*(?:change|behaviou?r))*", key))


def is_role(key: str) -> bool:
    """Return whether a prefix is a role that a transcript's head may give a name to."""
    return bool(_ROLE_WORD.fullmatch(key))


def seconds(time: str) -> float:
    """Return the seconds of a time such as ``1:02`` or ``[00:01:02,500]``."""
    total = 0.0
    for part in re.sub(r"[^0-9:.]", "", time.replace(",", ".")).split(":"):
        total = total * 60 + float(part)
    return total


def name_like(value: str) -> bool:
    """Return whether what follows a role in a transcript's head is a name, not a sentence."""
    words = value.split()
    return (
        0 < len(words) <= _MOST_WORDS
        and not re.search(r"[?!\u2026]$|\w{3,}[.]$", value)
        and not any(word[0].islower() or word.casefold().strip(".,") in _GREETINGS for word in words)
    )


def _could_be_name(name: str) -> bool:
    name = name.replace("\u2019", "'")
    words = name.casefold().split()
    if not 0 < len(words) <= _MOST_WORDS:
        return False
    if len(words) == 1:
        return words[0] not in _NO_NAMES
    # As a first word, "Will", "Can" or "He" may be a name; further on names have capitals.
    return not (
        words[0].rstrip(",") in (_NOT_IN_NAMES | _NO_NAMES) - _ALSO_NAMES
        or any(word == "I" or word.rstrip(",") in _NOT_IN_NAMES for word in name.split()[1:])
    )

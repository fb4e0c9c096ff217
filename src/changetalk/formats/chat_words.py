"""The words that were spoken, out of a CHAT main tier with all its codes.

Source: CHAT manual (MacWhinney, Tools for Analyzing Talk, part 1; https://doi.org/10.21415/3mhn-0z89),
chapters 8 to 10. Models read talk as people write it down, so what was not said goes (codes,
explanations, events, omitted words) and what was said stays, retraced or not:

===============================================  ===============================================
``<I want> [//] I need``, ``no [/] no``          the words, without marks of retracing
``gonna [: going to]``, ``word [* m]``, ``[+ x]``  what was said; everything in square brackets goes
``&-um``, ``&~ba``, ``&+wa``                     ``um``, ``ba``, and a fragment ``wa-``
``(be)cause``, ``ice_cream``, ``no:``, ``b@l``   ``because``, ``ice cream``, ``no``, ``b``
``&=laughs``, ``&*INV:mhm``, ``0is``, ``0``, ``(.)``  nothing
``xxx``, ``yyy``, ``www``                        ``[inaudible]``
``+...``, ``+/.``, ``+//.``                      ``...``, ``--``, ``--``; the other terminators are
                                                 ``.``, ``?`` and ``!``
===============================================  ===============================================
"""

from __future__ import annotations

import re
from typing import Final

#: Between two U+0015, or bullets in text that was copied: from when to when, in milliseconds.
_BULLET: Final = re.compile("[\x15\u2022]([^\x15\u2022]*)[\x15\u2022]")
_TIMES: Final = re.compile(r"(?:^|[_\s\"])([0-9]{1,9})_([0-9]{1,9})(?![0-9])")

_CODE: Final = re.compile(r"\[[^\[\]]*+\]")
_PAUSE: Final = re.compile(r"\((?:\.{1,3}|[0-9]*:?[0-9]*\.?[0-9]*)\)")
_TERMINATORS: Final = {
    ".": ".",
    "?": "?",
    "!": "!",
    "+...": "...",
    "+..?": "?",
    "+!?": "?!",
    "+/.": "--",
    "+/?": "?",
    "+//.": "--",
    "+//?": "?",
    '+"/.': ".",
    '+".': ".",
    "+.": "",
}
_LINKERS: Final = frozenset({"++", "+<", "+^", '+"', "+,", "+\u224b", "+\u2248"})
_COMMAS: Final = {",": ",", ";": ";", "\u2021": ",", "\u201e": ","}
_NOT_SAID: Final = ("&=", "&*", "&{", "&}")
_UNCLEAR: Final = frozenset({"xxx", "yyy", "www"})
# Brackets of groups and shortenings; lengthening, blocking, stress, pitch, pace and overlap.
_MARKS: Final = re.compile(
    "[()<>\\[\\]^~\u02c8\u02cc\u2191\u2193\u21d7\u2197\u2192\u2198\u21d8\u221e\u224b\u2248\u2261\u2219"
    "\u2308\u2309\u230a\u230b\u2206\u2207\u204e\u2047\u00b0\u25c9\u2581\u2594\u263a\u222c\u03ab\u2260]"
    "|(?<![0-9]):|:(?![0-9])"
)
_WHOLE: Final = re.compile(r"\([^()]+\)")
_INSIDE: Final = re.compile(r"(?<=\w)[_+](?=\w)")


def times(tier: str) -> tuple[float | None, float | None]:
    r"""Return the seconds from and to which a main tier's bullets reach; None without any.

    Examples
    --------
    >>> times("no . \x1512500_14200\x15")
    (12.5, 14.2)
    """
    found = [match for bullet in _BULLET.finditer(tier) if (match := _TIMES.search(bullet[1]))]
    return (int(found[0][1]) / 1000, int(found[-1][2]) / 1000) if found else (None, None)


def spoken(tier: str) -> str:
    r"""Return the words of a main tier as they were spoken.

    Parameters
    ----------
    tier : str
        What stands after the speaker's code, continuation lines joined by spaces.

    Returns
    -------
    str
        Empty where nothing was said.

    Examples
    --------
    >>> spoken("<I wan(t)> [//] &-um I need (.) to sto:p [!] , &=sighs you know ? \x151_900\x15")
    'I want um I need to stop, you know?'
    """
    words: list[str] = []
    said = False  # a word and not only something inaudible
    for token in _CODE.sub(" ", _BULLET.sub(" ", tier)).split():
        mark = _TERMINATORS.get(token, _COMMAS.get(token))
        if mark is not None:
            if said:
                words[-1] += mark
        elif word := _word(token):
            words.append(word)
            said = said or word != "[inaudible]"
    return " ".join(words)


def _word(token: str) -> str:
    """Return what was said of a token that is no punctuation mark."""
    token = token.strip("<>") if token not in _LINKERS else ""
    if token.startswith(_NOT_SAID) or _PAUSE.fullmatch(token) or token == "0":
        return ""
    if token[:1] == "0" and token[1:2].isalpha():
        return ""
    fragment = token.startswith("&+")
    token = token.removeprefix("&").lstrip("-+~") if token[:1] == "&" else token
    token = token[:1] + token[1:].partition("@")[0]
    if not _WHOLE.fullmatch(token):  # no shortening, but a remark in brackets, which models know
        token = _INSIDE.sub(" ", _MARKS.sub("", token)).strip("_ ")
    if token in _UNCLEAR:
        return "[inaudible]"
    token = token.replace("\u201c", '"').replace("\u201d", '"')
    return f"{token}-" if fragment and token else token

"""The three labels, the MISC codes, and what maps to what.

Sources: MISC 2.1 (Miller, Moyers, Ernst & Amrhein 2008), MISC 2.5 (Houck et al. 2010).
"""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

Label = Literal["change", "neutral", "sustain"]

CHANGE: Final = "change"
NEUTRAL: Final = "neutral"
SUSTAIN: Final = "sustain"

#: The labels in the order of every probability column, which is alphabetical.
LABELS: Final[tuple[Label, ...]] = get_args(Label)

#: MISC client codes that carry a valence, `+` toward change or `-` toward the status quo.
MISC_CODES: Final[dict[str, str]] = {
    "D": "desire",
    "A": "ability",
    "R": "reason",
    "N": "need",
    "C": "commitment",
    "AC": "activation",
    "TS": "taking steps",
    "O": "other",
}

#: Each MISC code with each valence, in the order of every column of codes: D+, D-, A+, ...
VALENCED_CODES: Final = tuple(f"{code}{valence}" for code in MISC_CODES for valence in "+-")

#: The MISC code without valence: neither toward nor away from change.
FOLLOW_NEUTRAL: Final = "FN"

_CODE = re.compile(rf"(?:{'|'.join(sorted([*MISC_CODES, 'AB'], key=len, reverse=True))})([+-])")

_WORDS: Final[dict[str, Label]] = {
    **dict.fromkeys(("change", "change talk", "ct", "+", "positive", "1"), "change"),
    **dict.fromkeys(("sustain", "sustain talk", "st", "-", "negative", "-1"), "sustain"),
    **dict.fromkeys(("counter change talk", "counterchange talk", "cct"), "sustain"),
    **dict.fromkeys(("neutral", "neutral talk", "nt", "n", "0"), "neutral"),
    **dict.fromkeys(("follow neutral", "follow/neutral", "fn", "f"), "neutral"),
}


def parse_codes(text: str) -> tuple[str, ...]:
    """Split a cell of MISC codes, such as ``"R-,O+"``, into its codes.

    Parameters
    ----------
    text : str
        Codes separated by semicolons, commas, slashes or spaces, the dominant one first. A
        hyphen, en dash or minus sign marks the valence; ``AB`` is read as ``A``.

    Returns
    -------
    tuple of str
        The codes in order, such as ``("R-", "O+")``.

    Raises
    ------
    ValueError
        If a part is neither ``FN`` nor a MISC client code with its valence.

    Examples
    --------
    >>> parse_codes("R-, O+")
    ('R-', 'O+')
    """
    codes = []
    for part in re.split(r"[;,/\s]+", text.replace("\u2212", "-").replace("\u2013", "-").strip()):
        code = part.upper()
        if code == FOLLOW_NEUTRAL:
            codes.append(code)
        elif _CODE.fullmatch(code):
            codes.append(code.replace("AB", "A"))
        else:
            raise ValueError(f"{part!r} is not a MISC client code (such as R+, C-, FN)")
    return tuple(codes)


def label_of_codes(codes: tuple[str, ...]) -> Label:
    """Return the label that a turn with these MISC codes has.

    Any code with a valence trumps FN; where a turn holds both valences, the first code with
    one, the dominant, decides (MISC 2.1, section on client behaviour counts).

    Examples
    --------
    >>> label_of_codes(("FN", "R-", "O+"))
    'sustain'
    """
    for code in codes:
        if code.endswith("+"):
            return "change"
        if code.endswith("-"):
            return "sustain"
    return "neutral"


def parse_label(value: object) -> Label:
    """Read one of the many ways in which labs write a client-talk label.

    Parameters
    ----------
    value : object
        A label (``"change"``, ``"Sustain Talk"``, ``"CT"``, ``"ST"``, ``"+"``, ``-1``) or MISC
        codes with valence (``"R+"``, ``"C-; R+"``, ``"FN"``). Upper and lower case are alike.

    Returns
    -------
    {'change', 'neutral', 'sustain'}

    Raises
    ------
    ValueError
        If the value is none of these.

    Examples
    --------
    >>> [parse_label(v) for v in ("CT", "Sustain talk", "FN", "R+", -1)]
    ['change', 'sustain', 'neutral', 'change', 'sustain']
    """
    word = re.sub(r"[\s_]+", " ", str(value).strip().lower().replace("\u2212", "-").replace("\u2013", "-"))
    word = re.sub(r"^(-?\d)\.0$", r"\1", word)  # 1.0 is how a numeric column writes 1
    if word in _WORDS:
        return _WORDS[word]
    try:
        return label_of_codes(parse_codes(word))
    except ValueError:
        # A longer value may be talk, from the wrong column, and messages do not quote talk.
        shown = str(value)
        brief = len(shown) <= 24 and len(shown.split()) <= 2
        shown = repr(shown) if brief else f"a text of {len(shown)} characters"
        raise ValueError(
            f"{shown} is not a client-talk label; use change, neutral or sustain "
            "(also CT, FN, ST, +, 0, -) or MISC codes with their valence, such as R+"
        ) from None

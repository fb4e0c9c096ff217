"""HTML that cannot be broken by what it shows: text is escaped unless it is markup already."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from typing import Final

_VOID: Final = frozenset({"br", "link", "meta"})

# What HTML allows in no document (controls, lone surrogates, noncharacters of the first plane).
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

#: What stands for a value that does not exist.
MISSING: Final = "\N{EN DASH}"


class Html(str):
    """Markup: the only text that `tag` does not escape."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Return text as markup that shows it, in an element or in an attribute.

    Examples
    --------
    >>> escape('<script>"&')
    '&lt;script&gt;&quot;&amp;'
    """
    return Html(html.escape(_NOT_TEXT.sub("\ufffd", text)))


def joined(parts: Iterable[str]) -> Html:
    """Return parts one after the other; those that are not markup are escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def tag(name: str, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        The element's name.
    *children : str
        What it holds: markup as it is, other text escaped.
    **attributes
        ``class_`` is written ``class``, ``aria_label`` ``aria-label``. None and False leave an
        attribute out, True gives it without a value; numbers get at most two decimals.

    Examples
    --------
    >>> tag("p", "1 < 2", tag("br"), class_="sum", hidden=False)
    '<p class="sum">1 &lt; 2<br></p>'
    """
    head = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        head += f" {key.rstrip('_').replace('_', '-')}"
        if value is not True:
            head += f'="{escape(value if isinstance(value, str) else f"{round(value, 2):g}")}"'
    return Html(f"<{head}>" if name in _VOID else f"<{head}>{joined(children)}</{name}>")


def number(value: object, decimals: int = 2) -> str:
    """Return a measure as readers of journals expect it: counts whole, a true minus, a dash if missing.

    Examples
    --------
    >>> number(3), number(0.456), number(float("nan")) == MISSING
    ('3', '0.46', True)
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, float) and math.isinf(value):
        return "\N{INFINITY}"
    if isinstance(value, float):
        value = f"{value:.{decimals}f}"
        value = value.lstrip("-") if float(value) == 0 else value
    return str(value).replace("-", "\N{MINUS SIGN}")

"""The colours and shapes of the labels, the same in pages and in plots.

Change is blue and sustain orange-red, after Okabe & Ito (2008), "Color Universal Design", darkened
or lightened until text in them can be read; what is neutral is grey. Nothing is told by colour
alone: change has a triangle that points up, neutral a circle, sustain a triangle that points down.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from changetalk.labels import CHANGE, NEUTRAL, SUSTAIN, Label


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a page, as ``#rrggbb``.

    Attributes
    ----------
    paper, panel : str
        Grounds: the page's, and that of boxes on it.
    ink, quiet : str
        Text, and text of less weight.
    line, edge : str
        Lines that only part things, and borders of what can be pressed.
    change, neutral, sustain : str
        Text, lines and shapes of each label.
    change_tint, neutral_tint, sustain_tint : str
        The ground of an utterance with that label.
    """

    paper: str
    panel: str
    ink: str
    quiet: str
    line: str
    edge: str
    change: str
    neutral: str
    sustain: str
    change_tint: str
    neutral_tint: str
    sustain_tint: str

    def css(self) -> str:
        """Return the colours as CSS custom properties."""
        return "".join(f"--{f.name.replace('_', '-')}:{getattr(self, f.name)};" for f in fields(self))


LIGHT: Final = Theme(
    paper="#ffffff",
    panel="#f5f7f9",
    ink="#1b1f24",
    quiet="#565f69",
    line="#d5dbe1",
    edge="#7d8792",
    change="#00639c",
    neutral="#565f69",
    sustain="#a63f00",
    change_tint="#e6f1f9",
    neutral_tint="#f3f5f7",
    sustain_tint="#fcefe7",
)

DARK: Final = Theme(
    paper="#14181d",
    panel="#1c2229",
    ink="#e6e9ed",
    quiet="#a5aeb8",
    line="#38414b",
    edge="#77828e",
    change="#6cb8ee",
    neutral="#a5aeb8",
    sustain="#f59a5a",
    change_tint="#14293a",
    neutral_tint="#1f252c",
    sustain_tint="#382213",
)

#: The shape of each label, as an SVG path in a box of 16 by 16.
SHAPES: Final[dict[Label, str]] = {
    CHANGE: "M8 1.5 15 14H1Z",
    NEUTRAL: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2Z",
    SUSTAIN: "M8 14.5 1 2H15Z",
}

#: The same shapes as matplotlib names them.
MARKERS: Final[dict[Label, str]] = {CHANGE: "^", NEUTRAL: "o", SUSTAIN: "v"}

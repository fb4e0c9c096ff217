"""SRT captions: a number, the times, and the text, with ``Name:`` before who speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from changetalk.formats.captions import CaptionSource, Cue

_TAGS: Final = re.compile(r"</?(?:i|b|u|s|font(?:\s[^<>]*)?)\s*>|\{\\an?[0-9]+\}", re.IGNORECASE)


class SRTSource(CaptionSource):
    """An SRT file."""

    format = "srt"

    def _blocks(self) -> Iterator[list[tuple[int, str]]]:
        return self._paragraphs()

    def _voiced(self, cue: Cue) -> Iterator[tuple[str, str]]:
        return (("", _TAGS.sub("", line).strip()) for line in cue.text)

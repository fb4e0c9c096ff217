"""WebVTT captions as Zoom (``Name: text``) and Teams (``<v Name>text</v>``) write them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from changetalk.errors import FormatError
from changetalk.formats.captions import CaptionSource, Cue, Part

_HEADER: Final = re.compile(r"WEBVTT(?=\s|$)")
_NOT_A_CUE: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?=\s|$)")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]*)>", re.IGNORECASE)
# Tags that the format knows; anything else in angle brackets was said or noted by someone.
_TAGS: Final = re.compile(r"</?(?:c|i|b|u|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<[0-9]+:[0-9:.]+>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,32});")
#: Teams cuts a sentence over cues named `<uuid>/12-0`, `<uuid>/12-1`.
_PIECE: Final = re.compile(r"(.+/[0-9]+)-[0-9]+")


class VTTSource(CaptionSource):
    """A WebVTT file. Cues that are pieces of one sentence, by their names, are one row."""

    format = "vtt"

    def _blocks(self) -> Iterator[list[tuple[int, str]]]:
        blocks = self._paragraphs()
        head = next(blocks)
        number, first = head[0]
        if not _HEADER.match(first):
            raise FormatError(
                f"{self.name}, line {number}: does not start with WEBVTT; export it as WebVTT again"
            )
        # Some programs leave out the blank line between the header and the first cue.
        arrow = next((index for index, (_, text) in enumerate(head) if "-->" in text), None)
        if arrow is not None:
            yield head[max(arrow - 1, 1) :] if arrow > 1 else head[1:]
        for block in blocks:
            if not (_NOT_A_CUE.match(block[0][1]) and not any("-->" in text for _, text in block[1:2])):
                yield block

    def _voiced(self, cue: Cue) -> Iterator[tuple[str, str]]:
        # A tag may be open over several lines.
        pieces = _VOICE.split("\n".join(cue.text))
        for voice, text in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            name = " ".join(_plain(voice).split())
            for line in text.split("\n"):
                said = _plain(_TAGS.sub("", line)).strip()
                if said or name:
                    yield name, said

    def _parts(self) -> Iterator[Part]:
        waiting: Part | None = None
        stem = ""
        for part in super()._parts():
            piece = _PIECE.fullmatch(part.cue.name)
            same = piece is not None and piece[1] == stem
            if waiting is not None and same and part.speaker == waiting.speaker:
                waiting.text = f"{waiting.text} {part.text}".strip()
                waiting.cue.end = max(waiting.cue.end, part.cue.end)
                continue
            if waiting is not None:
                yield waiting
            waiting, stem = part, piece[1] if piece else ""
        if waiting is not None:
            yield waiting


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text)

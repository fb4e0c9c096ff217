"""Captions: cues of a WebVTT or SRT file, and who speaks in them.

The two formats share one small reader. `webvtt-py` and `srt`, against which it is tested, leave out
what they cannot read or quote it in their errors, and give no line numbers; here nothing said may be
lost, and no message may quote it.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changetalk.errors import FormatError
from changetalk.formats.base import Source
from changetalk.formats.encoding import text_encoding
from changetalk.formats.speakers import Census, find_prefix, seconds

_STAMP: Final = r"(?:[0-9]{1,4}:)?[0-5]?[0-9]:[0-5]?[0-9][.,][0-9]{1,3}"
_TIMING: Final = re.compile(rf"\s*({_STAMP})\s*-->\s*({_STAMP})(?:\s.*)?$", re.DOTALL)
# The name of a cue as Teams writes it, or the beginning of one.
_CUE_NAME: Final = r"[0-9a-f]{8}(?:-[0-9a-f/-]*)?\s*$"
# What a timing looks like that was cut off or miswritten: text goes on where none of this stands.
_BROKEN: Final = re.compile(rf"->|^\s*(?:{_STAMP}|[0-9:.,]+\s*$|{_CUE_NAME})")


@dataclass(slots=True)
class Cue:
    """A caption: what is shown, from when to when.

    Attributes
    ----------
    line : int
        Where it starts in the file, its timing line.
    name : str
        The line above the timing, which numbers or names the cue; empty without one.
    start, end : float
        Seconds.
    text : list of str
        Its lines.
    """

    line: int
    name: str
    start: float
    end: float
    text: list[str]


@dataclass(slots=True)
class Part:
    """A piece of a cue by one speaker; an empty `speaker` is whoever spoke before."""

    cue: Cue
    speaker: str
    text: str


class CaptionSource(Source):
    """Captions as rows of ``speaker``, ``start``, ``end`` and ``text``.

    A cue is a row, or several where several people speak in it. A cue that names nobody goes on
    with the speaker before. A cue's lines are joined by a space.
    """

    columns = ("speaker", "start", "end", "text")

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        self._encoding = encoding.name
        if encoding.note:
            self.notes.append(encoding.note)
        census = Census()
        self._voices = cues = 0
        for cue in self._cues():
            cues += 1
            for voice, text in self._voiced(cue):
                self._voices += bool(voice)
                if text:
                    census.add(find_prefix(text), cue.line)
        if not cues:
            raise FormatError(f"{name}: has no captions in it; export it again")
        # Where the file says who speaks, a colon in the text is only a colon.
        self._speakers = frozenset() if self._voices else census.speakers()
        if not self._voices and not self._speakers:
            raise FormatError(
                f"{name}: no speakers found in its captions; export it with speaker names, or start captions "
                "with who speaks, such as 'Anna: ...'"
            )
        first = next(self._parts())
        if not first.speaker:
            self.notes.append(
                f"the captions from line {first.cue.line} on name no speaker until one is named"
            )
        doubt = None if self._voices else census.doubt()
        if doubt:
            self.notes.append(doubt)

    @abstractmethod
    def _blocks(self) -> Iterator[list[tuple[int, str]]]:
        """Give the paragraphs that may hold cues or go on with them, as lines with their numbers."""

    @abstractmethod
    def _voiced(self, cue: Cue) -> Iterator[tuple[str, str]]:
        """Give a cue's pieces: the speaker a tag names (or nothing), and a line of text."""

    def _paragraphs(self) -> Iterator[list[tuple[int, str]]]:
        """Give the runs of lines between blank lines, each line with its number."""
        block: list[tuple[int, str]] = []
        with open(self.path, encoding=self._encoding) as file:
            for number, line in enumerate(file, 1):
                text = line.rstrip("\n")
                if text.strip():
                    block.append((number, text))
                elif block:
                    yield block
                    block = []
        if block:
            yield block

    def _cues(self) -> Iterator[Cue]:
        """Give the cues. A paragraph without a timing goes on with the cue above."""
        cue: Cue | None = None
        for block in self._blocks():
            name = ""
            inside = False  # below a timing of this paragraph
            for index, (number, text) in enumerate(block):
                timing = _TIMING.match(text)
                if timing:
                    if cue is not None:
                        yield cue
                    cue = Cue(number, name, seconds(timing[1]), seconds(timing[2]), [])
                    name, inside = "", True
                elif self._names_a_cue(block, index):
                    name = text.strip()
                elif cue is None:
                    raise FormatError(
                        f"{self.name}, line {number}: expected a caption's times "
                        "(00:00:01.000 --> 00:00:04.000); export it again"
                    )
                elif "-->" in text or (not inside and index < 2 and _BROKEN.search(text)):
                    number = _timing_line(block[index : index + 2])  # noqa: PLW2901
                    raise FormatError(
                        f"{self.name}, line {number}: broken or cut-off times of a caption; export it again"
                    )
                else:
                    cue.text.append(text.strip())
        if cue is not None:
            if not cue.text:
                raise FormatError(
                    f"{self.name}, line {cue.line}: the last caption is cut off; export it again"
                )
            yield cue

    @staticmethod
    def _names_a_cue(block: list[tuple[int, str]], index: int) -> bool:
        """Return whether this line names the cue below; amid text only a number does."""
        below = index + 1 < len(block) and _TIMING.match(block[index + 1][1])
        return bool(below) and (index == 0 or block[index][1].strip().isdecimal())

    def _parts(self) -> Iterator[Part]:
        speaker = ""
        for cue in self._cues():
            part: Part | None = None
            for voice, text in self._voiced(cue):
                prefix = find_prefix(text)
                name = voice
                if prefix is not None and prefix.key in self._speakers:
                    name, text = prefix.name, prefix.text  # noqa: PLW2901
                if part is not None and name in ("", part.speaker):
                    part.text = f"{part.text} {text}".strip()
                    continue
                if part is not None:
                    yield part
                speaker = name or speaker
                part = Part(cue, speaker, text)
            yield part or Part(cue, speaker, "")

    def _rows(self) -> Iterator[list[object]]:
        for part in self._parts():
            self._at_line(part.cue.line)
            yield [part.speaker, part.cue.start, part.cue.end, part.text]


def _timing_line(lines: list[tuple[int, str]]) -> int:
    """Return the number of the line that was meant to be a timing: the first, or the one below its name."""
    meant = (number for number, text in lines if "->" in text or re.match(rf"\s*{_STAMP}", text))
    return next(meant, lines[0][0])

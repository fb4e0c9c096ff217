"""CHAT transcripts (.cha) of CLAN and TalkBank; labels are written back as dependent tiers ``%xct``.

Source: CHAT manual (MacWhinney, Tools for Analyzing Talk, part 1; https://doi.org/10.21415/3mhn-0z89).
The reader is ours: `pylangacq`, which tests compare it with, leaves out retraced words, refuses what
CHECK would refuse, and does not say where in the file an utterance stands, which writing back needs.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from changetalk.errors import FormatError
from changetalk.formats.base import LABEL
from changetalk.formats.chat_words import spoken, times
from changetalk.formats.encoding import text_encoding
from changetalk.formats.write_back import MarkedSource, WriteBackSink

#: The dependent tier of labels; the ``x`` is for tiers that the manual does not define.
TIER: Final = "%xct"
_OWN: Final = ("speaker", "start", "end", "text", "tier")
_TIER: Final = re.compile(r"([*%][^\s:]+):[ \t]*(.*)", re.DOTALL)
_HEADER: Final = re.compile(r"(@[^\t:]*):?[ \t]*(.*)", re.DOTALL)


@dataclass(slots=True)
class Piece:
    """A header, main tier or dependent tier: its name with its first sign, and its text.

    `line` is where it starts, `last` where it ends, continuation lines included.
    """

    line: int
    last: int
    name: str
    text: str


@dataclass(slots=True)
class Utterance:
    """A main tier with the dependent tiers below it."""

    main: Piece
    beside: list[Piece] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The number of its last line."""
        return self.beside[-1].last if self.beside else self.main.last


class ChatSource(MarkedSource):
    """A CHAT transcript: a row a main tier.

    The speaker is the role that ``@Participants`` gives, such as ``Client``, or the code, such as
    ``PAR0``, where several have that role or the code is not listed. The columns are ``speaker``,
    ``start`` and ``end`` (seconds, from the bullets), ``text`` (the words spoken, see
    `changetalk.formats.chat_words`), ``tier`` (the code) and one for each kind of dependent tier,
    named as there, ``%com``; a label that was written back is in ``ct_label``.
    """

    format = "cha"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        if encoding.name.startswith(("utf-16", "utf-32")):
            raise FormatError(f"{name}: is not in UTF-8, as CHAT is; save it as UTF-8")
        if encoding.note:
            self.notes.append(encoding.note)
        self.encoding = encoding.name
        names: dict[str, None] = {}
        roles: dict[str, str] = {}
        headers: Counter[str] = Counter()
        spoke = False
        for piece in self._pieces():
            if piece.name == "@Participants":
                roles |= self._roles(piece)
            if piece.name[0] == "@":
                headers[piece.name] += 1
            elif piece.name[0] == "%":
                names[piece.name] = None
            else:
                spoke = True
        if headers["@Begin"] > 1:
            raise FormatError(
                f"{name}: holds several transcripts (@Begin twice); put each in a file of its own"
            )
        if not spoke:
            raise FormatError(f"{name}: has no utterances; lines of talk start with '*', as in '*CLI:'")
        if not headers["@End"]:
            self.notes.append("does not end with @End: it may be cut off")
        shared = Counter(roles.values())
        self._speakers = {code: role if shared[role] == 1 else code for code, role in roles.items()}
        self._beside = tuple(names)
        self.columns = (*_OWN, *(LABEL if name == TIER else name for name in names))

    def utterances(self) -> Iterator[Utterance]:
        """Give the main tiers with what belongs to them."""
        found: Utterance | None = None
        for piece in self._pieces():
            if piece.name[0] == "*":
                if found is not None:
                    yield found
                found = Utterance(piece)
            elif piece.name[0] == "%" and found is not None:
                found.beside.append(piece)
        if found is not None:
            yield found

    def _pieces(self) -> Iterator[Piece]:
        with open(self.path, encoding=self.encoding, newline="") as file:
            yield from self._pieces_of(file)

    def _pieces_of(self, lines: Iterable[str]) -> Iterator[Piece]:
        piece: Piece | None = None
        talked = False
        for number, line in enumerate(lines, 1):
            text = line.rstrip()
            if not text:
                continue
            if text[0] in "\t ":
                if piece is None:
                    raise self._error(number, "goes on with a line above, but there is none")
                piece.text = f"{piece.text} {text.strip()}".strip()
                piece.last = number
                continue
            if piece is not None:
                yield piece
            found = (_HEADER if text[0] == "@" else _TIER).fullmatch(text)
            if found is None:
                what = "has no colon after the tier's name" if text[0] in "*%" else "starts with none of @*%"
                raise self._error(number, f"{what}; a line that goes on with the one above starts with a tab")
            if text[0] == "%" and not talked:
                raise self._error(number, "is a dependent tier before the first utterance; put it below one")
            talked = talked or text[0] == "*"
            piece = Piece(number, number, found[1].rstrip(), found[2].strip())
        if piece is not None:
            yield piece

    def _roles(self, piece: Piece) -> dict[str, str]:
        """Return the role of each code in a line such as ``CLI Anna Client, THE Therapist``."""
        roles: dict[str, str] = {}
        for entry in piece.text.split(","):
            words = entry.split()
            if not words:
                continue
            if words[0] in roles:
                raise self._error(piece.line, f"names {words[0][:20]!r} twice; name each participant once")
            roles[words[0]] = words[-1]
        return roles

    def _rows(self) -> Iterator[list[object]]:
        for utterance in self.utterances():
            self._at_line(utterance.main.line)
            code = utterance.main.name[1:]
            cells: dict[str, str] = {}
            for piece in utterance.beside:
                above = cells.get(piece.name)
                shown = piece.text.replace("\x15", "\u2022")  # as CLAN shows times
                cells[piece.name] = shown if above is None else f"{above}\n{shown}"
            text = utterance.main.text
            yield [
                self._speakers.get(code, code),
                *times(text),
                spoken(text),
                code,
                *(cells.get(name) for name in self._beside),
            ]

    def _error(self, line: int, what: str) -> FormatError:
        return FormatError(f"{self.name}, line {line}: {what}")


class ChatSink(WriteBackSink):
    """The CHAT file that the rows come from, with a tier ``%xct`` below each labelled utterance.

    A ``@Comment`` before the end names the model. All other lines stay as they were, byte for
    byte.
    """

    format = "cha"
    program = "CHAT"

    def labelled(self, content: bytes) -> bytes:
        """Return the source's bytes with the labels in them."""
        source = self._marked
        assert isinstance(source, ChatSource)
        utterances = list(source.utterances())
        labels = self.labels_of(len(utterances))
        below = {u.last: f"{TIER}:\t{label}" for u, label in zip(utterances, labels, strict=True) if label}
        if below and self._model:
            model = self._model.encode("ascii", "backslashreplace").decode("ascii")
            comment = f"@Comment:\t{TIER}: client talk as labelled by {model}"
        else:
            comment = ""
        text = io.TextIOWrapper(io.BytesIO(content), source.encoding, newline="")
        return "".join(_inserted(text, below, comment)).encode(source.encoding)


def _inserted(lines: Iterable[str], below: dict[int, str], comment: str) -> Iterator[str]:
    """Give a file's lines, with new ones below those numbered so, and the comment before ``@End``."""
    end, last = "", "\n"  # of the line above; of the last line that had one
    for number, line in enumerate(lines, 1):
        end = _end_of(line)
        last = end or last
        if comment and line.rstrip() == "@End":
            yield comment + last
            comment = ""
        yield line
        if number in below:
            yield below[number] + end if end else last + below[number]
    if comment:
        yield comment + end if end else last + comment


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]

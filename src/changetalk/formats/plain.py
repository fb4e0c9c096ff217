"""Plain text with a speaker before each turn: ``T: How are you?``, or ``Anna K.  0:12`` above it.

A line without a speaker goes on with the turn above, joined by a space; blank lines separate
nothing. What stands before the first speaker is the transcript's head.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final

from changetalk.errors import FormatError
from changetalk.formats.base import Source
from changetalk.formats.encoding import text_encoding
from changetalk.formats.speakers import (
    Census,
    Prefix,
    find_heading,
    find_prefix,
    is_header,
    is_role,
    is_target,
    name_like,
)

_HEAD: Final = 200  # lines within which a head may end


class ProseSource(Source):
    """A transcript of lines, some of which start with who speaks.

    The columns are ``speaker`` and ``text``, before them ``start`` (seconds) where times stand
    beside the speakers, and after them ``target`` where the head names the target behaviour.
    """

    _headed = False  # speakers stand on lines of their own, with a time
    _or_else: ClassVar[str] = "put speakers and text in two columns of a table"

    @abstractmethod
    def _lines_of_file(self) -> Iterator[tuple[int, str]]:
        """Give the lines, without white space around them, each with the number that messages name."""

    def _find_speakers(self) -> None:
        """Read it once, for who speaks and where the talk begins."""
        name = self.name
        head = list(islice(self._lines_of_file(), _HEAD))
        self._headed = self._has_headings()
        census = self._census(0)
        self._skip, self._target = self._read_head(head, census)
        if self._skip:
            census = self._census(self._skip)
        self._speakers = frozenset(census.counts) if self._headed else census.speakers()
        if not self._speakers:
            raise FormatError(
                f"{name}: no speakers found; start each turn with who speaks, such as 'T:' or 'Client:', "
                f"or {self._or_else}"
            )
        self._timed = not census.timed.isdisjoint(self._speakers)
        self.columns = (
            *(("start",) if self._timed else ()),
            *("speaker", "text"),
            *(("target",) if self._target else ()),
        )
        first = next(line for line, _, _ in self._turns())
        skipped = sum(1 for line, text in head if line < first and text)
        if skipped:
            self.notes.append(f"{skipped} line{'s' if skipped > 1 else ''} before the first speaker skipped")
        doubt = census.doubt(self._place)
        if doubt and not self._headed:
            self.notes.append(doubt)

    def _place(self, line: int) -> str:
        """Return what messages call a line."""
        return f"line {line}"

    def _prefix(self, line: str) -> Prefix | None:
        """Return who the line says is speaking, in the way in which this transcript says it."""
        heading = find_heading(line)
        return heading if heading is not None or self._headed else find_prefix(line, numbered=True)

    def _has_headings(self) -> bool:
        """Return whether speakers stand on lines of their own with a time, more than before a colon."""
        starts = [prefix for _, line in self._lines_of_file() if (prefix := self._prefix(line)) is not None]
        headings = sum(find_heading(line) is not None for _, line in self._lines_of_file())
        return headings > 1 and 2 * headings >= len(starts)

    def _census(self, skip: int) -> Census:
        """Count what the lines after the first `skip` start with."""
        census = Census()
        started = False  # a title before the first prefix is no line without a speaker
        for number, line in self._lines_of_file():
            if number <= skip or not line:
                continue
            prefix = self._prefix(line)
            if prefix is not None and is_header(prefix.key):
                continue
            started = started or prefix is not None
            if started:
                census.add(prefix, number)
        return census

    def _read_head(self, head: list[tuple[int, str]], census: Census) -> tuple[int, str]:
        """Return the number of the last line of the head, 0 without one, and the target.

        Lines such as "Session: 3" are of the head. A line such as "Client: Anna", which could be a
        turn, is of the head if its paragraph has one of those, or if "Client" speaks nowhere else
        and two others do.
        """
        speakers = census.speakers()
        end, target = 0, ""
        keyed = False  # the paragraph has a line that can only be the head's
        roles: list[str] = []  # the paragraph's lines such as "Client: Anna"
        for number, line in head:
            prefix = self._prefix(line)
            if prefix is not None and is_header(prefix.key):
                target = prefix.text if is_target(prefix.key) and prefix.text else target
                end, keyed, roles = number, True, []
            elif not line:
                if keyed or _names_others(roles, census):
                    end = number
                elif roles:
                    break
                keyed, roles = False, []
            elif prefix is None or prefix.key not in speakers:
                if roles:
                    break
            elif is_role(prefix.key) and name_like(prefix.text) and prefix.key not in roles:
                roles.append(prefix.key)
            else:
                return (number - 1 if _names_others(roles, census) else end), target
        return end, target

    def _turns(self) -> Iterator[tuple[int, Prefix, list[str]]]:
        """Give each turn with its first line; its lines are complete once the next one is asked for."""
        parts: list[str] = []
        for number, line in self._lines_of_file():
            if number <= self._skip or not line:
                continue
            prefix = self._prefix(line)
            if prefix is not None and prefix.key in self._speakers and not is_header(prefix.key):
                parts = [prefix.text] if prefix.text else []
                yield number, prefix, parts
            else:
                parts.append(line)

    def _rows(self) -> Iterator[list[object]]:
        waiting: tuple[int, Prefix, list[str]] | None = None
        for turn in self._turns():
            if waiting is not None:
                yield self._row(*waiting)
            waiting = turn
        if waiting is not None:
            yield self._row(*waiting)

    def _row(self, number: int, prefix: Prefix, parts: list[str]) -> list[object]:
        self._at_line(number)
        row: list[object] = [prefix.start] if self._timed else []
        return [*row, prefix.name, " ".join(parts), *([self._target] if self._target else [])]


class PlainTextSource(ProseSource):
    """A plain text transcript."""

    format = "txt"
    _or_else = "if it is a table, say which kind (--format tsv)"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        self._encoding = encoding.name
        if encoding.note:
            self.notes.append(encoding.note)
        self._find_speakers()

    def _lines_of_file(self) -> Iterator[tuple[int, str]]:
        with open(self.path, encoding=self._encoding) as file:
            for number, line in enumerate(file, 1):
                yield number, line.strip()


def _names_others(roles: list[str], census: Census) -> bool:
    """Return whether these roles speak nowhere else, and two others do."""
    return (
        bool(roles)
        and all(census.counts[role] == 1 for role in roles)
        and len(census.speakers().difference(roles)) > 1
    )

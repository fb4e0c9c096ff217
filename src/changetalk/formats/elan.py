"""ELAN files (.eaf): a tier a speaker; labels are written back as dependent tiers."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from changetalk.errors import FormatError
from changetalk.formats.base import LABEL
from changetalk.formats.elan_document import Annotation, Document, Tier
from changetalk.formats.encoding import binary_kind
from changetalk.formats.markup import quoted
from changetalk.formats.write_back import MarkedSource, WriteBackSink

_OWN: Final = ("speaker", "start", "end", "text", "tier")
_NUMBER_AT_END: Final = re.compile(rb"(?<![0-9])[0-9]{1,15}(?=\s*\Z)")
_ASSOCIATION: Final = "Symbolic_Association"


class ElanSource(MarkedSource):
    """An ELAN file: a row an annotation of an independent tier, in the order of their times.

    The speaker is the tier's participant, or the tier's name where it has none or shares it with
    another tier. The columns are ``speaker``, ``start``, ``end`` (seconds), ``text``, ``tier`` and
    one for each kind of dependent tier, named by what stands before the ``@`` in its name: the
    values that belong to the row's annotation, joined by a space.
    """

    format = "eaf"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        with open(path, "rb") as file:
            head = file.read(64)
            kind = binary_kind(head)
            if kind is not None:
                raise FormatError(f"{name}: looks like {kind[0]}; {kind[1]}")
            if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
                raise FormatError(f"{name}: is not in UTF-8, as ELAN writes it; save it from ELAN")
            if not head.strip():
                raise FormatError(f"{name}: is empty")
            file.seek(0)
            self.document = Document(file, name)
        self._talk = self.document.talk()
        if not self._talk:
            raise FormatError(f"{name}: has no annotations on an independent tier; transcribe the talk first")
        self.speakers = self._name_speakers()
        self._columns: dict[str, str] = {}  # of the kinds of dependent tiers
        self._beside = self._dependents()
        self.columns = (*_OWN, *self._columns.values())

    def annotations(self) -> list[tuple[Tier, Annotation]]:
        """Return what the rows are, in their order."""
        found = [(tier, annotation) for tier in self._talk for annotation in tier.annotations]
        found.sort(key=lambda pair: (pair[1].order, pair[1].end or pair[1].order))
        return found

    def _name_speakers(self) -> dict[str, str]:
        """Return the speaker of each tier of talk, each a name of its own."""
        shared = Counter(tier.participant for tier in self._talk)
        taken = {tier.id for tier in self._talk}
        doubtful = [tier for tier in self._talk if tier.participant and shared[tier.participant] > 1]
        if doubtful:
            self.notes.append(
                f"{len(doubtful)} tiers share their participant with another; each was read as a speaker of "
                "its own, named as the tier is"
            )

        def is_own(name: str, tier: Tier) -> bool:
            return bool(name) and shared[name] == 1 and (name == tier.id or name not in taken)

        return {
            tier.id: tier.participant if is_own(tier.participant, tier) else tier.id for tier in self._talk
        }

    def _dependents(self) -> dict[str, tuple[Tier, str]]:
        """Return the dependent tiers with their kinds, and give each kind a column."""
        found: dict[str, tuple[Tier, str]] = {}
        for tier in self.document.tiers.values():
            talk = self.document.above(tier)
            if talk is tier or talk.id not in self.speakers:
                continue
            kind, at, of = tier.id.partition("@")
            kind = kind.strip() if at and of and kind.strip() else tier.id
            found[tier.id] = talk, kind
            if kind not in self._columns:
                taken = {*_OWN, *self._columns.values()}
                names = (kind, *(f"{kind}_{n}" for n in range(2, len(taken) + 3)))
                self._columns[kind] = next(name for name in names if name not in taken)
        return found

    def _values(self) -> dict[str, dict[str, str]]:
        """Return what dependent tiers hold, by annotation of talk and column."""
        values: dict[str, dict[str, str]] = {}
        read = self.speakers.keys() | self._beside.keys()
        loose = sum(len(tier.annotations) for key, tier in self.document.tiers.items() if key not in read)
        for key, (talk, kind) in self._beside.items():
            tier = self.document.tiers[key]
            for annotation in tier.annotations:
                owner = self.document.belongs_to(annotation, tier, talk)
                if owner is None:
                    loose += 1
                    continue
                cells = values.setdefault(owner, {})
                column = self._columns[kind]
                cells[column] = f"{cells[column]} {annotation.value}" if column in cells else annotation.value
        if loose:
            self.notes.append(
                f"{loose} annotations of dependent tiers lie outside of what they should belong to; not read"
            )
        return values

    def _rows(self) -> Iterator[list[object]]:
        values = self._values()
        beside = self.columns[len(_OWN) :]
        for tier, annotation in self.annotations():
            self._at_line(annotation.line)
            cells = values.get(annotation.id, {})
            yield [
                self.speakers[tier.id],
                annotation.start,
                annotation.end,
                annotation.value,
                tier.id,
                *(cells.get(column) for column in beside),
            ]


class ElanSink(WriteBackSink):
    """The ELAN file that the rows come from, with the labels on a tier below each labelled one.

    The tier ``ct_label@SPEAKER`` is a symbolic association of the talk's tier; its annotator is the
    model. Nothing else changes but the counter from which ELAN names new annotations.
    """

    format = "eaf"
    program = "ELAN"

    def labelled(self, content: bytes) -> bytes:
        """Return the source's bytes with the labels in them."""
        source = self._marked
        assert isinstance(source, ElanSource)
        rows = source.annotations()
        labels: dict[str, list[tuple[str, str]]] = {}
        for (tier, annotation), label in zip(rows, self.labels_of(len(rows)), strict=True):
            if label is not None:
                labels.setdefault(tier.id, []).append((annotation.id, label))
        if not labels:
            return content
        document = source.document
        counter = _counter(document, content)
        first = max(document.next_id(), counter[2] + 1 if counter else 1)
        kind = next(
            name
            for name in (LABEL, *(f"{LABEL}_{n}" for n in range(2, len(document.types) + 3)))
            if document.types.get(name, _ASSOCIATION) == _ASSOCIATION
        )
        additions = [(document.place("LINGUISTIC_TYPE"), self._tiers(source, labels, kind, first))]
        if kind not in document.types:
            new = (
                f'<LINGUISTIC_TYPE CONSTRAINTS="{_ASSOCIATION}" GRAPHIC_REFERENCES="false" '
                f'LINGUISTIC_TYPE_ID="{kind}" TIME_ALIGNABLE="false"/>\n    '
            )
            additions.append((document.place("LOCALE"), new))
        if _ASSOCIATION not in document.stereotypes:
            new = (
                '<CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" '
                f'STEREOTYPE="{_ASSOCIATION}"/>\n    '
            )
            additions.append((document.place("CONTROLLED_VOCABULARY"), new))
        changes = [(at, at, text.encode("ascii", "xmlcharrefreplace")) for at, text in additions]
        if counter:
            changes.append((*counter[:2], b"%d" % (first + sum(map(len, labels.values())) - 1)))
        done = 0
        pieces: list[bytes] = []
        for start, end, added in sorted(changes, key=lambda change: change[:2]):
            pieces += [content[done:start], added]
            done = end
        return b"".join([*pieces, content[done:]])

    def _tiers(
        self, source: ElanSource, labels: dict[str, list[tuple[str, str]]], kind: str, first: int
    ) -> str:
        numbers = count(first)
        document = source.document
        parts = []
        for key, pairs in labels.items():
            name = f"{LABEL}@{source.speakers[key]}"
            if name in document.tiers:
                raise FormatError(f"{source.name}: already has a tier {name!r}; rename it first")
            tier = document.tiers[key]
            attributes = {
                "ANNOTATOR": self._model,
                "DEFAULT_LOCALE": tier.locale,
                "LINGUISTIC_TYPE_REF": kind,
                "PARENT_REF": key,
                "PARTICIPANT": tier.participant,
                "TIER_ID": name,
            }
            given = " ".join(f"{name}={quoted(value)}" for name, value in attributes.items() if value)
            parts.append(f"<TIER {given}>\n")
            parts += [
                "        <ANNOTATION>\n"
                f'            <REF_ANNOTATION ANNOTATION_ID="a{next(numbers)}" '
                f"ANNOTATION_REF={quoted(annotation)}>\n"
                f"                <ANNOTATION_VALUE>{html.escape(label)}</ANNOTATION_VALUE>\n"
                "            </REF_ANNOTATION>\n"
                "        </ANNOTATION>\n"
                for annotation, label in pairs
            ]
            parts.append("    </TIER>\n    ")
        return "".join(parts)


def _counter(document: Document, content: bytes) -> tuple[int, int, int] | None:
    """Return from where to where the number of the last annotation stands, and the number."""
    if document.last_id is None:
        return None
    start, end = document.last_id
    found = _NUMBER_AT_END.search(content[start:end])
    return found and (start + found.start(), start + found.end(), int(found[0]))

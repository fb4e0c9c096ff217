"""What is in an ELAN file: its tiers, their annotations and where in the bytes they stand.

Source: the EAF schema 3.0 and "The EAF annotation format" (The Language Archive, MPI for
Psycholinguistics). The parser is ours and small, as a row must be found again in the file's bytes
for labels to be written beside it; `pympi-ling`, which tests compare it with, writes a file anew.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final

from changetalk.errors import FormatError
from changetalk.formats.markup import Handler, read_xml

_ADVICE: Final = "open it in ELAN and save it again"
_TIME: Final = re.compile(r"[0-9]{1,12}")
_MOST_TIERS: Final = 2_000
#: What comes after the tiers, in the schema's order.
_AFTER_TIERS: Final = (
    "LINGUISTIC_TYPE",
    "LOCALE",
    "LANGUAGE",
    "CONSTRAINT",
    "CONTROLLED_VOCABULARY",
    "LEXICON_REF",
    "REF_LINK_SET",
    "EXTERNAL_REF",
)


@dataclass(slots=True)
class Annotation:
    """A piece of a tier.

    Attributes
    ----------
    id : str
    line : int
        Where it starts in the file.
    value : str
    start, end : float or None
        Seconds; None where the annotation, or that end of it, is not aligned.
    order : float
        When it starts, or when what comes before it in the file's order of times does.
    parent : str
        The annotation it belongs to; empty where it has a time of its own.
    """

    id: str
    line: int
    value: str = ""
    start: float | None = None
    end: float | None = None
    order: float = 0.0
    parent: str = ""


@dataclass(slots=True)
class Tier:
    """A tier with its annotations, in the file's order; attributes as the file names them."""

    id: str
    participant: str
    parent: str
    type: str
    locale: str
    annotations: list[Annotation] = field(default_factory=list)


class Document(Handler):
    """An ELAN file, read whole.

    Attributes
    ----------
    tiers : dict of str to Tier
        By identifier, in the file's order.
    types : dict of str to str
        The constraint of each linguistic type; empty for one of independent tiers.
    stereotypes : set of str
        The constraints that the file describes.
    places : dict of str to int
        For each kind of element that comes after the tiers, and for the document's end, the byte
        at which the first begins.
    last_id : tuple of (int, int) or None
        From where to where in the bytes the property stands from which ELAN goes on counting.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self.tiers: dict[str, Tier] = {}
        self.types: dict[str, str] = {}
        self.stereotypes: set[str] = set()
        self.places: dict[str, int] = {}
        self.last_id: tuple[int, int] | None = None
        self._slots: dict[str, tuple[float | None, float]] = {}
        self._seconds = 0.0  # of the last slot that had a time
        self._tier: Tier | None = None
        self._annotation: Annotation | None = None
        self._value: list[str] | None = None
        self._property = 0
        self._open = 0
        self._ids: dict[str, Annotation] = {}
        self._homes: dict[str, Tier] = {}  # of the annotations
        self._takers: dict[str, Callable[[dict[str, str]], None]] = {
            "HEADER": self._header,
            "PROPERTY": self._new_property,
            "TIME_SLOT": self._slot,
            "TIER": self._new_tier,
            "ALIGNABLE_ANNOTATION": self._aligned,
            "REF_ANNOTATION": self._dependent,
            "ANNOTATION_VALUE": self._new_value,
            "LINGUISTIC_TYPE": self._type,
            "CONSTRAINT": self._constraint,
        }
        read_xml(file, self, where=name, advice=_ADVICE)
        for tier in self.tiers.values():
            self._check(tier)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's attributes."""
        if not self._open and name != "ANNOTATION_DOCUMENT":
            raise FormatError(f"{self.name}: is XML but not of ELAN; give an .eaf file, or --format")
        self._open += 1
        if name in _AFTER_TIERS and self._open == 2:
            self.places.setdefault(name, self.parser.CurrentByteIndex)
        take = self._takers.get(name)
        if take is not None:
            take(attributes)

    def end(self, name: str) -> None:
        """Finish what the element held."""
        self._open -= 1
        if name == "ANNOTATION_VALUE" and self._value is not None:
            if self._annotation is not None:
                self._annotation.value = "".join(self._value)
            self._value = None
        elif name == "ANNOTATION":
            self._annotation = None
        elif name == "TIER":
            self._tier = None
        elif name == "PROPERTY" and self._property:
            self.last_id = (self._property, self.parser.CurrentByteIndex)
            self._property = 0
        elif name == "ANNOTATION_DOCUMENT" and not self._open:
            self.places[name] = self.parser.CurrentByteIndex

    def text(self, text: str) -> None:
        """Take a piece of an annotation's value."""
        if self._value is not None:
            self._value.append(text)

    def place(self, *kinds: str) -> int:
        """Return the byte before which an element belongs that comes before those of these kinds."""
        later = _AFTER_TIERS[min(map(_AFTER_TIERS.index, kinds)) :]
        return min(self.places[kind] for kind in (*later, "ANNOTATION_DOCUMENT") if kind in self.places)

    def next_id(self) -> int:
        """Return the lowest number above those of all annotations named as ELAN names them."""
        numbers = (int(found[1]) for key in self._ids if (found := re.fullmatch(r"a([0-9]{1,15})", key)))
        return max(numbers, default=0) + 1

    def talk(self) -> list[Tier]:
        """Return the tiers of talk: the independent ones, with annotations.

        A tier within another's times (``Included_In``) that is another participant's is one too,
        such as the talk of each speaker within the phases of a session.
        """
        return [tier for tier in self.tiers.values() if tier.annotations and self._is_independent(tier)]

    def above(self, tier: Tier) -> Tier:
        """Return the independent tier that this one belongs to, directly or not; itself if it is one."""
        while not self._is_independent(tier):
            tier = self.tiers[tier.parent]
        return tier

    def belongs_to(self, annotation: Annotation, tier: Tier, talk: Tier) -> str | None:
        """Return the annotation of `talk` that an annotation of a dependent tier belongs to.

        Through its references, or else by its time; None where neither leads there.
        """
        while tier is not talk:
            above = self.tiers[tier.parent]
            if annotation.parent:
                parent = self._ids[annotation.parent]
            else:
                at = bisect_right(above.annotations, annotation.order, key=lambda a: a.order) - 1
                if at < 0 or not _holds(above.annotations[at], annotation.order):
                    return None
                parent = above.annotations[at]
            annotation, tier = parent, above
        return annotation.id

    def _is_independent(self, tier: Tier) -> bool:
        if not tier.parent:
            return True
        other = tier.participant != self.tiers[tier.parent].participant
        return bool(tier.participant) and other and self.types.get(tier.type) == "Included_In"

    def _header(self, attributes: dict[str, str]) -> None:
        if attributes.get("TIME_UNITS", "milliseconds") != "milliseconds":
            raise self._error("times are in another unit than milliseconds")

    def _new_property(self, attributes: dict[str, str]) -> None:
        if attributes.get("NAME") == "lastUsedAnnotationId":
            self._property = self.parser.CurrentByteIndex

    def _type(self, attributes: dict[str, str]) -> None:
        self.types[attributes.get("LINGUISTIC_TYPE_ID", "")] = attributes.get("CONSTRAINTS", "")

    def _constraint(self, attributes: dict[str, str]) -> None:
        self.stereotypes.add(attributes.get("STEREOTYPE", ""))

    def _slot(self, attributes: dict[str, str]) -> None:
        key, time = attributes.get("TIME_SLOT_ID", ""), attributes.get("TIME_VALUE")
        if not key or key in self._slots:
            raise self._error("a time slot has no name of its own")
        if time is None:
            self._slots[key] = None, self._seconds
        elif _TIME.fullmatch(time):
            self._seconds = int(time) / 1000
            self._slots[key] = self._seconds, self._seconds
        else:
            raise self._error("a time is not a number of milliseconds")

    def _new_tier(self, attributes: dict[str, str]) -> None:
        key = attributes.get("TIER_ID", "")
        if not key or key in self.tiers:
            raise self._error("a tier has no name of its own")
        if len(self.tiers) == _MOST_TIERS:
            raise self._error(f"there are more than {_MOST_TIERS:,} tiers")
        self._tier = self.tiers[key] = Tier(
            key,
            attributes.get("PARTICIPANT", "").strip(),
            attributes.get("PARENT_REF", ""),
            attributes.get("LINGUISTIC_TYPE_REF", ""),
            attributes.get("DEFAULT_LOCALE", ""),
        )

    def _aligned(self, attributes: dict[str, str]) -> None:
        made = self._new_annotation(attributes)
        try:
            made.start, made.order = self._slots[attributes["TIME_SLOT_REF1"]]
            made.end, _ = self._slots[attributes["TIME_SLOT_REF2"]]
        except KeyError:
            raise self._error("an annotation's time slot is missing") from None

    def _dependent(self, attributes: dict[str, str]) -> None:
        made = self._new_annotation(attributes)
        made.parent = attributes.get("ANNOTATION_REF", "")
        if not made.parent:
            raise self._error("an annotation does not say which other it belongs to")

    def _new_annotation(self, attributes: dict[str, str]) -> Annotation:
        key = attributes.get("ANNOTATION_ID", "")
        if self._tier is None:
            raise self._error("an annotation stands outside of a tier")
        if not key or key in self._ids:
            raise self._error("an annotation has no name of its own")
        made = Annotation(key, self.parser.CurrentLineNumber)
        self._ids[key] = self._annotation = made
        self._homes[key] = self._tier
        self._tier.annotations.append(made)
        return made

    def _new_value(self, _: dict[str, str]) -> None:
        self._value = []

    def _check(self, tier: Tier) -> None:
        """Refuse references that lead nowhere, or round in circles."""
        seen = {tier.id}
        above = tier
        while above.parent:
            if above.parent not in self.tiers or above.parent in seen:
                raise FormatError(f"{self.name}: a tier's parent is missing, or is below the tier; {_ADVICE}")
            seen.add(above.parent)
            above = self.tiers[above.parent]
        parent = self.tiers.get(tier.parent)
        for annotation in tier.annotations:
            if annotation.parent and (parent is None or self._homes.get(annotation.parent) is not parent):
                raise FormatError(
                    f"{self.name}, line {annotation.line}: an annotation belongs to one that is not on its "
                    f"tier's parent; {_ADVICE}"
                )
        tier.annotations.sort(key=lambda annotation: annotation.order)

    def _error(self, what: str) -> FormatError:
        return FormatError(f"{self.name}, line {self.parser.CurrentLineNumber}: {what}; {_ADVICE}")


def _holds(annotation: Annotation, time: float) -> bool:
    """Return whether a time, not before the annotation's beginning, is within the annotation."""
    inside = annotation.end is None or time < annotation.end or time == annotation.order
    return inside and not annotation.parent

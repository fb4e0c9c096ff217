"""What a coder knows when reading an utterance, gathered from the rows of a session.

The one place where context is built: tables, transcripts and training data all come through
`gather`, so that a model never meets in use what it did not meet in training.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from changetalk.columns import ClientRule
from changetalk.dialogue import Transcript, Utterance
from changetalk.text import normalise

#: Context is cut to this many characters before the utterance: more was said longer ago than a
#: coder's eye goes back, and a monologue of a thousand rows would cost a thousand times itself.
MAX_CONTEXT: Final = 2000

FIELDS: Final = ("text", "before", "said", "target", "position")


@dataclass(frozen=True, slots=True)
class Batch:
    """Utterances with their context, by column; what models read.

    Attributes
    ----------
    text, before, said, target : list of str, length n
        Normalised text (see `changetalk.text.normalise`). For the meaning of each see
        `changetalk.dialogue.Utterance`.
    position : list of float, length n
        From 0 to 1; NaN where unknown.
    """

    text: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    position: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.text)

    def append(self, text: str, before: str, said: str, target: str, position: float) -> None:
        """Add one utterance; its strings must be normalised already."""
        self.text.append(text)
        self.before.append(before)
        self.said.append(said)
        self.target.append(target)
        self.position.append(position)

    def take(self, rows: Iterable[int]) -> Batch:
        """Return the utterances at these places, in that order."""
        chosen = list(rows)
        return Batch(*([getattr(self, name)[i] for i in chosen] for name in FIELDS))

    def bare(self) -> Batch:
        """Return the same utterances without their context."""
        n = len(self)
        return Batch(list(self.text), [""] * n, [""] * n, [""] * n, [math.nan] * n)

    def __add__(self, other: Batch) -> Batch:
        return Batch(*(getattr(self, name) + getattr(other, name) for name in FIELDS))

    def slices(self, size: int) -> Iterator[Batch]:
        """Yield the batch in pieces of at most `size` utterances, in order."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield Batch(*(getattr(self, name)[part] for name in FIELDS))


def batch_of(utterances: Sequence[Utterance]) -> Batch:
    """Return a batch of utterances that carry their context themselves."""
    batch = Batch()
    for u in utterances:
        position = math.nan if u.position is None else u.position
        batch.append(
            normalise(u.text),
            _cut(normalise(u.before)),
            _cut(normalise(u.said)),
            normalise(u.target),
            position,
        )
    return batch


def gather(
    texts: Sequence[str],
    speakers: Sequence[str],
    clients: frozenset[str],
    target: str | Sequence[str],
    batch: Batch,
) -> list[int]:
    """Add one session's client utterances, with their context, to a batch.

    A row in which nothing was said (nothing is left after normalising) is skipped, and counts
    neither as a turn nor as the end of one. Consecutive rows of one speaker are one turn.

    Parameters
    ----------
    texts, speakers : sequence of str, length n
        The session's rows in order.
    clients : frozenset of str
        Which speakers' rows are added.
    target : str or sequence of str of length n
        The target behaviour, of the session or of each row.
    batch : Batch
        Added to, in the order of the rows.

    Returns
    -------
    list of int
        The index within the session of each row added.
    """
    words = [normalise(text) for text in texts]
    told = [i for i, text in enumerate(words) if text]
    targets = [normalise(target)] * len(words) if isinstance(target, str) else [normalise(t) for t in target]
    last = max(len(told) - 1, 1)
    rows = []
    before, said, speaking = "", "", None
    for place, i in enumerate(told):
        if speakers[i] != speaking:
            before, said, speaking = said, "", speakers[i]
        if speakers[i] in clients:
            batch.append(words[i], before, said, targets[i], place / last)
            rows.append(i)
        # Rows may come together to what the normaliser knows, such as "uh" and "huh".
        said = _cut(normalise(f"{said} {words[i]}") if said else words[i])
    return rows


def gather_rows(
    texts: Sequence[object],
    speakers: Sequence[object] | None,
    sessions: Sequence[object] | None,
    targets: Sequence[object] | str,
    rule: ClientRule,
    *,
    where: str,
) -> tuple[Batch, list[int]]:
    """Collect the client's utterances of a table, with their context.

    Parameters
    ----------
    texts : sequence of length n
        Cells as they come: None and NaN are empty, anything else that is no string becomes one.
    speakers : sequence of length n, or None
        None where every row is the client's talk and a turn of its own.
    sessions : sequence of length n, or None
        Rows of one session need not stand together; None where the table is one session.
    targets : sequence of length n, or str
        The target behaviour by row, or one for all.
    rule : ClientRule
    where : str
        The table's name, for messages.

    Returns
    -------
    batch : Batch
        The utterances, by session in order of first appearance.
    rows : list of int
        The table's row of each.

    Raises
    ------
    ClientError
        If it is not known who the client of a session is.
    """
    words = [cell_text(value) for value in texts]
    names = None if speakers is None else [cell_text(value) for value in speakers]
    goals = targets if isinstance(targets, str) else [cell_text(value) for value in targets]
    members: dict[object, list[int]] = {}
    if sessions is None:
        members[None] = list(range(len(words)))
    else:
        for i, session in enumerate(sessions):
            members.setdefault(cell_text(session), []).append(i)

    batch = Batch()
    found: list[int] = []
    for session, rows in members.items():
        here = [words[i] for i in rows]
        goal = goals if isinstance(goals, str) else [goals[i] for i in rows]
        if names is None:
            taken = _alone(here, goal, batch)
        else:
            place = where if session is None else f"{where}, session {session!r}"
            who = [names[i] for i in rows]
            taken = gather(here, who, rule.clients(set(who), where=place), goal, batch)
        found.extend(rows[k] for k in taken)
    return batch, found


def cell_text(value: object) -> str:
    """Return a cell as text: empty for None, NaN and their kin, else as it prints."""
    if isinstance(value, str):
        return value
    # pandas' NA and NaT and the readers' MISSING go by name: importing their homes costs time.
    if value is None or type(value).__name__ in ("NAType", "NaTType", "_Missing") or value != value:
        return ""
    return str(value)


def _alone(texts: list[str], target: str | list[str], batch: Batch) -> list[int]:
    rows = []
    for i, text in enumerate(texts):
        words = normalise(text)
        if words:
            batch.append(words, "", "", normalise(target if isinstance(target, str) else target[i]), math.nan)
            rows.append(i)
    return rows


def in_context(transcript: Transcript) -> Transcript:
    """Return the transcript with every utterance's context filled in.

    Unlike a batch, utterances keep their text as it was; only the context is normalised.
    """
    batch = Batch()
    texts = [u.text for u in transcript]
    speakers = [u.speaker for u in transcript]
    rows = gather(texts, speakers, frozenset(speakers), transcript.target, batch)
    utterances = [replace(u, before="", said="", position=None) for u in transcript]
    for k, i in enumerate(rows):
        utterances[i] = replace(
            utterances[i],
            before=batch.before[k],
            said=batch.said[k],
            target=transcript.target,
            position=batch.position[k],
        )
    return replace(transcript, utterances=tuple(utterances))


def _cut(text: str) -> str:
    """Return the end of a normalised text, normalised too: what is cut may have half a mark."""
    while len(text) > MAX_CONTEXT:
        text = normalise(text[-MAX_CONTEXT:])
    return text

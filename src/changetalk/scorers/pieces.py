"""What the encoder reads: word pieces of the utterance and its context, in one row.

A row is ``<s> utterance </s> turn before </s> said so far </s> target </s>``, each piece with the
number of its part, the same in training and in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from changetalk.context import Batch

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]

#: The parts of a row, in order; a piece's part is its index here.
PARTS: Final = ("text", "before", "said", "target")

#: Pieces kept of each part. Of a long utterance its two ends, of what came before the end, which
#: stands next to the utterance, of a target its first words.
LIMITS: Final = {"text": 192, "before": 64, "said": 48, "target": 16}

#: Pieces of the longest row: all parts at their limits, the start and four ends.
LONGEST: Final = sum(LIMITS.values()) + 1 + len(PARTS)


@dataclass(frozen=True, slots=True)
class Row:
    """An utterance as the encoder reads it.

    Attributes
    ----------
    ids : ndarray of int64, shape (t,)
        Numbers of word pieces.
    parts : ndarray of int64, shape (t,)
        The part each piece is of: index in `PARTS`.
    """

    ids: Ints
    parts: Ints

    def __len__(self) -> int:
        return len(self.ids)


class Pieces:
    """Turns batches into rows.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        One whose vocabulary holds ``<s>``, ``</s>`` and ``<pad>``.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        marks = [tokenizer.token_to_id(mark) for mark in ("<s>", "</s>", "<pad>")]
        if None in marks:
            raise ValueError("the tokenizer's vocabulary lacks <s>, </s> or <pad>")
        self._start, self._end, self.padding = (int(mark) for mark in marks if mark is not None)

    @classmethod
    def from_file(cls, path: Path) -> Pieces:
        """Read a ``tokenizer.json``."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(path)))

    @property
    def vocabulary(self) -> int:
        """How many word pieces there are."""
        return int(self._tokenizer.get_vocab_size())

    def rows(self, batch: Batch) -> list[Row]:
        """Return a row for each utterance, in order."""
        columns = [self._pieces(getattr(batch, part), part) for part in PARTS]
        return [self._row(parts) for parts in zip(*columns, strict=True)]

    def _pieces(self, texts: list[str], part: str) -> list[list[int]]:
        # Targets and turns before repeat from row to row.
        unlike = list(dict.fromkeys(texts))
        found = self._tokenizer.encode_batch_fast(unlike, add_special_tokens=False)
        known = {text: _cut(encoding.ids, part) for text, encoding in zip(unlike, found, strict=True)}
        return [known[text] for text in texts]

    def _row(self, parts: Sequence[list[int]]) -> Row:
        ids, numbers = [self._start], [0]
        for number, pieces in enumerate(parts):
            ids += [*pieces, self._end]
            numbers += [number] * (len(pieces) + 1)
        return Row(np.array(ids, dtype=np.int64), np.array(numbers, dtype=np.int64))


def padded(rows: Sequence[Row], padding: int) -> tuple[Ints, Ints]:
    """Return pieces and parts of n rows as arrays of shape (n, longest); the part of padding is -1."""
    longest = max(map(len, rows))
    ids = np.full((len(rows), longest), padding, dtype=np.int64)
    parts = np.full((len(rows), longest), -1, dtype=np.int64)
    for k, row in enumerate(rows):
        ids[k, : len(row)] = row.ids
        parts[k, : len(row)] = row.parts
    return ids, parts


def _cut(ids: list[int], part: str) -> list[int]:
    limit = LIMITS[part]
    if len(ids) <= limit:
        return ids
    if part == "text":
        return ids[: limit // 2] + ids[-(limit // 2) :]
    return ids[:limit] if part == "target" else ids[-limit:]

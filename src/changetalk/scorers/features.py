"""What the linear model looks at, the same in training and in use."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final

import numpy as np

from changetalk.context import Batch
from changetalk.scorers.base import Floats

#: Words with their apostrophes, and the marks that tell a question or an outcry.
TOKEN: Final = r"(?u)\w+(?:'\w+)*|[?!]"

#: An utterance of so few words may be an answer, whose meaning lies in the question.
SHORT: Final = 4

#: The strings of an utterance that n-grams are taken from, with their names for people.
VIEWS: Final[dict[str, str]] = {
    "text": "utterance",
    "before": "previous therapist turn",
    "reply": "previous therapist turn, as answered in a few words",
}

#: Names of the dense features, in order.
DENSE: Final = (
    "length", "question mark", "question mark in previous turn", "position", "position squared",
    "position unknown", "no previous turn",
)  # fmt: skip

_WORD: Final = re.compile(r"\w+(?:'\w+)*")


def views(batch: Batch, wanted: Collection[str]) -> dict[str, list[str]]:
    """Return the strings of each view wanted, each a list of length n."""
    made = {"text": batch.text, "before": batch.before}
    if "reply" in wanted:
        made["reply"] = [
            before if len(_WORD.findall(text)) <= SHORT else ""
            for text, before in zip(batch.text, batch.before, strict=True)
        ]
    return made


def dense(batch: Batch) -> Floats:
    """Return the dense features, float64 of shape (n, len(DENSE)), each about 0 to 1."""
    rows = [
        (
            math.log1p(text.count(" ") + 1) / 5,
            "?" in text,
            "?" in before,
            0.0 if math.isnan(position) else position,
            0.0 if math.isnan(position) else position * position,
            math.isnan(position),
            not before,
        )
        for text, before, position in zip(batch.text, batch.before, batch.position, strict=True)
    ]
    return np.array(rows, dtype=np.float64).reshape(len(batch), len(DENSE))

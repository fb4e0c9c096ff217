"""What the linear model looks at, the same in training and in use."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from changetalk.context import Batch
from changetalk.scorers.base import Floats

#: An utterance of so few words may be an answer, whose meaning lies in the question.
SHORT: Final = 5

#: The strings of an utterance that n-grams are taken from, with their names for people.
VIEWS: Final[dict[str, str]] = {
    "text": "utterance",
    "before": "previous turn",
    "reply": "previous turn, answered in a few words",
}

#: Names of the dense features, in order.
DENSE: Final = ("length", "question mark", "question mark in previous turn", "position")

#: What `TfidfVectorizer` is to take for a word in the strings of `tokens`.
WORD: Final = r"(?u)\w+(?:'\w+)*"

_TOKEN: Final = re.compile(r"\w+(?:'\w+)*|[.,;?!]")
_STOPS: Final = frozenset(".,;?!")
_NEGATIONS: Final = frozenset(
    {
        "not", "no", "never", "nothing", "none", "nobody", "without", "cannot", "naw", "nae",
        "cant", "dont", "wont", "didnt", "isnt", "wouldnt", "couldnt", "doesnt",
    }
)  # fmt: skip


def tokens(text: str) -> str:
    """Return words and marks in lower case, split by single spaces, negated words marked.

    Words between a negation and the next mark or ``but`` begin with ``not_``: to n-grams, "I want
    to quit" and "I don't want to quit" are otherwise nearly alike.

    Examples
    --------
    >>> tokens("I don't want to, but I must.")
    "i don't not_want not_to , but i must ."
    """
    found = _TOKEN.findall(text.lower())
    negated = False
    for k, word in enumerate(found):
        if word in _STOPS:
            negated = False
        elif negated:
            found[k] = f"not_{word}"
            negated = word != "but"
        elif word in _NEGATIONS or word.endswith("n't"):
            negated = True
    return " ".join(found)


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of n utterances before n-grams are looked up.

    Attributes
    ----------
    views : dict of str to list of str, length n
        A string of `tokens` for each name in `VIEWS`.
    dense : ndarray of float64, shape (n, len(DENSE))
        Each about 0 to 1; 0 where nothing is known.
    """

    views: dict[str, list[str]]
    dense: Floats


def features(batch: Batch) -> Features:
    """Return the views and dense features of a batch of n utterances."""
    text = [tokens(t) for t in batch.text]
    before = [tokens(t) for t in batch.before]
    lengths = [sum(word not in _STOPS for word in t.split()) for t in text]
    reply = [b if n <= SHORT else "" for b, n in zip(before, lengths, strict=True)]
    dense = np.array(
        [
            (math.log1p(n) / 3, "?" in t, "?" in b, 0.0 if math.isnan(position) else position - 0.5)
            for n, t, b, position in zip(lengths, batch.text, batch.before, batch.position, strict=True)
        ],
        dtype=np.float64,
    ).reshape(len(batch), len(DENSE))
    return Features({"text": text, "before": before, "reply": reply}, dense)

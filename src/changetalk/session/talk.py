"""What the session measures share: scores, positions, turns, runs."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.labels import CHANGE, NEUTRAL, SUSTAIN
from changetalk.text import normalise

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_SCORE = {CHANGE: 1.0, NEUTRAL: 0.0, SUSTAIN: -1.0}


def hard_scores(client: pd.DataFrame) -> FloatArray:
    """Return +1 for change talk, 0 for neutral, -1 for sustain talk; shape (n,)."""
    return np.array([_SCORE[label] for label in client["label"]], dtype=np.float64)


def expected_scores(client: pd.DataFrame) -> FloatArray:
    """Return P(change) - P(sustain), shape (n,); NaN where there are no probabilities."""
    return (client["p_change"] - client["p_sustain"]).to_numpy(dtype=np.float64)


def positions(n: int) -> FloatArray:
    """Return the places in the session of its n client utterances: from 0, the first, to 1, the last."""
    return np.arange(n, dtype=np.float64) / max(n - 1, 1)


def part_numbers(n: int, parts: int) -> IntArray:
    """Return which of equal parts of the session, from 0, each of n client utterances falls into.

    The part is floor(parts x position), and position 1 is of the last part: where there are two
    utterances or more, the first is in the first part and the last in the last.
    """
    return np.minimum(np.arange(n) * parts // max(n - 1, 1), parts - 1)


def longest_run(labels: list[object], label: str) -> int:
    """Return how many times in a row a label comes, at most."""
    return max((len(list(run)) for value, run in groupby(labels) if value == label), default=0)


def turn_numbers(session: pd.DataFrame) -> IntArray:
    """Return the number of the turn that each row of a session belongs to.

    Consecutive rows of one speaker are one turn. A row in which nothing was said is no turn and
    ends none; it gets the number -1. In a session without speakers every client row is a turn,
    and other rows between two client rows are one.

    Returns
    -------
    ndarray of int, shape (rows,)
        From 0 up.
    """
    speakers = session["speaker"].tolist()
    clients = session["client"].tolist()
    silent = _silent(session)
    named = any(speakers)
    numbers = np.full(len(session), -1, dtype=np.intp)
    last: tuple[str, bool] | None = None
    number = -1
    for i, (speaker, client) in enumerate(zip(speakers, clients, strict=True)):
        if silent[i]:
            continue
        # A client row without a label is its speaker's turn all the same, so names go first.
        now = (speaker, True) if named else ("", client)
        if now != last or (client and not named):
            number += 1
        last = now
        numbers[i] = number
    return numbers


def _silent(session: pd.DataFrame) -> list[bool]:
    """Tell the rows in which nothing was said; none where the table has no words at all."""
    words = [bool(normalise(text)) for text in session["text"]]
    if not any(words):
        return [False] * len(words)
    return [not (said or client) for said, client in zip(words, session["client"], strict=True)]

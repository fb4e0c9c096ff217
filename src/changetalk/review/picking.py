"""`pick`: which utterances a person should code next, with what was said before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from changetalk.errors import InputError
from changetalk.labelled import PROBABILITIES, as_labelled
from changetalk.reliability.intervals import IntArray, group_indices
from changetalk.review.choosing import at_random, least_sure
from changetalk.text import normalise

#: The columns of what was picked, in this order.
PICKED: Final = (
    "session", "row", "speaker", "target", "context", "text", "why", "sample_prob", "label",
    *PROBABILITIES, "model",
)  # fmt: skip

_LONGEST: Final = 4000  # characters of context: more would not be read, nor fit a cell well


def pick(
    labelled: Any,
    n: int,
    *,
    share_random: float = 0.5,
    seed: int = 0,
    turns: int = 4,
    target: str | None = None,
    target_column: str | None = None,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Choose which client utterances a person should code next.

    A part is drawn at random, each utterance with the same known probability, spread over the
    sessions: from these, proportions and agreement can be estimated. The rest are those of which
    the model is least sure, from every session some, best for learning where it errs: they tell
    nothing of how often it does, and have no `sample_prob`.

    Parameters
    ----------
    labelled : table, Transcript or sequence of Transcript
        What labelling gave; see `changetalk.as_labelled`.
    n : int
        How many.
    share_random : float, default 0.5
        The share of them drawn at random, from 0 to 1.
    seed : int, default 0
    turns : int, default 4
        How many turns before the utterance's own a coder sees; with them comes what has been said
        in its own turn.
    target : str, optional
        The target behaviour, in words, that coders are told; by default it is read from the table.
    target_column : str, optional
        The column that holds it, where well-known names do not find it.
    label, session, speaker, text, client
        As for `changetalk.as_labelled`.

    Returns
    -------
    pandas.DataFrame, n rows
        By session in the input's order, then by place in it, with the columns

        =========================================  ======  ========================================
        ``session``                                str
        ``row``                                    int     place in the input, from 0
        ``speaker``, ``target``                    str     empty where not known
        ``context``                                str     what was said before, a line a turn
        ``text``                                   str     the utterance to be coded
        ``why``                                    str     random or uncertain
        ``sample_prob``                            float   the probability with which it was drawn
                                                           at random; NaN where uncertain
        ``label``, ``p_change, p_neutral,``        object  what the model says of it
        ``p_sustain``, ``model``
        =========================================  ======  ========================================

    Raises
    ------
    InputError
        If there are fewer utterances than wanted, they have no text, or no probabilities although
        uncertain ones are wanted; and as `changetalk.as_labelled`.
    ColumnError, ClientError, TypeError
        As for `changetalk.as_labelled`; TypeError also if `n`, `turns` or `seed` is no whole number.
    """
    for name, value, least in (("n", n, 1), ("turns", turns, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, not {type(value).__name__}")
        if value < least:
            raise InputError(f"{name} is {value}, but must be {least} or more")
    if not 0 <= share_random <= 1:
        raise InputError(f"share_random (--share-random) is {share_random}, but must lie from 0 to 1")
    talk = as_labelled(
        labelled,
        label=label,
        session=session,
        speaker=speaker,
        text=text,
        client=client,
        keep=() if target_column is None else (target_column,),
    )
    targets = _targets(talk, target, target_column)
    if not talk["text"].str.strip().any():
        raise InputError("the table: has no text, so there is nothing to code; name its column with text=")
    group = group_indices(talk["session"], len(talk))
    picked = _choose(talk, group, n, share_random, seed)
    rows = picked["row"].to_numpy()
    picked["context"] = _contexts(talk, group, rows, turns)
    picked["target"] = [targets[i] for i in rows]
    for name in ("session", "speaker", "text", "label", *PROBABILITIES, "model"):
        picked[name] = talk[name].to_numpy()[rows]
    order = np.argsort(group[rows], kind="stable")
    return picked.iloc[order][list(PICKED)].reset_index(drop=True)


def _targets(talk: pd.DataFrame, words: str | None, column: str | None) -> list[str]:
    """Return the target behaviour of each row."""
    if words is not None and column is not None:
        raise InputError("target= and target_column= cannot both be given; leave one out")
    if words is not None:
        return [words] * len(talk)
    return [value or "" for value in talk[column or "target"].tolist()]


def _choose(talk: pd.DataFrame, group: IntArray, n: int, share_random: float, seed: int) -> pd.DataFrame:
    """Return the rows, in the input's order, with why each was chosen and its probability."""
    client = talk["client"].to_numpy(dtype=bool)
    everyone = np.flatnonzero(client)
    if n > len(everyone):
        raise InputError(f"n is {n}, but there are {len(everyone)} labelled client utterances; ask for fewer")
    n_random = int(n * share_random + 0.5)
    drawn, probability = at_random(group[everyone], n_random, np.random.default_rng(seed))
    random = everyone[drawn]

    proba = talk[list(PROBABILITIES)].to_numpy(dtype=np.float64)
    open_to = client & ~np.isnan(proba).any(axis=1)
    open_to[random] = False
    others = np.flatnonzero(open_to)
    if n - n_random > len(others):
        raise InputError(
            f"{n - n_random} uncertain utterances were asked for, but only {len(others)} more have "
            "probabilities; ask for fewer, or for random ones only: share_random=1 (--share-random 1)"
        )
    unsure = others[least_sure(proba[others], group[others], n - n_random)]
    picked = pd.DataFrame(
        {
            "row": np.concatenate([random, unsure]),
            "why": np.repeat(np.array(["random", "uncertain"], dtype=object), [len(random), len(unsure)]),
            "sample_prob": np.repeat([probability, np.nan], [len(random), len(unsure)]),
        }
    )
    return picked.sort_values("row", ignore_index=True)


def _contexts(talk: pd.DataFrame, group: IntArray, rows: IntArray, turns: int) -> list[str]:
    """Return what was said before each of the rows, a line a turn; nothing said is no turn."""
    texts, speakers = talk["text"].tolist(), talk["speaker"].tolist()
    said: dict[int, list[int]] = {}  # the rows of a session in which something was said
    place: dict[int, int] = {}  # how many of them come before a row
    for i, session in enumerate(group.tolist()):
        before = said.setdefault(session, [])
        place[i] = len(before)
        if normalise(texts[i]):
            before.append(i)
    return [_context(said[group[i]][: place[i]], texts, speakers, speakers[i], turns) for i in rows.tolist()]


def _context(before: list[int], texts: list[str], speakers: list[str], speaker: str, turns: int) -> str:
    lines: list[str] = []
    speaking, length, seen = speaker, 0, 0
    parts: list[str] = []
    for i in reversed(before):
        if speakers[i] != speaking:
            lines.append(_line(speaking, parts))
            speaking, parts, seen = speakers[i], [], seen + 1
        if seen > turns or length > _LONGEST:
            break
        parts.append(" ".join(texts[i].split()))
        length += len(parts[-1])
    lines.append(_line(speaking, parts))
    context = "\n".join(line for line in reversed(lines) if line)
    return context if len(context) <= _LONGEST else "\u2026" + context[1 - _LONGEST :]


def _line(speaker: str, parts: list[str]) -> str:
    """Return a turn, whose parts are given last first, as a line; empty where there are none."""
    said = " ".join(reversed(parts))
    return f"{speaker}: {said}" if said and speaker else said

"""Designing the coding by hand: how much of it, and of which utterances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from changetalk.errors import InputError
from changetalk.estimation.shares import MEASURES, SessionsAre
from changetalk.labels import CHANGE, LABELS, SUSTAIN
from changetalk.reliability.intervals import FloatArray
from changetalk.review.picking import pick

#: Of the linear model on AnnoMI, labels of sources it was not trained on: the coder's label down, the
#: machine's across, as `LABELS` (benchmarks/results/accuracy.json, "+ rows without context = shipped").
PUBLISHED_CONFUSION: Final = ((541, 434, 159), (385, 2250, 322), (91, 201, 216))

#: The intraclass correlation of change, neutral and sustain talk within AnnoMI's 126 sessions lies
#: between .12 and .16 (one-way analysis of variance of its coder's labels).
PUBLISHED_ICC: Final = 0.14

_FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to code by hand.

    Attributes
    ----------
    n : int
        Utterances to draw and code.
    width : float
        The full width of the 95% interval that is then to be expected, as a share (0.1 is ten points).
    n_human_only : int or None
        What would be needed without the machine; None where all utterances would not do.
    narrowest : float
        The width with every utterance coded: what is left is that sessions differ.
    """

    n: int
    width: float
    n_human_only: int | None
    narrowest: float


def draw(
    labelled: Any,
    n: int,
    *,
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
    """Draw client utterances at random for coding by hand, spread over the sessions.

    Parameters
    ----------
    labelled, n, seed, turns, target, target_column, label, session, speaker, text, client
        As for `changetalk.review.pick`, of which this is the part with known probabilities.

    Returns
    -------
    pandas.DataFrame, n rows
        What `changetalk.review.write` writes for coding (without the machine's labels, unless
        they are asked for), with the probability of each in ``sample_prob``: n / all. A session
        that holds the share s of all utterances gets the rounded-down or rounded-up s * n of them.

    Raises
    ------
    InputError, ColumnError, ClientError, TypeError
        As for `changetalk.review.pick`.

    Examples
    --------
    >>> drawn = changetalk.draw(labelled, 200)                      # doctest: +SKIP
    >>> changetalk.review.write(drawn, "to_code.xlsx")              # doctest: +SKIP
    >>> coded = changetalk.review.read("to_code.xlsx", labelled)    # doctest: +SKIP
    >>> changetalk.estimate(coded).paragraph()                      # doctest: +SKIP
    """
    return pick(
        labelled,
        n,
        share_random=1.0,
        seed=seed,
        turns=turns,
        target=target,
        target_column=target_column,
        label=label,
        session=session,
        speaker=speaker,
        text=text,
        client=client,
    )


def plan(
    width: float,
    *,
    n_utterances: int,
    n_sessions: int,
    measure: str = "proportion_change_talk",
    confusion: npt.ArrayLike = PUBLISHED_CONFUSION,
    icc: float = PUBLISHED_ICC,
    sessions_are: SessionsAre = "sample",
) -> Plan:
    """Say how many utterances to code by hand for an interval of a wanted width.

    Parameters
    ----------
    width : float
        The full width of the 95% interval, as a share: 0.1 for an estimate plus or minus five points.
    n_utterances, n_sessions : int
        Client utterances that the machine labels, and the sessions that hold them.
    measure : str, default "proportion_change_talk"
        Or ``change``, ``neutral``, ``sustain``: the share of that label.
    confusion : array-like of shape (3, 3), optional
        Counts, or shares, of the human's labels (down) and the machine's (across), in the order of
        `LABELS`: of a pilot (`Estimates.confusion`) or by default the published ones of the linear model.
    icc : float, default 0.14
        How much sessions differ: the intraclass correlation of labels within sessions, from 0 up to
        below 1. The default is AnnoMI's.
    sessions_are : {'sample', 'all'}
        As for `changetalk.estimate`.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If so narrow an interval cannot be had from so few sessions, however much is coded; or an
        argument is out of range.

    Notes
    -----
    With s the variance of the measure's linearised value of an utterance, r the correlation of what
    human and machine say of it, and n of N utterances in G sessions coded, the variance of the tuned
    estimator is taken as ``s (1 - r^2) (1 / n - 1 / N)`` (Cochran 1977, "Sampling techniques",
    chapter 7) and, where sessions are a sample, ``s (1 + (N / G - 1) icc) / N`` more (the design
    effect of Kish 1965). The interval is taken as symmetric, from t with G - 1 or n - 1 degrees of
    freedom. Sessions of very different lengths make for wider
    intervals; where the machine's probabilities are used, and not its labels, they are narrower.

    Examples
    --------
    >>> found = plan(0.2, n_utterances=4000, n_sessions=80)
    >>> found.n, found.n_human_only, round(found.narrowest, 3)
    (375, 400, 0.137)
    """
    p = _joint(confusion)
    if measure not in MEASURES:
        raise InputError(f"measure is {measure!r}, but must be one of {', '.join(MEASURES)}")
    if not 0 < width < 1:
        raise InputError(f"width is {width}, but must lie between 0 and 1, such as 0.1 for plus or minus .05")
    if not (isinstance(n_utterances, int | np.integer) and isinstance(n_sessions, int | np.integer)):
        raise TypeError("n_utterances and n_sessions must be whole numbers")
    if sessions_are not in get_args(SessionsAre):
        raise InputError(f"sessions_are is {sessions_are!r}, but must be 'sample' or 'all'")
    if n_sessions < 2 or n_utterances < max(n_sessions, _FEWEST):
        raise InputError(
            f"n_utterances is {n_utterances} and n_sessions {n_sessions}, but there must be "
            f"{_FEWEST} utterances or more in 2 sessions or more"
        )
    if not 0 <= icc < 1:
        raise InputError(f"icc is {icc}, but must lie from 0 up to below 1")
    s, residual = _variances(p, measure)
    between = (
        s * (1 + (n_utterances / n_sessions - 1) * icc) / n_utterances if sessions_are == "sample" else 0.0
    )

    def reached(n: int, of_utterance: float) -> float:
        df = n_sessions - 1 if sessions_are == "sample" else n - 1
        variance = between + of_utterance * (1 / n - 1 / n_utterances)
        return float(2 * stats.t.ppf(0.975, df) * math.sqrt(variance))

    narrowest = reached(n_utterances, residual)
    n = _fewest(lambda k: reached(k, residual) <= width, n_utterances)
    if n is None:
        raise InputError(
            f"width: with {n_sessions} sessions the interval is {narrowest:.3f} wide even where all is "
            f"coded, not {width}; take more sessions, or a wider interval"
        )
    alone = _fewest(lambda k: reached(k, s) <= width, n_utterances)
    return Plan(n, reached(n, residual), alone, narrowest)


def _joint(confusion: npt.ArrayLike) -> FloatArray:
    """Return a confusion as shares that sum to 1."""
    counts = np.asarray(confusion, dtype=np.float64)
    if counts.shape != (len(LABELS), len(LABELS)) or not np.isfinite(counts).all() or (counts < 0).any():
        raise InputError("confusion: 3 by 3 counts of 0 or more are needed, the human's labels down")
    if (counts.sum(axis=1) == 0).any():
        raise InputError("confusion: a label was never given by the human; code more for the pilot")
    shares: FloatArray = counts / counts.sum()
    return shares


def _variances(p: FloatArray, measure: str) -> tuple[float, float]:
    """Return the variance of a measure's linearised value, and what the machine leaves of it."""
    z = np.zeros(len(LABELS))
    if measure == MEASURES[-1]:
        change, sustain = LABELS.index(CHANGE), LABELS.index(SUSTAIN)
        inclined = p[[change, sustain]].sum()
        ratio = p[change].sum() / inclined
        z[change], z[sustain] = (1 - ratio) / inclined, -ratio / inclined
    else:
        z[MEASURES.index(measure)] = 1.0
    human, machine = p.sum(axis=1), p.sum(axis=0)
    s = float(human @ z**2 - (human @ z) ** 2)
    of_machine = float(machine @ z**2 - (machine @ z) ** 2)
    both = float(z @ p @ z - (human @ z) * (machine @ z))
    # The machine's weight lies from 0 to 1, as in `estimate`.
    scale = min(max(both / of_machine, 0.0), 1.0) if of_machine > 0 else 0.0
    return s, s - 2 * scale * both + scale**2 * of_machine


def _fewest(enough: Callable[[int], bool], most: int) -> int | None:
    """Return the least number that is enough, from `_FEWEST` up; None where not even `most` is."""
    if not enough(most):
        return None
    low, high = _FEWEST, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low

"""How the client's talk moves over a session: a smooth curve with a band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from changetalk.errors import InputError
from changetalk.labelled import as_labelled
from changetalk.session.talk import FloatArray, expected_scores, hard_scores, positions

_COLUMNS: Final = ("session", "position", "score", "curve", "lower", "upper")


def trajectory(
    labelled: Any,
    *,
    score: Literal["expected", "hard"] | None = None,
    bandwidth: float = 0.15,
    level: float = 0.95,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the score of each client utterance, and a smooth curve through them with a band.

    Parameters
    ----------
    labelled, label, session, speaker, text, client
        As for `changetalk.labelled.as_labelled`. Each session gets its own curve.
    score : {'expected', 'hard'}, optional
        ``'expected'`` is P(change) - P(sustain), ``'hard'`` is +1, 0 or -1 by label. By default
        the expected score where every client utterance has probabilities, else the hard one.
    bandwidth : float, default 0.15
        The standard deviation of the Gaussian weights, as a share of the session.
    level : float, default 0.95
        Of the band, between 0 and 1.

    Returns
    -------
    pandas.DataFrame, a row a client utterance
        ``session``; ``position``, from 0, the first, to 1, the last; ``score``; ``curve``,
        ``lower`` and ``upper``, all from -1 to 1. The band is NaN where a session has too few
        utterances to estimate it.

    Raises
    ------
    InputError
        If an argument is out of range, or expected scores are asked for without probabilities.
        Else as for `changetalk.labelled.as_labelled`.

    Notes
    -----
    The curve is a local linear regression with Gaussian weights (Fan & Gijbels 1996, chapter 2), cut
    off at -1 and 1. It is linear in the scores, curve = L score, so the pointwise band is
    curve -+ z s ||l_i||, where l_i is a row of L and s^2 = RSS / (n - 2 tr L + tr LL') estimates the
    variance about the curve (Cleveland & Devlin 1988; Loader 1999, chapter 2). The band takes
    utterances as independent of each other given the curve and the labels as true, and it holds
    for each point, not for the curve as a whole: it shows what is noise, it is no test.
    """
    if score not in (None, "expected", "hard"):
        raise InputError(f"score: 'expected' or 'hard' is needed, not {score!r}")
    if not (np.isfinite(bandwidth) and bandwidth > 0):
        raise InputError(f"bandwidth: a number above 0 is needed, not {bandwidth}")
    if not 0 < level < 1:
        raise InputError(f"level: a number between 0 and 1 is needed, not {level}")
    table = as_labelled(labelled, label=label, session=session, speaker=speaker, text=text, client=client)
    said = table[table["client"]]
    known = bool(said["p_change"].notna().all())
    if score == "expected" and not known:
        raise InputError("score: there are client utterances without probabilities; use score='hard'")
    scores = hard_scores if score == "hard" or not known else expected_scores
    frames = []
    for name, rows in said.groupby("session", sort=False):
        y = scores(rows)
        curve, error = smooth(y, bandwidth)
        reach = float(norm.ppf((1 + level) / 2)) * error
        values = (name, positions(len(y)), y, curve, curve - reach, curve + reach)
        frames.append(pd.DataFrame(dict(zip(_COLUMNS, values, strict=True))))
    frame = pd.concat(frames, ignore_index=True)
    ends = ["curve", "lower", "upper"]
    frame[ends] = frame[ends].clip(-1, 1)
    return frame


def smooth(scores: FloatArray, bandwidth: float) -> tuple[FloatArray, FloatArray]:
    """Smooth evenly spaced scores by local linear regression with Gaussian weights.

    Parameters
    ----------
    scores : ndarray of float, shape (n,)
    bandwidth : float
        Standard deviation of the weights, as a share of the whole.

    Returns
    -------
    curve, error : ndarray of float, shape (n,)
        The curve, and its pointwise standard error: NaN where no degrees of freedom are left.
    """
    n = len(scores)
    x = positions(n)
    curve, norms = np.empty(n), np.empty(n)
    trace = 0.0
    for i in range(n):
        d = x - x[i]
        # The weight of the utterance itself is 1, so the sum cannot vanish.
        w = np.exp(-0.5 * (d / bandwidth) ** 2)
        s0, s1, s2 = w.sum(), w @ d, w @ d**2
        spread = s0 * s2 - s1**2
        # With all weight on one utterance there is no line to fit: the local mean it is.
        row = w * (s2 - s1 * d) / spread if spread > 1e-12 * s0**2 else w / s0
        curve[i], norms[i] = row @ scores, row @ row
        trace += row[i]
    freedom = n - 2 * trace + norms.sum()
    if freedom < 1e-8 * n:
        return curve, np.full(n, np.nan)
    variance = float(((scores - curve) ** 2).sum()) / freedom
    error: FloatArray = np.sqrt(variance * norms)
    return curve, error

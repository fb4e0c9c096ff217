"""Shares of talk from machine labels corrected by human ones, and how sure they are.

The estimator is the difference (or prediction-powered) estimator: what the machine says on
average, plus the inverse-probability-weighted mean of human minus machine over the coded
(Saerndal, Swensson & Wretman 1992, "Model assisted survey sampling", chapter 6; Angelopoulos,
Bates, Fannjiang, Jordan & Zrnic 2023; Egami, Hinck, Stewart & Wei 2023). The machine's part may be
scaled by a number lambda from 0 to 1, chosen so that the variance is least (Angelopoulos, Duchi &
Zrnic 2023, "PPI++"); it is right on average whatever lambda is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special, stats

from changetalk.estimation.coded import Coded
from changetalk.labels import CHANGE, LABELS, SUSTAIN
from changetalk.reliability.intervals import Estimate, FloatArray

#: What is estimated: the share of each label, and change / (change + sustain).
MEASURES: Final = (*LABELS, "proportion_change_talk")

SessionsAre = Literal["sample", "all"]

_CHANGE, _SUSTAIN = LABELS.index(CHANGE), LABELS.index(SUSTAIN)
_LAMBDAS: Final = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True)
class Shares:
    """Estimates of the four `MEASURES`, with what their variances are made of.

    Attributes
    ----------
    value : ndarray of float, shape (4,)
        NaN where a measure does not exist.
    influence : ndarray of float, shape (units, 4)
        What each sampled unit adds to the estimate's error. The sum of squares is the variance;
        of a difference between two estimates, the sum of squares of the differences. NaN where
        there is no variance to estimate.
    df : float
        Degrees of freedom of the variance.
    scale : float
        The lambda used; NaN for naive estimates.
    """

    value: FloatArray
    influence: FloatArray
    df: float
    scale: float

    @property
    def variance(self) -> FloatArray:
        """The variances, shape (4,)."""
        total: FloatArray = (self.influence**2).sum(axis=0)
        return total

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the measures with their 95% intervals; see `interval`."""
        low, high = interval(self.value, self.variance, self.df)
        ends = zip(np.clip(self.value, 0, 1), low, high, strict=True)
        return tuple(Estimate(*map(float, each)) for each in ends)


def interval(value: FloatArray, variance: FloatArray, df: float) -> tuple[FloatArray, FloatArray]:
    """Return 95% intervals of shares, from t on the scale of the logit.

    Korn & Graubard (1998), "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", Survey Methodology 24: on that scale intervals stay
    within 0 and 1 and hold rare talk as often as they should. Estimates outside 0 and 1, which
    a correction can lead to, get an interval on the plain scale, cut to 0 and 1.

    Parameters
    ----------
    value, variance : ndarray of float, shape (m,)
    df : float
        Degrees of freedom; without any, intervals are NaN.
    """
    half = half_width(variance, df)
    inside = (value > 0) & (value < 1)
    middle = np.where(inside, value, 0.5)
    reach = half / (middle * (1 - middle))
    low, high = (special.expit(special.logit(middle) + sign * reach) for sign in (-1, 1))
    plain = np.clip([value - half, value + half], 0, 1)
    return np.where(inside, low, plain[0]), np.where(inside, high, plain[1])


def half_width(variance: FloatArray, df: float) -> FloatArray:
    """Return half the width of 95% intervals from t; NaN without a degree of freedom."""
    if not df > 0:
        return np.full(np.shape(variance), np.nan)
    half: FloatArray = float(stats.t.ppf(0.975, df)) * np.sqrt(variance)
    return half


def corrected(data: Coded, n_sessions: int, sessions_are: SessionsAre, scale: float | None) -> Shares:
    """Return the corrected shares of a part of the talk.

    Parameters
    ----------
    data : Coded
    n_sessions : int
        Of the whole talk; the units of the influence where sessions are a sample.
    sessions_are : {'sample', 'all'}
        See `changetalk.estimate`.
    scale : float or None
        The lambda: 0 uses human labels alone, 1 is the plain difference estimator, None chooses
        the one with the least variances on the whole and none above that of human labels alone.

    Returns
    -------
    Shares
        All NaN where nothing is coded. A share has no variance where it is of a label that all, or
        none, of the coded have: nothing is known then of how rare the rest is.

    Notes
    -----
    Where sessions are a sample, the variance is that of a mean over clusters, with the residual of
    a session that holds the share h of the talk divided by 1 - h (CR3, the jackknife: Bell &
    McCaffrey 2002; MacKinnon, Nielsen & Webb 2023). Degrees of freedom are one less than the
    effective number of sessions with coded talk, 1 / sum(h ** 2) (Kish 1965; Carter, Schnepel &
    Steigerwald 2017), which is their number where all are of one size. Where the sessions are all
    there are, the variance is that of a sample drawn independently with the probabilities given,
    about its mean (Saerndal et al. 1992, section 5.7), somewhat large where the sample was
    spread over sessions; degrees of freedom are one less than the utterances coded. %CT is
    linearised (delta method).
    """
    coded = data.coded
    n = int(coded.sum())
    if not n:
        none = np.full((1, len(MEASURES)), np.nan)
        return Shares(none[0], none, np.nan, np.nan)
    weight = data.weight / data.weight.sum()
    human, machine = weight @ data.human, weight @ data.machine
    average = data.machine.mean(axis=0)
    of_human = weight[:, None] * (data.human - human)
    of_machine = weight[:, None] * (data.machine - machine)
    if sessions_are == "all":
        # What the machine says of all is known; only which utterances were coded is chance.
        spread = np.sqrt((1 - data.prob[coded])[:, None] * (n / max(n - 1, 1)))
        base, tilt = spread * of_human[coded], -spread * of_machine[coded]
        df = n - 1.0
    else:
        add, scaled = _adder(data, n_sessions), _leverage(data, weight, n_sessions)
        everything = np.full(len(weight), 1 / len(weight))
        of_all = add((data.machine - average) * everything[:, None])
        base = scaled * add(of_human)
        tilt = _leverage(data, everything, n_sessions) * of_all - scaled * add(of_machine)
        df = _effective(data, weight, n_sessions) - 1
    known = _known(data.human[coded])
    lambdas = _LAMBDAS if scale is None else np.array([scale])
    values = _with_ratio(human + lambdas[:, None] * (average - machine))
    influence = _ratio_influence(base + lambdas[:, None, None] * tilt, values)
    k = _best((influence**2).sum(axis=1), known) if scale is None else 0
    found = np.where(known, influence[k], np.nan)
    return Shares(values[k], found, df, float(lambdas[k]))


def naive(data: Coded, n_sessions: int, sessions_are: SessionsAre) -> Shares:
    """Return the shares of the machine's labels, taken for the truth."""
    value = _with_ratio(data.naive.mean(axis=0)[None])
    if sessions_are == "all":  # nothing was left to chance, if the labels were right
        return Shares(value[0], np.zeros((1, len(MEASURES))), 1.0, np.nan)
    share = np.full(len(data.naive), 1 / len(data.naive))
    residual = _adder(data, n_sessions)((data.naive - value[0, : len(LABELS)]) * share[:, None])
    base = _leverage(data, share, n_sessions) * residual
    influence = _ratio_influence(base[None], value)[0]
    return Shares(value[0], influence, _effective(data, share, n_sessions) - 1, np.nan)


def _effective(data: Coded, weight: FloatArray, n_sessions: int) -> float:
    """Return the effective number of sessions; a hair above 1 is 1."""
    share = np.bincount(data.session, weights=weight, minlength=n_sessions)
    return round(float(1 / (share**2).sum()), 9)


def _adder(data: Coded, n_sessions: int) -> Callable[[FloatArray], FloatArray]:
    """Return what adds rows up by session, to shape (G, 3)."""

    def add(rows: FloatArray) -> FloatArray:
        columns = [np.bincount(data.session, weights=column, minlength=n_sessions) for column in rows.T]
        return np.stack(columns, axis=1)

    return add


def _leverage(data: Coded, weight: FloatArray, n_sessions: int) -> FloatArray:
    """Return the CR3 factor of each session, shape (G, 1); NaN where one holds all there is."""
    share = np.bincount(data.session, weights=weight, minlength=n_sessions)
    left = 1 - share
    factor: FloatArray = np.where(left > 1e-9, 1 / np.maximum(left, 1e-9), np.nan)[:, None]
    return factor


def _with_ratio(shares: FloatArray) -> FloatArray:
    """Return shares of shape (..., 3) with %CT beside them; it is NaN without change or sustain talk."""
    change, inclined = shares[..., _CHANGE], shares[..., _CHANGE] + shares[..., _SUSTAIN]
    ratio = np.divide(change, inclined, out=np.full(inclined.shape, np.nan), where=inclined > 1e-9)
    return np.concatenate([shares, ratio[..., None]], axis=-1)


def _ratio_influence(influence: FloatArray, values: FloatArray) -> FloatArray:
    """Return influences of shape (b, units, 3) with that of %CT beside them, by the delta method."""
    change, sustain = influence[..., _CHANGE], influence[..., _SUSTAIN]
    ratio = values[:, None, -1]
    inclined = (values[:, _CHANGE] + values[:, _SUSTAIN])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        of_ratio = (change * (1 - ratio) - ratio * sustain) / inclined
    return np.concatenate([influence, of_ratio[..., None]], axis=-1)


def _known(human: FloatArray) -> FloatArray:
    """Return which measures vary among the coded, shape (4,)."""
    seen = human.sum(axis=0)
    varies = (seen > 0) & (seen < len(human))
    return np.append(varies, varies[_CHANGE] and varies[_SUSTAIN])


def _best(variance: FloatArray, known: FloatArray) -> int:
    """Return which lambda is best, of variances of shape (lambdas, 4); the first is that of 0.

    The sum of the variances, each against its own at 0, shall be least, and none above 1.
    """
    alone = variance[0]
    counted = known.astype(bool) & (alone > 0)
    if not counted.any():
        return 0
    relative = variance[:, counted] / alone[counted]
    cost = np.where((relative <= 1).all(axis=1), relative.sum(axis=1), np.inf)
    cost[0] = counted.sum()
    return int(np.nanargmin(cost))

"""Corrected shares of single sessions, of which only a few utterances, or none, are coded.

A handful of coded utterances says little of one session by itself, and the correction of all
sessions together is not that of each. So the correction of a session is predicted from both: the
best linear predictor of a one-way random-effects model of human minus machine, as in small-area
estimation (Battese, Harter & Fuller 1988; Rao & Molina 2015, "Small area estimation", chapter 7).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import stats

from changetalk.estimation.coded import Coded
from changetalk.estimation.shares import half_width
from changetalk.labels import CHANGE, LABELS, SUSTAIN
from changetalk.reliability.intervals import Estimate, FloatArray, IntArray

_PAIR: Final = [LABELS.index(CHANGE), LABELS.index(SUSTAIN)]  # neutral talk is what is left
_ALL_OF_PAIR: Final = np.array([[1.0, 0.0], [-1.0, -1.0], [0.0, 1.0]])  # rows as LABELS


def session_shares(data: Coded, n_sessions: int) -> list[tuple[Estimate, ...]]:
    """Return the measures of each session, as `shares.MEASURES`, with 95% prediction intervals.

    Parameters
    ----------
    data : Coded
    n_sessions : int
        G.

    Returns
    -------
    list of tuple of 4 Estimate, length G
        A session of which all is coded gets what its codes say; one without coded talk gets the
        correction of all. Intervals are NaN where fewer than three sessions hold coded talk, or
        none holds two coded utterances.

    Notes
    -----
    With d the mean of human minus machine over the n coded of a session's N utterances, T the
    covariance between sessions and S within (moment estimators of a one-way layout: Searle,
    Casella & McCulloch 1992, "Variance components", section 3.6; T made positive),
    the correction of a session is m + K (d - m), where m is the generalised least-squares mean
    and K = (T + S / N) (T + S / n)^-1. Intervals hold the truth as often as promised on average
    over sessions, not for each: where the machine errs more than elsewhere they do less often.
    """
    count = np.bincount(data.session, minlength=n_sessions).astype(np.float64)
    average = (
        np.stack(
            [np.bincount(data.session, weights=data.machine[:, k], minlength=n_sessions) for k in _PAIR],
            axis=1,
        )
        / count[:, None]
    )
    coded = data.coded
    session, weight = data.session[coded], data.weight[coded]
    error = (data.human - data.machine)[coded][:, _PAIR]
    n = np.bincount(session, minlength=n_sessions)
    mean = np.zeros((n_sessions, 2))
    total = np.bincount(session, weights=weight, minlength=n_sessions)
    for k in range(2):
        np.divide(
            np.bincount(session, weights=weight * error[:, k], minlength=n_sessions), total,
            out=mean[:, k], where=total > 0,
        )  # fmt: skip
    held = n > 0
    groups = int(held.sum())
    known = groups > 2 and len(error) > groups
    within, between = np.eye(2), np.zeros((2, 2))
    if known:
        within, between, doubt = components(error, session)
        between = _positive(between, doubt, groups)
    inverse = np.linalg.pinv(between + within / np.maximum(n, 1)[:, None, None])
    spread = np.linalg.pinv(inverse[held].sum(axis=0))
    common = spread @ (inverse[held] @ mean[held][:, :, None]).sum(axis=0)[:, 0]
    found = []
    for i in range(n_sessions):
        whole = between + within / count[i]
        gain = whole @ inverse[i] if n[i] else np.zeros((2, 2))
        if n[i] == count[i]:
            gain = np.eye(2)
        rest = np.eye(2) - gain
        pair = average[i] + common + gain @ (mean[i] - common)
        cov = rest @ whole + rest @ spread @ rest.T
        found.append(_estimates(pair, cov if known or n[i] == count[i] else cov * np.nan, max(groups - 1, 1)))
    return found


def components(error: FloatArray, session: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the variance components of a one-way layout, by the method of moments.

    Searle, Casella & McCulloch (1992), "Variance components", section 3.6, of several variables.

    Parameters
    ----------
    error : ndarray of float, shape (n, m)
    session : ndarray of int, shape (n,)

    Returns
    -------
    within, between, doubt : ndarray of float, shape (m, m)
        Covariances within and between sessions, and the mean square between them over the typical
        size of a session, which says how large the error of `between` is.
    """
    _, place, n = np.unique(session, return_inverse=True, return_counts=True)
    groups, total = len(n), len(error)
    mean = np.stack([np.bincount(place, weights=column) for column in error.T], axis=1) / n[:, None]
    residual = error - mean[place]
    within = residual.T @ residual / (total - groups)
    away = mean - error.mean(axis=0)
    among = (n * away.T) @ away / (groups - 1)
    typical = (total - (n**2).sum() / total) / (groups - 1)
    return within, (among - within) / typical, among / typical


def _positive(between: FloatArray, doubt: FloatArray, groups: int) -> FloatArray:
    """Return a covariance between sessions without negative variances.

    An estimate at or below 0 does not mean that sessions are alike, only that there are too few to
    tell. Of each principal variance, known to be positive, the mean of what it may well be is taken:
    of a normal distribution about the estimate, cut at 0.
    """
    values, vectors = np.linalg.eigh(between)
    error = np.sqrt(2 / (groups - 1)) * np.einsum("ik,ij,jk->k", vectors, doubt, vectors)
    z = values / np.maximum(error, 1e-12)
    values = values + error * np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z))
    positive: FloatArray = (vectors * np.maximum(values, 0)) @ vectors.T
    return positive


def _estimates(pair: FloatArray, cov: FloatArray, df: int) -> tuple[Estimate, ...]:
    """Return the measures of a session from its shares of change and sustain talk."""
    pair = np.maximum(pair, 0)
    change, sustain = pair / max(pair.sum(), 1.0)  # what is predicted may lie a little outside
    shares = np.array([change, 1 - change - sustain, sustain])
    inclined = change + sustain
    ratio = change / inclined if inclined > 0 else np.nan
    slope = np.array([1 - ratio, -ratio]) / inclined if inclined > 0 else np.full(2, np.nan)
    of_pair = np.vstack([_ALL_OF_PAIR, slope])
    variance = np.maximum(np.einsum("ki,ij,kj->k", of_pair, cov, of_pair), 0)
    value = np.append(shares, ratio)
    half = half_width(variance, df)
    low, high = np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)
    return tuple(Estimate(*map(float, each)) for each in zip(value, low, high, strict=True))

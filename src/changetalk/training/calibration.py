"""Calibration and decision rule, learned from out-of-fold scores."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from changetalk.decision import Decision, softmax
from changetalk.labels import LABELS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_GRID: Final = np.linspace(-0.5, 2.0, 26)
_BEST: Final = 15


def fit_decision(logits: Floats, truth: Ints, weight: Floats | None = None) -> Decision:
    """Fit scale, bias and decision offsets on scores of utterances not trained on.

    Parameters
    ----------
    logits : ndarray of float64, shape (n, 3)
        Out-of-fold scores.
    truth : ndarray of int, shape (n,)
        Index of each row's label in `LABELS`.
    weight : ndarray of float64, shape (n,), optional

    Returns
    -------
    Decision
        Scale and bias minimise the log loss (vector scaling; Guo et al. 2017). The offsets of
        change and sustain talk against neutral are the mean of the 15 points of a grid with
        the best macro-F1: the surface is flat and ragged there, and a single best point was
        measured to do worse on new sources.
    """
    w = np.ones(len(truth)) if weight is None else weight
    rows = np.arange(len(truth))

    def loss(theta: Floats) -> float:
        p = softmax(np.exp(theta[0]) * logits + np.array([theta[1], 0.0, theta[2]]))
        fit = -(w * np.log(np.maximum(p[rows, truth], 1e-12))).sum() / w.sum()
        return float(fit + 1e-4 * (theta[1:] ** 2).sum())  # keeps the bias finite in tiny data

    theta = minimize(loss, np.zeros(3), method="L-BFGS-B").x
    calibrated = Decision(float(np.exp(theta[0])), (float(theta[1]), 0.0, float(theta[2])))
    change, sustain = _offsets(np.log(np.maximum(calibrated.proba(logits), 1e-12)), truth, w)
    return Decision(calibrated.scale, calibrated.bias, (change, 0.0, sustain))


def _offsets(log_p: Floats, truth: Ints, weight: Floats) -> tuple[float, float]:
    f1 = np.array([[_macro_f1(log_p + [a, 0.0, b], truth, weight) for b in _GRID] for a in _GRID])
    best = np.argsort(-f1.ravel(), kind="stable")[:_BEST]
    change, sustain = _GRID[np.unravel_index(best, f1.shape)[0]].mean(), _GRID[best % len(_GRID)].mean()
    return round(float(change), 4), round(float(sustain), 4)


def _macro_f1(scores: Floats, truth: Ints, weight: Floats) -> float:
    n = len(LABELS)
    table = np.bincount(truth * n + scores.argmax(axis=1), weight, minlength=n * n).reshape(n, n)
    both = table.sum(axis=0) + table.sum(axis=1)
    return float(np.mean(2 * np.diag(table) / np.maximum(both, 1e-12)))

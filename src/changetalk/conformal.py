"""How sure is sure enough: sets of labels that hold the right one as often as promised.

A model's label is one of three whatever the talk; a set of labels says how many of the three it
could be. Where that is not exactly one, the model had better abstain, and a person code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from changetalk.errors import InputError
from changetalk.labels import LABELS, parse_label
from changetalk.reliability.intervals import FloatArray, IntArray, group_indices

BoolArray = npt.NDArray[np.bool_]

_ROUNDING: Final = 1e-9  # nine tenths of the sessions are enough for 90%, however they add up
_SUM_TOLERANCE: Final = 0.01  # tables hold probabilities rounded to two or three places


@dataclass(frozen=True, slots=True)
class LabelSets:
    """What turns probabilities into sets of labels; made by `fit_label_sets`.

    Attributes
    ----------
    coverage : float
        The share of sets that hold the right label, as promised.
    by_label : bool
        Whether that is promised for each label by itself.
    thresholds : tuple of 3 floats
        The least probability with which each label is in the set, in the order of `LABELS`.
    n_groups : tuple of 3 ints
        How many sessions each threshold rests on.
    """

    coverage: float
    by_label: bool
    thresholds: tuple[float, float, float]
    n_groups: tuple[int, int, int]

    def sets(self, proba: npt.ArrayLike) -> BoolArray:
        """Return which labels each utterance could have.

        Parameters
        ----------
        proba : array-like of float, shape (n, 3)
            Probabilities of the same model, columns in the order of `LABELS`.

        Returns
        -------
        ndarray of bool, shape (n, 3)
            True where the label is in the set. A set may be empty.

        Raises
        ------
        InputError
            If a row is not three numbers from 0 to 1 that sum to 1, as on rows without a label.
        """
        held: BoolArray = _probabilities(proba) >= np.array(self.thresholds)
        return held

    def abstain(self, proba: npt.ArrayLike) -> BoolArray:
        """Return where the set is not a single label, shape (n,); arguments as for `sets`."""
        several: BoolArray = self.sets(proba).sum(axis=1) != 1
        return several


def fit_label_sets(
    proba: npt.ArrayLike,
    labels: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    coverage: float = 0.9,
    by_label: bool = False,
) -> LabelSets:
    """Calibrate sets of labels on coded sessions that the model was not trained on.

    Parameters
    ----------
    proba : array-like of float, shape (n, 3)
        The model's probabilities, columns in the order of `LABELS`.
    labels : array-like, shape (n,)
        The coders' labels, in any spelling that `changetalk.labels.parse_label` reads.
    groups : array-like, shape (n,)
        The session of each utterance; or what sessions share, such as the source video or client.
    coverage : float, default 0.9
        The share of sets that shall hold the right label; between 0 and 1.
    by_label : bool, default False
        Keep the promise for each label by itself, with a threshold of its own. Without it the
        sets of a frequent label may cover for those of a rare one, which is sustain talk.

    Returns
    -------
    LabelSets

    Raises
    ------
    InputError
        If lengths differ, something is not a probability or a label, or there are fewer sessions
        than the coverage needs: at least ``coverage / (1 - coverage)``, which is 9 for 0.9 and 19
        for 0.95; by label, as many that hold it.

    Notes
    -----
    Split-conformal prediction with score 1 - P(label) (Sadinle, Lei & Wasserman 2019), calibrated
    over sessions and not utterances, because those of one session are not exchangeable with those
    of another. Of the K sessions each counts alike, an utterance of a session of n counts 1/n, and
    a (K + 1)th session is held to lie beyond all scores: Lee, Barber & Willett (2023),
    "Distribution-free inference with hierarchical data", the finite-sample form of the pooled
    distribution functions of Dunn, Wasserman & Ramdas (2023).

    Promised: if the sessions and a new one are exchangeable (drawn alike from one population), and
    an utterance of the new one is drawn at random, then its set holds its label with a probability
    of at least `coverage`, on average over calibrations and new sessions. By label, the
    same of sessions in which the label occurs and of utterances that have it. It is not promised
    for every session, nor for the mean over utterances, to which long sessions add more.

    Examples
    --------
    >>> proba = [[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.6, 0.3, 0.1]]
    >>> found = fit_label_sets(proba, ["change", "neutral", "sustain", "neutral"], [1, 2, 3, 4], coverage=0.8)
    >>> found.thresholds
    (0.3, 0.3, 0.3)
    >>> found.sets([[0.2, 0.4, 0.4]]).tolist(), found.abstain([[0.2, 0.4, 0.4]]).tolist()
    ([[False, True, True]], [True])
    """
    if isinstance(coverage, bool) or not isinstance(coverage, int | float):
        raise TypeError(f"coverage must be a number, not {type(coverage).__name__}")
    if not 0 < coverage < 1:
        raise InputError(f"coverage is {coverage}, but must lie between 0 and 1, such as 0.9")
    truth, p = _places(labels), _probabilities(proba)
    if len(truth) != len(p):
        raise InputError(f"labels: {len(truth)} for {len(p)} rows of proba; give one for each")
    group = group_indices(groups, len(truth))
    of_truth = p[np.arange(len(truth)), truth]
    if not by_label:
        least, n = _threshold(of_truth, group, coverage, "")
        return LabelSets(coverage, by_label, (least, least, least), (n, n, n))
    each = [
        _threshold(of_truth[truth == k], group[truth == k], coverage, f" with {label} utterances")
        for k, label in enumerate(LABELS)
    ]
    (a, n_a), (b, n_b), (c, n_c) = each
    return LabelSets(coverage, by_label, (a, b, c), (n_a, n_b, n_c))


def abstain_below(confidence: npt.ArrayLike, threshold: float) -> BoolArray:
    """Return where a label is less probable than wanted: the simple rule, without a promise.

    Parameters
    ----------
    confidence : array-like of float, shape (n,)
        The probability of the label given, as in ``ct_confidence``.
    threshold : float
        From 0 to 1.

    Returns
    -------
    ndarray of bool, shape (n,)
        True also where the confidence is missing: there is no label to rely on.

    Raises
    ------
    InputError
        If the threshold, or a confidence, is no number from 0 to 1.

    Examples
    --------
    >>> abstain_below([0.9, 0.5, float("nan")], 0.6).tolist()
    [False, True, True]
    """
    values = np.asarray(confidence, dtype=np.float64)
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold is {threshold}, but must lie from 0 to 1")
    outside = int(((values < 0) | (values > 1)).sum())
    if values.ndim != 1 or outside:
        raise InputError(
            f"confidence: shape {values.shape}, {outside} values outside 0 to 1; "
            "one probability an utterance is needed"
        )
    enough: BoolArray = values >= threshold
    return ~enough


def _places(labels: npt.ArrayLike) -> IntArray:
    """Return the place in `LABELS` of each label, shape (n,)."""
    values = np.asarray(labels, dtype=object)
    if values.ndim != 1:
        raise InputError(f"labels: shape {values.shape}; one label an utterance is needed")
    found = []
    for i, value in enumerate(values.tolist(), 1):
        try:
            found.append(LABELS.index(parse_label(value)))
        except ValueError as error:
            raise InputError(f"labels, utterance {i}: {error}") from None
    return np.array(found, dtype=np.intp)


def _probabilities(proba: npt.ArrayLike) -> FloatArray:
    """Return probabilities as an array, shape (n, 3)."""
    p = np.asarray(proba, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] != len(LABELS):
        raise InputError(f"proba: shape {p.shape}; a column for each of {', '.join(LABELS)} is needed")
    good = (p >= 0).all(axis=1) & (np.abs(p.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    if not good.all():
        raise InputError(
            f"proba: {(~good).sum()} of {len(p)} rows are not three numbers from 0 to 1 that sum to 1; "
            "leave out rows that have no label, such as the therapist's"
        )
    return p


def _threshold(of_truth: FloatArray, group: IntArray, coverage: float, which: str) -> tuple[float, int]:
    """Return the least probability that a label in the set has, and the number of groups.

    Labels of at least that probability make up the coverage, where an utterance of a group of n
    among K groups weighs 1 / (n * (K + 1)) and the rest, of the group to come, is never among them.
    """
    _, number, size = np.unique(group, return_inverse=True, return_counts=True)
    k = len(size)
    needed = math.ceil(coverage / (1 - coverage) - _ROUNDING)
    if k < needed:
        raise InputError(
            f"groups: {k} sessions{which}; a coverage of {coverage:g} needs {needed} at least: "
            "give more sessions or a lower coverage"
        )
    order = np.argsort(-of_truth, kind="stable")
    reached = np.cumsum(1 / (size[number[order]] * (k + 1)))
    last = int(np.searchsorted(reached, coverage - _ROUNDING))
    return float(of_truth[order[last]]), k

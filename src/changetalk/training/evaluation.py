"""The yardstick: how good labels and probabilities are, and how sure that is.

Numpy alone computes the measures; the tests hold them to scikit-learn's. A measure that does not
exist is nan (null in JSON), never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from changetalk.errors import InputError
from changetalk.labels import LABELS, Label
from changetalk.reliability.intervals import Estimate, bootstrap_interval, group_indices, plain
from changetalk.reliability.nominal import f1_of, kappa_of
from changetalk.training.arrays import FloatArray, IntArray, as_indices, as_proba

_BINS: Final = 15
_CONFUSION: Final = slice(0, 9)
_GAPS: Final = slice(9, 9 + _BINS)
_LOSS: Final = 9 + _BINS
_HEADLINES: Final = ("macro_f1", "kappa", "accuracy", "ece", "log_loss")


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How well one label is found.

    Attributes
    ----------
    precision : float
        nan where the label was never predicted.
    recall : float
        nan where the label is not in the truth.
    f1 : float
        2 TP / (2 TP + FP + FN); nan only where the label is in neither.
    support : int
        How many rows have the label in truth.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Report:
    """What `evaluate` found.

    Attributes
    ----------
    n, n_groups, n_boot : int
        Rows, groups that were resampled, and resamples.
    macro_f1 : Estimate
        The mean F1 of the three labels. Always of all three: nan where one of them is in
        neither truth nor prediction, because then its F1 does not exist.
    kappa : Estimate
        Cohen's kappa; nan where chance alone agrees fully (one and the same label throughout).
    accuracy : Estimate
        The share of rows labelled as in truth.
    ece : Estimate
        Expected calibration error of the most probable label in 15 bins of equal width (Guo,
        Pleiss, Sun & Weinberger 2017); biased upward in small samples. nan without probabilities.
    log_loss : Estimate
        The mean of minus the natural logarithm of the probability given to the true label, which
        is clipped at 2.2e-16 as scikit-learn does. nan without probabilities.
    classes : dict of {label: ClassScores}
    confusion : tuple of tuple of int
        Counts, a row a true label and a column a predicted one, in the order of `LABELS`.
    """

    n: int
    n_groups: int
    n_boot: int
    macro_f1: Estimate
    kappa: Estimate
    accuracy: Estimate
    ece: Estimate
    log_loss: Estimate
    classes: dict[Label, ClassScores]
    confusion: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers, ready for JSON: None where a measure is nan."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """Return the report that `to_dict` was called on.

        Raises
        ------
        InputError
            If the values are not those of a report.
        """
        try:
            values = {field.name: values[field.name] for field in fields(cls)}
            estimates: dict[str, Any] = {key: Estimate(**_numbers(values[key])) for key in _HEADLINES}
            return cls(
                n=values["n"],
                n_groups=values["n_groups"],
                n_boot=values["n_boot"],
                **estimates,
                classes={label: ClassScores(**_numbers(values["classes"][label])) for label in LABELS},
                confusion=tuple(tuple(row) for row in values["confusion"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"not an evaluation report ({error}); pass what Report.to_dict returned"
            ) from error


@dataclass(frozen=True, slots=True)
class Scores:
    """Agreement of two sets of labels, without intervals: for human coders and for means of them."""

    macro_f1: float
    kappa: float
    accuracy: float
    f1_change: float
    f1_neutral: float
    f1_sustain: float


def evaluate(
    y_true: npt.ArrayLike,
    proba: npt.ArrayLike | None = None,
    y_pred: npt.ArrayLike | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    n_boot: int = 2000,
    seed: int = 0,
) -> Report:
    """Compare predictions with the truth.

    The intervals are percentile intervals of a bootstrap over groups: whole sources are drawn
    with replacement, because turns of one session are not independent. Resamples in which a
    measure does not exist are left out of its interval. With a handful of groups such intervals
    are too narrow; with one there are none.

    Parameters
    ----------
    y_true : array-like of str, shape (n,)
        The true labels, all of `LABELS`.
    proba : array-like of float, shape (n, 3), optional
        Probabilities, columns in the order of `LABELS`. Without them there is neither `ece` nor
        `log_loss`, and `y_pred` is needed.
    y_pred : array-like of str, shape (n,), optional
        The predicted labels, where they are not simply the most probable ones.
    groups : array-like, shape (n,), optional
        What to resample: the source or session of each row. By default every row stands for itself.
    n_boot : int, default 2000
        Number of resamples; 0 for no intervals.
    seed : int, default 0

    Returns
    -------
    Report

    Raises
    ------
    InputError
        If a value is not of the shape or kind above, or there are no rows.
    """
    truth = as_indices(y_true, "y_true")
    if truth.ndim != 1 or not len(truth):
        raise InputError(f"y_true: one label a row is needed, and a row at least; the shape is {truth.shape}")
    n = len(truth)
    p = None if proba is None else as_proba(proba, n)
    if y_pred is not None:
        predicted = as_indices(y_pred, "y_pred")
    elif p is not None:
        predicted = p.argmax(axis=1)
    else:
        raise InputError("evaluate needs probabilities (proba), labels (y_pred) or both")
    if predicted.shape != (n,):
        raise InputError(f"y_pred: shape {predicted.shape}, but y_true has shape ({n},)")
    group = np.arange(n) if groups is None else group_indices(groups, n)

    sums = _group_sums(truth, predicted, p, group)
    total = sums.sum(axis=0)
    low, high = bootstrap_interval(
        lambda weights: _headlines(weights @ sums), len(sums), n_boot=n_boot, seed=seed, width=sums.shape[1]
    )
    headlines = [Estimate(*map(float, values)) for values in zip(_headlines(total), low, high, strict=True)]
    confusion = total[_CONFUSION].reshape(3, 3)
    return Report(
        n=n,
        n_groups=len(sums),
        n_boot=n_boot,
        macro_f1=headlines[0],
        kappa=headlines[1],
        accuracy=headlines[2],
        ece=headlines[3],
        log_loss=headlines[4],
        classes=_class_scores(confusion),
        confusion=tuple(tuple(map(int, row)) for row in confusion),
    )


def scores(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Scores:
    """Return the agreement of two sets of labels, each of shape (n,), as `evaluate` measures it."""
    report = evaluate(y_true, y_pred=y_pred, n_boot=0)
    return Scores(
        report.macro_f1.value,
        report.kappa.value,
        report.accuracy.value,
        *(report.classes[label].f1 for label in LABELS),
    )


def format_table(rows: Mapping[str, Report | Scores]) -> str:
    """Lay named results out as a Markdown table that also reads well as plain text.

    Parameters
    ----------
    rows : mapping of str to Report or Scores
        What each row is called, and its results. 95% intervals stand in brackets; what does not
        exist is left blank.

    Returns
    -------
    str
        Lines joined by newlines, without one at the end.
    """
    header = ["", "macro-F1", "kappa", "accuracy", *(f"F1 {label}" for label in LABELS), "ECE", "log loss"]
    table = [header, *([name.replace("|", r"\|"), *_cells(row)] for name, row in rows.items())]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in table]
    lines.insert(1, ["-" * max(width, 3) for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _group_sums(truth: IntArray, predicted: IntArray, p: FloatArray | None, group: IntArray) -> FloatArray:
    """Add up, for each group, all that the measures are made of; shape (groups, 9 + 15 + 1).

    Every measure is a function of these sums over groups, so a resample is one product of
    weights and sums and never touches the rows.
    """
    sums = np.zeros((int(group.max()) + 1, _LOSS + 1))
    np.add.at(sums, (group, 3 * truth + predicted), 1)
    if p is None:
        sums[:, _GAPS.start :] = np.nan
        return sums
    rows = np.arange(len(truth))
    top = p.argmax(axis=1)
    confidence = p[rows, top]
    bins = np.clip(np.ceil(confidence * _BINS).astype(np.intp) - 1, 0, _BINS - 1)
    np.add.at(sums, (group, _GAPS.start + bins), confidence - (top == truth))
    np.add.at(sums[:, _LOSS], group, -np.log(np.maximum(p[rows, truth], np.finfo(np.float64).eps)))
    return sums


def _headlines(sums: FloatArray) -> FloatArray:
    """Return the measures `_HEADLINES` of sums of shape (..., 25), in shape (..., 5)."""
    confusion = sums[..., _CONFUSION].reshape(*sums.shape[:-1], 3, 3)
    n = confusion.sum(axis=(-2, -1))
    f1 = f1_of(confusion).mean(axis=-1)
    accuracy = np.trace(confusion, axis1=-2, axis2=-1) / n
    kappa = kappa_of(confusion)
    ece = np.abs(sums[..., _GAPS]).sum(axis=-1) / n
    return np.stack([f1, kappa, accuracy, ece, sums[..., _LOSS] / n], axis=-1)


def _class_scores(confusion: FloatArray) -> dict[Label, ClassScores]:
    hits, true, said = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = f1_of(confusion)
    with np.errstate(invalid="ignore"):
        precision, recall = hits / said, hits / true
    return {
        label: ClassScores(float(precision[i]), float(recall[i]), float(f1[i]), int(true[i]))
        for i, label in enumerate(LABELS)
    }


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: math.nan if value is None else value for key, value in values.items()}


def _cells(row: Report | Scores) -> list[str]:
    if isinstance(row, Scores):
        return [*(_number(getattr(row, field.name)) for field in fields(row)), "", ""]
    f1 = [_number(row.classes[label].f1) for label in LABELS]
    return [
        *map(_with_interval, (row.macro_f1, row.kappa, row.accuracy)),
        *f1,
        _number(row.ece.value),
        _number(row.log_loss.value),
    ]


def _with_interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return _number(estimate.value)
    return f"{_number(estimate.value)} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"

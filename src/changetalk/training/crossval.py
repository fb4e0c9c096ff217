"""Out-of-fold predictions, with no source on both sides of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.errors import InputError
from changetalk.labels import LABELS
from changetalk.reliability.intervals import group_indices
from changetalk.training.arrays import FloatArray, as_indices


class Estimator(Protocol):
    """What `cross_validate` needs of an estimator."""

    @property
    def fit(self) -> Callable[..., Any]:
        """Learn: ``fit(X, y, groups=..., sample_weight=...)``, y labels (n,) or soft targets (n, 3).

        One that is given hard labels beside soft targets also takes ``labels=...``.
        """

    def predict_proba(self, X: pd.DataFrame) -> FloatArray:
        """Return probabilities of shape (n, 3), columns in the order of `LABELS`."""

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.object_]:
        """Return labels of shape (n,)."""


class OutOfFold(NamedTuple):
    """Predictions for every row, each by an estimator that has not seen the row's fold.

    Attributes
    ----------
    proba : ndarray of float, shape (n, 3)
    labels : ndarray of object (str), shape (n,)
    """

    proba: FloatArray
    labels: npt.NDArray[np.object_]


class Extra(NamedTuple):
    """Rows that are learned from in every fold and never predicted.

    Attributes
    ----------
    X : pandas.DataFrame of m rows
    y : array-like, shape (m,) of labels or (m, 3) of soft targets
    groups : array-like, shape (m,)
    weight : float or array-like of float, shape (m,)
        What each row weighs, where a row of the data proper weighs 1.
    """

    X: pd.DataFrame
    y: npt.ArrayLike
    groups: npt.ArrayLike
    weight: npt.ArrayLike


def cross_validate(
    make_estimator: Callable[[], Estimator],
    X: pd.DataFrame,
    y: npt.ArrayLike,
    folds: npt.ArrayLike,
    *,
    groups: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    extra: tuple[pd.DataFrame, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
) -> OutOfFold:
    """Predict each fold with an estimator fitted on all others.

    Parameters
    ----------
    make_estimator : callable
        Returns a new, unfitted `Estimator`.
    X : pandas.DataFrame, n rows
        The context frame: columns ``text``, ``before``, ``said``, ``target``, ``position``.
    y : array-like, shape (n,) of str or (n, 3) of float
        Labels, or soft targets with columns in the order of `LABELS`.
    folds : array-like, shape (n,)
        The fold of each row.
    groups : array-like, shape (n,)
        The source of each row. The estimator gets them as numbers, for splits of its own.
    labels : array-like, shape (n,), optional
        Where `y` is soft, the hard labels that estimators with a parameter `labels` calibrate
        on, see `ChangeTalkClassifier.fit`. Rows of `extra` take no part in that.
    extra : Extra or tuple of its four parts, optional
        Its groups count as others than those of `X`, whatever their names. Where it or `y` is
        soft, both are given to the estimator as soft targets.

    Returns
    -------
    OutOfFold
        In the row order of `X`.

    Raises
    ------
    InputError
        If lengths differ, there is only one fold, or a group is in more than one.
    """
    n = len(X)
    target = _target(y, n, "y")
    group = group_indices(groups, n)
    fold = group_indices(folds, n)
    n_folds = int(fold.max(initial=-1)) + 1
    if n_folds < 2:
        raise InputError(f"folds: {n_folds} fold in {n} rows; two at least are needed")
    split = len(set(zip(group.tolist(), fold.tolist(), strict=True))) - len(set(group.tolist()))
    if split:
        raise InputError(
            "groups: a group is in more than one fold, so that scores would flatter; put it in one"
        )

    proba = np.empty((n, len(LABELS)))
    predicted = np.empty(n, dtype=object)
    hard = None if labels is None else np.asarray(labels, dtype=object)
    for k in range(n_folds):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        estimator = make_estimator()
        known = None if hard is None else hard[train]
        more = None if extra is None else Extra(*extra)
        _fit(estimator, X.iloc[train], target[train], group[train], known, more)
        proba[test] = estimator.predict_proba(X.iloc[test])
        predicted[test] = estimator.predict(X.iloc[test])
    return OutOfFold(proba, predicted)


def _fit(
    estimator: Estimator,
    X: pd.DataFrame,
    y: npt.NDArray[Any],
    groups: npt.NDArray[np.intp],
    labels: npt.NDArray[Any] | None,
    extra: Extra | None,
) -> None:
    if extra is None:
        known = {} if labels is None else {"labels": labels}
        estimator.fit(X, y, groups=groups, **known)
        return
    m = len(extra.X)
    more = _target(extra.y, m, "extra.y")
    if y.ndim != more.ndim:
        y, more = _soft(y), _soft(more)
    known = {} if labels is None else {"labels": np.concatenate([labels, np.full(m, None, dtype=object)])}
    estimator.fit(
        pd.concat([X, extra.X[X.columns]], ignore_index=True),
        np.concatenate([y, more]),
        groups=np.concatenate([groups, groups.max() + 1 + group_indices(extra.groups, m)]),
        sample_weight=np.concatenate([np.ones(len(X)), np.broadcast_to(extra.weight, m)]),
        **known,
    )


def _target(y: npt.ArrayLike, n: int, name: str) -> npt.NDArray[Any]:
    target = np.asarray(y)
    if target.shape not in ((n,), (n, len(LABELS))):
        raise InputError(
            f"{name}: shape {target.shape}; for {n} rows it is labels ({n},) or soft targets ({n}, 3)"
        )
    if target.ndim == 1:
        as_indices(target, name)
        return target.astype(object)
    return target.astype(np.float64)


def _soft(y: npt.NDArray[Any]) -> FloatArray:
    return np.eye(len(LABELS))[as_indices(y, "y")] if y.ndim == 1 else y

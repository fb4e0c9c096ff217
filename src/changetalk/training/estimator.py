"""`ChangeTalkClassifier`: a scikit-learn estimator that becomes a model folder."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from changetalk.artefact import Manifest
from changetalk.context import Batch, cell_text
from changetalk.decision import Decision
from changetalk.errors import InputError
from changetalk.inputs import as_batch
from changetalk.labels import LABELS, NEUTRAL, parse_label
from changetalk.model import Explanation, Model
from changetalk.scorers.linear import BlockSpec
from changetalk.training.calibration import fit_decision
from changetalk.training.export import export
from changetalk.training.linear import BLOCKS, fit_linear, scorer_of
from changetalk.versions import versions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_TRAINS_WITH = ("changetalk", "python", "numpy", "scikit-learn", "scipy")


class ChangeTalkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train the linear model on coded client talk.

    Parameters
    ----------
    C : float, default 0.7
        Inverse strength of the L2 penalty.
    bare_share : float, default 0.4
        Every utterance is also learned from without its context, with this share of its
        weight, so that the model makes sense of text alone; 0 leaves that out.
    blocks : sequence of BlockSpec, optional
        The n-grams; default `changetalk.training.linear.BLOCKS`.
    class_weight : None, 'balanced' or dict, default None
        Weights by label, as in scikit-learn. The decision rule is fitted for macro-F1 anyway.
    cv : int, default 5
        Folds of the inner cross-validation on which probabilities are calibrated and the
        decision rule is chosen; 0 leaves both out.
    max_iter : int, default 1000
    random_state : int, default 0
        Seeds the split into folds.

    Attributes
    ----------
    classes_ : ndarray of str, shape (3,)
        ``change, neutral, sustain``.
    model_ : Model
        What predicts; the same code as for a model loaded from disk.
    oof_logits_ : ndarray of float64, shape (n, 3)
        Out-of-fold scores of the inner cross-validation; absent where there was none.

    Examples
    --------
    >>> import changetalk as ct
    >>> clf = ct.ChangeTalkClassifier(cv=0)
    >>> X = ["I want to quit.", "I have to stop.", "I like it.", "It calms me.", "On Monday.", "Two."]
    >>> clf = clf.fit(X, ["CT", "CT", "ST", "ST", "FN", "FN"])
    >>> clf.predict_proba(["I want to stop."]).shape
    (1, 3)
    """

    def __init__(
        self,
        *,
        C: float = 0.7,
        bare_share: float = 0.4,
        blocks: Sequence[BlockSpec] | None = None,
        class_weight: Literal["balanced"] | Mapping[str, float] | None = None,
        cv: int = 5,
        max_iter: int = 1000,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.bare_share = bare_share
        self.blocks = blocks
        self.class_weight = class_weight
        self.cv = cv
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        groups: Any = None,
        sample_weight: Any = None,
        labels: Any = None,
    ) -> ChangeTalkClassifier:
        """Fit on coded utterances.

        Parameters
        ----------
        X : sequence of length n
            As for `Model.predict`; `changetalk.client_talk` makes it of a table of sessions.
        y : array-like of shape (n,) or (n, 3)
            Labels, in any spelling that `changetalk.labels.parse_label` reads; or soft labels,
            the share of each class in the order change, neutral, sustain.
        groups : array-like of shape (n,), optional
            Sessions, or better their sources. Rows of one group are kept together in the
            inner folds; without, calibration is too sure of itself.
        sample_weight : array-like of shape (n,), optional
        labels : array-like of shape (n,), optional
            With soft `y`: the hard labels on which probabilities are calibrated and the
            decision rule is chosen; None where a row takes no part in that. Default: the
            most likely class of `y`.

        Returns
        -------
        ChangeTalkClassifier

        Raises
        ------
        InputError
            If lengths differ, a label cannot be read or one of the three never occurs.
        """
        batch = as_batch(X)
        soft = _soft(y, len(batch))
        truth = _truth(labels, soft)
        weight = _weights(sample_weight, len(batch)) * self._class_weights(soft)
        members = _groups(groups, len(batch))
        n_splits = self._n_splits()
        n, kept = len(batch), np.flatnonzero(weight)
        if len(kept) < n:  # else their words would still count in the vocabulary and in calibration
            batch, soft, truth, weight = batch.take(kept), soft[kept], truth[kept], weight[kept]
            members = None if members is None else members[kept]
        absent = [label for k, label in enumerate(LABELS) if not soft[:, k].any()]
        if absent:
            known = ", ".join(LABELS)
            raise InputError(f"y holds no {absent[0]!r} rows; training needs some of each of {known}")
        scorer = self._scorer(batch, soft, weight)
        decision = Decision()
        folds = list(self._folds(truth, members, n_splits)) if n_splits else []
        self.__dict__.pop("oof_logits_", None)  # of an earlier fit
        if folds:
            logits = np.full((len(batch), len(LABELS)), np.nan)
            for train, test in folds:
                part = self._scorer(batch.take(train), soft[train], weight[train])
                logits[test] = part.logits(batch.take(test))
            used = (truth >= 0) & ~np.isnan(logits[:, 0])
            decision = fit_decision(logits[used], truth[used])
            self.oof_logits_ = np.full((n, len(LABELS)), np.nan)
            self.oof_logits_[kept] = logits
        self.classes_ = np.array(LABELS)
        self.model_ = Model(self._manifest(batch, soft, scorer.config(), decision), scorer)
        return self

    def predict(self, X: Any) -> npt.NDArray[np.str_]:
        """Return labels, shape (n,); see `Model.predict`."""
        check_is_fitted(self)
        return self.model_.predict(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return calibrated probabilities, float64 of shape (n, 3)."""
        check_is_fitted(self)
        return self.model_.predict_proba(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on labels in any spelling that `fit` reads.

        Parameters
        ----------
        X : sequence of length n
        y : array-like of shape (n,) or (n, 3)
            Of soft labels, the most likely counts.
        sample_weight : array-like of shape (n,), optional
        """
        chosen = self.predict(X)
        right = chosen == self.classes_[_soft(y, len(chosen)).argmax(axis=1)]
        return float(np.average(right, weights=_weights(sample_weight, len(chosen))))

    def explain(self, utterance: Any) -> Explanation:
        """Say exactly what made the label of one utterance; see `Model.explain`."""
        check_is_fitted(self)
        return self.model_.explain(utterance)

    def export(
        self,
        folder: str | os.PathLike[str],
        *,
        name: str | None = None,
        version: str = "1",
        scores: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        card: str | None = None,
    ) -> Path:
        """Write the fitted model into a folder that `changetalk.load` reads.

        Parameters
        ----------
        folder : path-like
            A new folder, or an older model's, which is replaced.
        name : str, optional
            Default: the folder's name.
        version : str
        scores, training : mapping, optional
            What is known of how it scores and was trained, JSON-ready, for the manifest.
        card : str, optional
            The model card; a short one is written where none is given.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            If it cannot be written, or holds something that is not a model.
        """
        check_is_fitted(self)
        return export(
            self.model_, folder, name=name, version=version, scores=scores, training=training, card=card
        )

    def _scorer(self, batch: Batch, soft: Floats, weight: Floats) -> Any:
        if self.bare_share:
            batch = batch + batch.bare()
            soft = np.concatenate([soft, soft])
            weight = np.concatenate([(1 - self.bare_share) * weight, self.bare_share * weight])
        specs = BLOCKS if self.blocks is None else self.blocks
        return scorer_of(*fit_linear(batch, soft, weight, specs=specs, C=self.C, max_iter=self.max_iter))

    def _class_weights(self, soft: Floats) -> Floats:
        if self.class_weight is None:
            return np.ones(len(soft))
        if self.class_weight == "balanced":
            by_class = soft.sum() / (len(LABELS) * np.maximum(soft.sum(axis=0), 1e-12))
        elif isinstance(self.class_weight, Mapping):
            unknown = set(self.class_weight) - set(LABELS)
            if unknown:
                raise InputError(f"class_weight names {sorted(unknown)}, labels are {', '.join(LABELS)}")
            by_class = np.array([float(self.class_weight.get(label, 1.0)) for label in LABELS])
        else:
            raise InputError(f"class_weight must be None, 'balanced' or a dict, not {self.class_weight!r}")
        result: Floats = soft @ by_class
        return result

    def _n_splits(self) -> int:
        if isinstance(self.cv, int | np.integer) and (self.cv == 0 or self.cv >= 2):
            return int(self.cv)
        raise InputError(f"cv must be 2 or more folds, or 0 for none, not {self.cv!r}")

    def _folds(self, truth: Ints, members: Any, n_splits: int) -> Iterator[tuple[Ints, Ints]]:
        # Rows without a label of their own are split too: their sessions must not leak either.
        strata = np.where(truth < 0, LABELS.index(NEUTRAL), truth)
        smallest = min(np.bincount(truth[truth >= 0], minlength=len(LABELS)))
        n_groups = smallest if members is None else min(smallest, len(np.unique(members)))
        n_splits = min(n_splits, int(n_groups))
        if n_splits < 2:
            warnings.warn(
                "too few coded utterances or groups to calibrate on: probabilities are the regression's own",
                UserWarning,
                stacklevel=3,
            )
            return
        kind = StratifiedKFold if members is None else StratifiedGroupKFold
        splitter = kind(n_splits=n_splits, shuffle=True, random_state=self.random_state)
        for train, test in splitter.split(strata, strata, members):
            if np.isin(range(len(LABELS)), truth[train]).all():
                yield train, test

    def _manifest(self, batch: Batch, soft: Floats, config: dict[str, Any], decision: Decision) -> Manifest:
        digest = hashlib.sha256()
        for row in zip(batch.text, batch.before, soft.round(6).tolist(), strict=True):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return Manifest(
            name="unsaved",
            version="0",
            kind="linear",
            decision=decision,
            config=config,
            training={
                "utterances": len(batch),
                "sha256": digest.hexdigest(),
                # The blocks stand in the configuration.
                "recipe": {
                    k: dict(v) if isinstance(v, Mapping) else v.item() if isinstance(v, np.generic) else v
                    for k, v in self.get_params(deep=False).items()
                    if k != "blocks"
                },
            },
            libraries={name: versions()[name] for name in _TRAINS_WITH},
        )


def _soft(y: Any, n: int) -> Floats:
    values = np.asarray(y) if not hasattr(y, "to_numpy") else y.to_numpy()
    if values.ndim == 2 and values.shape[1] == len(LABELS):
        soft = values.astype(np.float64)
        if len(soft) != n:
            raise InputError(f"y has {len(soft)} rows, X has {n}")
        if not np.isfinite(soft).all() or (soft < 0).any() or not np.allclose(soft.sum(axis=1), 1, atol=1e-3):
            raise InputError(
                "soft labels y must be shares of change, neutral, sustain: 0 to 1, each row summing to 1"
            )
        shares: Floats = soft / soft.sum(axis=1, keepdims=True)
        return shares
    if values.ndim != 1:
        raise InputError(f"y must have shape (n,) or (n, 3), not {values.shape}")
    one_hot: Floats = np.eye(len(LABELS))[_indices("y", values.tolist(), n)]
    return one_hot


def _truth(labels: Any, soft: Floats) -> Ints:
    if labels is None:
        likeliest: Ints = soft.argmax(axis=1)
        return likeliest
    return _indices("labels", labels, len(soft), missing=True)


def _indices(name: str, values: Sequence[Any], n: int, *, missing: bool = False) -> Ints:
    if len(values) != n:
        raise InputError(f"{name} has {len(values)} rows, X has {n}")
    found = np.empty(n, dtype=np.intp)
    for i, value in enumerate(values):
        if missing and not cell_text(value):
            found[i] = -1
            continue
        try:
            found[i] = LABELS.index(parse_label(value))
        except ValueError as error:
            raise InputError(f"{name}[{i}]: {error}") from None
    return found


def _weights(values: Any, n: int) -> Floats:
    if values is None:
        return np.ones(n)
    try:
        weight = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        weight = np.full(n, np.nan)
    if weight.shape != (n,):
        raise InputError(f"sample_weight must have shape ({n},), not {weight.shape}")
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError("sample_weight must be numbers from 0 up")
    return weight


def _groups(values: Any, n: int) -> Any:
    if values is None:
        return None
    column = np.asarray(values)
    if column.shape != (n,):
        raise InputError(f"groups must have shape ({n},), not {column.shape}")
    names = [cell_text(value) for value in column.tolist()]
    if "" in names:
        raise InputError(f"groups[{names.index('')}] is missing; every row needs a group")
    return np.array(names) if column.dtype == object else column

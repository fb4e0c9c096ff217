"""What a model has to beat: the commonest label, and plain TF-IDF with logistic regression.

Both take the context frame and read its column ``text`` alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from changetalk.errors import ColumnError
from changetalk.labels import LABELS
from changetalk.training.arrays import FloatArray, as_indices, as_labels


class TextBaseline:
    """A scikit-learn vectoriser and classifier behind the interface of our estimators.

    Parameters
    ----------
    vectoriser, classifier : scikit-learn estimators
        Fitted in place by `fit`.
    """

    def __init__(self, vectoriser: Any, classifier: Any) -> None:
        self.vectoriser = vectoriser
        self.classifier = classifier

    def fit(
        self, X: pd.DataFrame, y: npt.ArrayLike, *, groups: object = None, sample_weight: object = None
    ) -> TextBaseline:
        """Learn from texts and labels.

        Parameters
        ----------
        X : pandas.DataFrame
            n rows with a column ``text``.
        y : array-like, shape (n,) of str or (n, 3) of float
            Labels, or soft targets, of which the greatest is taken.
        groups : object
            Not used.
        sample_weight : array-like of float, shape (n,), optional

        Returns
        -------
        TextBaseline
            Itself.

        Raises
        ------
        ColumnError
            If `X` has no column ``text``.
        InputError
            If a value of `y` is not a label.
        """
        target = np.asarray(y)
        labels = target.argmax(axis=1) if target.ndim == 2 else as_indices(target, "y")
        features = self.vectoriser.fit_transform(_texts(X))
        with threadpool_limits(1, user_api="blas"):  # on a busy machine more threads are 30 times slower here
            self.classifier.fit(features, labels, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: pd.DataFrame) -> FloatArray:
        """Return probabilities of shape (n, 3), columns in the order of `LABELS`.

        A label that was not in the training data has probability 0.
        """
        proba = np.zeros((len(X), len(LABELS)))
        proba[:, self.classifier.classes_] = self.classifier.predict_proba(
            self.vectoriser.transform(_texts(X))
        )
        return proba

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.object_]:
        """Return the most probable labels, shape (n,)."""
        return as_labels(self.predict_proba(X).argmax(axis=1))


class MajorityClass(TextBaseline):
    """Gives every utterance the commonest label, with the labels' shares as probabilities."""

    def __init__(self) -> None:
        super().__init__(FunctionTransformer(), DummyClassifier(strategy="prior"))


def tfidf_baseline() -> TextBaseline:
    """Return the baseline published for AnnoMI: TF-IDF of the words, logistic regression.

    ``TfidfVectorizer(ngram_range=(1, 2))`` and ``LogisticRegression(class_weight="balanced")``,
    all else at scikit-learn's defaults.
    """
    return TextBaseline(
        TfidfVectorizer(ngram_range=(1, 2)),
        LogisticRegression(class_weight="balanced", max_iter=1000),  # more steps: no warning, same optimum
    )


def _texts(X: pd.DataFrame) -> list[str]:
    if "text" not in X.columns:
        raise ColumnError("the baseline reads a column text, and the frame has none; name it text")
    return X["text"].tolist()

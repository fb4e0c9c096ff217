"""Trains the linear model with scikit-learn and takes it over into numpy arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from changetalk.context import Batch
from changetalk.labels import LABELS
from changetalk.scorers.features import DENSE, VIEWS, WORD, features
from changetalk.scorers.linear import Block, BlockSpec, LinearScorer

Floats = npt.NDArray[np.float64]

#: The blocks of the shipped model; docs/experiments.md says what each gave.
BLOCKS: Final[tuple[BlockSpec, ...]] = (
    BlockSpec("text", "word", 1, 2),
    BlockSpec("text", "char_wb", 3, 5, weight=0.5, min_df=5),
    BlockSpec("before", "word", 1, 1, weight=0.7),
    BlockSpec("reply", "word", 1, 2),
)


def inputs(batch: Batch) -> pd.DataFrame:
    """Return what scikit-learn's path reads: a column for each view and each dense feature."""
    seen = features(batch)
    frame = pd.DataFrame({name: pd.Series(seen.views[name], dtype=object) for name in VIEWS})
    return frame.join(pd.DataFrame(seen.dense, columns=list(DENSE), index=frame.index))


def fit_linear(
    batch: Batch,
    soft: Floats,
    weight: Floats,
    *,
    specs: Sequence[BlockSpec] = BLOCKS,
    C: float = 1.0,
    tol: float = 1e-4,
    max_iter: int = 1000,
) -> tuple[Pipeline, list[BlockSpec]]:
    """Fit n-grams and logistic regression.

    Parameters
    ----------
    batch : Batch of n utterances
    soft : ndarray of float64, shape (n, 3)
        How far each utterance is of each class; rows sum to 1. Scikit-learn takes one class a
        row, so a row goes in once for each class it has a share of, weighted by that share,
        which is the same likelihood.
    weight : ndarray of float64, shape (n,)
        Weights of the rows.
    specs : sequence of BlockSpec
    C, tol, max_iter
        As for `LogisticRegression`.

    Returns
    -------
    pipeline : Pipeline
        Fitted; reads `inputs(batch)`. Its classes are 0, 1, 2 in the order of `LABELS`.
    specs : list of BlockSpec
        The blocks it has: those left out found no n-gram that is frequent enough.
    """
    frame = inputs(batch)
    specs = [spec for spec in specs if _has_terms(spec, frame[spec.view].tolist())]
    columns = ColumnTransformer(
        [
            *((f"block{k}", _vectorizer(spec), spec.view) for k, spec in enumerate(specs)),
            ("dense", "passthrough", list(DENSE)),
        ],
        transformer_weights={f"block{k}": spec.weight for k, spec in enumerate(specs)},
        sparse_threshold=1.0,
    )
    X = sparse.csr_matrix(columns.fit_transform(frame))
    rows, classes = np.nonzero(soft)
    regression = LogisticRegression(C=C, tol=tol, max_iter=max_iter)
    # Sparse data gains nothing from BLAS threads, and on a busy machine they cost tenfold.
    with threadpool_limits(1, user_api="blas"):
        regression.fit(X[rows], classes, sample_weight=soft[rows, classes] * weight[rows])
    return Pipeline([("features", columns), ("regression", regression)]), specs


def scorer_of(pipeline: Pipeline, specs: Sequence[BlockSpec]) -> LinearScorer:
    """Take a fitted pipeline over into a scorer that needs numpy alone."""
    regression = pipeline.named_steps["regression"]
    if regression.classes_.tolist() != list(range(len(LABELS))):
        raise ValueError("the training data must hold all three labels")
    coef: Floats = regression.coef_.T
    blocks, start = [], 0
    for k, spec in enumerate(specs):
        vectorizer = pipeline.named_steps["features"].named_transformers_[f"block{k}"]
        terms = vectorizer.get_feature_names_out().tolist()
        blocks.append(
            Block(spec, terms, vectorizer.idf_.astype(np.float64), coef[start : start + len(terms)].copy())
        )
        start += len(terms)
    return LinearScorer(blocks, coef[start:].copy(), regression.intercept_.copy())


def _has_terms(spec: BlockSpec, texts: list[str]) -> bool:
    """Whether some n-gram is frequent enough; `TfidfVectorizer` raises where none is."""
    analyse = _vectorizer(spec).build_analyzer()
    counts: Counter[str] = Counter()
    for text in texts:
        terms = set(analyse(text))
        counts.update(terms)
        if any(counts[term] >= spec.min_df for term in terms):
            return True
    return False


def _vectorizer(spec: BlockSpec) -> TfidfVectorizer:
    words: dict[str, Any] = {"token_pattern": WORD} if spec.analyzer == "word" else {}
    return TfidfVectorizer(
        analyzer=spec.analyzer,
        ngram_range=(spec.low, spec.high),
        min_df=spec.min_df,
        sublinear_tf=True,
        **words,
    )

"""Labels, probabilities and groups as checked numpy arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from changetalk.errors import InputError
from changetalk.labels import LABELS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_SUM_TOLERANCE: Final = 0.01  # tables hold probabilities rounded to two or three places


def as_indices(labels: npt.ArrayLike, name: str) -> IntArray:
    """Return the place in `LABELS` of every label, in the shape given.

    Raises
    ------
    InputError
        If a value is not a label. It is counted, not quoted: it may be talk from a wrong column.
    """
    values = np.asarray(labels, dtype=object)
    index: dict[str, int] = {label: i for i, label in enumerate(LABELS)}
    flat = [index.get(value, -1) if isinstance(value, str) else -1 for value in values.ravel()]
    if -1 in flat:
        raise InputError(
            f"{name}: {flat.count(-1)} of {len(flat)} values are not one of {', '.join(LABELS)}; "
            "changetalk.labels.parse_label reads other ways to write them"
        )
    return np.array(flat, dtype=np.intp).reshape(values.shape)


def as_labels(indices: IntArray) -> npt.NDArray[np.object_]:
    """Return the label of every place in `LABELS`, in the shape given."""
    return np.array(LABELS, dtype=object)[indices]


def as_proba(proba: npt.ArrayLike, n: int) -> FloatArray:
    """Return probabilities of shape (n, 3).

    Raises
    ------
    InputError
        If they are not of that shape, or a row is not three numbers from 0 to 1 that sum to 1.
    """
    p = np.asarray(proba, dtype=np.float64)
    if p.shape != (n, len(LABELS)):
        raise InputError(
            f"proba: shape {p.shape}, but ({n}, {len(LABELS)}) is needed, columns {', '.join(LABELS)}"
        )
    good = np.isfinite(p).all(axis=1) & (p >= 0).all(axis=1) & (np.abs(p.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    if not good.all():
        raise InputError(
            f"proba: {n - good.sum()} of {n} rows are not three numbers from 0 to 1 that sum to 1"
        )
    return p

"""A measure with its interval, and the bootstrap over whole groups that gives it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_LEVELS: Final = (2.5, 97.5)
_BLOCK: Final = 4_000_000  # how many numbers are held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its 95% interval; nan where it, or the interval, does not exist."""

    value: float
    low: float
    high: float


def group_indices(groups: npt.ArrayLike, n: int, name: str = "groups") -> IntArray:
    """Return a number from 0 up for each of `n` rows' groups, in order of appearance.

    Raises
    ------
    InputError
        If there are not as many groups as rows, or one is missing.
    """
    values = np.asarray(groups, dtype=object)
    if values.shape != (n,):
        raise InputError(f"{name}: shape {values.shape}, but there are {n} rows: one group a row is needed")
    missing = int(pd.isna(values).sum())
    if missing:
        raise InputError(f"{name}: missing on {missing} of {n} rows; give every row its source or session")
    number: dict[object, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values.tolist()], dtype=np.intp)


def bootstrap_interval(
    measure: Callable[[FloatArray], FloatArray], n_groups: int, *, n_boot: int, seed: int, width: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Return 95% percentile intervals from drawing whole groups with replacement.

    Efron & Tibshirani (1993), "An introduction to the bootstrap", chapter 13. Groups (sessions,
    source videos) are drawn, not utterances, because utterances of one session are not
    independent. Resamples in which a measure does not exist are left out of its interval. With
    few groups such intervals are too narrow (Cameron, Gelbach & Miller 2008); with one there
    are none.

    Parameters
    ----------
    measure : callable
        Takes how often each group is drawn, shape (b, n_groups), and returns m measures of each
        of the b resamples, shape (b, m).
    n_groups : int
    n_boot : int
        Number of resamples; 0 for no intervals.
    seed : int
    width : int
        How many numbers `measure` holds for a resample, so that memory stays bounded.

    Returns
    -------
    low, high : ndarray of float, shape (m,)
        nan where there is no interval.
    """
    share = np.full(n_groups, 1 / n_groups)
    if n_boot < 1 or n_groups == 1:
        none = np.full(measure(np.ones((1, n_groups))).shape[-1], np.nan)
        return none, none.copy()
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // max(n_groups, width))
    values = np.concatenate(
        [
            measure(rng.multinomial(n_groups, share, size=min(step, n_boot - start)).astype(np.float64))
            for start in range(0, n_boot, step)
        ]
    )
    there = ~np.isnan(values)
    ends = [
        np.percentile(v[t], _LEVELS) if t.any() else (np.nan, np.nan)
        for v, t in zip(values.T, there.T, strict=True)
    ]
    low, high = np.array(ends, dtype=np.float64).T
    return low, high


def plain(value: Any) -> Any:
    """Return dicts, lists and numbers as JSON has them: tuples as lists, None where a number is nan."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value

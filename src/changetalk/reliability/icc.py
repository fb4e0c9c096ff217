"""The intraclass correlation for what coders find in a session as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import f as f_distribution

from changetalk.errors import InputError
from changetalk.reliability.intervals import FloatArray


@dataclass(frozen=True, slots=True)
class Icc:
    """An intraclass correlation, ICC(2,1), with its 95% interval; nan where it does not exist.

    Attributes
    ----------
    value, low, high : float
    n : int
        Sessions (rows) it rests on.
    coders : int
    """

    value: float
    low: float
    high: float
    n: int
    coders: int


def icc_2_1(values: npt.ArrayLike) -> Icc:
    """Return ICC(2,1): two-way random effects, absolute agreement, a single coder.

    Shrout & Fleiss (1979), "Intraclass correlations: uses in assessing rater reliability"; it is
    ICC(A,1) of McGraw & Wong (1996), "Forming inferences about some intraclass correlation
    coefficients". The interval rests on F with Satterthwaite's degrees of freedom, as both give
    it. The value may be negative.

    Parameters
    ----------
    values : array-like of float, shape (n, coders)
        A row a session, a column a coder. Rows with a NaN are left out.

    Returns
    -------
    Icc
        nan with fewer than two whole rows, or where all values are equal.

    Raises
    ------
    InputError
        If there are not two columns at least, or a value is infinite.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2:
        raise InputError(
            f"values: shape {x.shape}, but a row a session and a column for each of two coders or more "
            "are needed"
        )
    if np.isinf(x).any():
        raise InputError("values: some are infinite; use NaN for what does not exist")
    x = x[~np.isnan(x).any(axis=1)]
    n, k = x.shape
    if n < 2 or (x == x.flat[0]).all():
        return Icc(math.nan, math.nan, math.nan, n, k)
    if (x == x[:, :1]).all():  # the coders agree fully; F does not exist
        return Icc(1.0, 1.0, 1.0, n, k)
    return Icc(*_icc(x), n, k)


def _icc(x: FloatArray) -> tuple[float, float, float]:
    n, k = x.shape
    rows, columns, grand = x.mean(axis=1), x.mean(axis=0), x.mean()
    bms = k * ((rows - grand) ** 2).sum() / (n - 1)  # the mean squares, by Shrout & Fleiss's names
    jms = n * ((columns - grand) ** 2).sum() / (k - 1)
    ems = ((x - rows[:, None] - columns + grand) ** 2).sum() / ((n - 1) * (k - 1))
    # By 0 is divided where coders or sessions do not vary enough for a value, or an interval, to exist.
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n)
        # Their degrees of freedom, numerator and denominator multiplied by EMS squared: EMS may be 0.
        a, b = k * rho * jms, (n * (1 + (k - 1) * rho) - k * rho) * ems
        freedom = (k - 1) * (n - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)
        upper = 1 / f_distribution.ppf(0.975, n - 1, freedom)  # F may be infinite, its inverse is not
        lower = f_distribution.ppf(0.975, freedom, n - 1)
        between = k * jms + (k * n - k - n) * ems
        low = n * (bms * upper - ems) / (between + n * bms * upper)
        high = n * (lower * bms - ems) / (between + n * lower * bms)
    if not math.isfinite(rho):
        return math.nan, math.nan, math.nan
    return float(rho), float(low), float(high)

"""What a kappa or an intraclass correlation is called in words, and by whom."""

from __future__ import annotations

import math
from typing import Final

#: Whose words `kappa_band` uses: "The measurement of observer agreement for categorical data".
KAPPA_SOURCE: Final = "Landis & Koch (1977)"

#: Whose words `icc_band` uses: "Guidelines, criteria, and rules of thumb for evaluating normed and
#: standardized assessment instruments in psychology".
ICC_SOURCE: Final = "Cicchetti (1994)"

_KAPPA: Final = (
    (0.81, "almost perfect"),
    (0.61, "substantial"),
    (0.41, "moderate"),
    (0.21, "fair"),
    (0.0, "slight"),
)
_ICC: Final = ((0.75, "excellent"), (0.60, "good"), (0.40, "fair"))


def kappa_band(value: float) -> str | None:
    """Return the word of Landis & Koch (1977) for a kappa; None where there is none.

    Their bands are written with two decimals (.41 to .60 is moderate), so the value is rounded
    to two first.

    Examples
    --------
    >>> kappa_band(0.47)
    'moderate'
    """
    return _band(value, _KAPPA)


def icc_band(value: float) -> str | None:
    """Return the word of Cicchetti (1994) for an intraclass correlation; None where there is none.

    Rounded to two decimals first, as his bands are written.

    Examples
    --------
    >>> icc_band(0.62)
    'good'
    """
    return _band(value, _ICC)


def _band(value: float, bands: tuple[tuple[float, str], ...]) -> str | None:
    if math.isnan(value):
        return None
    rounded = round(value, 2)
    return next((word for low, word in bands if rounded >= low), "poor")

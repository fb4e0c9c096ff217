"""Summary scores of the therapist's behaviours.

Source: Motivational Interviewing Treatment Integrity coding manual, MITI 4.2.1 (Moyers, Manuel &
Ernst 2014).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

_SIMPLE: Final = frozenset({"sr", "res", "simple reflection", "reflection simple", "reflect simple"})
_COMPLEX: Final = frozenset({"cr", "rec", "complex reflection", "reflection complex", "reflect complex"})
_UNTYPED: Final = frozenset({"r", "re", "ref", "reflection", "reflect", "reflections"})
_QUESTION: Final = frozenset(
    {
        "q", "qu", "question", "questions", "oq", "cq", "quo", "quc", "open question", "closed question",
        "question open", "question closed",
    }
)  # fmt: skip


def miti(behaviours: Iterable[object]) -> dict[str, float]:
    """Return the MITI summary scores of one session.

    Parameters
    ----------
    behaviours : iterable of str or None
        The therapist's behaviours; several in one cell are separated by semicolons. Reflections
        and questions are known as MITI, MISC and plain English name them (``SR``, ``CR``, ``Q``;
        ``RES``, ``REC``, ``QUO``, ``QUC``; ``complex reflection``, ``open question``, ...).

    Returns
    -------
    dict of str to float
        ``n_reflections`` and ``n_questions``; ``pct_complex_reflections``, 100 CR / (SR + CR),
        NaN where there are none or where some are not told apart as simple and complex;
        ``reflections_per_question``, (SR + CR) / Q, NaN without questions. All NaN where there
        are no behaviours.
    """
    counts = Counter(
        re.sub(r"[\s_:,()-]+", " ", part).strip().lower()
        for cell in behaviours
        if isinstance(cell, str)
        for part in cell.split(";")
        if part.strip()
    )
    if not counts:
        return dict.fromkeys(
            ("n_reflections", "n_questions", "pct_complex_reflections", "reflections_per_question"), math.nan
        )
    simple, complex_, untyped, asked = (
        sum(counts[name] for name in names) for names in (_SIMPLE, _COMPLEX, _UNTYPED, _QUESTION)
    )
    reflections = simple + complex_ + untyped
    told_apart = simple + complex_ > 0 and not untyped
    return {
        "n_reflections": reflections,
        "n_questions": asked,
        "pct_complex_reflections": 100 * complex_ / reflections if told_apart else math.nan,
        "reflections_per_question": reflections / asked if asked else math.nan,
    }

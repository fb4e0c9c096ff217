"""What every kind of model can do, and what it says when asked why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from changetalk.context import Batch

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature of an utterance adds to the score of each class.

    Attributes
    ----------
    where : str
        The part of the input the feature was found in, such as ``"utterance, words"``.
    feature : str
        The n-gram or the feature's name.
    change, neutral, sustain : float
        What it adds to each class's score, in logits.
    """

    where: str
    feature: str
    change: float
    neutral: float
    sustain: float


class Scorer(Protocol):
    """Scores utterances; knows nothing of calibration, decision rules or files' hashes."""

    kind: ClassVar[str]

    def logits(self, batch: Batch) -> Floats:
        """Return uncalibrated scores, float64 of shape (n, 3), columns as in `LABELS`."""
        ...

    def contributions(self, batch: Batch) -> list[Contribution]:
        """Return what each feature of a batch of one adds; their sum is `logits(batch)[0]`."""
        ...

    def save(self, folder: Path) -> list[str]:
        """Write the weights into a folder; return the names of the files written."""
        ...

    @classmethod
    def restore(cls, folder: Path, config: Mapping[str, Any], *, threads: int | None = None) -> Scorer:
        """Read what `save` wrote; raises `ModelError` where it does not fit together.

        `threads` is how many may be used; all where None. The linear model needs but one.
        """
        ...

    def config(self) -> dict[str, Any]:
        """Return the settings that go into the manifest, JSON-ready."""
        ...


@runtime_checkable
class CodeScorer(Protocol):
    """A scorer that knows MISC codes as well."""

    def code_logits(self, batch: Batch) -> Floats:
        """Return the logit of each of `VALENCED_CODES`, float64 of shape (n, 16)."""
        ...

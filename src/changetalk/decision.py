"""From a scorer's logits to probabilities that mean something, and from these to a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from changetalk.errors import ModelError

Floats = npt.NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    """Return probabilities, rows of which sum to 1, from scores of shape (n, 3)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result


def expit(logits: Floats) -> Floats:
    """Return the probability, between 0 and 1, that each logit stands for."""
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * logits))  # never overflows
    return result


@dataclass(frozen=True, slots=True)
class Decision:
    """Calibration and decision rule of a model.

    Probabilities are ``softmax(scale * logits + bias)`` (vector scaling with one scale; Guo et
    al. 2017). The label is ``argmax(log p + offset)``: the classes are far from equally
    frequent, and the plain argmax would give up the rarest, sustain talk, which is the one
    that predicts outcome. An offset of zeros is the plain argmax.

    Attributes
    ----------
    scale : float
    bias, offset : tuple of 3 floats
        In the order of `changetalk.labels.LABELS`.
    """

    scale: float = 1.0
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def proba(self, logits: Floats) -> Floats:
        """Return calibrated probabilities, float64 of shape (n, 3)."""
        return softmax(self.scale * logits + np.array(self.bias))

    def choose(self, proba: Floats) -> npt.NDArray[np.intp]:
        """Return the index of each row's label, shape (n,), from calibrated probabilities."""
        with np.errstate(divide="ignore"):
            result: npt.NDArray[np.intp] = (np.log(proba) + np.array(self.offset)).argmax(axis=1)
        return result

    def to_json(self) -> dict[str, Any]:
        """Return the fields as they stand in a manifest."""
        return {"scale": self.scale, "bias": list(self.bias), "offset": list(self.offset)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Decision:
        """Read the fields back; raises `ModelError` where they are not numbers of that shape."""
        try:
            scale = float(data["scale"])
            bias, offset = (np.array(data[k], dtype=np.float64) for k in ("bias", "offset"))
            if bias.shape != (3,) or offset.shape != (3,) or not np.isfinite([scale, *bias, *offset]).all():
                raise ValueError
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ModelError(
                "the manifest's calibration is not a scale, a bias and an offset of numbers"
            ) from None
        return cls(
            scale,
            (bias[0].item(), bias[1].item(), bias[2].item()),
            (offset[0].item(), offset[1].item(), offset[2].item()),
        )

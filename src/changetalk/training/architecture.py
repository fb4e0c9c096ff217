"""Sizes and fixed rules of the encoder: what torch, for training, and the ONNX graph have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

#: What AnnoMI says of a therapist's turn, an auxiliary task in training.
BEHAVIOURS: Final = ("question", "reflection", "therapist_input", "other")

#: MPNet counts positions from the number of the padding piece plus one.
FIRST_POSITION: Final = 2

#: The files of all-mpnet-base-v2 that are used (models/fetch_mpnet.py gets them).
PRETRAINED_SHA256: Final = {
    "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of an encoder."""

    vocabulary: int = 30527
    layers: int = 12
    width: int = 768
    heads: int = 12
    inner: int = 3072
    positions: int = 514
    buckets: int = 32
    eps: float = 1e-5


def buckets(t: int, count: int = 32, furthest: int = 128) -> npt.NDArray[np.int64]:
    """Return the bucket of the distance between any two of t positions, shape (t, t).

    As in MPNet and T5 (Raffel et al. 2020): half the buckets for each direction, half of these
    for single distances, the rest in logarithmic steps up to `furthest`.
    """
    apart = np.arange(t)[:, None] - np.arange(t)[None, :]
    half = count // 2
    exact = half // 2
    distance = np.abs(apart)
    with np.errstate(divide="ignore"):
        steps = np.log(distance / exact) / np.log(furthest / exact) * (half - exact)
    far = np.minimum(exact + np.where(distance > 0, steps, 0).astype(np.int64), half - 1)
    return np.where(apart < 0, half, 0) + np.where(distance < exact, distance, far)

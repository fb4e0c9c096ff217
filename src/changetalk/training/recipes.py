"""How the shipped models are made: which data, which labels, which weights.

The constants were chosen by cross-validation over AnnoMI's five folds; docs/experiments.md has
what else was tried. The panel's sessions take no part: `load_annomi` leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from changetalk.context import FIELDS
from changetalk.frames import client_talk
from changetalk.inputs import as_batch
from changetalk.labels import LABELS
from changetalk.scorers.linear import BlockSpec
from changetalk.training.datasets import load_annomi, load_dialogues
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.linear import fit_linear

Floats = npt.NDArray[np.float64]

#: Share of the expert's label in the soft target of a turn of AnnoMI; the rest is our codes'.
EXPERT_SHARE: Final = 0.2
#: Weight of a turn of our own dialogues, where one of AnnoMI's has 1.
DIALOGUE_WEIGHT: Final = 0.5

_SHARES: Final = [f"p_{label}" for label in LABELS]


@dataclass(frozen=True, slots=True)
class TrainingTalk:
    """Client talk to train on.

    Attributes
    ----------
    X : pandas.DataFrame, n rows
        Columns ``text, before, said, target, position``.
    soft : ndarray of float64, shape (n, 3)
        Soft labels.
    labels : ndarray of object, shape (n,)
        The experts' labels, on which is calibrated; None where there is none.
    groups : ndarray of object, shape (n,)
        Source video, or dialogue.
    folds : ndarray of object, shape (n,)
        AnnoMI's folds ``0`` to ``4``; None for our own dialogues.
    """

    X: pd.DataFrame
    soft: Floats
    labels: npt.NDArray[np.object_]
    groups: npt.NDArray[np.object_]
    folds: npt.NDArray[np.object_]


def annomi_talk(expert_share: float = EXPERT_SHARE) -> TrainingTalk:
    """Return AnnoMI's client turns without the panel, labels mixed of experts' and our codes."""
    frame = client_talk(load_annomi())
    expert = (frame["label"].to_numpy()[:, None] == np.array(LABELS)).astype(np.float64)
    codes = frame[_SHARES].to_numpy(dtype=np.float64)
    soft = expert_share * expert + (1 - expert_share) * codes / codes.sum(axis=1, keepdims=True)
    return TrainingTalk(
        frame[list(FIELDS)].reset_index(drop=True),
        soft,
        frame["label"].to_numpy(dtype=object),
        frame["source"].to_numpy(dtype=object),
        frame["fold"].to_numpy(dtype=object),
    )


def dialogue_talk() -> TrainingTalk:
    """Return the client turns of our own dialogues, without the test part."""
    frame = client_talk(load_dialogues())
    codes = frame[_SHARES].to_numpy(dtype=np.float64)
    nothing = np.full(len(frame), None, dtype=object)
    return TrainingTalk(
        frame[list(FIELDS)].reset_index(drop=True),
        codes / codes.sum(axis=1, keepdims=True),
        nothing,
        frame["session"].to_numpy(dtype=object),
        nothing,
    )


def fit_linear_model(*, dialogues: bool = True) -> ChangeTalkClassifier:
    """Fit the shipped `linear` model, or the same without our dialogues; needs AnnoMI.

    Takes some minutes.
    """
    talk, more = annomi_talk(), dialogue_talk()
    weight = DIALOGUE_WEIGHT if dialogues else 0.0  # rows without weight are left out
    return ChangeTalkClassifier().fit(
        pd.concat([talk.X, more.X], ignore_index=True),
        np.concatenate([talk.soft, more.soft]),
        groups=np.array([str(g) for g in [*talk.groups, *more.groups]]),
        sample_weight=np.concatenate([np.ones(len(talk.X)), np.full(len(more.X), weight)]),
        labels=np.concatenate([talk.labels, more.labels]),
    )


def fit_linear_pipeline() -> tuple[Pipeline, list[BlockSpec]]:
    """Fit scikit-learn's own pipeline on the same data: what the shipped weights were taken from."""
    talk, more = annomi_talk(), dialogue_talk()
    batch = as_batch(talk.X) + as_batch(more.X)
    soft = np.concatenate([talk.soft, more.soft])
    soft /= soft.sum(axis=1, keepdims=True)  # as the estimator does: the last bit steers the optimiser
    weight = np.concatenate([np.ones(len(talk.X)), np.full(len(more.X), DIALOGUE_WEIGHT)])
    share = ChangeTalkClassifier().bare_share
    return fit_linear(
        batch + batch.bare(),
        np.concatenate([soft, soft]),
        np.concatenate([(1 - share) * weight, share * weight]),
        C=ChangeTalkClassifier().C,
    )

"""What the encoder says of AnnoMI out of fold, in the form it is shipped in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from changetalk.context import Batch
from changetalk.decision import Decision
from changetalk.labels import LABELS
from changetalk.scorers.encoder import EncoderScorer
from changetalk.training.calibration import fit_decision
from changetalk.training.encoder import FOLDS, Workshop
from changetalk.training.quantise import shipped_scorer

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

#: Every so many turns of the dialogues one is used to measure how large inputs of layers get.
_MEASURED_EVERY: Final = 100

#: Ways in which the talk is given: all that is known, or less.
VIEWS: Final[dict[str, Callable[[Batch], Batch]]] = {
    "in context": lambda batch: batch,
    "without the target": lambda batch: replace(batch, target=[""] * len(batch)),
    "without the turn before": lambda batch: replace(batch, before=[""] * len(batch), said=[""] * len(batch)),
    "utterance alone": Batch.bare,
}


def scorer_of(shop: Workshop, fold: str, *, quantised: bool = True) -> EncoderScorer:
    """Return the shipped form of the encoder trained without a fold."""
    talk = shop.dialogues.batch.take(range(0, len(shop.dialogues), _MEASURED_EVERY))
    model = shop.model(shop.specific(fold))
    return shipped_scorer(model, shop.pretrained / "tokenizer.json", talk, quantised=quantised)


def out_of_fold(shop: Workshop) -> dict[str, Floats]:
    """Score every turn of AnnoMI with the encoder that has not seen its fold.

    Returns
    -------
    dict of ndarray of float64
        Logits by name of `VIEWS`, shape (n, 3); ``float``, in context by the same weights before
        quantisation; ``codes``, shape (n, 16). Kept in the work folder, a file a fold.
    """
    fold_of = shop.about_annomi["fold"].to_numpy()
    found: dict[str, Floats] = {}
    for fold in FOLDS:
        rows = np.flatnonzero(fold_of == fold)
        path = shop.work / f"out_of_fold_{fold}.npz"
        if not path.exists():
            batch = shop.annomi.batch.take(rows.tolist())
            scorer = scorer_of(shop, fold)
            part = {name: scorer.logits(view(batch)) for name, view in VIEWS.items()}
            part["codes"] = scorer.code_logits(batch)
            part["float"] = scorer_of(shop, fold, quantised=False).logits(batch)
            np.savez(path, allow_pickle=False, **part)
        with np.load(path, allow_pickle=False) as stored:
            for name in stored.files:
                empty = np.full((len(fold_of), stored[name].shape[1]), np.nan)
                found.setdefault(name, empty)[rows] = stored[name]
    return found


def decide(logits: Floats, truth: Ints, fold_of: npt.NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Calibrate and decide each fold with what the other folds teach.

    Parameters
    ----------
    logits : ndarray of float64, shape (n, 3)
        Out-of-fold scores.
    truth : ndarray of int, shape (n,)
        Index of the expert's label.
    fold_of : ndarray of object, shape (n,)

    Returns
    -------
    proba : ndarray of float64, shape (n, 3)
    chosen : ndarray of int, shape (n,)
    """
    proba, chosen = np.empty((len(truth), len(LABELS))), np.empty(len(truth), dtype=np.intp)
    for fold in FOLDS:
        here = fold_of == fold
        decision: Decision = fit_decision(logits[~here], truth[~here])
        proba[here] = decision.proba(logits[here])
        chosen[here] = decision.choose(proba[here])
    return proba, chosen

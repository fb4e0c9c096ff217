"""A model among the ten coders of AnnoMI's panel: who agrees with whom, and how well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from changetalk.errors import InputError
from changetalk.labels import LABELS, Label
from changetalk.reliability.nominal import fleiss_of, tables
from changetalk.training.arrays import FloatArray, IntArray, as_indices, as_labels
from changetalk.training.evaluation import Report, Scores, evaluate, scores

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PanelScores:
    """A model on the panel, beside the humans.

    Attributes
    ----------
    model : Report
        The model against the majority of all coders; intervals by bootstrap over sources, of which
        there are only seven: read them as a lower bound of the uncertainty.
    model_against_nine : Scores
        The model against the majority of every nine of the ten coders, mean of ten: like for like
        with `human_against_nine`.
    humans : dict of {coder: Scores}
        Each coder against the majority of the other nine.
    human_against_nine : Scores
        Their mean.
    model_against_one : Scores
        The model against each coder, mean of ten: like for like with `human_against_one`. Its
        accuracy is the share of coders who gave the model's label, mean over turns.
    human_against_one : Scores
        One coder against another, mean of all pairs.
    fleiss_kappa : float
        Agreement of the coders beyond chance (Fleiss 1971).
    fleiss_by_class : dict of {label: float}
        The same for each label against the two others.
    share_distance : float
        Total variation distance between the model's probabilities and the coders' vote shares, mean
        over turns: 0 is the panel's own split, 1 none of it. nan without probabilities.
    """

    model: Report
    model_against_nine: Scores
    humans: dict[str, Scores]
    human_against_nine: Scores
    model_against_one: Scores
    human_against_one: Scores
    fleiss_kappa: float
    fleiss_by_class: dict[Label, float]
    share_distance: float


def panel_scores(
    panel: pd.DataFrame, labels: npt.ArrayLike, proba: npt.ArrayLike | None = None
) -> PanelScores:
    """Put a model beside the human coders, on what all of them have labelled.

    Every majority is `majority_vote`, also that of nine coders.

    Parameters
    ----------
    panel : pandas.DataFrame
        As `changetalk.training.datasets.load_panel` returns it: columns ``source`` and, for each
        coder, ``coder_<id>`` with labels.
    labels : array-like of str, shape (n,)
        The model's labels, in the panel's row order.
    proba : array-like of float, shape (n, 3), optional
        The model's probabilities, columns in the order of `LABELS`.

    Returns
    -------
    PanelScores

    Raises
    ------
    InputError
        If the panel has fewer than three coders, or the model's labels do not fit its rows.
    """
    coders = coder_columns(panel)
    if len(coders) < 3:
        raise InputError(f"panel: {len(coders)} columns named coder_<id>; three coders at least are needed")
    votes = as_indices(panel[coders], "panel")
    majority = as_labels(majority_vote(votes))
    model = evaluate(majority, proba, labels, groups=panel["source"])
    by_coder = {coder: as_labels(votes[:, i]) for i, coder in enumerate(coders)}
    nine = {coder: as_labels(majority_vote(np.delete(votes, i, axis=1))) for i, coder in enumerate(coders)}
    humans = {coder: scores(nine[coder], by_coder[coder]) for coder in coders}
    kappa, by_class = fleiss_kappa(votes)
    shares = _counts(votes) / len(coders)
    distance = np.nan if proba is None else np.abs(np.asarray(proba) - shares).sum(axis=1).mean() / 2
    return PanelScores(
        model=model,
        model_against_nine=_mean(scores(other, labels) for other in nine.values()),
        humans=humans,
        human_against_nine=_mean(humans.values()),
        model_against_one=_mean(scores(other, labels) for other in by_coder.values()),
        human_against_one=_mean(scores(by_coder[a], by_coder[b]) for a, b in combinations(coders, 2)),
        fleiss_kappa=kappa,
        fleiss_by_class=by_class,
        share_distance=float(distance),
    )


def coder_columns(panel: pd.DataFrame) -> list[str]:
    """Return the columns with the coders' labels, in order of the coders' ids."""
    return sorted((c for c in panel.columns if c.startswith("coder_")), key=lambda c: (len(c), c))


def majority_vote(votes: IntArray) -> IntArray:
    """Return the label most coders gave; of tied labels, the one the earliest coder gave.

    This is how AnnoMI-simple.csv settles its ties.

    Parameters
    ----------
    votes : ndarray of int, shape (n, coders)
        Places in `LABELS`, a column a coder, in order of the coders' ids.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    counts = _counts(votes)
    of_coder = np.take_along_axis(counts, votes, axis=1)  # how many agree with each coder
    earliest = of_coder.argmax(axis=1)  # the first of the coders whom most agree with
    majority: IntArray = votes[np.arange(len(votes)), earliest]
    return majority


def fleiss_kappa(votes: IntArray) -> tuple[float, dict[Label, float]]:
    """Return Fleiss' kappa over all labels, and for each label against the others.

    Fleiss (1971), "Measuring nominal scale agreement among many raters". nan where only one label
    was ever given; a label's is nan where it was never or always given.

    Parameters
    ----------
    votes : ndarray of int, shape (n, coders)
        Places in `LABELS`.
    """
    kappa, by_class = fleiss_of(tables(votes, len(LABELS)))
    return float(kappa[0]), dict(zip(LABELS, by_class[0].tolist(), strict=True))


def _counts(votes: IntArray) -> FloatArray:
    return np.stack([(votes == i).sum(axis=1) for i in range(len(LABELS))], axis=1).astype(np.float64)


def _mean(of: Iterable[Scores]) -> Scores:
    each = list(of)
    return Scores(*(float(np.mean([getattr(s, f.name) for s in each])) for f in fields(Scores)))

"""Do sets of labels hold the right one as often as promised? On AnnoMI, by source video.

    python benchmarks/conformal.py                                 # the linear recipe, some minutes
    python benchmarks/conformal.py --scores FILE.npz --name NAME   # another model's probabilities

AnnoMI without the panel, truth the experts' labels, probabilities out of fold by source video. 200
times the sources are split at random: sets are calibrated on one half and tried on the other.
FILE.npz holds, a row an utterance, `proba` (n, 3), `labels` (the model's), `truth` and `groups`, the
last three as text. Writes benchmarks/results/conformal.json, a block a name.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.conformal import abstain_below, fit_label_sets
from changetalk.labels import LABELS
from changetalk.reliability.intervals import group_indices, plain
from changetalk.training.arrays import as_indices
from changetalk.training.crossval import cross_validate
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.recipes import annomi_talk
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "conformal.json"
COVERAGES: Final = (0.8, 0.9, 0.95)
SPLITS: Final = 200
Floats = npt.NDArray[np.float64]


class Scored(NamedTuple):
    """Probabilities and labels of a model, out of fold, and the truth.

    Attributes
    ----------
    proba : ndarray of float, shape (n, 3)
    labels, truth : ndarray of int, shape (n,)
        Places in `LABELS`: the model's, by its decision rule, and the experts'.
    groups : ndarray of int, shape (n,)
        The number of the source video.
    """

    proba: Floats
    labels: npt.NDArray[np.intp]
    truth: npt.NDArray[np.intp]
    groups: npt.NDArray[np.intp]

    def take(self, rows: npt.NDArray[np.bool_]) -> Scored:
        """Return the rows wanted."""
        return Scored(self.proba[rows], self.labels[rows], self.truth[rows], self.groups[rows])


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", type=Path, metavar="FILE.npz")
    parser.add_argument("--name", default="linear, without our dialogues")
    options = parser.parse_args()
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    scored = linear_out_of_fold() if options.scores is None else read_scores(options.scores)
    results[options.name] = {**measure(scored), "versions": versions()}
    RESULT.write_text(json.dumps(plain(results), indent=1) + "\n", encoding="utf-8")
    print(json.dumps(plain(results[options.name]), indent=1))


def linear_out_of_fold() -> Scored:
    """Cross-validate the linear recipe by source video."""
    talk = annomi_talk()
    out = cross_validate(
        ChangeTalkClassifier, talk.X, talk.soft, talk.folds, groups=talk.groups, labels=talk.labels
    )
    return scored(out.proba, out.labels, talk.labels, talk.groups)


def read_scores(path: Path) -> Scored:
    """Read what another model gave out of fold."""
    with np.load(path, allow_pickle=False) as stored:
        return scored(*(stored[name] for name in ("proba", "labels", "truth", "groups")))


def scored(proba: Floats, labels: npt.ArrayLike, truth: npt.ArrayLike, groups: npt.ArrayLike) -> Scored:
    """Return labels and groups as numbers."""
    n = len(proba)
    return Scored(proba, as_indices(labels, "labels"), as_indices(truth, "truth"), group_indices(groups, n))


def measure(talk: Scored) -> dict[str, Any]:
    """Calibrate and try the sets on random halves of the sources.

    Returns
    -------
    dict
        Means over the splits, and of the coverage by source the 5th and 95th percentile too. What
        is promised is the coverage by source: of all labels alike, or of each label.
    """
    found: dict[str, Any] = {
        "utterances": len(talk.truth),
        "sources": int(talk.groups.max()) + 1,
        "splits": SPLITS,
        "accuracy": float((talk.labels == talk.truth).mean()),
    }
    for by_label in (False, True):
        block = found["by label" if by_label else "all labels alike"] = {}
        for coverage in COVERAGES:
            rng = np.random.default_rng(0)  # the same splits for each
            splits = [half(talk, rng, coverage, by_label) for _ in range(SPLITS)]
            table = pd.DataFrame(splits)
            low, high = np.percentile(table["coverage by source"], (5, 95))
            block[f"{coverage:g}"] = {
                **table.mean().to_dict(),
                "coverage by source, 5% and 95% of splits": [low, high],
            }
    return found


def half(talk: Scored, rng: np.random.Generator, coverage: float, by_label: bool) -> dict[str, float]:
    """Calibrate on a random half of the sources, try on the other."""
    n_sources = int(talk.groups.max()) + 1
    calibrating = np.isin(talk.groups, rng.permutation(n_sources)[: n_sources // 2])
    here, there = talk.take(calibrating), talk.take(~calibrating)
    names = np.array(LABELS, dtype=object)
    rule = fit_label_sets(here.proba, names[here.truth], here.groups, coverage=coverage, by_label=by_label)
    sets = rule.sets(there.proba)
    size = sets.sum(axis=1)
    holds = sets[np.arange(len(sets)), there.truth]
    kept = ~rule.abstain(there.proba)
    right = there.labels == there.truth
    # The simple rule, made to abstain as often as the sets do where they were calibrated.
    share = float(rule.abstain(here.proba).mean())
    sure = ~abstain_below(confidence(there), float(np.quantile(confidence(here), share)))
    return {
        "coverage by source": by_source(holds, there.groups),
        "coverage by utterance": float(holds.mean()),
        **{
            f"coverage of {label} by source": by_source(
                holds[there.truth == k], there.groups[there.truth == k]
            )
            for k, label in enumerate(LABELS)
        },
        **{
            f"coverage of {label} by utterance": float(holds[there.truth == k].mean())
            for k, label in enumerate(LABELS)
        },
        "mean size": float(size.mean()),
        **{f"share of size {k}": float((size == k).mean()) for k in range(4)},
        "abstained": float((~kept).mean()),
        "accuracy of the single labels": mean(sets.argmax(axis=1)[kept] == there.truth[kept]),
        "accuracy of the model's label where the set is single": mean(right[kept]),
        "abstained by confidence": float((~sure).mean()),
        "accuracy of the model's label where confidence is high": mean(right[sure]),
    }


def by_source(holds: npt.NDArray[np.bool_], groups: npt.NDArray[np.intp]) -> float:
    """Return the mean over sources of the share in each: what is promised."""
    return float(pd.Series(holds).groupby(groups).mean().mean())


def confidence(talk: Scored) -> Floats:
    """Return the probability of the model's label, as in ct_confidence."""
    found: Floats = talk.proba[np.arange(len(talk.proba)), talk.labels]
    return found


def mean(right: npt.NDArray[np.bool_]) -> float:
    """Return the share that is right; nan of none."""
    return float(right.mean()) if len(right) else float("nan")


if __name__ == "__main__":
    main()

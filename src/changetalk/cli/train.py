"""`changetalk train`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from changetalk.cli.evaluate import coded_talk, describe
from changetalk.errors import InputError
from changetalk.labels import LABELS
from changetalk.loading import load
from changetalk.training.baselines import MajorityClass, tfidf_baseline
from changetalk.training.coded import CodedTalk
from changetalk.training.crossval import Estimator, cross_validate
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.evaluation import Report, evaluate, format_table


def run(options: argparse.Namespace) -> int:
    """Cross-validate by session beside the baselines, then train on all and write the model."""
    talk = coded_talk(options)
    print(describe(talk))
    reports = _cross_validated(talk, options.folds)
    print(f"\nby session, {options.folds} folds; intervals by bootstrap over sessions\n")
    print(format_table(reports))
    classifier = ChangeTalkClassifier().fit(talk.X, talk.y, groups=talk.groups)
    ours = reports["your model"]
    folder = classifier.export(
        options.output,
        name=options.name,
        scores={
            "headline": f"macro-F1 {ours.macro_f1.value:.3f}, kappa {ours.kappa.value:.3f} on its own coded "
            f"sessions, {options.folds} folds by session",
            "cross_validation": {name: report.to_dict() for name, report in reports.items()},
        },
        training={"data": Path(options.coded).name, "sessions": len(set(talk.groups.tolist()))},
    )
    print(f"\nwritten to {folder}; use it with: changetalk label FILE --model {folder}")
    shipped = reports["shipped model"]
    if shipped.macro_f1.value >= ours.macro_f1.value:
        print("The shipped model does as well on your sessions: yours may not be worth having yet.")
    return 0


def _cross_validated(talk: CodedTalk, folds: int) -> dict[str, Report]:
    fold = _folds(talk, folds)
    makers: dict[str, Callable[[], Estimator]] = {
        "majority class": MajorityClass,
        "plain n-grams": tfidf_baseline,
        "your model": ChangeTalkClassifier,
    }
    reports = {}
    for name, make in makers.items():
        out = cross_validate(make, talk.X, talk.y, fold, groups=talk.groups)
        reports[name] = evaluate(talk.y, out.proba, out.labels, groups=talk.groups)
    shipped = load()
    proba, labels = shipped.predict_proba(talk.X), shipped.predict(talk.X)
    reports["shipped model"] = evaluate(talk.y, proba, labels, groups=talk.groups)
    return reports


def _folds(talk: CodedTalk, n: int) -> np.ndarray:
    if n < 2:
        raise InputError(f"--folds must be 2 or more, not {n}")
    for label in LABELS:
        sessions = len(set(talk.groups[talk.y == label].tolist()))
        if sessions < n:
            raise InputError(
                f"{label} talk occurs in {sessions} sessions, too few for {n} folds; "
                "code more sessions or ask for fewer --folds"
            )
    fold = np.empty(len(talk.y), dtype=int)
    splitter = StratifiedGroupKFold(n_splits=n, shuffle=True, random_state=0)
    for k, (_, test) in enumerate(splitter.split(talk.y, talk.y, talk.groups)):
        fold[test] = k
    return fold

"""Do our own dialogues help? The linear recipe with and without them, on AnnoMI and on our test part.

    python benchmarks/corpus.py        # some 20 minutes on two cores; needs AnnoMI

On AnnoMI: five folds by source video, truth the experts' labels, the panel left out. On the test
part of our dialogues, which no model is trained on: one model on all of AnnoMI but the panel, with
or without the training part of the dialogues; truth the labels that language models gave.
Writes benchmarks/results/corpus.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from changetalk.context import FIELDS
from changetalk.frames import client_talk
from changetalk.labels import LABELS
from changetalk.training.crossval import Extra, cross_validate
from changetalk.training.datasets import load_dialogues
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.evaluation import evaluate
from changetalk.training.recipes import DIALOGUE_WEIGHT, annomi_talk, dialogue_talk, fit_linear_model
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "corpus.json"


def main() -> None:
    """Run the four measurements, two at a time, and write them down."""
    jobs = [(on_annomi, True), (on_test_part, True), (on_annomi, False), (on_test_part, False)]
    done = Parallel(n_jobs=2)(delayed(measure)(dialogues) for measure, dialogues in jobs)
    result = {
        "annomi": {"with dialogues": done[0], "without dialogues": done[2]},
        "test part": {"with dialogues": done[1], "without dialogues": done[3]},
        "versions": versions(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for where, rows in result.items():
        if where != "versions":
            for name, row in rows.items():
                report = row.get("all", row)
                print(where, name, report["macro_f1"], report["kappa"]["value"], report["ece"]["value"])


def on_annomi(dialogues: bool) -> dict[str, Any]:
    """Cross-validate by source video; also with the most probable class instead of the rule."""
    talk, more = annomi_talk(), dialogue_talk()
    extra = Extra(more.X, more.soft, more.groups, DIALOGUE_WEIGHT) if dialogues else None
    out = cross_validate(
        ChangeTalkClassifier,
        talk.X,
        talk.soft,
        talk.folds,
        groups=talk.groups,
        labels=talk.labels,
        extra=extra,
    )
    plain = np.array(LABELS, dtype=object)[out.proba.argmax(axis=1)]
    return {
        **evaluate(talk.labels, out.proba, out.labels, groups=talk.groups).to_dict(),
        "most probable class": evaluate(talk.labels, out.proba, plain, groups=talk.groups).to_dict(),
    }


def on_test_part(dialogues: bool) -> dict[str, Any]:
    """Train on everything but tests; score the test part, whole, by field and by what is held out."""
    model = fit_linear_model(dialogues=dialogues)
    talk = client_talk(load_dialogues(test=True))
    talk = talk[talk["part"] != "train"].reset_index(drop=True)
    bare = talk.assign(before="", said="", target="", position=np.nan)
    slices = {"all": pd.Series(True, index=talk.index)}
    slices |= {field: talk["field"] == field for field in ("anxiety", "depression", "other")}
    slices |= {part: talk["part"] == part for part in ("test: behaviour", "test: dialogue")}
    found = {name: score(model, talk[rows]) for name, rows in slices.items()}
    return {**found, "all, without context": score(model, bare)}


def score(model: ChangeTalkClassifier, talk: pd.DataFrame) -> dict[str, Any]:
    """Score a model on some of the test part; intervals by bootstrap over dialogues."""
    X = talk[list(FIELDS)]
    return evaluate(talk["label"], model.predict_proba(X), model.predict(X), groups=talk["session"]).to_dict()


if __name__ == "__main__":
    main()

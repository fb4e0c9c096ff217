"""How good the linear model is on AnnoMI by source video, and what each ingredient gives.

Five folds over everything but the panel's videos (data/annomi_folds.csv), the experts' labels as
truth. Calibration and decision rule are learned inside each training part. Every row is one
change to the row before it, or leaves one ingredient out of the shipped recipe. The transfer
column is macro-F1 on the test part of our own dialogues by a model that has seen none of them.

    python benchmarks/accuracy.py            # two hours on two cores; needs AnnoMI

Writes benchmarks/results/accuracy.json. The file there now was measured for `linear` 1.0.0, with
pass A of our codes and the first 112 dialogues, which were then all the dialogues there were, for
training and for transfer alike. The panel is not touched: see benchmarks/panel.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from changetalk.context import FIELDS
from changetalk.frames import client_talk
from changetalk.labels import LABELS
from changetalk.scorers.linear import BlockSpec
from changetalk.training.baselines import MajorityClass, tfidf_baseline
from changetalk.training.crossval import Estimator, Extra, cross_validate
from changetalk.training.datasets import load_dialogues
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.evaluation import Report, evaluate, format_table, scores
from changetalk.training.linear import BLOCKS
from changetalk.training.recipes import (
    DIALOGUE_WEIGHT,
    EXPERT_SHARE,
    TrainingTalk,
    annomi_talk,
    dialogue_talk,
)
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "accuracy.json"

WORDS, CHARACTERS, BEFORE, REPLY = BLOCKS


@dataclass(frozen=True)
class Row:
    """One row of the table: an estimator, and what it is trained on."""

    name: str
    make: Callable[[], Estimator]
    expert_share: float | None = EXPERT_SHARE  # None: the expert's label alone, hard
    dialogues: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)


def ours(*blocks: BlockSpec, **settings: Any) -> Callable[[], Estimator]:
    """Return what makes our estimator with these blocks."""
    return lambda: clone(ChangeTalkClassifier(blocks=tuple(blocks) or None, **settings))


class Plain(ChangeTalkClassifier):
    """Our estimator whose label is the most probable class: no decision offsets."""

    def predict(self, X: Any) -> Any:
        """Return the most probable labels."""
        return np.array(LABELS)[self.predict_proba(X).argmax(axis=1)]


def rows() -> list[Row]:
    """Return the table, from the baselines to the shipped recipe, then what leaving out costs."""
    bare = {"bare_share": 0.0}
    return [
        Row("majority class", MajorityClass, None, dialogues=False),
        Row("plain TF-IDF + logistic regression", tfidf_baseline, None, dialogues=False),
        Row("words, experts' labels", ours(WORDS, **bare), None, dialogues=False),
        Row("+ our codes as soft labels", ours(WORDS, **bare), dialogues=False),
        Row("+ dialogues", ours(WORDS, **bare)),
        Row("+ characters", ours(WORDS, CHARACTERS, **bare)),
        Row("+ previous turn", ours(WORDS, CHARACTERS, BEFORE, **bare)),
        Row("+ reply to it", ours(WORDS, CHARACTERS, BEFORE, REPLY, **bare)),
        Row("+ rows without context = shipped", ours()),
        Row("shipped, without our codes", ours(), 1.0),
        Row("shipped, without dialogues", ours(), dialogues=False),
        Row("shipped, without characters", ours(WORDS, BEFORE, REPLY)),
        Row("shipped, class weights balanced", ours(class_weight="balanced")),
        Row("shipped, no calibration, no rule", ours(cv=0)),
        Row("shipped, most probable class", Plain),
    ]


def main() -> None:
    """Compute every row, write the results, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", metavar="TEXT", help="only rows whose name holds this; results are not written"
    )
    only = parser.parse_args().only
    found: dict[str, dict[str, Any]] = {}
    reports: dict[str, Report] = {}
    for row in rows():
        if only and only not in row.name:
            continue
        reports[row.name], found[row.name] = measure(row)
        print(format_table({row.name: reports[row.name]}).splitlines()[-1], flush=True)
    print(format_table(reports))
    if not only:
        result = {"rows": found, "versions": versions()}
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measure(row: Row) -> tuple[Report, dict[str, Any]]:
    """Score one row: by source video, without context, and on talk it has not seen the like of."""
    talk = annomi_talk(1.0 if row.expert_share is None else row.expert_share)
    more = dialogue_talk() if row.dialogues else None
    hard = row.expert_share is None
    extra = more and Extra(more.X, more.soft, more.groups, DIALOGUE_WEIGHT)
    y = talk.labels if hard else talk.soft
    known = None if hard else talk.labels
    out = cross_validate(row.make, talk.X, y, talk.folds, groups=talk.groups, labels=known, extra=extra)
    report = evaluate(talk.labels, out.proba, out.labels, groups=talk.groups)
    by_fold = [
        scores(talk.labels[talk.folds == k], out.labels[talk.folds == k]).macro_f1
        for k in np.unique(talk.folds)
    ]
    return report, {
        **report.to_dict(),
        "by_fold": [round(f1, 4) for f1 in by_fold],
        "transfer": transfer(row, talk, hard),
    }


def transfer(row: Row, talk: TrainingTalk, hard: bool) -> dict[str, Any]:
    """Train on AnnoMI alone; score on all our dialogues, with context and without."""
    unseen = client_talk(load_dialogues(test=True))
    unseen = unseen[unseen["part"] != "train"]
    estimator = row.make()
    if hard:
        estimator.fit(talk.X, talk.labels, groups=talk.groups.astype(str))
    else:
        estimator.fit(talk.X, talk.soft, groups=talk.groups.astype(str), labels=talk.labels)
    truth, X = unseen["label"], unseen[list(FIELDS)]
    bare = X.assign(before="", said="", target="", position=np.nan)
    return {
        name: evaluate(truth, estimator.predict_proba(x), estimator.predict(x), n_boot=0).to_dict()
        for name, x in (("with_context", X), ("without_context", bare))
    }


if __name__ == "__main__":
    main()

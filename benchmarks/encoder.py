"""What the encoder's recipe gives: on AnnoMI by source video, on our test part, float and quantised.

    python benchmarks/encoder.py PRETRAINED WORK      # after models/make_encoder.py ... --only-train

AnnoMI: the five folds' encoders in the form that is shipped (8-bit ONNX), each on the fold it has not
seen; probabilities and decisions of a fold are calibrated on the others. Truth: the experts' labels; the
panel is left out. The test part of our dialogues is scored with the encoder trained on all folds;
truth: what language models coded. Writes benchmarks/results/encoder.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from changetalk.context import FIELDS
from changetalk.frames import client_talk
from changetalk.inputs import as_batch
from changetalk.labels import LABELS, VALENCED_CODES
from changetalk.training.calibration import fit_decision
from changetalk.training.datasets import load_dialogues
from changetalk.training.encoder import FINAL, Workshop
from changetalk.training.evaluation import evaluate
from changetalk.training.out_of_fold import VIEWS, decide, out_of_fold, scorer_of
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "encoder.json"
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Score and write down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    shop = Workshop.open(options.pretrained, options.work)
    logits = out_of_fold(shop)
    about = shop.about_annomi
    result = {
        "annomi": {view: on_annomi(logits[view], about) for view in VIEWS},
        "by topic": by_topic(logits["in context"], about),
        "quantised": quantised(logits, about),
        "codes": codes(logits["codes"], shop.annomi.codes),
        "test part": on_test_part(shop, logits["in context"]),
        "versions": versions(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for where in ("annomi", "test part", "by topic"):
        for name, report in result[where].items():
            print(where, name, *(report[k]["value"] for k in ("macro_f1", "kappa", "ece")))
    print(result["quantised"])


def on_annomi(logits: Floats, about: pd.DataFrame) -> dict[str, Any]:
    """Calibrate each fold on the others and score, intervals by bootstrap over sources."""
    proba, chosen = decide(logits, truth_of(about), about["fold"].to_numpy())
    names = np.array(LABELS, dtype=object)
    report = evaluate(about["label"], proba, names[chosen], groups=about["source"]).to_dict()
    plain = evaluate(about["label"], proba, names[proba.argmax(axis=1)], groups=about["source"]).to_dict()
    return {**report, "most probable class": plain}


def by_topic(logits: Floats, about: pd.DataFrame) -> dict[str, Any]:
    """Score each of AnnoMI's topics with at least 100 client turns by itself."""
    proba, chosen = decide(logits, truth_of(about), about["fold"].to_numpy())
    names = np.array(LABELS, dtype=object)
    found = {}
    for topic, rows in sorted(about.groupby("target").indices.items()):
        if len(rows) >= 100:
            part = about.iloc[rows]
            found[topic] = evaluate(
                part["label"], proba[rows], names[chosen[rows]], groups=part["source"]
            ).to_dict()
    return found


def quantised(logits: dict[str, Floats], about: pd.DataFrame) -> dict[str, Any]:
    """Compare probabilities and labels before and after quantisation, over all of AnnoMI."""
    decision = fit_decision(logits["in context"], truth_of(about))
    ours, float_ = (decision.proba(logits[name]) for name in ("in context", "float"))
    apart = np.abs(ours - float_).max(axis=1)
    changed = decision.choose(ours) != decision.choose(float_)
    return {
        "turns": len(apart),
        "largest difference": float(apart.max()),
        "mean of the largest of three": float(apart.mean()),
        "above 0.02": int((apart > 0.02).sum()),
        "labels changed": int(changed.sum()),
        "exceptions": [
            {"session": int(row.session), "turn": int(row.turn), "difference": round(float(d), 4)}
            for row, d in zip(
                about[(apart > 0.02) | changed].itertuples(), apart[(apart > 0.02) | changed], strict=True
            )
        ],
    }


def codes(logits: Floats, truth: Floats) -> dict[str, Any]:
    """Score each MISC code by itself against our codes, which language models gave."""
    found = {}
    for k, code in enumerate(VALENCED_CODES):
        there = truth[:, k] > 0
        if there.any():
            found[code] = {
                "turns": int(there.sum()),
                "average precision": float(average_precision_score(there, logits[:, k])),
                "roc auc": float(roc_auc_score(there, logits[:, k])),
            }
    return found


def on_test_part(shop: Workshop, logits: Floats) -> dict[str, Any]:
    """Score the test part of our dialogues, whole, by field and by what is held out."""
    decision = fit_decision(logits, truth_of(shop.about_annomi))
    talk = client_talk(load_dialogues(test=True))
    talk = talk[talk["part"] != "train"].reset_index(drop=True)
    batch = as_batch(talk[list(FIELDS)])
    scorer = scorer_of(shop, FINAL)
    names = np.array(LABELS, dtype=object)
    slices = {"all": pd.Series(True, index=talk.index)}
    slices |= {field: talk["field"] == field for field in ("anxiety", "depression", "other")}
    slices |= {part: talk["part"] == part for part in ("test: behaviour", "test: dialogue")}
    found = {}
    proba = decision.proba(scorer.logits(batch))
    for name, rows in slices.items():
        k = np.flatnonzero(rows)
        part = talk.iloc[k]
        labels = names[decision.choose(proba[k])]
        found[name] = evaluate(part["label"], proba[k], labels, groups=part["session"]).to_dict()
    bare = decision.proba(scorer.logits(batch.bare()))
    found["all, without context"] = evaluate(
        talk["label"], bare, names[decision.choose(bare)], groups=talk["session"]
    ).to_dict()
    return found


def truth_of(about: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the index of each expert label."""
    return np.array([LABELS.index(label) for label in about["label"]])


if __name__ == "__main__":
    main()

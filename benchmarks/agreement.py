"""How well AnnoMI's ten panel coders agree, by utterance and by session, and a model among them.

    python benchmarks/agreement.py            # the coders alone; needs AnnoMI
    python benchmarks/agreement.py MODEL      # and a released model beside them, once

As benchmarks/panel.py, it refuses a model (by weights hash) that has been compared before: the
panel is a test set, not a tool for choosing. Writes benchmarks/results/agreement.json.

Like for like: a model against the majority of all ten stands beside each coder against the
majority of the other nine, and a model against each coder beside each two coders.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from changetalk import load
from changetalk.frames import client_talk
from changetalk.labels import CHANGE, SUSTAIN
from changetalk.loading import shipped
from changetalk.model import Model
from changetalk.reliability import agreement, icc_2_1
from changetalk.training.arrays import as_indices, as_labels
from changetalk.training.datasets import load_annomi, load_panel
from changetalk.training.panel import coder_columns, majority_vote

RESULT = Path(__file__).parent / "results" / "agreement.json"


def main() -> None:
    """Compare, and add to the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=shipped(), nargs="?")
    name = parser.parse_args().model
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    panel = load_panel()
    results["coders"] = coders_alone(panel)
    if name is not None:
        model = load(name)
        models = results.setdefault("models", {})
        if model.tag in models:
            sys.exit(f"{model.tag} has been compared with the panel; a model is compared once")
        models[model.tag] = with_model(panel, model.tag, labels_of(model, panel))
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


def coders_alone(panel: pd.DataFrame) -> dict[str, Any]:
    """Compare the ten coders: all at once, each two, and each with the majority of the others."""
    coders = coder_columns(panel)
    votes = as_indices(panel[coders], "panel")
    nine = (
        compare(panel, {coder: panel[coder], "majority of nine": majority(np.delete(votes, i, axis=1))})
        for i, coder in enumerate(coders)
    )
    two = (compare(panel, {a: panel[a], b: panel[b]}) for a, b in combinations(coders, 2))
    found = agreement(panel, coders=coders, sessions="session")
    return {
        "all": {**found.to_dict(), "pairs": None},
        "paragraph": found.paragraph(),
        "each against the majority of nine, mean": mean(nine),
        "each two, mean": mean(two),
        "percent change talk, undefined as one half": half_where_undefined(panel, coders),
    }


def with_model(panel: pd.DataFrame, tag: str, labels: list[str]) -> dict[str, Any]:
    """Compare a model's labels with the panel's majority, and with each coder."""
    found = agreement({"panel majority": panel["majority"], tag: labels}, sessions=panel["session"].tolist())
    each = (compare(panel, {coder: panel[coder], tag: labels}) for coder in coder_columns(panel))
    return {
        "majority": found.to_dict(),
        "paragraph": found.paragraph(),
        "each coder, mean": mean(each),
    }


def labels_of(model: Model, panel: pd.DataFrame) -> list[str]:
    """Return a model's label of each turn of the panel; one in which nothing was said is neutral."""
    turns = client_talk(load_annomi(panel=True))
    turns = turns[turns["fold"] == "panel"]
    keys = zip(turns["session"], turns["turn"], strict=True)
    found = dict(zip(keys, model.predict(turns).tolist(), strict=True))
    return [found.get(key, "neutral") for key in zip(panel["session"], panel["turn"], strict=True)]


def majority(votes: Any) -> list[str]:
    """Return the labels that most gave."""
    labels: list[str] = as_labels(majority_vote(votes)).tolist()
    return labels


def compare(panel: pd.DataFrame, two: dict[str, Any]) -> dict[str, float]:
    """Return the figures of two, without intervals."""
    found = agreement(two, sessions=panel["session"].tolist(), n_boot=0)
    iccs = {f"icc_{name}": icc.value for name, icc in found.sessions.items()}
    return {"kappa": found.cohen_kappa.value, **iccs}


def mean(of: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure, over those that exist."""
    return {str(name): float(value) for name, value in pd.DataFrame(list(of)).mean().items()}


def half_where_undefined(panel: pd.DataFrame, coders: list[str]) -> float:
    """Return ICC(2,1) of %CT with one half for a coder who found no change or sustain talk at all.

    That keeps the seventh session, where coder 9 found neither, as reference.md's .62 does. It is
    here to show where that figure comes from: the value is made up, and our own leaves it out.
    """
    change, sustain = (
        (panel[coders] == label).groupby(panel["session"]).sum() for label in (CHANGE, SUSTAIN)
    )
    percent = change / (change + sustain)
    return icc_2_1(percent.fillna(0.5)).value


if __name__ == "__main__":
    main()

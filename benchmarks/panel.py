"""Score a released model on the panel: seven AnnoMI sessions, each coded by ten experts. Once.

    python benchmarks/panel.py MODEL

Refuses a model (by weights hash) that has been scored before, and one that is no released model:
the panel is a test set, not a tool for choosing. Writes benchmarks/results/panel.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from changetalk.frames import client_talk
from changetalk.loading import load, shipped
from changetalk.training.datasets import load_annomi, load_panel
from changetalk.training.panel import panel_scores

RESULT = Path(__file__).parent / "results" / "panel.json"


def main() -> None:
    """Score, beside the human coders, and add to the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=shipped())
    name = parser.parse_args().model
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    model = load(name)
    if model.tag in results:
        sys.exit(f"{model.tag} has been scored on the panel; a model is scored once")
    panel = load_panel()
    turns = client_talk(load_annomi(panel=True))
    turns = turns[turns["fold"] == "panel"].set_index(["session", "turn"])
    proba = np.tile([0.0, 1.0, 0.0], (len(panel), 1))  # a turn in which nothing was said is neutral
    labels = np.full(len(panel), "neutral", dtype=object)
    keys = list(zip(panel["session"], panel["turn"], strict=True))
    said = [k for k, key in enumerate(keys) if key in turns.index]
    X = turns.loc[[keys[k] for k in said]]
    proba[said] = model.predict_proba(X)
    labels[said] = model.predict(X)
    found = panel_scores(panel, labels, proba)
    results[model.tag] = json.loads(json.dumps(asdict(found), default=lambda value: value.to_dict()))
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results[model.tag], indent=1))


if __name__ == "__main__":
    main()

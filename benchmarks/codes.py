"""How our codes of AnnoMI agree with each other, with the experts and with the panel.

    python benchmarks/codes.py

Writes benchmarks/results/codes.json. Nothing is fitted here: passes are compared with labels that
their coders did not see.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from changetalk.labels import LABELS
from changetalk.training.datasets import load_annomi, load_codes, load_panel
from changetalk.training.evaluation import evaluate, scores

RESULT = Path(__file__).parent / "results" / "codes.json"
PASSES = {"pass A": "label_a", "pass B": "label_b", "consensus": "label"}
KEYS = ["session", "turn"]


def main() -> None:
    """Compare, write, print."""
    codes = load_codes()
    turns = load_annomi(panel=True)
    client = turns.loc[turns["speaker"] == "client", [*KEYS, "label", "source", "fold"]]
    client = client.rename(columns={"label": "expert"}).merge(codes, on=KEYS, validate="one_to_one")
    single = client[client["fold"] != "panel"]
    panel = load_panel().merge(codes, on=KEYS, validate="one_to_one")
    result: dict[str, Any] = {
        "pass A against pass B": between(client),
        "experts": {name: against(single, "expert", column) for name, column in PASSES.items()},
        "panel": {name: against(panel, "majority", column) for name, column in PASSES.items()},
        "settled by pass C": settled(client),
        "panel, ties to the first label": {
            name: against(panel.assign(majority=first_of_most(panel)), "majority", column)
            for name, column in PASSES.items()
        },
        "distance from the panel's vote shares": {
            name: distance(panel, column.removeprefix("label")) for name, column in PASSES.items()
        },
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def against(rows: pd.DataFrame, truth: str, column: str) -> dict[str, Any]:
    """Score a pass against people, with intervals by bootstrap over sources."""
    return evaluate(rows[truth], y_pred=rows[column], groups=rows["source"]).to_dict()


def between(rows: pd.DataFrame) -> dict[str, Any]:
    """Return agreement of the first two passes, and their confusion."""
    table = pd.crosstab(rows["label_a"], rows["label_b"]).reindex(index=list(LABELS), columns=list(LABELS))
    return {
        "n": len(rows),
        **asdict(scores(rows["label_a"], rows["label_b"])),
        "confusion": table.to_numpy().tolist(),
    }


def first_of_most(panel: pd.DataFrame) -> list[str]:
    """Return the panel's majority with ties settled by the alphabet, as some have counted it."""
    shares = panel[[f"share_{label}" for label in LABELS]].to_numpy()
    return [LABELS[k] for k in shares.argmax(axis=1)]


def distance(panel: pd.DataFrame, suffix: str) -> float:
    """Return the mean total variation distance of a pass's probabilities from the vote shares."""
    p = panel[[f"p_{label}{suffix}" for label in LABELS]].to_numpy()
    shares = panel[[f"share_{label}" for label in LABELS]].to_numpy()
    return float(abs(p - shares).sum(axis=1).mean() / 2)


def settled(rows: pd.DataFrame) -> dict[str, Any]:
    """Return with whom the third reading agreed where the first two differ."""
    open_rows = rows[rows["label_c"].notna()]
    with_a = int((open_rows["label_c"] == open_rows["label_a"]).sum())
    with_b = int((open_rows["label_c"] == open_rows["label_b"]).sum())
    return {
        "n": len(open_rows),
        "with A": with_a,
        "with B": with_b,
        "with neither": len(open_rows) - with_a - with_b,
    }


if __name__ == "__main__":
    main()

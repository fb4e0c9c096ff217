"""Would more dialogues help? The linear recipe with a quarter and half of them, on the test part.

    python benchmarks/learning.py      # some minutes; needs AnnoMI; after benchmarks/corpus.py

Dialogues are left out whole, by lot, the same ones at every share. None and all of them are rows of
benchmarks/results/corpus.json. Writes benchmarks/results/learning.json.
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
from changetalk.training.datasets import load_dialogues
from changetalk.training.estimator import ChangeTalkClassifier
from changetalk.training.evaluation import evaluate
from changetalk.training.recipes import DIALOGUE_WEIGHT, annomi_talk, dialogue_talk
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "learning.json"
SHARES = (0.25, 0.5)


def main() -> None:
    """Fit and score at each share, two at a time, and write down."""
    done = Parallel(n_jobs=2)(delayed(at)(share) for share in SHARES)
    rows = dict(zip(map(str, SHARES), done, strict=True))
    RESULT.write_text(json.dumps({"rows": rows, "versions": versions()}, indent=1) + "\n", encoding="utf-8")
    for share, row in rows.items():
        print(share, row["turns"], row["test part"]["macro_f1"], row["test part"]["kappa"])


def at(share: float) -> dict[str, Any]:
    """Fit on AnnoMI and a share of the dialogues, score the test part."""
    talk, more = annomi_talk(), dialogue_talk()
    names = np.unique(more.groups.astype(str))
    chosen = np.random.default_rng(0).permutation(names)[: int(share * len(names))]
    used = np.isin(more.groups.astype(str), chosen)
    weight = np.where(used, DIALOGUE_WEIGHT, 0.0)  # rows without weight are left out
    model = ChangeTalkClassifier().fit(
        pd.concat([talk.X, more.X], ignore_index=True),
        np.concatenate([talk.soft, more.soft]),
        groups=np.array([str(g) for g in [*talk.groups, *more.groups]]),
        sample_weight=np.concatenate([np.ones(len(talk.X)), weight]),
        labels=np.concatenate([talk.labels, more.labels]),
    )
    test = client_talk(load_dialogues(test=True))
    test = test[test["part"] != "train"].reset_index(drop=True)
    X = test[list(FIELDS)]
    report = evaluate(test["label"], model.predict_proba(X), model.predict(X), groups=test["session"])
    return {"dialogues": len(chosen), "turns": int(used.sum()), "test part": report.to_dict()}


if __name__ == "__main__":
    main()

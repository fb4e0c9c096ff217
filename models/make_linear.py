"""Make models/linear: train on AnnoMI without the panel and on our dialogues, export.

    python models/make_linear.py

Needs AnnoMI (see data/README.md) and takes some minutes. The scores in the manifest are those of
benchmarks/results/corpus.json, which is made first; the panel is scored after, once, by
benchmarks/panel.py. The card keeps its words; benchmarks/render.py fills in its figures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from changetalk.training.datasets import ANNOMI_COMMIT, ANNOMI_SHA256, data_folder
from changetalk.training.recipes import DIALOGUE_WEIGHT, EXPERT_SHARE, fit_linear_model

VERSION = "1.2.0"
MEASURES = ("n", "macro_f1", "kappa", "accuracy", "ece", "classes")
FOLDER = Path(__file__).parent / "linear"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "corpus.json"


def main() -> None:
    """Train, export, say what was made."""
    classifier = fit_linear_model()
    classifier.export(
        FOLDER,
        version=VERSION,
        scores=scores(),
        training={
            "data": {
                "AnnoMI": {"commit": ANNOMI_COMMIT, **ANNOMI_SHA256, "without": "the panel's sessions"},
                "ours": json.loads((data_folder() / "checksums.json").read_text(encoding="utf-8")),
            },
            "soft labels": {"expert": EXPERT_SHARE, "codes of a language model": 1 - EXPERT_SHARE},
            "weight of a dialogue's turn": DIALOGUE_WEIGHT,
        },
        card=(FOLDER / "README.md").read_text(encoding="utf-8"),
    )
    print(f"{FOLDER}: {sum(p.stat().st_size for p in FOLDER.iterdir()) / 2**20:.1f} MiB")


def scores() -> dict[str, Any]:
    """Return what the manifest says of the recipe's scores."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    report, ours = results["annomi"]["with dialogues"], results["test part"]["with dialogues"]["all"]
    f1, kappa = report["macro_f1"]["value"], report["kappa"]["value"]
    return {
        "headline": f"AnnoMI by source video, five folds: macro-F1 {f1:.3f}, kappa {kappa:.3f}",
        "annomi_by_source": {key: report[key] for key in MEASURES},
        "test_part_of_our_dialogues": {key: ours[key] for key in MEASURES},
    }


if __name__ == "__main__":
    main()

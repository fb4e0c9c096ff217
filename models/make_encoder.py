"""Make models/encoder: from published weights, AnnoMI and our dialogues to a model folder.

    python models/fetch_mpnet.py PRETRAINED
    python models/make_encoder.py PRETRAINED WORK [--only-train]

Needs AnnoMI (see data/README.md) and the packages of the extra `encoder`. WORK holds weights and
checkpoints: a run that was cut off goes on from there. On two CPU cores with bfloat16 instructions
(AMX) it takes about two hours: the general step, then a specific step for each of five folds and one
for all. benchmarks/encoder.py, run in between (after --only-train), gives the scores of the manifest;
the panel is scored after, once, by benchmarks/panel.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from changetalk.artefact import Manifest
from changetalk.labels import LABELS
from changetalk.model import Model
from changetalk.training.calibration import fit_decision
from changetalk.training.datasets import ANNOMI_COMMIT, ANNOMI_SHA256, data_folder
from changetalk.training.encoder import FINAL, GENERAL, REHEARSED, SPECIFIC, Workshop
from changetalk.training.export import export
from changetalk.training.out_of_fold import out_of_fold, scorer_of
from changetalk.training.recipes import EXPERT_SHARE
from changetalk.versions import versions

VERSION = "1.0.0"
FOLDER = Path(__file__).parent / "encoder"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "encoder.json"
TRAINS_WITH = ("changetalk", "python", "numpy", "scipy")


def main() -> None:
    """Train, calibrate, export, say what was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only-train", action="store_true", help="fine-tune and score the folds, then stop")
    options = parser.parse_args()
    shop = Workshop.open(options.pretrained, options.work)
    shop.specific(FINAL)
    logits = out_of_fold(shop)["in context"]
    if options.only_train:
        return
    truth = np.array([LABELS.index(label) for label in shop.about_annomi["label"]])
    scorer = scorer_of(shop, FINAL)
    libraries = {name: versions()[name] for name in TRAINS_WITH} | {"torch": torch.__version__}
    manifest = Manifest(
        name="encoder",
        version=VERSION,
        kind=scorer.kind,
        decision=fit_decision(logits, truth),
        config=scorer.config(),
        libraries=libraries,
    )
    export(
        Model(manifest, scorer),
        FOLDER,
        name="encoder",
        version=VERSION,
        scores=scores(),
        training={
            "utterances": len(shop.annomi) + len(shop.dialogues),
            "data": {
                "AnnoMI": {"commit": ANNOMI_COMMIT, **ANNOMI_SHA256, "without": "the panel's sessions"},
                "ours": json.loads((data_folder() / "checksums.json").read_text(encoding="utf-8")),
            },
            "soft labels": {"expert": EXPERT_SHARE, "codes of a language model": 1 - EXPERT_SHARE},
            "start": "all-mpnet-base-v2",
            "recipe": {"general": vars_of(GENERAL), "specific": vars_of(SPECIFIC), "rehearsed": REHEARSED},
        },
        card=(FOLDER / "README.md").read_text(encoding="utf-8"),
    )
    print(f"{FOLDER}: {sum(p.stat().st_size for p in FOLDER.iterdir()) / 2**20:.1f} MiB")


def scores() -> dict[str, Any]:
    """Return what the manifest says of the recipe's scores."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    report, ours = results["annomi"]["in context"], results["test part"]["all"]
    measures = ("n", "macro_f1", "kappa", "accuracy", "ece", "classes")
    f1, kappa = report["macro_f1"]["value"], report["kappa"]["value"]
    return {
        "headline": f"AnnoMI by source video, five folds: macro-F1 {f1:.3f}, kappa {kappa:.3f}",
        "annomi_by_source": {key: report[key] for key in measures},
        "test_part_of_our_dialogues": {key: ours[key] for key in measures},
    }


def vars_of(settings: Any) -> dict[str, Any]:
    """Return a slotted dataclass's fields."""
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


if __name__ == "__main__":
    main()

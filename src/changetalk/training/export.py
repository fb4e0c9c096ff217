"""Writing a fitted model as a folder that `changetalk.load` reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from changetalk.artefact import Manifest, write_folder
from changetalk.model import Model
from changetalk.training.golden import GOLDEN


def export(
    model: Model,
    folder: str | os.PathLike[str],
    *,
    name: str | None = None,
    version: str = "1",
    scores: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    card: str | None = None,
) -> Path:
    """Do the work of `ChangeTalkClassifier.export`, which documents it."""
    path = Path(folder)
    known = model.manifest
    manifest = replace(
        known,
        name=name or path.resolve().name,
        version=version,
        scores=dict(scores or {}),
        training={**known.training, **(training or {})},
    )
    golden = [
        {"text": u.text, "before": u.before, "proba": [round(p, 9) for p in proba], "label": label}
        for u, proba, label in zip(
            GOLDEN, model.predict_proba(GOLDEN).tolist(), model.predict(GOLDEN).tolist(), strict=True
        )
    ]
    write_folder(path, manifest, model.scorer.save, golden, card or _short_card(manifest))
    return path


def _short_card(manifest: Manifest) -> str:
    return (
        f"# {manifest.name} {manifest.version}\n\n"
        f"A `{manifest.kind}` model of client talk, trained with `changetalk.ChangeTalkClassifier` on "
        f"{manifest.training['utterances']} utterances. No card was written for it: say here whose talk "
        "it was trained on, who coded it, and how it scores.\n"
    )

"""What the shipped models learn from, and that their weights are scikit-learn's own."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import changetalk as ct
from changetalk.inputs import as_batch
from changetalk.training.datasets import data_folder, load_annomi, load_panel
from changetalk.training.linear import inputs
from changetalk.training.recipes import annomi_talk, dialogue_talk, fit_linear_pipeline

pytestmark = pytest.mark.annomi


def test_panel_sources_take_no_part():
    panel = set(load_panel()["source"])
    talk = annomi_talk()
    assert len(panel) == 7
    assert not panel & set(talk.groups)
    assert set(talk.folds) == {"0", "1", "2", "3", "4"}


def test_soft_labels_mix_expert_and_codes():
    expert, codes, mixed = (annomi_talk(share).soft for share in (1.0, 0.0, 0.25))
    assert np.allclose(mixed, 0.25 * expert + 0.75 * codes)
    assert set(expert.max(axis=1)) == {1.0}
    assert np.allclose(dialogue_talk().soft.sum(axis=1), 1)


@pytest.mark.slow
@pytest.mark.shipped
def test_shipped_weights_score_as_scikit_learn_does_on_all_of_annomi():
    model = ct.load("linear")
    now = json.loads((data_folder() / "checksums.json").read_text(encoding="utf-8"))
    if model.manifest.training["data"]["ours"] != now:
        pytest.skip("data/ has changed since the shipped model was trained")
    pipeline, _ = fit_linear_pipeline()
    batch = as_batch(ct.client_talk(load_annomi(panel=True)))
    theirs = model.manifest.decision.proba(pipeline.decision_function(inputs(batch)))
    assert np.abs(model.predict_proba(batch) - theirs).max() < 1e-6


@pytest.mark.shipped
def test_shipped_model_makes_sense_of_bare_utterances():
    cases = pd.DataFrame(
        [
            ("I really want to quit, I need to do this for my kids.", "change"),
            ("I have to stop, it's ruining my health.", "change"),
            ("I need to stop drinking.", "change"),
            ("I can't do it, it's too hard.", "sustain"),
            ("We moved here in March.", "neutral"),
            ("Two brothers and a sister.", "neutral"),
            ("Yeah.", "neutral"),
        ],
        columns=["text", "label"],
    )
    assert ct.load("linear").predict(cases["text"].tolist()).tolist() == cases["label"].tolist()

"""`agreement` as a researcher meets it: what it takes, what it gives, what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from changetalk.labels import LABELS
from changetalk.reliability import agreement, icc_2_1
from changetalk.training.datasets import annomi_folder, load_panel
from changetalk.training.panel import coder_columns

SPELLING = {"change": "CT", "neutral": "FN", "sustain": "C-"}


def coded(n=240, sessions=8, coders=("ann", "ben"), agreeing=0.7, seed=0):
    """Return a table in which each coder gives the true label or, now and then, any label."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(LABELS, n, p=[0.3, 0.5, 0.2])
    table = pd.DataFrame({"session": [f"s{k % sessions}" for k in range(n)]})
    for coder in coders:
        table[coder] = np.where(rng.random(n) < agreeing, truth, rng.choice(LABELS, n))
    return table


@pytest.fixture(scope="module")
def panel():
    if annomi_folder() is None:
        pytest.skip("AnnoMI is not here: set CHANGETALK_ANNOMI to its folder")
    panel = load_panel()
    return panel, agreement(panel, coders=coder_columns(panel))


@pytest.mark.annomi
def test_human_figures_of_annomis_panel(panel):
    """The ten coders: mean pairwise kappa .470, Fleiss' kappa .467, agreement .700."""
    found = panel[1]
    assert (found.n, found.n_complete, found.n_sessions, len(found.pairs)) == (212, 212, 7, 45)
    assert found.percent_agreement.value == pytest.approx(0.700, abs=0.0005)
    assert found.cohen_kappa.value == pytest.approx(0.470, abs=0.0005)
    assert found.fleiss_kappa.value == pytest.approx(0.467, abs=0.0005)
    assert np.mean([pair.macro_f1 for pair in found.pairs]) == pytest.approx(0.645, abs=0.0005)


@pytest.mark.annomi
def test_session_figures_of_annomis_panel(panel):
    """ICC(2,1): change talk count .52, sustain talk count .45; %CT .66 in the six sessions that have it.

    In the seventh, coder 9 found neither change nor sustain talk, so that %CT does not exist. With
    one half in its place it is the .62 that has been quoted.
    """
    table, found = panel
    assert found.sessions["count_change"].value == pytest.approx(0.52, abs=0.005)
    assert found.sessions["count_sustain"].value == pytest.approx(0.45, abs=0.005)
    percent = found.sessions["percent_change_talk"]
    assert (percent.n, percent.value) == (6, pytest.approx(0.66, abs=0.005))
    change, sustain = (
        (table[coder_columns(table)] == label).groupby(table["session"]).sum()
        for label in ("change", "sustain")
    )
    half = (change / (change + sustain)).fillna(0.5)
    assert icc_2_1(half).value == pytest.approx(0.62, abs=0.005)

import math

import numpy as np
import pandas as pd
import pytest

from changetalk.errors import InputError
from changetalk.labels import LABELS
from changetalk.training.arrays import as_indices
from changetalk.training.datasets import annomi_folder, load_annomi, load_panel
from changetalk.training.panel import coder_columns, fleiss_kappa, majority_vote, panel_scores


@pytest.fixture(scope="module")
def panel():
    if annomi_folder() is None:
        pytest.skip("AnnoMI is not here: set CHANGETALK_ANNOMI to its folder")
    return load_panel()


def votes(*rows):
    names = {label[0]: label for label in LABELS}
    return as_indices([[names[letter] for letter in row] for row in rows], "votes")


def test_majority_and_ties():
    # Of tied labels the earliest coder's wins; a coder in the minority does not count.
    found = majority_vote(votes("ccnns", "scnnc", "snnss", "csnsc"))
    assert [LABELS[i][0] for i in found] == ["c", "c", "s", "c"]


def test_fleiss_kappa_of_the_worked_example():
    """Perfect agreement is 1; one never given label has no kappa; chance-like agreement is below 0."""
    kappa, by_class = fleiss_kappa(votes("ccc", "nnn", "nnn"))
    assert kappa == 1
    assert by_class["change"] == 1
    assert math.isnan(by_class["sustain"])
    # By hand: P_i = 1/3, 1/3, 1; mean 5/9; shares 5/9 and 4/9, P_e = 41/81; (45 - 41) / (81 - 41).
    kappa, _ = fleiss_kappa(votes("ccn", "cnn", "nnn"))
    p_c, p_n = 3 / 9, 6 / 9
    p_e = p_c**2 + p_n**2
    assert kappa == pytest.approx(((1 / 3 + 1 / 3 + 1) / 3 - p_e) / (1 - p_e))


def test_a_model_that_copies_a_coder_scores_as_that_coder():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"coder_{i}": rng.choice(LABELS, 60) for i in range(4)})
    frame["source"] = np.arange(60) % 5
    found = panel_scores(frame, frame["coder_2"])
    others = [c for c in coder_columns(frame) if c != "coder_2"]
    agreeing = [np.mean(frame["coder_2"] == frame[c]) for c in others]
    assert found.model_against_one.accuracy == pytest.approx((sum(agreeing) + 1) / 4)
    assert math.isnan(found.share_distance)
    assert set(found.humans) == set(coder_columns(frame))


def test_vote_shares_as_probabilities_have_no_distance():
    frame = pd.DataFrame(
        {"coder_0": ["change", "sustain"], "coder_1": ["change", "neutral"], "source": [0, 1]}
    )
    frame["coder_2"] = ["neutral", "neutral"]
    shares = [[2 / 3, 1 / 3, 0], [0, 2 / 3, 1 / 3]]
    assert panel_scores(frame, ["change", "neutral"], shares).share_distance == pytest.approx(0)
    assert panel_scores(frame, ["sustain", "change"], [[0, 0, 1], [1, 0, 0]]).share_distance == pytest.approx(
        1
    )


def test_too_few_coders_are_refused():
    with pytest.raises(InputError, match="three coders"):
        panel_scores(pd.DataFrame({"coder_0": ["change"], "source": [0]}), ["change"])


def test_coders_are_in_order_of_their_numbers():
    assert coder_columns(pd.DataFrame(columns=["coder_10", "coder_9", "text"])) == ["coder_9", "coder_10"]


@pytest.mark.annomi
def test_panel_is_212_turns_by_ten_coders(panel):
    assert len(panel) == 212
    assert panel["session"].nunique() == 7
    assert coder_columns(panel) == [f"coder_{i}" for i in range(10)]
    np.testing.assert_allclose(panel[[f"share_{label}" for label in LABELS]].sum(axis=1), 1)


@pytest.mark.annomi
def test_our_majority_is_annomis_label_ties_included(panel):
    turns = load_annomi(panel=True)
    turns = turns[(turns["fold"] == "panel") & (turns["speaker"] == "client")]
    assert turns[["session", "turn"]].to_numpy().tolist() == panel[["session", "turn"]].to_numpy().tolist()
    assert turns["label"].tolist() == panel["majority"].tolist()
    shares = np.sort(panel[[f"share_{label}" for label in LABELS]].to_numpy(), axis=1)
    assert (shares[:, 1] == shares[:, 2]).sum() == 10


@pytest.mark.annomi
def test_human_figures_are_those_of_the_reference(panel):
    found = panel_scores(panel, panel["majority"])
    pair = found.human_against_one
    assert (pair.macro_f1, pair.kappa, pair.accuracy) == pytest.approx((0.645, 0.470, 0.700), abs=0.0005)
    nine = found.human_against_nine
    assert (nine.macro_f1, nine.kappa, nine.accuracy) == pytest.approx((0.719, 0.578, 0.767), abs=0.0005)
    assert found.fleiss_kappa == pytest.approx(0.467, abs=0.0005)
    by_class = [found.fleiss_by_class[label] for label in LABELS]
    assert by_class == pytest.approx([0.50, 0.42, 0.50], abs=0.005)
    assert found.model.accuracy.value == 1

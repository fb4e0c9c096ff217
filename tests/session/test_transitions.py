"""What follows what: pairs by hand, statistics by published tables, and by scipy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency
from scipy.stats.contingency import odds_ratio

from changetalk.errors import ColumnError, InputError
from changetalk.labels import LABELS
from changetalk.session.transitions import TRANSITIONS, transition_statistics, transitions

SHORT = {"c": "change", "n": "neutral", "s": "sustain"}


def session(words: str, name: str = "s1") -> pd.DataFrame:
    """Return a session: c, n, s are the client's labels, all else the therapist's behaviours."""
    events = words.split()
    return pd.DataFrame(
        {
            "session": name,
            "speaker": ["client" if event in SHORT else "therapist" for event in events],
            "text": "words",
            "behaviour": pd.Series([None if event in SHORT else event for event in events], dtype=object),
            "ct_label": pd.Series([SHORT.get(event) for event in events], dtype=object),
        }
    )


def counts(frame: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return the pairs that were found, with their counts."""
    found = frame[frame["count"] > 0]
    return {(g[0], t[0]): n for g, t, n in zip(found["given"], found["target"], found["count"], strict=True)}


def test_adjusted_residuals_of_party_by_gender():
    # Agresti (2007), An Introduction to Categorical Data Analysis, 2nd ed., Tables 2.5 and 2.6.
    found = transition_statistics([[762, 327, 468], [484, 239, 477]])
    expected = [[703.7, 319.6, 533.7], [542.3, 246.4, 411.3]]
    np.testing.assert_allclose(found["expected"], expected, atol=0.05)
    residuals = [[4.50, 0.70, -5.32], [-4.50, -0.70, 5.32]]
    np.testing.assert_allclose(found["adjusted_residual"], residuals, atol=0.005)


def test_odds_ratio_of_aspirin_and_heart_attacks():
    # Agresti (2007), section 2.3: the physicians' health study, 1.83 with 95% interval (1.44, 2.33).
    found = transition_statistics([[189, 10845], [104, 10933]])
    got = [found[name][0, 0] for name in ("odds_ratio", "or_low", "or_high")]
    np.testing.assert_allclose(got, [1.83, 1.44, 2.33], atol=0.005)
    np.testing.assert_allclose(found["probability"][:, 0], [0.0171, 0.0094], atol=5e-5)


def test_an_empty_cell_gets_a_half_everywhere():
    # Haldane (1956), Anscombe (1956): 0.5 added to each of the four cells.
    found = transition_statistics([[0, 4], [3, 5]])
    assert found["odds_ratio"][0, 0] == pytest.approx(0.5 * 5.5 / (4.5 * 3.5))
    error = math.sqrt(1 / 0.5 + 1 / 5.5 + 1 / 4.5 + 1 / 3.5)
    reach = math.log(found["or_high"][0, 0] / found["odds_ratio"][0, 0])
    assert reach == pytest.approx(1.959964 * error, rel=1e-6)


def test_without_a_margin_there_is_nothing_to_compare():
    found = transition_statistics([[3, 2], [0, 0]])
    assert found["probability"][0].tolist() == [0.6, 0.4]
    assert np.isnan(found["probability"][1]).all()
    assert np.isnan(found["odds_ratio"]).all()
    assert np.isnan(found["adjusted_residual"]).all()
    assert np.isnan(transition_statistics([[0, 0]])["probability"]).all()


@given_by(arrays(np.int64, (2, 2), elements=st.integers(1, 60)))
def test_two_by_two_as_scipy_has_it(table):
    found = transition_statistics(table)
    known = odds_ratio(table, kind="sample")
    low, high = known.confidence_interval(0.95)
    got = [found[name][0, 0] for name in ("odds_ratio", "or_low", "or_high")]
    np.testing.assert_allclose(got, [known.statistic, low, high], rtol=1e-9)
    chi2 = chi2_contingency(table, correction=False)
    np.testing.assert_allclose(found["expected"], chi2.expected_freq)
    np.testing.assert_allclose(found["adjusted_residual"] ** 2, chi2.statistic, rtol=1e-6, atol=1e-9)


@given_by(arrays(np.int64, (3, 3), elements=st.integers(0, 20)))
def test_what_always_holds_of_a_table(table):
    found = transition_statistics(table)
    swapped = transition_statistics(table[::-1])
    for name, values in found.items():
        np.testing.assert_allclose(values, swapped[name][::-1], equal_nan=True, err_msg=name)
    turned = transition_statistics(table.T)
    np.testing.assert_allclose(found["odds_ratio"], turned["odds_ratio"].T, rtol=1e-9, equal_nan=True)
    p = found["probability"]
    assert (np.isnan(p) | ((p >= 0) & (p <= 1))).all()
    exists = ~np.isnan(found["odds_ratio"])
    assert (found["or_low"] < found["odds_ratio"])[exists].all()
    assert (found["odds_ratio"] < found["or_high"])[exists].all()
    assert (np.isnan(found["adjusted_residual"]) == ~exists).all()


@pytest.mark.parametrize("bad", [[1, 2], [[-1, 2]], [[math.nan, 1]], [[]]])
def test_what_is_no_table_of_counts(bad):
    with pytest.raises(InputError, match="a table of numbers from 0 up"):
        transition_statistics(bad)


def test_client_to_client_skips_the_therapist_and_stays_in_the_session():
    table = pd.concat([session("Q c R c n Q s"), session("c Q s", "s2")])
    assert counts(transitions(table)) == {
        ("c", "c"): 1, ("c", "n"): 1, ("n", "s"): 1, ("c", "s"): 1,
    }  # fmt: skip
    assert counts(transitions(table, lag=2)) == {("c", "n"): 1, ("c", "s"): 1}
    frame = transitions(table)
    assert frame["given"].tolist() == [label for label in LABELS for _ in LABELS]
    assert frame["count"].sum() == 4


def test_therapist_to_client_goes_from_turn_to_turn():
    table = session("Q R c s Q n n GI s")
    found = counts(transitions(table, given="behaviour"))
    assert found == {("R", "c"): 1, ("Q", "n"): 1, ("G", "s"): 1}
    assert counts(transitions(table, given="behaviour", lag=2)) == {("R", "n"): 1, ("Q", "s"): 1}
    back = counts(transitions(table, given="label", target="behaviour"))
    assert back == {("s", "Q"): 1, ("n", "G"): 1}


def test_therapist_to_therapist_skips_the_client():
    table = session("Q R c s Q n R")
    assert counts(transitions(table, given="behaviour", target="behaviour")) == {
        ("Q", "R"): 2, ("R", "Q"): 1,
    }  # fmt: skip


def test_silence_and_unlabelled_talk_end_no_turn():
    table = session("Q c R s")
    table.loc[2, "text"] = "[inaudible]"
    assert counts(transitions(table, given="behaviour")) == {("Q", "c"): 1}
    table = session("Q c c s R n")
    table.loc[1, "ct_label"] = None  # the client's, but nobody labelled it
    assert counts(transitions(table, given="behaviour")) == {("Q", "c"): 1, ("R", "n"): 1}


def test_any_column_may_come_first():
    table = session("Q c R s Q c").assign(tone=["warm", None, "cold", None, "warm", None])
    assert counts(transitions(table, given="tone")) == {("w", "c"): 2, ("c", "s"): 1}
    with pytest.raises(ColumnError, match=r"'tone' is filled on the client's rows and on others'"):
        transitions(table.assign(tone="warm"), given="tone")
    with pytest.raises(ColumnError, match="no column 'mood'"):
        transitions(table, given="mood")
    with pytest.raises(ColumnError, match="'behaviour' is empty"):
        transitions(table.drop(columns="behaviour"), given="behaviour")


def test_by_session_adds_up_to_all():
    table = pd.concat([session("c s c"), session("n c c s", "s2")])
    each = transitions(table, by_session=True)
    assert list(each) == list(TRANSITIONS)
    assert each["session"].tolist() == ["s1"] * 9 + ["s2"] * 9
    together = transitions(table)
    assert list(together) == list(TRANSITIONS)[1:]
    assert each.groupby(["given", "target"])["count"].sum().tolist() == together["count"].tolist()


def test_lags_that_cannot_be():
    table = session("c s")
    with pytest.raises(InputError, match="lag: 1 or more"):
        transitions(table, lag=0)
    with pytest.raises(TypeError, match="lag: a whole number"):
        transitions(table, lag=1.0)
    with pytest.raises(InputError, match="nothing follows anything at lag 2"):
        transitions(table, lag=2)


@settings(max_examples=25)
@given_by(st.lists(st.text("cns", min_size=1, max_size=15), min_size=1, max_size=4), st.integers(1, 3))
def test_pairs_are_counted_once_and_order_of_sessions_does_not_matter(sessions, lag):
    tables = [session(" ".join(letters), f"s{k}") for k, letters in enumerate(sessions)]
    pairs = sum(max(len(letters) - lag, 0) for letters in sessions)
    if not pairs:
        with pytest.raises(InputError, match="nothing follows"):
            transitions(pd.concat(tables), lag=lag)
        return
    frame = transitions(pd.concat(tables), lag=lag)
    assert frame["count"].sum() == pairs
    pd.testing.assert_frame_equal(frame, transitions(pd.concat(tables[::-1]), lag=lag))

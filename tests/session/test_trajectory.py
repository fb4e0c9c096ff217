"""The curve through a session: local linear regression, and a band that holds what it should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import InputError
from changetalk.session import trajectory
from changetalk.session.trajectory import smooth


def talk(letters: str, name: str = "s1") -> pd.DataFrame:
    """Return a session of client talk."""
    labels = {"c": "change", "n": "neutral", "s": "sustain"}
    return pd.DataFrame({"session": name, "ct_label": [labels[k] for k in letters]})


def test_a_line_is_its_own_curve():
    # A local linear regression reproduces straight lines without bias (Fan & Gijbels 1996).
    line = np.linspace(-0.8, 0.6, 30)
    curve, error = smooth(line, 0.15)
    np.testing.assert_allclose(curve, line, atol=1e-10)
    np.testing.assert_allclose(error, 0, atol=1e-7)


def test_the_curve_is_weighted_least_squares_at_each_point(rng):
    y = rng.choice([-1.0, 0.0, 1.0], 25)
    x = np.linspace(0, 1, 25)
    curve, _ = smooth(y, 0.2)
    for i in (0, 7, 24):
        root = np.exp(-0.25 * ((x - x[i]) / 0.2) ** 2)  # polyfit squares its weights
        assert curve[i] == pytest.approx(np.polyval(np.polyfit(x, y, 1, w=root), x[i]))


def test_a_wide_bandwidth_is_ordinary_regression(rng):
    y = rng.normal(size=40)
    curve, error = smooth(y, 1e4)
    x = np.linspace(0, 1, 40)
    fit = np.polyval(np.polyfit(x, y, 1), x)
    np.testing.assert_allclose(curve, fit, atol=1e-6)
    # The standard error of a fitted value, from any textbook: s sqrt(1/n + (x - mean)^2 / Sxx).
    s = np.sqrt(((y - fit) ** 2).sum() / 38)
    d = x - x.mean()
    np.testing.assert_allclose(error, s * np.sqrt(1 / 40 + d**2 / (d @ d)), rtol=1e-5)


def test_the_band_covers_the_true_curve(rng):
    x = np.linspace(0, 1, 80)
    truth = 0.5 * np.sin(2 * x)
    inside = []
    for _ in range(200):
        curve, error = smooth(truth + rng.normal(0, 0.4, len(x)), 0.15)
        inside.append(np.abs(curve - truth) <= 1.96 * error)
    assert 0.92 < np.mean(inside) < 0.97


def test_rows_and_columns():
    frame = trajectory(pd.concat([talk("scsn", "b"), talk("cc", "a")]))
    assert list(frame) == ["session", "position", "score", "curve", "lower", "upper"]
    assert frame["session"].tolist() == ["b"] * 4 + ["a"] * 2
    assert frame["position"].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 0, 1])
    assert frame["score"].tolist() == [-1, 1, -1, 0, 1, 1]
    assert frame.loc[4:, ["lower", "upper"]].isna().all(axis=None)  # no degrees of freedom are left
    assert trajectory(talk("s"))["curve"].tolist() == [-1]


def test_which_score():
    table = talk("cs").assign(ct_p_change=[0.6, 0.2], ct_p_neutral=[0.3, 0.1], ct_p_sustain=[0.1, 0.7])
    assert trajectory(table)["score"].tolist() == pytest.approx([0.5, -0.5])
    assert trajectory(table, score="hard")["score"].tolist() == [1, -1]
    assert trajectory(talk("cs"))["score"].tolist() == [1, -1]
    with pytest.raises(InputError, match="without probabilities"):
        trajectory(talk("cs"), score="expected")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bandwidth": 0}, "bandwidth: a number above 0"),
        ({"bandwidth": float("nan")}, "bandwidth: a number above 0"),
        ({"level": 1}, "level: a number between 0 and 1"),
        ({"score": "soft"}, "score: 'expected' or 'hard'"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        trajectory(talk("cs"), **options)


@settings(max_examples=30)
@given(st.text("cns", min_size=1, max_size=30), st.floats(1e-4, 10))
def test_everything_stays_on_the_scale(letters, bandwidth):
    frame = trajectory(talk(letters), bandwidth=bandwidth)
    values = frame[["curve", "lower", "upper"]].to_numpy()
    assert ((values >= -1) & (values <= 1) | np.isnan(values)).all()
    assert not np.isnan(values[:, 0]).any()
    assert not (values[:, 1] > values[:, 2]).any()


@settings(max_examples=30)
@given(st.text("cns", min_size=2, max_size=30))
def test_time_turned_round_turns_the_curve_round(letters):
    there, back = trajectory(talk(letters)), trajectory(talk(letters[::-1]))
    np.testing.assert_allclose(there["curve"], back["curve"][::-1], atol=1e-9)

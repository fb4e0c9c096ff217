"""Corrected shares of single sessions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changetalk.estimation.by_session import components, session_shares
from changetalk.estimation.coded import Coded


def test_variance_components_of_a_published_layout():
    # Snedecor & Cochran (1967), "Statistical methods", section 10.12: calcium in four turnip leaves,
    # four determinations each; within .0066, between leaves .0724.
    calcium = [
        3.28, 3.09, 3.03, 3.03, 3.52, 3.48, 3.38, 3.38,
        2.88, 2.80, 2.81, 2.76, 3.34, 3.38, 3.23, 3.26,
    ]  # fmt: skip
    within, between, _ = components(np.array(calcium)[:, None], np.repeat(np.arange(4), 4))
    assert within[0, 0] == pytest.approx(0.0066, abs=5e-5)
    assert between[0, 0] == pytest.approx(0.0724, abs=5e-5)


def talk(coded_of_session):
    rng = np.random.default_rng(0)
    n = len(coded_of_session)
    session = np.repeat(np.arange(n), 20)
    p = rng.dirichlet([2, 4, 2], 20 * n)
    truth = np.eye(3)[[rng.choice(3, p=each) for each in p]]
    coded = np.concatenate([np.arange(20) < k for k in coded_of_session])
    prob = np.where(coded, 0.4, np.nan)
    return Coded(p, np.eye(3)[p.argmax(axis=1)], truth * coded[:, None], prob, session), truth


def test_a_session_wholly_coded_is_what_its_codes_say_without_doubt():
    data, truth = talk([20, 5, 5, 5, 0])
    shares = session_shares(data, 5)
    for k, found in enumerate(shares[0][:3]):
        assert found.value == pytest.approx(truth[:20, k].mean())
        assert found.high - found.low == pytest.approx(0, abs=1e-6)


def test_more_codes_make_narrower_intervals_and_none_the_widest():
    data, _ = talk([16, 8, 8, 8, 8, 2, 0])
    width = [found[0].high - found[0].low for found in session_shares(data, 7)]
    assert width[0] < width[1] < width[5] < width[6]


def test_shares_of_a_session_sum_to_one():
    data, _ = talk([4, 6, 0, 3])
    for change, neutral, sustain, _ in session_shares(data, 4):
        assert change.value + neutral.value + sustain.value == pytest.approx(1)


def test_without_three_sessions_coded_there_are_no_intervals():
    data, _ = talk([6, 6, 0])
    for found in session_shares(data, 3):
        assert not math.isnan(found[0].value)
        assert math.isnan(found[0].low)

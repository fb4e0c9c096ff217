"""Choosing utterances: known probabilities at random, smallest margins where unsure."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from changetalk.review.choosing import at_random, least_sure

sizes = st.lists(st.integers(1, 30), min_size=1, max_size=8)


def session_of(size):
    return np.repeat(np.arange(len(size)), size)


@given(size=sizes, share=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_random_ones_are_as_many_as_wanted_and_spread_by_length(size, share, seed):
    session = session_of(size)
    n = round(share * len(session))
    places, probability = at_random(session, n, np.random.default_rng(seed))
    assert len(set(places.tolist())) == n
    assert probability == n / len(session)
    assert (np.diff(places) > 0).all()
    drawn = np.bincount(session[places], minlength=len(size))
    wanted = np.array(size) * n / len(session)
    assert (drawn >= np.floor(wanted - 1e-9)).all()
    assert (drawn <= np.ceil(wanted + 1e-9)).all()


def test_random_ones_are_drawn_with_the_probability_that_is_told():
    # Cochran (1977), chapter 8: in systematic sampling each unit is drawn with n / N, also those
    # of sessions too short to have an utterance of their own in every sample.
    session = session_of([1, 2, 40, 7])
    drawn = np.zeros(50)
    for seed in range(2000):
        places, probability = at_random(session, 10, np.random.default_rng(seed))
        drawn[places] += 1
    assert probability == 0.2
    assert np.abs(drawn / 2000 - 0.2).max() < 0.03


def test_random_ones_estimate_a_mean_without_bias():
    session = session_of([3, 9, 28, 60])
    value = (np.arange(100) % 7 == 0) + session
    means = [value[at_random(session, 12, np.random.default_rng(seed))[0]].mean() for seed in range(1500)]
    assert abs(np.mean(means) - value.mean()) < 0.02


@given(size=sizes, share=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_unsure_ones_come_from_every_session_and_are_its_least_sure(size, share, seed):
    session = session_of(size)
    proba = np.random.default_rng(seed).dirichlet([1, 1, 1], len(session))
    n = round(share * len(session))
    places = least_sure(proba, session, n)
    assert len(set(places.tolist())) == n
    ordered = np.sort(proba, axis=1)
    margin = ordered[:, 2] - ordered[:, 1]
    for k in range(len(size)):
        here = np.flatnonzero(session == k)
        chosen = np.intersect1d(here, places)
        assert (
            np.floor(len(here) * n / len(session))
            <= len(chosen)
            <= np.floor(len(here) * n / len(session)) + 1
        )
        left = np.setdiff1d(here, places)
        if len(chosen) and len(left):
            assert margin[chosen].max() <= margin[left].min()


def test_what_is_left_over_goes_where_the_margin_is_smallest():
    proba = np.array([[0.5, 0.3, 0.2], [0.45, 0.44, 0.11], [0.6, 0.3, 0.1], [0.4, 0.39, 0.21]])
    assert least_sure(proba, np.arange(4), 2).tolist() == [1, 3]


def test_a_close_call_of_two_labels_goes_before_a_lukewarm_one_of_three():
    # The margin, not the entropy: Settles (2009), section 3.1.
    between_two, lukewarm = [0.5, 0.0, 0.5], [0.5, 0.25, 0.25]
    assert least_sure(np.array([lukewarm, between_two]), np.zeros(2, dtype=int), 1).tolist() == [1]

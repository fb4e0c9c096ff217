"""Choosing utterances, as arrays: at random with a known probability, or where labels are unsure."""

from __future__ import annotations

import numpy as np

from changetalk.reliability.intervals import FloatArray, IntArray


def at_random(session: IntArray, n: int, rng: np.random.Generator) -> tuple[IntArray, float]:
    """Draw utterances, each with the same probability, spread over sessions by their length.

    Systematic sampling (Cochran 1977, "Sampling techniques", chapter 8) from the utterances in
    random order within sessions in random order: of a session that holds the share s of all
    utterances, the rounded-down or rounded-up ``s * n`` are drawn. Drawing a fixed number in each
    session instead would leave short sessions out, and nothing could be said of them.

    Parameters
    ----------
    session : ndarray of int, shape (m,)
        The number of each utterance's session.
    n : int
        How many; from 0 to m.
    rng : numpy.random.Generator

    Returns
    -------
    places : ndarray of int, shape (n,)
        In ascending order.
    probability : float
        With which each of the m utterances was drawn, n / m.
    """
    m = len(session)
    if n == 0:
        return np.empty(0, dtype=np.intp), 0.0
    place_of_session = rng.permutation(int(session.max()) + 1)
    order = np.lexsort((rng.permutation(m), place_of_session[session]))
    steps = np.floor((rng.random() + np.arange(n)) * m / n).astype(np.intp)
    return np.sort(order[np.minimum(steps, m - 1)]), n / m


def least_sure(proba: FloatArray, session: IntArray, n: int) -> IntArray:
    """Choose the utterances whose two most probable labels are closest, in every session some.

    The smallest margin (Scheffer, Decomain & Wrobel 2001; Settles 2009, "Active learning
    literature survey", section 3.1) and not the highest entropy, because what a coder settles is
    which of two labels it is: an utterance between change and sustain talk is worth more of
    their time than one whose third label is merely not ruled out. A session that holds the share
    s of the utterances gets the rounded-down ``s * n`` of them; what is then left goes, one a
    session, where the margin is smallest.

    Parameters
    ----------
    proba : ndarray of float, shape (m, 3)
    session : ndarray of int, shape (m,)
    n : int
        How many; from 0 to m.

    Returns
    -------
    ndarray of int, shape (n,)
        In ascending order. Where margins are alike, earlier utterances come first.
    """
    m = len(session)
    if n == 0:
        return np.empty(0, dtype=np.intp)
    low, high = np.sort(proba, axis=1)[:, 1:].T
    margin = high - low
    order = np.lexsort((margin, session))
    _, start, size = np.unique(session[order], return_index=True, return_counts=True)
    quota = size * n // m
    rank = np.arange(m) - np.repeat(start, size)
    chosen = order[rank < np.repeat(quota, size)]
    following = order[rank == np.repeat(quota, size)]
    more = following[np.argsort(margin[following], kind="stable")][: n - len(chosen)]
    return np.sort(np.concatenate([chosen, more]))

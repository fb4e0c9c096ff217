"""What the linear model looks at."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from changetalk.context import Batch, batch_of
from changetalk.dialogue import Utterance
from changetalk.scorers.features import DENSE, SHORT, VIEWS, features


def test_every_view_has_a_string_a_row():
    batch = batch_of([Utterance("Yes.", before="Do you want to?"), Utterance("No.")])
    found = features(batch)
    assert set(found.views) == set(VIEWS)
    assert all(len(strings) == 2 for strings in found.views.values())
    assert found.dense.shape == (2, len(DENSE))


def test_the_question_is_read_with_the_answer_only_where_the_answer_is_short():
    asked = "do you want to?"
    short, long = " ".join(["yes"] * SHORT), " ".join(["yes"] * (SHORT + 1))
    reply = features(batch_of([Utterance(short, before=asked), Utterance(long, before=asked)])).views["reply"]
    assert "want" in reply[0]
    assert reply[1] == ""


@given(st.lists(st.text(max_size=40), max_size=5), st.floats(0, 1) | st.just(math.nan))
def test_dense_features_are_finite_and_small_whatever_is_said(texts, position):
    batch = batch_of([Utterance(text, before=text, position=position) for text in texts])
    dense = features(batch).dense
    assert dense.shape == (len(texts), len(DENSE))
    assert np.isfinite(dense).all()
    assert (np.abs(dense) < 5).all()


def test_no_rows():
    assert features(Batch()).dense.shape == (0, len(DENSE))

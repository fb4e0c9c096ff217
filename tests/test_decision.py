"""From scores to probabilities to a label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from changetalk.decision import Decision, softmax
from changetalk.errors import ModelError

logits = arrays(np.float64, st.tuples(st.integers(0, 8), st.just(3)), elements=st.floats(-1e4, 1e4))


@given(logits, st.floats(-100, 100))
def test_softmax_sums_to_one_at_any_size_and_ignores_a_shift(scores, shift):
    p = softmax(scores)
    assert p.shape == scores.shape
    assert np.allclose(p.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(softmax(scores + shift), p, atol=1e-9)


@given(logits)
def test_without_offsets_the_label_is_the_likeliest(scores):
    p = Decision().proba(scores)
    assert (p[np.arange(len(p)), Decision().choose(p)] == p.max(axis=1)).all()


def test_scale_bias_and_offset_do_what_they_say():
    decision = Decision(2.0, (0.5, 0.0, -0.5), (0.0, 0.0, 3.0))
    scores = np.array([[1.0, 0.0, -1.0]])
    p = decision.proba(scores)
    assert np.allclose(np.log(p[0] / p[0, 1]), [2.5, 0.0, -2.5])
    assert decision.choose(p).tolist() == [0]
    assert Decision(offset=(0.0, 0.0, 5.1)).choose(p).tolist() == [2]


def test_a_probability_of_zero_warns_not():
    assert Decision().choose(np.array([[0.0, 1.0, 0.0]])).tolist() == [1]


@given(st.floats(-9, 9), *2 * [st.tuples(*3 * [st.floats(-9, 9)])])
def test_json_keeps_every_digit(scale, bias, offset):
    import json

    decision = Decision(scale, bias, offset)
    assert Decision.from_json(json.loads(json.dumps(decision.to_json()))) == decision


@pytest.mark.parametrize(
    "change",
    [
        {"scale": "x"}, {"scale": None}, {"scale": float("nan")}, {"scale": 10**400}, {"bias": [0, 0]},
        {"bias": 3}, {"offset": [0, 0, float("inf")]}, {"offset": ["a", 0, 0]}, {"offset": [[0], [0], [0]]},
        {"bias": {"0": 1}},
    ],
)  # fmt: skip
def test_anything_but_numbers_of_that_shape_is_refused(change):
    with pytest.raises(ModelError, match="calibration"):
        Decision.from_json({**Decision().to_json(), **change})


def test_a_missing_field_is_refused():
    with pytest.raises(ModelError, match="calibration"):
        Decision.from_json({"scale": 1.0, "bias": [0, 0, 0]})

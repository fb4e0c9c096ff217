"""Calibration and the decision rule, on made-up scores whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from changetalk.decision import Decision, softmax
from changetalk.training.calibration import fit_decision


def drawn(rng, n, scale, bias):
    """Scores, and labels drawn with the probabilities that scale and bias make of them."""
    logits = rng.normal(size=(n, 3))
    p = softmax(scale * logits + np.array(bias))
    truth = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return logits, truth


@pytest.mark.parametrize(("scale", "bias"), [(0.5, (0.4, 0.0, -0.6)), (2.0, (-0.5, 0.0, 0.3))])
def test_scale_and_bias_are_found_again(rng, scale, bias):
    found = fit_decision(*drawn(rng, 20_000, scale, bias))
    assert found.scale == pytest.approx(scale, rel=0.05)
    assert found.bias == pytest.approx(bias, abs=0.07)


def macro_f1(truth, chosen):
    return np.mean(
        [
            2 * ((chosen == k) & (truth == k)).sum() / ((chosen == k).sum() + (truth == k).sum())
            for k in range(3)
        ]
    )


def test_the_rule_is_better_by_macro_f1_than_the_likeliest_label(rng):
    logits, truth = drawn(rng, 4000, 1.0, (-1.0, 1.0, -1.5))
    found = fit_decision(logits, truth)
    p = found.proba(logits)
    assert macro_f1(truth, found.choose(p)) > macro_f1(truth, p.argmax(axis=1)) + 0.02
    assert found.offset[1] == 0
    assert found.offset[2] > 0.3


def test_weights_count_as_rows(rng):
    logits, truth = drawn(rng, 400, 1.0, (0.0, 0.5, -0.5))
    weight = rng.integers(0, 4, 400)
    rows = np.repeat(np.arange(400), weight)
    weighted = fit_decision(logits, truth, weight.astype(float))
    repeated = fit_decision(logits[rows], truth[rows])
    assert weighted.scale == pytest.approx(repeated.scale, rel=1e-2)
    assert weighted.bias == pytest.approx(repeated.bias, abs=1e-2)
    assert weighted.offset == pytest.approx(repeated.offset, abs=0.11)


def test_scores_that_separate_everything_give_finite_numbers():
    truth = np.arange(30) % 3
    found = fit_decision(10.0 * np.eye(3)[truth], truth)
    assert np.isfinite([found.scale, *found.bias, *found.offset]).all()
    assert Decision.from_json(found.to_json()) == found
    assert (found.choose(found.proba(10.0 * np.eye(3)[truth])) == truth).all()

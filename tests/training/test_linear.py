"""Training with scikit-learn, and the take-over into numpy."""

from __future__ import annotations

import numpy as np
import pytest

from changetalk.inputs import as_batch
from changetalk.labels import LABELS
from changetalk.scorers.features import DENSE, VIEWS
from changetalk.scorers.linear import BlockSpec
from changetalk.training.linear import BLOCKS, fit_linear, inputs, scorer_of


@pytest.fixture(scope="module")
def data(talk):
    batch = as_batch(talk)
    hard = np.array([LABELS.index(label) for label in talk["label"]])
    return batch, np.eye(3)[hard], np.ones(len(batch))


def test_the_inputs_have_a_row_an_utterance_and_a_column_a_feature(data):
    frame = inputs(data[0])
    assert len(frame) == len(data[0])
    assert set(frame.columns) >= {*VIEWS, *DENSE}
    assert frame[list(DENSE)].notna().all().all()


def test_weights_and_the_penalty_trade_off_as_in_the_likelihood(data):
    batch, soft, weight = data
    mixed = 0.7 * soft + 0.1
    one = scorer_of(*fit_linear(batch, mixed, weight, tol=1e-8))
    two = scorer_of(*fit_linear(batch, mixed, 2 * weight, C=0.5, tol=1e-8))
    assert np.allclose(one.logits(batch), two.logits(batch), atol=1e-4)


def test_evenly_mixed_rows_teach_nothing(data):
    batch, soft, weight = data
    flat = scorer_of(*fit_linear(batch, np.full_like(soft, 1 / 3), weight, tol=1e-8))
    assert np.ptp(flat.logits(batch), axis=1).max() < 1e-3


def test_a_block_without_frequent_ngrams_is_left_out(data):
    batch, soft, weight = data
    specs = (BLOCKS[0], BlockSpec("text", "word", 6, 6, min_df=50))
    pipeline, kept = fit_linear(batch.bare(), soft, weight, specs=specs)
    assert kept == [BLOCKS[0]]
    assert len(scorer_of(pipeline, kept).blocks) == 1


def test_without_any_context_the_blocks_of_the_previous_turn_are_left_out(data):
    batch, soft, weight = data
    _, kept = fit_linear(batch.bare(), soft, weight)
    assert {spec.view for spec in kept} == {"text"}


def test_two_classes_are_not_enough(data):
    batch, soft, weight = data
    rows = np.flatnonzero(soft[:, 2] == 0)
    fitted = fit_linear(batch.take(rows), soft[rows], weight[rows])
    with pytest.raises(ValueError, match="all three labels"):
        scorer_of(*fitted)

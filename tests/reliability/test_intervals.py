"""The bootstrap over groups."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from changetalk.errors import InputError
from changetalk.reliability.intervals import bootstrap_interval, group_indices, plain


def mean_of(values, groups):
    """Return the measure "mean of the values" as a function of how often each group is drawn."""
    sums, counts = np.bincount(groups, values), np.bincount(groups)
    return lambda weights: ((weights @ sums) / (weights @ counts))[:, None]


def test_of_single_values_it_is_the_textbooks_interval():
    """For the mean of n values, groups of one: mean +- 1.96 s / sqrt(n), nearly."""
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(mean_of(values, np.arange(400)), 400, n_boot=4000, seed=0)
    half = 1.96 * values.std() / 20
    assert (low[0], high[0]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)


def test_groups_that_hold_together_widen_it():
    groups = np.repeat(np.arange(20), 20)
    values = np.random.default_rng(0).normal(size=20)[groups]
    low, high = bootstrap_interval(mean_of(values, groups), 20, n_boot=1000, seed=0)
    single = bootstrap_interval(mean_of(values, np.arange(400)), 400, n_boot=1000, seed=0)
    assert high[0] - low[0] > 3 * (single[1][0] - single[0][0])


def test_memory_is_bounded_without_changing_the_result():
    measure = mean_of(np.arange(30.0), np.arange(30))
    blocks = []

    def watched(weights):
        blocks.append(len(weights))
        return measure(weights)

    whole = bootstrap_interval(measure, 30, n_boot=500, seed=1)
    parts = bootstrap_interval(watched, 30, n_boot=500, seed=1, width=40_000)
    assert len(blocks) == 5
    np.testing.assert_array_equal(whole, parts)


def test_resamples_without_a_value_are_left_out():
    low, high = bootstrap_interval(
        lambda w: np.where(w[:, :1] > 0, 1.0, np.nan) * [1, np.nan], 2, n_boot=50, seed=0
    )
    assert (low[0], high[0]) == (1, 1)
    assert math.isnan(low[1])


@pytest.mark.parametrize(("n_groups", "n_boot"), [(1, 100), (5, 0)])
def test_one_group_or_no_resamples_no_interval(n_groups, n_boot):
    low, high = bootstrap_interval(lambda w: w[:, [0, 0]], n_groups, n_boot=n_boot, seed=0)
    assert np.isnan([low, high]).all()
    assert len(low) == 2


def test_groups_are_numbered_by_appearance():
    assert group_indices(["b", "a", "b", 3], 4).tolist() == [0, 1, 0, 2]
    assert group_indices([np.int64(5), np.int64(5), 2], 3).tolist() == [0, 0, 1]


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
def test_a_missing_group_is_an_error(missing):
    with pytest.raises(InputError, match="groups: missing on 1 of 2 rows"):
        group_indices(["a", missing], 2)


def test_groups_of_another_length_are_an_error():
    with pytest.raises(InputError, match=r"sessions: shape \(2,\), but there are 3 rows"):
        group_indices(["a", "b"], 3, "sessions")


def test_plain_is_what_json_has():
    assert plain({"a": (1, math.nan), "b": [{"c": 0.5}]}) == {"a": [1, None], "b": [{"c": 0.5}]}

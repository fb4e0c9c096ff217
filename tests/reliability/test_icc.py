"""ICC(2,1): the published example, the variance components, and the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from changetalk.errors import InputError
from changetalk.reliability import icc_2_1

# Shrout & Fleiss (1979), Table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


whole = st.integers(-20, 20).map(float)


def matrices(rows=(2, 12), coders=(2, 5)):
    return st.tuples(st.integers(*rows), st.integers(*coders)).flatmap(
        lambda shape: hnp.arrays(np.float64, shape, elements=whole)
    )


def test_shrout_and_fleiss_1979_table_4():
    """ICC(2,1) = .29 in their Table 4."""
    found = icc_2_1(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.29, abs=0.005)
    assert (found.n, found.coders) == (6, 4)


def test_interval_of_mcgraw_and_wong_1996():
    """The interval that McGraw & Wong (1996) give for ICC(A,1), on the same data: [.0188, .7611].

    As printed in Stata's manual, entry icc: .2897638 [.0187865, .7610844]; R's psych::ICC has
    [0.019, 0.761].
    """
    found = icc_2_1(SHROUT_FLEISS)
    assert (found.value, found.low, found.high) == pytest.approx((0.2897638, 0.0187865, 0.7610844), abs=5e-8)


@pytest.mark.parametrize(("rho", "shift"), [(0.3, 0.0), (0.6, 0.5), (0.8, 1.0)])
def test_large_samples_give_the_variance_components(rho, shift):
    """ICC(2,1) is between / (between + coders + residual), where those are the true variances."""
    rng = np.random.default_rng(1)
    residual, coders = 1 - rho, shift * rng.permutation(np.linspace(-1, 1, 40))
    x = rng.normal(0, rho**0.5, (4000, 1)) + coders + rng.normal(0, residual**0.5, (4000, 40))
    assert icc_2_1(x).value == pytest.approx(rho / (1 + coders.var(ddof=1)), abs=0.02)


@pytest.mark.slow
def test_interval_covers_by_simulation():
    """A 95% interval holds the true value in 93 to 97% of samples."""
    rng = np.random.default_rng(7)
    n, k, sessions, coders, residual = 30, 4, 1.0, 0.2, 0.6
    covered = 0
    for _ in range(3000):
        x = rng.normal(0, sessions**0.5, (n, 1)) + rng.normal(0, coders**0.5, k)
        found = icc_2_1(x + rng.normal(0, residual**0.5, (n, k)))
        covered += found.low <= sessions / (sessions + coders + residual) <= found.high
    assert 0.93 <= covered / 3000 <= 0.97


@given(matrices(), st.randoms(use_true_random=False))
def test_order_and_unit_do_not_matter(x, random):
    found = icc_2_1(x)
    rows, columns = list(range(x.shape[0])), list(range(x.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    again = icc_2_1(3 * x[rows][:, columns] + 100)
    assert again.value == pytest.approx(found.value, abs=1e-6, nan_ok=True)


@given(matrices())
def test_bounds(x):
    found = icc_2_1(x)
    assume(not math.isnan(found.value))
    assert found.value <= 1
    if not math.isnan(found.low + found.high) and found.value > 0:
        assert found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9


@given(hnp.arrays(np.float64, st.integers(2, 12), elements=whole), st.integers(2, 5))
def test_coders_who_agree_fully(session, coders):
    found = icc_2_1(np.repeat(session[:, None], coders, axis=1))
    if len(set(session)) == 1:
        assert math.isnan(found.value)  # sessions do not differ: nothing to tell apart
    else:
        assert (found.value, found.low, found.high) == (1, 1, 1)


def test_a_coder_who_always_finds_more_lowers_absolute_agreement():
    sessions = np.arange(8.0)
    same = icc_2_1(np.stack([sessions, sessions + 0.1], axis=1))
    shifted = icc_2_1(np.stack([sessions, sessions + 4], axis=1))
    assert shifted.value < same.value
    assert shifted.low < shifted.value < shifted.high


def test_rows_with_nan_are_left_out():
    x = np.vstack([SHROUT_FLEISS, [np.nan, 1, 2, 3]])
    assert icc_2_1(x) == icc_2_1(SHROUT_FLEISS)


@pytest.mark.parametrize("x", [np.ones((1, 3)), np.ones((5, 3)), np.full((4, 2), np.nan), [[0, 1], [1, 0]]])
def test_what_does_not_exist_is_nan(x):
    assert math.isnan(icc_2_1(x).value)


def test_coders_who_differ_by_a_constant_where_sessions_do_not_differ():
    assert icc_2_1([[0, 1], [0, 1]]).value == 0


@pytest.mark.parametrize("x", [[1, 2, 3], [[1], [2]]])
def test_one_coder_is_refused(x):
    with pytest.raises(InputError, match="two coders or more"):
        icc_2_1(x)


def test_infinity_is_refused():
    with pytest.raises(InputError, match="infinite"):
        icc_2_1([[1, np.inf], [2, 3]])

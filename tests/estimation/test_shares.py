"""The corrected shares as arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.estimation.coded import Coded
from changetalk.estimation.shares import MEASURES, corrected, interval, naive

CHANGE, NEUTRAL, SUSTAIN, RATIO = range(4)


def two_labels(machine, human, prob, session):
    """Return talk that is change or neutral, with the machine's probability of change."""
    coded = ~np.isnan(prob)
    p = np.stack([machine, 1 - machine, 0 * machine], axis=1)
    y = np.stack([human, 1 - human, 0 * human], axis=1) * coded[:, None]
    return Coded(p, (p == p.max(axis=1, keepdims=True)).astype(float), y, prob, np.asarray(session))


# Of ppi-python 0.2.3 (Apache-2.0), `ppi_mean_pointestimate` and `ppi_mean_ci`, run in an environment
# of its own, as it needs numba: machine and human labels as in `oracle`, every fifth coded,
#     point = ppi_mean_pointestimate(human[coded], machine[coded], machine, lam=lam)
#     weighted = the same with w=1.0 + i[coded] % 3
#     low, high = ppi_mean_ci(human[coded], machine[coded], np.full(400, machine.mean()), alpha=0.05, lam=lam)
# the last with the machine's mean for known, as it is when sessions are all there are.
PPI = [
    (0.0, 0.5125, 0.4875, 0.4029689269, 0.6220310731),
    (0.5, 0.5024875, 0.488675, 0.3982215933, 0.6067534067),
    (1.0, 0.492475, 0.48985, 0.3837963978, 0.6011536022),
]


@pytest.fixture
def oracle():
    i = np.arange(400)
    machine = ((i * 37) % 101) / 100
    human = (((i * 53) % 97) / 97 < 0.2 + 0.6 * machine).astype(float)
    return machine, human, i % 5 == 0


@pytest.mark.parametrize(("scale", "point", "weighted", "low", "high"), PPI)
def test_agrees_with_ppi_python(oracle, scale, point, weighted, low, high):
    machine, human, coded = oracle
    session = np.arange(400) // 10
    found = corrected(two_labels(machine, human, np.where(coded, 0.2, np.nan), session), 40, "all", scale)
    assert found.value[CHANGE] == pytest.approx(point, abs=1e-9)
    # ppi-python divides by n and takes the sample for an endless one's; here 80 of 400 are drawn.
    se = (high - low) / 2 / 1.959963984540054
    assert found.variance[CHANGE] == pytest.approx(se**2 * (1 - 0.2) * 80 / 79, rel=1e-6)
    weights = np.where(coded, 1 / (1.0 + np.arange(400) % 3), np.nan)
    unequal = corrected(two_labels(machine, human, weights, session), 40, "all", scale)
    assert unequal.value[CHANGE] == pytest.approx(weighted, abs=1e-9)


def test_tuning_finds_the_lambda_of_ppi_plus_plus(oracle):
    # Angelopoulos, Duchi & Zrnic (2023), section 2: Cov(Y, f) / Var(f) where f's mean is known.
    machine, human, coded = oracle
    found = corrected(
        two_labels(machine, human, np.where(coded, 0.2, np.nan), np.zeros(400, int)), 1, "all", None
    )
    best = np.cov(human[coded], machine[coded])[0, 1] / machine[coded].var(ddof=1)
    assert found.scale == pytest.approx(best, abs=0.005)


def test_variance_over_sessions_is_that_of_the_jackknife():
    # CR3 of a mean is the sum of squares of what leaving a session out changes (MacKinnon, Nielsen &
    # Webb 2023, "Fast and reliable jackknife and bootstrap methods for cluster-robust inference").
    rng = np.random.default_rng(1)
    session = np.repeat(np.arange(8), [3, 9, 5, 14, 7, 6, 11, 4])
    human = (rng.random(len(session)) < 0.4).astype(float)
    data = two_labels(rng.random(len(session)), human, np.full(len(session), 0.1), session)
    found = corrected(data, 8, "sample", 0.0)
    left_out = [human[session != g].mean() for g in range(8)]
    assert found.variance[CHANGE] == pytest.approx(((left_out - human.mean()) ** 2).sum())
    share = np.bincount(session) / len(session)
    assert found.df == pytest.approx(1 / (share**2).sum() - 1)  # Kish (1965), effective number


def test_equal_sessions_have_the_textbook_variance_and_degrees_of_freedom():
    # Cochran (1977), section 9A.3: of equal clusters, the variance of their means over their number.
    means = np.array([0.2, 0.4, 0.6, 0.8])
    human = np.concatenate([np.repeat([1.0, 0.0], [round(10 * m), 10 - round(10 * m)]) for m in means])
    data = two_labels(np.full(40, 0.5), human, np.full(40, 0.5), np.repeat(np.arange(4), 10))
    found = corrected(data, 4, "sample", 0.0)
    # CR3 is G / (G - 1) times it.
    assert found.variance[CHANGE] == pytest.approx(means.var(ddof=1) / 4 * 4 / 3)
    assert found.df == 3


def test_percent_change_talk_is_linearised_as_a_numerical_derivative_says():
    data = random_coded(np.random.default_rng(4), 10, 200, 0.5)
    found = corrected(data, 10, "sample", 0.7)
    change, sustain = found.value[CHANGE], found.value[SUSTAIN]
    for step in (1e-6,):
        moved_c = (change + step) / (change + step + sustain)
        moved_s = change / (change + sustain + step)
        slope = (np.array([moved_c, moved_s]) - found.value[RATIO]) / step
    expected = found.influence[:, [CHANGE, SUSTAIN]] @ slope
    np.testing.assert_allclose(found.influence[:, RATIO], expected, atol=1e-6)


def test_intervals_on_the_logit_scale():
    # Korn & Graubard (1998): expit(logit(p) +- t * se / (p (1 - p))).
    low, high = interval(np.array([0.1]), np.array([0.02**2]), math.inf)
    centre, reach = math.log(0.1 / 0.9), 1.959964 * 0.02 / 0.09
    assert low[0] == pytest.approx(1 / (1 + math.exp(-(centre - reach))), rel=1e-6)
    assert high[0] == pytest.approx(1 / (1 + math.exp(-(centre + reach))), rel=1e-6)
    low, high = interval(np.array([-0.01]), np.array([0.02**2]), math.inf)
    assert low[0] == 0
    assert high[0] == pytest.approx(-0.01 + 1.959964 * 0.02)


def test_a_label_never_seen_has_no_interval():
    data = two_labels(
        np.full(60, 0.4), np.tile([1.0, 0.0, 0.0], 20), np.full(60, 0.5), np.repeat(np.arange(6), 10)
    )
    change, neutral, sustain, ratio = corrected(data, 6, "sample", None).estimates()
    assert 0 < change.low < change.value < change.high < 1
    assert 0 < neutral.low < neutral.high < 1
    assert math.isnan(sustain.low)
    assert math.isnan(ratio.low)


def test_one_session_has_no_interval_over_sessions_and_nothing_coded_no_value():
    data = random_coded(np.random.default_rng(2), 1, 40, 0.5)
    assert math.isnan(corrected(data, 1, "sample", None).estimates()[CHANGE].low)
    assert not math.isnan(corrected(data, 1, "all", None).estimates()[NEUTRAL].low)
    nothing = data.part(~data.coded)
    assert np.isnan(corrected(nothing, 1, "sample", None).value).all()
    assert not np.isnan(naive(nothing, 1, "sample").value[:3]).any()


def test_all_coded_gives_the_human_shares_whatever_the_machine_says():
    rng = np.random.default_rng(3)
    data = random_coded(rng, 8, 160, 1.0)
    for scale in (0.0, 0.4, 1.0, None):
        found = corrected(data, 8, "all", scale)
        np.testing.assert_allclose(found.value[:3], data.human.mean(axis=0))
        np.testing.assert_allclose(found.variance, 0, atol=1e-20)  # nothing was left to chance


def random_coded(rng, n_sessions, n, share):
    session = np.sort(rng.integers(0, n_sessions, n))
    p = rng.dirichlet([1, 2, 1], n)
    truth = np.array([rng.choice(3, p=each) for each in p])
    prob = np.where(rng.random(n) < share, rng.uniform(0.2, 0.9, n), np.nan) if share < 1 else np.ones(n)
    prob[: n // 4] = 1.0 if share == 1 else 0.3
    coded = ~np.isnan(prob)
    return Coded(p, np.eye(3)[p.argmax(axis=1)], np.eye(3)[truth] * coded[:, None], prob, session)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), n_sessions=st.integers(2, 12), share=st.sampled_from([0.2, 0.6]),
    sessions_are=st.sampled_from(["sample", "all"]),
)  # fmt: skip
def test_properties_of_the_corrected_shares(seed, n_sessions, share, sessions_are):
    rng = np.random.default_rng(seed)
    data = random_coded(rng, n_sessions, 120, share)
    tuned = corrected(data, n_sessions, sessions_are, None)
    alone = corrected(data, n_sessions, sessions_are, 0.0)
    assert tuned.value[:3].sum() == pytest.approx(1)
    assert 0 <= tuned.scale <= 1
    for k in range(len(MEASURES)):  # never less sure than from human labels alone
        assert not tuned.variance[k] > alone.variance[k] * (1 + 1e-9)
    for found in tuned.estimates():
        if not math.isnan(found.low):
            assert 0 <= found.low <= found.value <= found.high <= 1
    order = rng.permutation(120)
    shuffled = corrected(data.part(order), n_sessions, sessions_are, None)
    np.testing.assert_allclose(shuffled.value, tuned.value)
    np.testing.assert_allclose(shuffled.variance, tuned.variance)


@pytest.mark.slow
@pytest.mark.parametrize("quality", ["poor", "fair", "good"])
@pytest.mark.parametrize("size", [(15, 150), (40, 200), (100, 500)])
def test_intervals_hold_the_truth_as_often_as_they_say(coverage, quality, size):
    found = coverage.coverage(coverage.LABELLERS[quality], *size, replicates=1500, seed=11)
    for measure in MEASURES:
        assert 0.93 <= found["corrected"][measure]["coverage"] <= 0.97, measure
        assert found["corrected"][measure]["width"] <= found["human labels alone"][measure]["width"]
    # Naive intervals miss, the worse the more talk there is; here, with the least.
    least = {"poor": 0.5, "fair": 0.8, "good": 0.95}[quality]
    assert found["naive"]["sustain"]["coverage"] < least


@pytest.mark.slow
def test_intervals_for_these_very_sessions_hold_the_truth(coverage):
    found = coverage.coverage(coverage.LABELLERS["fair"], 40, 200, replicates=600, seed=5, sessions_are="all")
    for measure in MEASURES:  # somewhat large, because the sample is spread over sessions
        assert 0.94 <= found["corrected"][measure]["coverage"] <= 0.99
        assert found["naive"][measure]["coverage"] < 0.1


@pytest.mark.slow
def test_differences_sessions_and_regression_hold_the_truth(coverage):
    labeller = coverage.LABELLERS["fair"]
    differences = coverage.coverage_of_differences(labeller, 40, 200, replicates=600, seed=3)
    sessions = coverage.coverage_of_sessions(labeller, 40, 200, replicates=40, seed=3)
    for measure in MEASURES:
        assert 0.92 <= differences["corrected"][measure]["coverage"] <= 0.98
        assert 0.90 <= sessions[measure]["coverage"] <= 0.98
        assert sessions[measure]["rmse"] < sessions[measure]["naive_rmse"]
    poor = coverage.coverage_of_regression(coverage.LABELLERS["poor"], 100, 500, replicates=500, seed=3)
    assert poor["naive"]["coverage"] < 0.5
    assert 0.93 <= poor["corrected"]["coverage"] <= 0.985

"""Regression of an outcome on a corrected measure of sessions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.sandbox.regression.gmm import IV2SLS

from changetalk.errors import InputError
from changetalk.estimation import regress
from changetalk.estimation.regression import two_stage


def outcomes(talk, slope=3.0, seed=0):
    """Return an outcome of each session that follows its true share of sustain talk."""
    client = talk[talk["ct_label"].notna()]
    share = (client["truth"] == "sustain").groupby(client["session"]).mean()
    return slope * share + np.random.default_rng(seed).normal(0, 0.1, len(share))


def test_two_stage_least_squares_as_statsmodels_computes_it():
    rng = np.random.default_rng(0)
    z, w = rng.normal(size=(2, 60))
    x = z + rng.normal(size=60)
    y = 1 + 2 * x - w + rng.normal(size=60)
    one = np.ones(60)
    found, f = two_stage(y, x, z, w[:, None])
    theirs = IV2SLS(y, np.column_stack([one, x, w]), np.column_stack([one, z, w])).fit()
    np.testing.assert_allclose([c.value for c in found], theirs.params)
    first = sm.OLS(x, np.column_stack([one, z, w])).fit(cov_type="HC3")
    assert f == pytest.approx(first.tvalues[1] ** 2)


def test_without_an_instrument_it_is_ordinary_regression_with_hc3():
    rng = np.random.default_rng(1)
    x = rng.normal(size=40)
    y = 1 + x + rng.normal(size=40) * (1 + x**2)
    found, f = two_stage(y, x, x, np.empty((40, 0)))
    theirs = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3", use_t=True)
    assert math.isinf(f)
    np.testing.assert_allclose([c.value for c in found], theirs.params)
    np.testing.assert_allclose([(c.low, c.high) for c in found], theirs.conf_int())
    np.testing.assert_allclose([c.p for c in found], theirs.pvalues)


def test_finds_the_slope_and_says_so(coded_talk):
    found = regress(outcomes(coded_talk), coded_talk, measure="sustain")
    corrected, naive = found.corrected["sustain"], found.naive["sustain"]
    assert corrected.low < 3 < corrected.high
    assert (found.n_sessions, found.n_left_out) == (20, 0)
    assert naive.value != corrected.value
    frame = found.to_frame()
    assert frame["term"].tolist() == ["intercept", "sustain"]
    words = found.paragraph()
    assert "two-stage least squares" in words
    assert "20 sessions was regressed on the share of sustain talk" in words


def test_covariates_order_and_missing_outcomes(coded_talk):
    outcome = outcomes(coded_talk)
    age = pd.DataFrame({"age": np.arange(20.0)}, index=[f"s{k}" for k in range(20)])
    found = regress(outcome, coded_talk, covariates=age)
    assert list(found.corrected) == ["intercept", "proportion_change_talk", "age"]
    turned = regress(dict(reversed(list(outcome.items()))), coded_talk, covariates=age[::-1])
    assert turned.corrected["age"].value == pytest.approx(found.corrected["age"].value)
    fewer = regress(outcome.where(outcome.index != "s4"), coded_talk)
    assert fewer.n_sessions + fewer.n_left_out == 19


def test_sessions_without_codes_are_left_out_and_counted(coded_talk):
    talk = coded_talk.copy()
    talk.loc[talk["session"].isin(["s1", "s2"]), "human"] = None
    found = regress(outcomes(coded_talk), talk, measure="change")
    assert (found.n_sessions, found.n_left_out) == (18, 2)
    assert "2 more had too little coded talk" in found.paragraph()


@pytest.mark.parametrize(
    ("outcome", "options", "said"),
    [
        ({"s0": 1.0}, {}, "sessions have an outcome and coded talk"),
        ({"s99": 1.0}, {}, "'s99', are not in the table"),
        ({"s0": "well"}, {}, "no number"),
        (None, {"measure": "joy"}, "measure is 'joy'"),
        (None, {"covariates": pd.DataFrame({"a": [1.0]}, index=["s0"])}, "covariates: 19 sessions"),
        (None, {"covariates": pd.DataFrame({"a": "x"}, index=[f"s{k}" for k in range(20)])}, "no number"),
        (
            None,
            {"covariates": pd.DataFrame({"a": 1.0}, index=[f"s{k}" for k in range(20)])},
            "not independent",
        ),
    ],
)
def test_mistakes_are_said(coded_talk, outcome, options, said):
    given = dict(outcomes(coded_talk)) if outcome is None else outcome
    with pytest.raises(InputError, match=said):
        regress(given, coded_talk, **options)


def test_an_outcome_of_another_kind_is_a_type_error(coded_talk):
    with pytest.raises(TypeError, match="outcome must be a mapping or a Series"):
        regress([1.0, 2.0], coded_talk)
    with pytest.raises(TypeError, match="covariates must be a pandas frame"):
        regress(outcomes(coded_talk), coded_talk, covariates=[1.0])

"""Sets of labels: their thresholds, their promise, and when to abstain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.conformal import LabelSets, abstain_below, fit_label_sets
from changetalk.errors import InputError
from changetalk.labels import LABELS


def sessions(rng, n_groups=20, size=6):
    """Return probabilities, labels and groups of sessions with rates and errors of their own."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 2 * size, n_groups))
    rates = rng.dirichlet([2, 3, 1], n_groups)[groups]
    truth = (rng.random(len(groups))[:, None] > rates.cumsum(axis=1)[:, :2]).sum(axis=1)
    skill = rng.gamma(2, 1, n_groups)[groups]
    logits = rng.normal(0, 1, (len(groups), 3)) + skill[:, None] * np.eye(3)[truth]
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True), np.array(LABELS, dtype=object)[truth], groups


def of_truth(proba, labels):
    return proba[np.arange(len(proba)), [LABELS.index(label) for label in labels]]


@pytest.mark.parametrize(("n", "coverage"), [(9, 0.9), (19, 0.95), (20, 0.9), (57, 0.8)])
def test_sessions_of_one_utterance_give_the_textbook_quantile(rng, n, coverage):
    # Angelopoulos & Bates (2023), "Conformal prediction: a gentle introduction", section 1: the
    # ceil((n + 1) * coverage)-th smallest score, of scores 1 - P(label).
    proba, labels, _ = sessions(rng, n_groups=200)
    proba, labels = proba[:n], labels[:n]
    scores = np.sort(1 - of_truth(proba, labels))
    expected = scores[math.ceil((n + 1) * coverage - 1e-9) - 1]
    found = fit_label_sets(proba, labels, np.arange(n), coverage=coverage)
    assert found.thresholds == pytest.approx((1 - expected,) * 3)
    assert found.n_groups == (n, n, n)


def test_every_session_counts_alike():
    # Lee, Barber & Willett (2023): weight 1 / (n_k (K + 1)). Nine sessions of one sure utterance
    # and one of many unsure ones: of 11 parts, 9 are sure and one unsure, and coverage .9 needs 9.9.
    sure, unsure = [0.9, 0.05, 0.05], [0.4, 0.3, 0.3]
    proba = [sure] * 9 + [unsure] * 500
    groups = [*range(9), *[9] * 500]
    labels = ["change"] * 509
    assert fit_label_sets(proba, labels, groups, coverage=0.9).thresholds == (0.4, 0.4, 0.4)
    assert fit_label_sets(proba, labels, groups, coverage=9 / 11).thresholds == (0.9, 0.9, 0.9)


def test_by_label_each_label_has_its_own_threshold_from_its_own_sessions():
    proba, labels, groups = [], [], []
    for k in range(12):
        proba += [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]
        labels += ["change", "neutral"]
        groups += [k, k]
        if k < 9:
            proba.append([0.3, 0.4, 0.3])
            labels.append("sustain")
            groups.append(k)
    found = fit_label_sets(proba, labels, groups, by_label=True)
    assert found.thresholds == (0.7, 0.8, 0.3)
    assert found.n_groups == (12, 12, 9)
    assert found.by_label


def test_labels_may_be_written_as_labs_do():
    proba, groups = [[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]] * 9, np.arange(18)
    assert fit_label_sets(proba, ["R+", "ST"] * 9, groups) == fit_label_sets(
        proba, ["change", "sustain"] * 9, groups
    )


def test_sets_and_abstention():
    rule = LabelSets(0.9, True, (0.5, 0.4, 0.2), (9, 9, 9))
    proba = [[0.8, 0.1, 0.1], [0.4, 0.4, 0.2], [0.45, 0.38, 0.17], [0.0, 0.0, 1.0]]
    assert rule.sets(proba).tolist() == [
        [True, False, False],
        [False, True, True],
        [False, False, False],
        [False, False, True],
    ]
    assert rule.abstain(proba).tolist() == [False, True, True, False]
    assert rule.sets(np.empty((0, 3))).shape == (0, 3)


@given(seed=st.integers(0, 10**6), by_label=st.booleans())
def test_order_and_names_of_sessions_do_not_matter(seed, by_label):
    rng = np.random.default_rng(seed)
    proba, labels, groups = sessions(rng, n_groups=40)
    order = rng.permutation(len(labels))
    one = fit_label_sets(proba, labels, groups, coverage=0.8, by_label=by_label)
    names = [f"session {g}" for g in groups[order]]
    assert fit_label_sets(proba[order], labels[order], names, coverage=0.8, by_label=by_label) == one


@given(seed=st.integers(0, 10**6))
def test_calibration_talk_is_covered_and_more_coverage_never_takes_a_label_away(seed):
    proba, labels, groups = sessions(np.random.default_rng(seed), n_groups=25)
    smaller = fit_label_sets(proba, labels, groups, coverage=0.7)
    larger = fit_label_sets(proba, labels, groups, coverage=0.95)
    assert (larger.sets(proba) >= smaller.sets(proba)).all()
    for rule in (smaller, larger):
        held = of_truth(rule.sets(proba), labels)
        by_session = [held[groups == g].mean() for g in range(25)]
        assert np.mean(by_session) >= rule.coverage - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("by_label", [False, True])
def test_a_new_session_is_covered_as_often_as_promised(by_label):
    # Lee, Barber & Willett (2023), hierarchical conformal prediction: at least the coverage.
    rng = np.random.default_rng(0)
    held = {label: [] for label in LABELS}
    for _ in range(3000):
        proba, labels, groups = sessions(rng, n_groups=61)
        new = groups == 60
        try:
            rule = fit_label_sets(proba[~new], labels[~new], groups[~new], coverage=0.9, by_label=by_label)
        except InputError:  # too few sessions with sustain talk, rarely
            continue
        right = of_truth(rule.sets(proba[new]), labels[new])
        for label in LABELS if by_label else ("change",):
            of_label = right[labels[new] == label] if by_label else right
            if len(of_label):
                held[label].append(of_label.mean())
    for values in held.values():
        if values:
            assert 0.89 < np.mean(values) < 0.94


def test_too_few_sessions_are_an_error_that_says_how_many_are_needed(rng):
    proba, labels, groups = sessions(rng, n_groups=8)
    with pytest.raises(InputError, match=r"8 sessions; a coverage of 0\.9 needs 9 at least"):
        fit_label_sets(proba, labels, groups)
    proba, labels, groups = sessions(rng, n_groups=12)
    labels = np.where(labels == "sustain", "neutral", labels)
    with pytest.raises(InputError, match="0 sessions with sustain utterances"):
        fit_label_sets(proba, labels, groups, by_label=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"coverage": 1.0}, "between 0 and 1"),
        ({"coverage": float("nan")}, "between 0 and 1"),
        ({"labels": [*["CT"] * 9, "yes"]}, "labels, utterance 10: 'yes' is not a client-talk label"),
        ({"labels": ["change"] * 9}, "labels: 9 for 10 rows"),
        ({"groups": [1] * 9}, "one group a row"),
        ({"groups": [None, *range(9)]}, "missing on 1 of 10"),
        ({"proba": [[0.5, 0.5, 0.5]] * 10}, "sum to 1"),
        ({"proba": [[0.5, 0.5]] * 10}, r"shape \(10, 2\)"),
        ({"labels": [["change"]] * 10}, r"shape \(10, 1\)"),
    ],
)
def test_mistakes_are_said(change, said):
    given = {"proba": [[0.8, 0.1, 0.1]] * 10, "labels": ["change"] * 10, "groups": list(range(10))}
    with pytest.raises(InputError, match=said):
        fit_label_sets(**{**given, **change})


def test_a_coverage_in_words_is_a_type_error():
    with pytest.raises(TypeError, match="coverage must be a number, not str"):
        fit_label_sets([[1, 0, 0]], ["change"], [1], coverage="90%")


@pytest.mark.parametrize("proba", [[0.8, 0.1, 0.1], 0.8, [[np.nan] * 3]])
def test_sets_of_what_is_no_probabilities_are_refused(proba):
    with pytest.raises(InputError, match="proba"):
        LabelSets(0.9, False, (0.2, 0.2, 0.2), (9, 9, 9)).sets(proba)


def test_the_simple_rule_abstains_below_the_threshold_and_where_nothing_was_labelled():
    assert abstain_below([0.6, 0.59, np.nan, 1.0], 0.6).tolist() == [False, True, True, False]


@pytest.mark.parametrize(("confidence", "threshold"), [([0.5], 1.5), ([60.0], 0.6), ([[0.5]], 0.6)])
def test_the_simple_rule_refuses_what_is_no_probability(confidence, threshold):
    with pytest.raises(InputError):
        abstain_below(confidence, threshold)

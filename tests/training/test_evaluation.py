import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from changetalk.errors import InputError
from changetalk.labels import LABELS
from changetalk.training.evaluation import Report, Scores, evaluate, format_table, scores

LABEL_LIST = list(LABELS)


def random_data(seed, n):
    rng = np.random.default_rng(seed)
    truth = rng.choice(LABEL_LIST, n).astype(object)
    proba = rng.dirichlet([1, 1, 1], n)
    return truth, proba, np.array(LABEL_LIST, dtype=object)[proba.argmax(axis=1)]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(30, 200))
@settings(max_examples=30, deadline=None)
def test_measures_equal_scikit_learns(seed, n):
    truth, proba, predicted = random_data(seed, n)
    report = evaluate(truth, proba, n_boot=0)
    t, p = list(truth), list(predicted)
    assert report.macro_f1.value == pytest.approx(f1_score(t, p, average="macro", labels=LABEL_LIST))
    assert report.kappa.value == pytest.approx(cohen_kappa_score(t, p))
    assert report.accuracy.value == pytest.approx(np.mean(truth == predicted))
    assert report.log_loss.value == pytest.approx(log_loss(t, proba, labels=LABEL_LIST))
    assert report.confusion == tuple(map(tuple, confusion_matrix(t, p, labels=LABEL_LIST).tolist()))
    each = precision_recall_fscore_support(t, p, labels=LABEL_LIST)
    for label, precision, recall, f1, support in zip(LABEL_LIST, *each, strict=True):
        found = report.classes[label]
        assert (found.precision, found.recall, found.f1) == pytest.approx((precision, recall, f1))
        assert found.support == support


def test_labels_may_differ_from_the_most_probable_ones():
    proba = [[0.4, 0.6, 0.0], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]
    report = evaluate(["change", "neutral", "sustain"], proba, ["change", "neutral", "sustain"], n_boot=0)
    assert report.accuracy.value == 1
    assert report.ece.value > 0  # calibration is of the most probable label, which was wrong once


def test_ece_by_hand():
    # Two rows of confidence 0.9, one of them right; one of 0.5, right: (|1.8 - 1| + |0.5 - 1|) / 3.
    proba = [[0.9, 0.1, 0.0], [0.9, 0.05, 0.05], [0.5, 0.3, 0.2]]
    report = evaluate(["change", "neutral", "change"], proba, n_boot=0)
    assert report.ece.value == pytest.approx((0.8 + 0.5) / 3)


def test_certainty_that_is_right_is_perfect():
    report = evaluate(LABELS, np.eye(3))
    assert (report.ece.value, report.log_loss.value, report.macro_f1.value) == (0, 0, 1)


def test_what_does_not_exist_is_nan_and_null():
    report = evaluate(["neutral", "neutral", "change"], y_pred=["neutral", "neutral", "neutral"], n_boot=20)
    assert math.isnan(report.classes["sustain"].f1)
    assert math.isnan(report.classes["sustain"].recall)
    assert math.isnan(report.classes["change"].precision)
    assert report.classes["change"].f1 == 0
    assert math.isnan(report.macro_f1.value)
    assert math.isnan(report.ece.value)
    assert report.to_dict()["macro_f1"] == {"value": None, "low": None, "high": None}
    same = evaluate(["neutral"] * 4, y_pred=["neutral"] * 4, n_boot=20)
    assert math.isnan(same.kappa.value)
    assert same.accuracy.value == 1


def test_bootstrap_equals_drawing_groups_by_hand():
    """The shortcut over sums gives the distribution that resampling the rows themselves gives."""
    truth, proba, predicted = random_data(1, 300)
    groups = np.repeat(np.arange(30), 10)
    report = evaluate(truth, proba, groups=groups, n_boot=4000)
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(1500):
        rows = np.concatenate([np.flatnonzero(groups == g) for g in rng.integers(0, 30, 30)])
        drawn.append(np.mean(truth[rows] == predicted[rows]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert report.accuracy.low == pytest.approx(low, abs=0.015)
    assert report.accuracy.high == pytest.approx(high, abs=0.015)


def test_groups_that_hold_together_widen_the_interval():
    truth = np.repeat(["change", "neutral"], 200)
    predicted = np.tile(np.repeat(["change", "neutral"], 20), 10)
    clustered = evaluate(truth, y_pred=predicted, groups=np.repeat(np.arange(20), 20)).accuracy
    single = evaluate(truth, y_pred=predicted).accuracy
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_one_group_has_no_interval():
    report = evaluate(LABELS, np.eye(3), groups=["a", "a", "a"])
    assert report.n_groups == 1
    assert math.isnan(report.accuracy.low)


def test_same_seed_same_interval():
    truth, proba, _ = random_data(2, 100)
    assert evaluate(truth, proba, seed=3) == evaluate(truth, proba, seed=3)
    assert evaluate(truth, proba, seed=3) != evaluate(truth, proba, seed=4)


def test_two_thousand_resamples_of_a_corpus_are_quick():
    truth, proba, _ = random_data(3, 5000)
    start = time.perf_counter()
    evaluate(truth, proba, groups=np.arange(5000) % 119)
    assert time.perf_counter() - start < 1


def test_report_survives_json():
    truth, proba, _ = random_data(4, 60)
    report = evaluate(truth, proba, groups=np.arange(60) % 6, n_boot=100)
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert Report.from_dict(json.loads(text)) == report


def test_report_with_nulls_survives_json():
    report = evaluate(["neutral", "change"], y_pred=["neutral", "change"], n_boot=0)
    again = Report.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert math.isnan(again.macro_f1.value)
    assert again.to_dict() == report.to_dict()


@pytest.mark.parametrize("values", [{}, {"n": 1}, {**dict.fromkeys(Report.__slots__)}])
def test_what_is_no_report_is_refused(values):
    with pytest.raises(InputError, match="not an evaluation report"):
        Report.from_dict(values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": ["change"]}, "proba"),
        ({"y_true": [], "y_pred": []}, "a row at least"),
        ({"y_true": ["I want to stop"], "y_pred": ["change"]}, "y_true: 1 of 1 values"),
        ({"y_true": ["change", None], "y_pred": ["change", "change"]}, "y_true: 1 of 2 values"),
        ({"y_true": ["change"], "y_pred": ["change", "change"]}, "y_pred: shape"),
        ({"y_true": ["change"], "proba": [[0.5, 0.5]]}, "proba: shape"),
        ({"y_true": ["change"], "proba": [[0.5, 0.5, 0.5]]}, "proba: 1 of 1 rows"),
        ({"y_true": ["change"], "proba": [[math.nan, 0.5, 0.5]]}, "proba: 1 of 1 rows"),
        ({"y_true": ["change"], "proba": [[1.5, -0.5, 0]]}, "proba: 1 of 1 rows"),
        ({"y_true": ["change"], "y_pred": ["change"], "groups": [1, 2]}, "groups: shape"),
        ({"y_true": ["change"], "y_pred": ["change"], "groups": [math.nan]}, "groups: missing on 1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        evaluate(**arguments)
    assert "I want to stop" not in str(error.value)
    assert "\n" not in str(error.value)


def test_scores_are_the_reports_without_intervals():
    truth, _, predicted = random_data(5, 80)
    report = evaluate(truth, y_pred=predicted, n_boot=0)
    found = scores(truth, predicted)
    assert found.macro_f1 == report.macro_f1.value
    assert found.f1_sustain == report.classes["sustain"].f1


def test_table_is_markdown_with_a_row_a_result():
    truth, proba, predicted = random_data(6, 90)
    table = format_table(
        {
            "model": evaluate(truth, proba, groups=np.arange(90) % 9, n_boot=50),
            "coder | other": scores(truth, predicted),
            "none": Scores(*[math.nan] * 6),
        }
    )
    lines = table.split("\n")
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert "coder \\| other" in lines[3]
    value = evaluate(truth, proba, n_boot=0).macro_f1.value
    assert f"{value:.3f} [" in lines[2]
    assert f"{value:.3f} " in lines[3]
    assert "nan" not in table

import numpy as np
import pandas as pd
import pytest

from changetalk.errors import InputError
from changetalk.training.crossval import Extra, cross_validate


class Recorder:
    """Remembers what it was fitted on and predicts each row's own index, to check the order."""

    log: list

    def __init__(self, log):
        self.log = log

    def fit(self, X, y, *, groups=None, sample_weight=None):
        self.log.append(
            {"text": list(X["text"]), "y": np.asarray(y), "groups": groups, "weight": sample_weight}
        )
        return self

    def predict_proba(self, X):
        return np.stack([X["text"].astype(float)] * 3, axis=1)

    def predict(self, X):
        return np.array([f"row {t}" for t in X["text"]], dtype=object)


@pytest.fixture
def data():
    X = pd.DataFrame({"text": [str(i) for i in range(6)], "before": ""}, index=[9, 3, 5, 1, 7, 2])
    y = np.array(["change", "neutral", "sustain", "neutral", "change", "neutral"], dtype=object)
    return X, y, ["0", "1", "0", "1", "2", "2"], ["a", "b", "a", "b", "c", "c"]


def test_each_row_is_predicted_by_what_has_not_seen_its_fold(data):
    X, y, folds, groups = data
    log = []
    found = cross_validate(lambda: Recorder(log), X, y, folds, groups=groups)
    assert found.proba[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.labels.tolist() == [f"row {i}" for i in range(6)]
    assert [entry["text"] for entry in log] == [
        ["1", "3", "4", "5"],
        ["0", "2", "4", "5"],
        ["0", "1", "2", "3"],
    ]
    assert log[0]["y"].tolist() == ["neutral", "neutral", "change", "neutral"]
    assert all(entry["weight"] is None for entry in log)


def test_extra_rows_are_in_every_training_part_with_their_weight_and_own_groups(data):
    X, y, folds, groups = data
    log = []
    more = pd.DataFrame({"before": "", "text": ["10", "11"]})
    extra = Extra(more, ["change", "sustain"], ["a", "z"], 0.5)
    found = cross_validate(lambda: Recorder(log), X, y, folds, groups=groups, extra=extra)
    assert len(found.labels) == 6
    for entry in log:
        assert entry["text"][-2:] == ["10", "11"]
        assert entry["weight"].tolist() == [1, 1, 1, 1, 0.5, 0.5]
        assert not set(entry["groups"][:4]) & set(entry["groups"][4:])
        assert len(set(entry["groups"][4:])) == 2


@pytest.mark.parametrize("soft", ["data", "extra"])
def test_soft_and_hard_targets_meet_as_soft_ones(data, soft):
    X, y, folds, groups = data
    log = []
    proba, label = np.full((6, 3), 1 / 3), ["sustain"]
    target, more = (proba, label) if soft == "data" else (y, proba[:1])
    extra = (X.iloc[:1], more, ["z"], 1.0)
    cross_validate(lambda: Recorder(log), X, target, folds, groups=groups, extra=extra)
    assert log[0]["y"].shape == (5, 3)
    np.testing.assert_allclose(log[0]["y"].sum(axis=1), 1)
    one_hot = [0, 0, 1] if soft == "data" else [0, 1, 0]
    assert one_hot in log[0]["y"].tolist()


def test_a_source_on_both_sides_is_refused(data):
    X, y, folds, _ = data
    with pytest.raises(InputError, match="more than one fold"):
        cross_validate(lambda: Recorder([]), X, y, folds, groups=["a", "a", "a", "b", "c", "c"])


def test_one_fold_is_refused(data):
    X, y, _, groups = data
    with pytest.raises(InputError, match="two at least"):
        cross_validate(lambda: Recorder([]), X, y, [0] * 6, groups=groups)


@pytest.mark.parametrize("y", [["change"], np.zeros((6, 2)), ["stop"] * 6])
def test_targets_that_do_not_fit_are_refused(data, y):
    X, _, folds, groups = data
    with pytest.raises(InputError, match="y: "):
        cross_validate(lambda: Recorder([]), X, y, folds, groups=groups)

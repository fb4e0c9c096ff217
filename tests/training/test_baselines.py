import numpy as np
import pandas as pd
import pytest

from changetalk.errors import ColumnError, InputError
from changetalk.labels import LABELS
from changetalk.training.baselines import MajorityClass, tfidf_baseline
from changetalk.training.crossval import cross_validate
from changetalk.training.datasets import annomi_folder, load_annomi
from changetalk.training.evaluation import evaluate

TEXTS = ["I will stop", "I will try", "maybe so", "it is noon", "yes it is", "I like it", "no, I like it"]
TARGET = ["change", "change", "neutral", "neutral", "neutral", "sustain", "sustain"]


@pytest.fixture
def X():  # noqa: N802
    return pd.DataFrame({"text": TEXTS, "before": "so?"})


@pytest.mark.parametrize("make", [MajorityClass, tfidf_baseline])
def test_shapes_order_and_agreement(make, X):
    model = make().fit(X, TARGET)
    proba = model.predict_proba(X)
    assert proba.shape == (7, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert model.predict(X).tolist() == [LABELS[i] for i in proba.argmax(axis=1)]


def test_majority_gives_the_commonest_label_and_the_shares(X):
    model = MajorityClass().fit(X, TARGET)
    assert set(model.predict(X)) == {"neutral"}
    assert model.predict_proba(X)[0].tolist() == pytest.approx([2 / 7, 3 / 7, 2 / 7])


def test_majority_needs_no_words():
    empty = pd.DataFrame({"text": ["", ""]})
    assert MajorityClass().fit(empty, ["change", "change"]).predict(empty).tolist() == ["change", "change"]


def test_tfidf_learns_from_words(X):
    model = tfidf_baseline().fit(X, TARGET)
    assert model.predict(pd.DataFrame({"text": ["I will", "I like it"]})).tolist() == ["change", "sustain"]


@pytest.mark.parametrize("make", [MajorityClass, tfidf_baseline])
def test_soft_targets_count_as_their_greatest(make, X):
    soft = 0.4 * np.eye(3)[[LABELS.index(label) for label in TARGET]] + 0.2
    expected = make().fit(X, TARGET).predict_proba(X)
    np.testing.assert_allclose(make().fit(X, soft).predict_proba(X), expected)


def test_a_label_never_seen_has_probability_0(X):
    proba = tfidf_baseline().fit(X.iloc[2:], TARGET[2:]).predict_proba(X)
    assert (proba[:, 0] == 0).all()


def test_weights_count(X):
    heavy = np.where(np.array(TARGET) == "sustain", 9.0, 1.0)
    assert set(MajorityClass().fit(X, TARGET, sample_weight=heavy).predict(X)) == {"sustain"}


def test_a_frame_without_text_is_named():
    with pytest.raises(ColumnError, match="column text"):
        MajorityClass().fit(pd.DataFrame({"words": ["a"]}), ["change"])


def test_labels_are_checked(X):
    with pytest.raises(InputError, match="y: 7 of 7"):
        tfidf_baseline().fit(X, TEXTS)


@pytest.mark.annomi
def test_published_baselines_by_source_video():
    """Near the published .50-.51 macro-F1 (majority: .261), on the five folds, never the panel."""
    if annomi_folder() is None:
        pytest.skip("AnnoMI is not here: set CHANGETALK_ANNOMI to its folder")
    turns = load_annomi()
    turns = turns[turns["speaker"] == "client"]
    found = {}
    for name, make in {"majority": MajorityClass, "tfidf": tfidf_baseline}.items():
        out = cross_validate(make, turns[["text"]], turns["label"], turns["fold"], groups=turns["source"])
        found[name] = evaluate(turns["label"], out.proba, out.labels, groups=turns["source"])
    assert found["majority"].macro_f1.value == pytest.approx(0.261, abs=0.005)
    assert found["majority"].kappa.value == 0
    assert found["tfidf"].macro_f1.value == pytest.approx(0.499, abs=0.005)
    assert found["tfidf"].kappa.value == pytest.approx(0.275, abs=0.005)
    low, high = found["tfidf"].macro_f1.low, found["tfidf"].macro_f1.high
    assert low < 0.50 < 0.51 < high

"""`ChangeTalkClassifier` by scikit-learn's conventions.

scikit-learn's `check_estimator` runs next to nothing on an estimator of texts (its issue 12491), so
its checks are written out here for text.
"""

from __future__ import annotations

import inspect
import io
import json
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import changetalk as ct
from changetalk import ChangeTalkClassifier
from changetalk.errors import InputError, OutputError
from changetalk.labels import LABELS


@pytest.fixture(scope="module")
def coded(talk):
    return talk["text"].tolist(), talk["label"].tolist(), talk["session"].tolist()


@pytest.fixture(scope="module")
def plain(coded):
    """Fitted without inner folds, which makes for short tests; must not be fitted again."""
    X, y, _ = coded
    return ChangeTalkClassifier(cv=0).fit(X, y)


def same(a, b, X, atol=0.0):
    return np.allclose(a.predict_proba(X), b.predict_proba(X), rtol=0, atol=atol)


# Parameters


def test_init_stores_what_it_is_given_and_does_nothing_else():
    marker = object()
    names = list(inspect.signature(ChangeTalkClassifier.__init__).parameters)[1:]
    made = ChangeTalkClassifier(**dict.fromkeys(names, marker))
    assert vars(made) == dict.fromkeys(names, marker)


def test_parameters_can_be_got_set_and_cloned():
    made = ChangeTalkClassifier(C=3.0, class_weight={"sustain": 2.0})
    assert made.get_params()["C"] == 3.0
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(cv=3) is made
    assert made.cv == 3
    with pytest.raises(ValueError, match="Invalid parameter"):
        made.set_params(no_such=1)
    assert is_classifier(made)


def test_a_clone_of_a_fitted_one_is_not_fitted(plain):
    assert not [name for name in vars(clone(plain)) if name.endswith("_")]


def test_fitting_changes_no_parameter(coded):
    X, y, g = coded
    made = ChangeTalkClassifier(class_weight={"sustain": 2.0}, cv=2)
    before = json.dumps(made.get_params(), default=str)
    assert made.fit(X, y, groups=g) is made
    assert json.dumps(made.get_params(), default=str) == before


def test_fitting_changes_no_input(talk):
    X, y, w = talk.copy(), talk["label"].copy(), np.ones(len(talk))
    ChangeTalkClassifier(cv=0, class_weight="balanced").fit(X, y, sample_weight=w)
    pd.testing.assert_frame_equal(X, talk)
    pd.testing.assert_series_equal(y, talk["label"])
    assert (w == 1).all()


@pytest.mark.parametrize("method", ["predict", "predict_proba", "explain"])
def test_unfitted_it_says_so(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(ChangeTalkClassifier(), method)(["a"])


def test_unfitted_it_cannot_be_exported(tmp_path):
    with pytest.raises(NotFittedError):
        ChangeTalkClassifier().export(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


# Fitting


def test_fitting_twice_is_fitting_once(coded, talk):
    X, y, g = coded
    fresh = ChangeTalkClassifier(cv=2).fit(X, y, groups=g)
    again = ChangeTalkClassifier(cv=2).fit(talk, talk["label"]).fit(X, y, groups=g)
    assert same(fresh, again, X)
    assert fresh.model_.manifest == again.model_.manifest
    assert np.array_equal(fresh.oof_logits_, again.oof_logits_, equal_nan=True)


def test_fitting_again_without_folds_leaves_no_scores_of_the_old_folds(coded):
    X, y, _ = coded
    made = ChangeTalkClassifier(cv=2).fit(X, y)
    assert hasattr(made, "oof_logits_")
    assert not hasattr(made.set_params(cv=0).fit(X, y), "oof_logits_")


def test_the_order_of_rows_changes_nothing_but_rounding(coded, plain, rng):
    X, y, _ = coded
    order = rng.permutation(len(X))
    shuffled = ChangeTalkClassifier(cv=0).fit([X[i] for i in order], [y[i] for i in order])
    assert same(plain, shuffled, X, atol=2e-3)


@pytest.mark.parametrize(
    "shape",
    [
        tuple, np.array, lambda X: np.array(X, dtype=object)[:, None], pd.Series, pl.Series,
        lambda X: pd.Series(X, index=range(5, 5 + len(X))), lambda X: pd.DataFrame({"text": X}),
        lambda X: pl.DataFrame({"anything": X}), lambda X: [ct.Utterance(x) for x in X],
        lambda X: [(x, "") for x in X],
    ],
)  # fmt: skip
def test_texts_of_any_shape_train_the_same_model(coded, plain, shape):
    X, y, _ = coded
    made = ChangeTalkClassifier(cv=0).fit(shape(X), y)
    assert same(made, plain, X)
    assert same(made, plain, shape(X))


@pytest.mark.parametrize(
    "spelling",
    [
        {"change": "CT", "sustain": "ST", "neutral": "FN"}, {"change": 1, "sustain": -1, "neutral": 0},
        {"change": "R+", "sustain": "C-", "neutral": "FN"}, {"change": 1.0, "sustain": -1.0, "neutral": 0.0},
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "shape", [list, np.array, pd.Series, lambda y: pd.Series(y, dtype="category"), pl.Series]
)
def test_labels_in_any_spelling_train_the_same_model(coded, plain, spelling, shape):
    X, y, _ = coded
    written = shape([spelling[label] for label in y])
    made = ChangeTalkClassifier(cv=0).fit(X, written)
    assert same(made, plain, X)
    assert made.classes_.tolist() == list(LABELS)
    assert made.score(X, written) == plain.score(X, y)


def test_one_hot_soft_labels_are_hard_labels(coded):
    X, y, g = coded
    soft = np.eye(3)[[LABELS.index(label) for label in y]]
    hard = ChangeTalkClassifier(cv=2).fit(X, y, groups=g)
    for made in (soft, pd.DataFrame(soft, columns=LABELS), soft.tolist()):
        assert same(ChangeTalkClassifier(cv=2).fit(X, made, groups=g), hard, X)
    assert hard.score(X, soft) == hard.score(X, y)


def test_soft_labels_pull_probabilities_toward_them(coded, plain):
    X, y, _ = coded
    soft = 0.4 * np.eye(3)[[LABELS.index(label) for label in y]] + 0.2
    p = ChangeTalkClassifier(cv=0).fit(X, soft).predict_proba(X)
    assert p.max(axis=1).mean() < plain.predict_proba(X).max(axis=1).mean() - 0.1


def test_with_soft_labels_rows_without_a_hard_one_take_no_part_in_calibration(coded):
    X, y, g = coded
    soft = np.eye(3)[[LABELS.index(label) for label in y]]
    some = [
        label if k % 4 else missing
        for k, (label, missing) in enumerate(zip(y, [None, float("nan"), pd.NA] * 20, strict=True))
    ]
    made = ChangeTalkClassifier(cv=2).fit(X, soft, groups=g, labels=some)
    full = ChangeTalkClassifier(cv=2).fit(X, soft, groups=g)
    assert made.model_.manifest.decision != full.model_.manifest.decision
    assert np.array_equal(made.model_.scorer.intercept, full.model_.scorer.intercept)


def test_a_row_of_weight_zero_is_as_if_it_were_not_there(coded, rng):
    X, y, g = coded
    keep = rng.random(len(X)) < 0.8
    there = [[values[i] for i in np.flatnonzero(keep)] for values in (X, y, g)]
    fresh = ChangeTalkClassifier(cv=2).fit(there[0], there[1], groups=there[2])
    weighted = ChangeTalkClassifier(cv=2).fit(X, y, groups=g, sample_weight=keep.astype(float))
    assert same(fresh, weighted, X, atol=1e-9)
    assert np.isnan(weighted.oof_logits_[~keep]).all()


def test_weights_pull(coded, plain):
    X, y, _ = coded
    heavy = ChangeTalkClassifier(cv=0).fit(
        X, y, sample_weight=[9.0 if label == "sustain" else 1.0 for label in y]
    )
    assert heavy.predict_proba(X)[:, 2].mean() > plain.predict_proba(X)[:, 2].mean() + 0.05
    same_by_class = ChangeTalkClassifier(cv=0, class_weight={"sustain": 9.0}).fit(X, y)
    assert same(heavy, same_by_class, X, atol=1e-9)


def test_balanced_classes_already_balanced_change_nothing(coded, plain):
    X, y, _ = coded
    assert same(ChangeTalkClassifier(cv=0, class_weight="balanced").fit(X, y), plain, X, atol=1e-9)


def test_balanced_gives_each_class_the_same_say(coded):
    X, y, _ = coded
    few = [k for k, label in enumerate(y) if label != "sustain" or k % 4 == 0]
    n = {label: sum(y[k] == label for k in few) for label in LABELS}
    weights = {label: len(few) / (3 * n[label]) for label in LABELS}
    X_few, y_few = [X[k] for k in few], [y[k] for k in few]
    balanced = ChangeTalkClassifier(cv=0, class_weight="balanced").fit(X_few, y_few)
    assert same(balanced, ChangeTalkClassifier(cv=0, class_weight=weights).fit(X_few, y_few), X, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": ["change"] * 59}, "y has 59 rows, X has 60"),
        ({"y": np.full((59, 3), 1 / 3)}, "y has 59 rows, X has 60"),
        ({"y": ["change", "neutral"] * 30}, "y holds no 'sustain' rows"),
        ({"y": np.tile([0.5, 0.5, 0.0], (60, 1))}, "y holds no 'sustain' rows"),
        ({"y": ["change", "neutral", "sustain?"] * 20}, r"y\[2\]: 'sustain\?' is not a client-talk label"),
        ({"y": ["change", None, "sustain"] * 20}, r"y\[1\]"),
        ({"y": np.full((60, 3), 0.5)}, "each row summing to 1"),
        ({"y": np.full((60, 3), np.nan)}, "each row summing to 1"),
        ({"y": np.tile([1.5, -0.5, 0.0], (60, 1))}, "each row summing to 1"),
        ({"y": np.zeros((60, 2))}, r"shape \(n,\) or \(n, 3\), not \(60, 2\)"),
        ({"groups": ["a"] * 59}, r"groups must have shape \(60,\)"),
        ({"groups": ["a", None] * 30}, r"groups\[1\] is missing"),
        ({"sample_weight": np.ones(61)}, r"sample_weight must have shape \(60,\)"),
        ({"sample_weight": np.ones((60, 1))}, r"sample_weight must have shape \(60,\)"),
        ({"sample_weight": [-1.0] * 60}, "sample_weight must be"),
        ({"sample_weight": [np.nan] * 60}, "sample_weight must be"),
        ({"sample_weight": ["heavy"] * 60}, "sample_weight must be"),
        ({"sample_weight": np.zeros(60)}, "y holds no"),
        ({"labels": ["change"] * 3}, "labels has 3 rows"),
        ({"labels": ["what"] * 60}, r"labels\[0\]"),
    ],
)
def test_what_cannot_be_fitted_says_why_in_one_line(coded, change, message):
    X, y, _ = coded
    with pytest.raises(InputError, match=message) as caught:
        ChangeTalkClassifier(cv=2).fit(X, **{"y": y, **change})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_weight": "heavy"}, "class_weight"),
        ({"class_weight": {"CT": 2.0}}, "class_weight"),
        ({"cv": 1}, "cv must be"),
        ({"cv": -2}, "cv must be"),
        ({"cv": "5"}, "cv must be"),
        ({"C": -1.0}, "C"),
    ],
)
def test_parameters_are_checked_when_fitting(coded, parameters, message):
    X, y, _ = coded
    with pytest.raises(ValueError, match=message):
        ChangeTalkClassifier(**{"cv": 0, **parameters}).fit(X, y)


def test_talk_in_place_of_labels_is_not_quoted(coded):
    X, _, _ = coded
    with pytest.raises(InputError, match=r"y\[0\]") as caught:
        ChangeTalkClassifier().fit(X, X)
    assert not any(text[:20] in str(caught.value) for text in X)


def test_a_string_in_place_of_texts_is_refused(coded):
    with pytest.raises(TypeError, match="one string"):
        ChangeTalkClassifier().fit("I want to stop.", ["change"])


def test_groups_stay_together_in_the_inner_folds(talk):
    """Twins of one group, in different folds, would teach each other."""
    twice = pd.concat([talk, talk], ignore_index=True)
    group = [f"twin {k}" for k in [*range(len(talk)), *range(len(talk))]]
    loose = ChangeTalkClassifier(cv=3).fit(twice, twice["label"])
    kept = ChangeTalkClassifier(cv=3).fit(twice, twice["label"], groups=group)

    def right(made):
        truth = [LABELS.index(label) for label in twice["label"]]
        return (made.oof_logits_.argmax(axis=1) == truth).mean()

    assert right(loose) > right(kept) + 0.1


def test_out_of_fold_scores_are_of_models_that_did_not_see_the_row(tiny_classifier, talk):
    truth = np.array([LABELS.index(label) for label in talk["label"]])
    assert tiny_classifier.oof_logits_.shape == (60, 3)
    assert (tiny_classifier.oof_logits_.argmax(axis=1) == truth).mean() < (
        tiny_classifier.predict(talk) == talk["label"]
    ).mean()


def test_too_few_groups_to_calibrate_on_is_a_warning_and_a_model(coded):
    X, y, _ = coded
    with pytest.warns(UserWarning, match="too few coded utterances or groups"):
        made = ChangeTalkClassifier().fit(X, y, groups=["one"] * len(X))
    assert np.allclose(made.predict_proba(X).sum(axis=1), 1)


# Predicting


def test_shapes_dtypes_and_agreement(tiny_classifier, talk):
    p = tiny_classifier.predict_proba(talk)
    assert p.shape == (60, 3)
    assert p.dtype == np.float64
    assert np.allclose(p.sum(axis=1), 1, atol=1e-12)
    scores = np.log(p) + np.array(tiny_classifier.model_.manifest.decision.offset)
    assert tiny_classifier.predict(talk).tolist() == tiny_classifier.classes_[scores.argmax(axis=1)].tolist()


def test_a_subset_in_another_order_gets_the_same(tiny_classifier, talk, rng):
    order = rng.permutation(len(talk))[:25]
    whole = tiny_classifier.predict_proba(talk)
    assert np.allclose(tiny_classifier.predict_proba(talk.iloc[order]), whole[order], rtol=0, atol=1e-12)
    one_by_one = [tiny_classifier.predict_proba(talk.iloc[[k]])[0] for k in order]
    assert np.allclose(one_by_one, whole[order], rtol=0, atol=1e-12)


def test_predicting_changes_nothing(plain, coded):
    before = {k: id(v) for k, v in vars(plain).items()}
    plain.predict(coded[0])
    plain.predict_proba(coded[0])
    assert {k: id(v) for k, v in vars(plain).items()} == before


def test_score_is_accuracy(plain, coded):
    X, y, _ = coded
    assert plain.score(X, y) == (plain.predict(X) == np.array(y)).mean() > 0.8
    weight = [1.0 if label == "change" else 0.0 for label in y]
    right = [p == "change" for p, label in zip(plain.predict(X), y, strict=True) if label == "change"]
    assert plain.score(X, y, sample_weight=weight) == pytest.approx(np.mean(right))


# In scikit-learn's hands


def test_grid_search_with_groups(talk):
    search = GridSearchCV(
        ChangeTalkClassifier(cv=0), {"C": [0.01, 1.0]}, cv=GroupKFold(3), scoring="f1_macro"
    )
    search.fit(talk, talk["label"], groups=talk["session"])
    assert search.best_params_["C"] in (0.01, 1.0)
    assert search.predict(talk).shape == (60,)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_groups_reach_the_inner_folds_by_metadata_routing(talk):
    clf = ChangeTalkClassifier(cv=2)
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(clf.set_fit_request(groups=True), {"C": [0.1, 1.0]}, cv=GroupKFold(3))
        search.fit(talk, talk["label"], groups=talk["session"])
    fresh = ChangeTalkClassifier(cv=2, **search.best_params_).fit(talk, talk["label"], groups=talk["session"])
    assert np.array_equal(search.predict_proba(talk), fresh.predict_proba(talk))


def test_cross_validated_predictions(talk):
    clf = ChangeTalkClassifier(cv=2)
    g = talk["session"]
    got = cross_val_predict(
        clf, talk, talk["label"], groups=g, cv=GroupKFold(3), params={"groups": g.to_numpy()}
    )
    assert got.shape == (60,)
    assert set(got) <= set(LABELS)
    for train, test in GroupKFold(3).split(talk, groups=g):
        made = clone(clf).fit(talk.iloc[train], talk["label"].iloc[train], groups=g.iloc[train])
        assert (made.predict(talk.iloc[test]) == got[test]).all()


def test_cross_validated_scores_in_any_spelling(talk):
    y = talk["label"].map({"change": "CT", "sustain": "ST", "neutral": "FN"})
    clf = ChangeTalkClassifier(cv=0)
    scores = cross_val_score(clf, talk, y, groups=talk["session"], cv=GroupKFold(3))
    assert (
        scores.tolist()
        == cross_val_score(clf, talk, talk["label"], groups=talk["session"], cv=GroupKFold(3)).tolist()
    )
    assert scores.mean() > 1 / 3


@pytest.mark.xfail(
    raises=InputError,
    reason="scikit-learn fits on LabelEncoder's 0, 1, 2 here, of which 2 is refused and 0 means neutral "
    "to parse_label: to be decided by the lead, see the report",
)
def test_cross_validated_probabilities(talk):
    got = cross_val_predict(
        ChangeTalkClassifier(cv=0),
        talk,
        talk["label"],
        groups=talk["session"],
        cv=GroupKFold(3),
        method="predict_proba",
    )
    assert got.shape == (60, 3)
    assert (got.argmax(axis=1) == [LABELS.index(label) for label in talk["label"]]).mean() > 1 / 3


def shout(texts):
    return [text.upper() for text in texts]


def in_a_pipeline():
    return Pipeline([("case", FunctionTransformer(shout)), ("talk", ChangeTalkClassifier(cv=2))])


def test_within_a_pipeline(coded):
    X, y, g = coded
    made = in_a_pipeline().fit(X, y, talk__groups=g)
    direct = ChangeTalkClassifier(cv=2).fit(shout(X), y, groups=g)
    assert np.array_equal(made.predict_proba(X), direct.predict_proba(shout(X)))
    assert made.classes_.tolist() == list(LABELS)
    assert made.set_params(talk__C=9.0).get_params()["talk__C"] == 9.0


def test_a_pipeline_can_be_pickled_and_joblibbed(coded):
    X, y, g = coded
    made = in_a_pipeline().fit(X, y, talk__groups=g)
    expected = made.predict_proba(X)
    buffer = io.BytesIO()
    joblib.dump(made, buffer)
    buffer.seek(0)
    for again in (pickle.loads(pickle.dumps(made)), joblib.load(buffer)):
        assert np.array_equal(again.predict_proba(X), expected)
        assert again.predict(X).tolist() == made.predict(X).tolist()
    assert clone(pickle.loads(pickle.dumps(made))).get_params().keys() == made.get_params().keys()


def test_it_shows_itself_in_a_notebook(plain):
    assert "ChangeTalkClassifier" in repr(plain)
    assert "ChangeTalkClassifier" in plain._repr_html_()


# Becoming a folder


def test_what_is_exported_predicts_the_same(tiny_classifier, tiny_folder, some_texts, talk):
    loaded = ct.load(tiny_folder)
    for X in (talk, some_texts):
        assert np.array_equal(loaded.predict_proba(X), tiny_classifier.predict_proba(X))
        assert loaded.predict(X).tolist() == tiny_classifier.predict(X).tolist()
    assert (
        loaded.explain("I want to stop.").contributions
        == tiny_classifier.explain("I want to stop.").contributions
    )


def test_the_manifest_says_what_it_was_trained_on_and_with(tiny_folder):
    manifest = ct.load(tiny_folder).manifest
    assert manifest.training["utterances"] == 60
    assert manifest.training["recipe"]["cv"] == 3
    assert manifest.libraries["scikit-learn"] == sklearn.__version__
    assert len(manifest.training["sha256"]) == 64


def test_the_hash_of_the_training_data_is_of_the_data(coded, plain, talk):
    X, y, _ = coded
    known = plain.model_.manifest.training["sha256"]
    assert ChangeTalkClassifier(cv=0).fit(X, y).model_.manifest.training["sha256"] == known
    for other in ((X[::-1], y[::-1]), (X, y[1:] + y[:1]), (talk, y)):
        assert ChangeTalkClassifier(cv=0).fit(*other).model_.manifest.training["sha256"] != known


def test_exports_are_the_same_byte_for_byte(tiny_classifier, tmp_path):
    for name in ("a", "b"):
        tiny_classifier.export(tmp_path / name, name="same")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_parameters_from_a_numpy_grid_can_be_exported(coded, tmp_path):
    X, y, _ = coded
    made = ChangeTalkClassifier(C=np.float32(0.5), max_iter=np.int64(500), cv=np.int64(0)).fit(X, y)
    recipe = ct.load(made.export(tmp_path / "m")).manifest.training["recipe"]
    assert (recipe["C"], recipe["max_iter"]) == (0.5, 500)


def test_name_scores_and_card(plain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain.export("ours", scores={"macro_f1": 0.5}, training={"data": "ours"}, card="# Ours\n")
    manifest = ct.load("ours").manifest
    assert (manifest.name, manifest.scores["macro_f1"], manifest.training["data"]) == ("ours", 0.5, "ours")
    assert (tmp_path / "ours" / "README.md").read_text() == "# Ours\n"


def test_an_export_that_fails_leaves_nothing(plain, tmp_path):
    with pytest.raises(TypeError):
        plain.export(tmp_path / "m", scores={"macro_f1": object()})
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError):
        plain.export(tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_no_warning_escapes(coded, tmp_path):
    X, y, g = coded
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ChangeTalkClassifier(cv=3).fit(X, y, groups=g).export(tmp_path / "m")

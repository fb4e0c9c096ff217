"""The linear scorer computes in numpy what scikit-learn computes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import changetalk as ct
from changetalk.context import FIELDS, Batch, batch_of
from changetalk.dialogue import Utterance
from changetalk.inputs import as_batch
from changetalk.labels import LABELS
from changetalk.scorers import linear
from changetalk.scorers.linear import BlockSpec, LinearScorer
from changetalk.training.linear import fit_linear, inputs, scorer_of

WORDS = [
    "I", "want", "to", "stop", "don't", "like", "smoking", "it's", "Monday", "how", "was", "is", "?", "!",
    "...", "a", "but", "not", ",", "-", "'", "42", "STOP",
    "x_y", "it\'\'s", "'tis", "o'clock's", "rock'n'roll",
    "\u0130stanbul", "stra\u00dfe", "e\u0301", "\u05e9\u05dc\u05d5\u05dd", "\U0001f642", "\u01c5",
]  # fmt: skip
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=25)
utterances = st.builds(Utterance, texts, before=texts, position=st.none() | st.floats(0, 1))


@pytest.fixture(scope="module", params=["own blocks", "default blocks"])
def pair(request, talk):
    """A pipeline of scikit-learn's and the scorer made of it."""
    specs = {
        "own blocks": (
            BlockSpec("text", "word", 1, 3, min_df=1),
            BlockSpec("text", "char_wb", 1, 4, weight=0.3, min_df=2),
            BlockSpec("before", "char_wb", 3, 3, min_df=1),
            BlockSpec("reply", "word", 2, 2, weight=2.0, min_df=1),
        )
    }.get(request.param)
    soft = np.eye(3)[[LABELS.index(label) for label in talk["label"]]]
    batch = as_batch(talk)
    fitted = fit_linear(batch, soft, np.ones(len(batch)), **({"specs": specs} if specs else {}))
    return fitted[0], scorer_of(*fitted)


@given(st.lists(utterances, min_size=1, max_size=8))
@settings(max_examples=150)
def test_scores_are_scikit_learns(pair, rows):
    pipeline, scorer = pair
    batch = batch_of(rows)
    expected = pipeline.decision_function(inputs(batch))
    assert np.allclose(scorer.logits(batch), expected, rtol=0, atol=1e-9)


def test_scores_on_the_training_data_are_scikit_learns(pair, talk):
    pipeline, scorer = pair
    batch = as_batch(talk)
    assert np.allclose(scorer.logits(batch), pipeline.decision_function(inputs(batch)), rtol=0, atol=1e-9)


@pytest.mark.annomi
def test_scores_on_all_of_annomi_are_scikit_learns():
    """A model trained on part of AnnoMI, on every client turn of it, in context."""
    from changetalk.training.datasets import load_annomi

    turns = ct.client_talk(load_annomi(), client="client")
    batch = as_batch(turns)
    label = turns["label"].tolist()
    rows = [i for i in range(0, len(batch), 3) if label[i] in LABELS]
    soft = np.eye(3)[[LABELS.index(label[i]) for i in rows]]
    pipeline, specs = fit_linear(batch.take(rows), soft, np.ones(len(rows)), tol=1e-2)
    scorer = scorer_of(pipeline, specs)
    assert len(batch) > 4000
    for part in (batch, batch.bare()):
        expected = pipeline.decision_function(inputs(part))
        assert np.abs(scorer.logits(part) - expected).max() < 1e-9


@given(st.lists(utterances, min_size=1, max_size=1))
@settings(max_examples=100)
def test_contributions_sum_to_the_scores(pair, rows):
    _, scorer = pair
    batch = batch_of(rows)
    found = scorer.contributions(batch)
    total = scorer.intercept + np.sum([[getattr(c, k) for k in LABELS] for c in found], axis=0)
    assert np.allclose(total, scorer.logits(batch)[0], rtol=0, atol=1e-9)


def test_nothing_scores_the_intercept_and_what_is_known_without_words(pair):
    _, scorer = pair
    batch = batch_of([Utterance("")])
    assert scorer.logits(Batch()).shape == (0, 3)
    assert np.isfinite(scorer.logits(batch)).all()


def test_save_and_restore_give_identical_scores(pair, talk, tmp_path):
    _, scorer = pair
    names = scorer.save(tmp_path)
    assert sorted(names) == sorted(p.name for p in tmp_path.iterdir())
    again = LinearScorer.restore(tmp_path, scorer.config())
    batch = as_batch(talk)
    assert np.array_equal(again.logits(batch), scorer.logits(batch))
    assert again.config() == scorer.config()


def test_saving_twice_writes_the_same_bytes(pair, tmp_path):
    """Else a model's hash would change though nothing in it did."""
    _, scorer = pair
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        scorer.save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_full_memory_of_words_changes_nothing(pair, talk, monkeypatch):
    _, scorer = pair
    batch = as_batch(talk)
    expected = scorer.logits(batch)
    monkeypatch.setattr(linear, "_MAX_REMEMBERED", 3)
    assert np.array_equal(scorer.logits(batch), expected)
    assert np.array_equal(scorer.logits(batch), expected)


def test_unused_fields_change_nothing(pair, talk):
    _, scorer = pair
    batch = as_batch(talk)
    other = Batch(*(["anything"] * len(batch) if f == "target" else getattr(batch, f) for f in FIELDS))
    assert np.array_equal(scorer.logits(other), scorer.logits(batch))

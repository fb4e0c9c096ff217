"""The model as users meet it: one in, one out; many in, many out; each row by itself."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import changetalk as ct
from changetalk.dialogue import Prediction, Transcript, Utterance
from changetalk.errors import ClientError
from changetalk.inputs import as_batch
from changetalk.labels import LABELS
from changetalk.training.golden import GOLDEN

SENTENCES = [u.text for u in GOLDEN] + [
    "I want to stop.",
    "I like smoking, it calms me.",
    "We moved here in the spring.",
]

utterances = st.builds(
    Utterance,
    st.sampled_from(SENTENCES) | st.text(max_size=30),
    before=st.sampled_from(SENTENCES) | st.just(""),
    position=st.none() | st.floats(0, 1),
)


def test_shapes_and_types(tiny_model, some_texts):
    labels, proba = tiny_model.predict(some_texts), tiny_model.predict_proba(some_texts)
    assert labels.shape == (len(some_texts),)
    assert labels.dtype.kind == "U"
    assert proba.shape == (len(some_texts), 3)
    assert proba.dtype == np.float64
    assert np.allclose(proba.sum(axis=1), 1, atol=1e-12)
    assert (proba >= 0).all()
    assert tiny_model.classes_.tolist() == list(LABELS)
    assert set(labels) <= set(LABELS)


def test_one_and_none_are_not_squeezed(tiny_model):
    assert tiny_model.predict(["I want to stop."]).shape == (1,)
    assert tiny_model.predict_proba(["I want to stop."]).shape == (1, 3)
    assert tiny_model.predict([]).shape == (0,)
    assert tiny_model.predict_proba([]).shape == (0, 3)
    assert tiny_model.label([]) == []
    assert isinstance(tiny_model.label("I want to stop."), Prediction)
    assert [type(p) for p in tiny_model.label(["I want to stop."])] == [Prediction]


def test_it_has_learned_something(tiny_model, talk):
    assert (tiny_model.predict(talk) == talk["label"]).mean() > 0.8
    assert tiny_model.predict(["I want to stop.", "I like smoking, it calms me."]).tolist() == [
        "change",
        "sustain",
    ]


def test_context_counts(tiny_model):
    questions = ["Do you want to stop, for your kids?", "So you like smoking, and it calms you?"]
    p = tiny_model.predict_proba([("Yes.", q) for q in questions])
    assert not np.allclose(p[0], p[1], atol=1e-3)


@given(st.lists(utterances, min_size=1, max_size=12), st.data())
@settings(max_examples=40)
def test_rows_are_scored_each_by_itself(tiny_model, rows, data):
    """Any subset in any order gets what it got among the others, to the last bit but one."""
    whole = tiny_model.predict_proba(rows)
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1))
    part = tiny_model.predict_proba([rows[i] for i in chosen])
    assert np.allclose(part, whole[chosen], rtol=0, atol=1e-12)
    assert (tiny_model.predict([rows[i] for i in chosen]) == tiny_model.predict(rows)[chosen]).all()


def test_more_rows_than_a_batch_holds(tiny_model, rng):
    rows = rng.choice(SENTENCES, 2500).tolist()
    whole = tiny_model.predict_proba(rows)
    by_text = {text: tiny_model.predict_proba([text])[0] for text in set(rows)}
    assert np.allclose(whole, [by_text[text] for text in rows], rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pipe_gives_the_same_at_any_batch_size(tiny_model, some_texts, size):
    expected = tiny_model.label(some_texts)
    piped = list(tiny_model.pipe(iter(some_texts), batch_size=size))
    assert [p.label for p in piped] == [p.label for p in expected]
    assert np.allclose([p.confidence for p in piped], [p.confidence for p in expected], atol=1e-12)


def test_pipe_is_lazy_and_carries_ids(tiny_model):
    asked = []

    def endless():
        for k in itertools.count():
            asked.append(k)
            yield ("I want to stop.", "Hm?"), f"id {k}"

    got = list(itertools.islice(tiny_model.pipe(endless(), batch_size=4, as_tuples=True), 6))
    assert [tag for _, tag in got] == [f"id {k}" for k in range(6)]
    assert len(asked) <= 8


def test_pipe_refuses_a_string_and_no_batch(tiny_model):
    with pytest.raises(TypeError, match=r"label\(text\)"):
        next(tiny_model.pipe("I want to stop."))
    with pytest.raises(ValueError, match="batch_size"):
        next(tiny_model.pipe(["a"], batch_size=0))


def test_predictions_say_which_model_made_them(tiny_model):
    said = tiny_model.label("I want to stop.")
    assert said.model == tiny_model.tag
    assert said.model.startswith("tiny 1.2.3 (")
    assert repr(tiny_model) == f"<changetalk.Model {tiny_model.tag}>"
    assert (tiny_model.name, tiny_model.version) == ("tiny", "1.2.3")


def test_label_and_predict_agree(tiny_model, some_texts):
    said = tiny_model.label(some_texts)
    assert [p.label for p in said] == tiny_model.predict(some_texts).tolist()
    assert np.array_equal([list(p.proba.values()) for p in said], tiny_model.predict_proba(some_texts))


def test_the_rule_is_the_one_documented(tiny_model, some_texts):
    p = tiny_model.predict_proba(some_texts)
    scores = np.log(p) + np.array(tiny_model.manifest.decision.offset)
    assert tiny_model.predict(some_texts).tolist() == [LABELS[k] for k in scores.argmax(axis=1)]


def test_a_model_can_be_pickled_within_a_process_pool(tiny_model, some_texts):
    again = pickle.loads(pickle.dumps(tiny_model))
    assert np.array_equal(again.predict_proba(some_texts), tiny_model.predict_proba(some_texts))


# Explanations


@given(utterances)
@settings(max_examples=60)
def test_an_explanation_adds_up_to_the_probability(tiny_model, utterance):
    found = tiny_model.explain(utterance)
    scores = np.array([found.intercept[k] + sum(getattr(c, k) for c in found.contributions) for k in LABELS])
    p = np.exp(scores - scores.max())
    assert np.allclose(p / p.sum(), list(found.prediction.proba.values()), rtol=0, atol=1e-9)


@given(utterances)
@settings(max_examples=60)
def test_the_intercept_is_the_same_for_every_utterance(tiny_model, utterance):
    """Were it the remainder only, the contributions could be anything."""
    decision, scorer = tiny_model.manifest.decision, tiny_model.scorer
    expected = decision.scale * scorer.intercept + np.array(decision.bias)
    found = tiny_model.explain(utterance).intercept
    assert np.allclose([found[k] for k in LABELS], expected, rtol=0, atol=1e-9)


def test_an_explanation_names_what_is_there_and_begins_with_what_weighs_most(tiny_model):
    found = tiny_model.explain(("I want to stop.", "How was your week?"))
    words = {c.feature for c in found.contributions if c.where == "utterance, words"}
    assert "want" in words
    assert not words & {"week", "smoking"}
    size = [max(abs(c.change), abs(c.neutral), abs(c.sustain)) for c in found.contributions]
    assert size == sorted(size, reverse=True)
    assert found.prediction == tiny_model.label(Utterance("I want to stop.", before="How was your week?"))
    assert "'want'" in str(found) or len(found.contributions) > 15


# Transcripts

LINES = [
    Utterance("How was your week?", "Dr. Mehta", 0.0, 1.0),
    Utterance("I drank on Friday.", "Anna", 1.0, 2.0),
    Utterance("[inaudible]", "Anna", 2.0, 3.0),
    Utterance("I want to stop.", "Anna", 3.0, 4.0),
]


def test_of_a_transcript_what_the_client_said_is_labelled(tiny_model):
    transcript = Transcript(LINES, "Anna", "drinking", "s1")
    labelled = tiny_model.label(transcript)
    assert [u.prediction is not None for u in labelled] == [False, True, False, True]
    assert sum(labelled.counts().values()) == 2
    assert (labelled.client, labelled.target, labelled.session) == ("Anna", "drinking", "s1")
    assert [(u.text, u.speaker, u.start, u.end) for u in labelled] == [
        (u.text, u.speaker, u.start, u.end) for u in LINES
    ]
    assert labelled[3].before == "How was your week?"
    assert labelled[3].said == "I drank on Friday."
    assert not any(u.prediction for u in transcript)


def test_a_transcript_and_its_table_get_the_same_labels(tiny_model):
    labelled = tiny_model.label(Transcript(LINES, "Anna", "drinking", "s1")).to_frame()
    table = tiny_model.label_frame(Transcript(LINES, "Anna", "drinking", "s1").to_frame(), client="Anna")
    for name in ("ct_p_change", "ct_p_neutral", "ct_p_sustain"):
        assert np.allclose(labelled[name], table[name], rtol=0, atol=1e-12, equal_nan=True)
    assert labelled["ct_label"].fillna("").tolist() == table["ct_label"].fillna("").tolist()


def test_labelling_again_changes_nothing_and_another_client_leaves_no_old_labels(tiny_model):
    once = tiny_model.label(Transcript(LINES, "Anna"))
    assert tiny_model.label(once) == once
    other = tiny_model.label(replace(once, client="Dr. Mehta"))
    assert [u.prediction is not None for u in other] == [True, False, False, False]


def test_a_client_whom_nobody_knows_is_an_error_and_not_silence(tiny_model):
    with pytest.raises(ClientError, match=r"'anna'.*'Dr. Mehta', 'Anna'"):
        tiny_model.label(Transcript(LINES, "anna"))


def test_an_empty_transcript_stays_empty(tiny_model):
    assert tiny_model.label(Transcript((), "C")) == Transcript((), "C")


def test_public_label_function(tiny_folder, tiny_model):
    assert ct.label("I want to stop.", model=tiny_folder) == tiny_model.label("I want to stop.")


def test_a_batch_is_scored_as_its_utterances(tiny_model, some_texts):
    assert np.array_equal(
        tiny_model.predict_proba(as_batch(some_texts)), tiny_model.predict_proba(some_texts)
    )

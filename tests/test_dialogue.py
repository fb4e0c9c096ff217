"""The types that everything else passes around."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from changetalk.dialogue import Prediction, Transcript, Utterance

SAID = Prediction("sustain", 0.3, 0.4, 0.3, "m 1 (00000000)")


def test_confidence_is_the_probability_of_the_label_given_and_not_the_highest():
    assert SAID.confidence == 0.3
    assert list(SAID.proba.items()) == [("change", 0.3), ("neutral", 0.4), ("sustain", 0.3)]


@pytest.mark.parametrize("text", [None, 3, b"bytes", float("nan")])
def test_an_utterance_is_text(text):
    with pytest.raises(TypeError, match="must be a str"):
        Utterance(text)


def test_types_are_frozen_hashable_and_pickle():
    transcript = Transcript((Utterance("Yes.", "C", 0.5, 1.0, prediction=SAID),), "C", "sleep", "s1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        transcript.client = "T"
    assert pickle.loads(pickle.dumps(transcript)) == transcript
    assert hash(transcript) == hash(dataclasses.replace(transcript))


def test_a_transcript_of_a_list_is_a_sequence_of_utterances():
    lines = [Utterance("How are you?", "T"), Utterance("Fine.", "C"), Utterance("Good.", "T")]
    transcript = Transcript(lines, "C")
    assert len(transcript) == 3
    assert list(transcript) == lines
    assert transcript[1].text == "Fine."
    assert transcript.client_utterances == (lines[1],)
    assert transcript.counts() == {"change": 0, "neutral": 0, "sustain": 0}


def test_to_frame_before_labelling_has_no_labels_and_afterwards_only_where_given():
    lines = [Utterance("How are you?", "T", 0.0, 1.5), Utterance("Fine.", "C")]
    plain = Transcript(lines, "C", "sleep", "s1").to_frame()
    assert plain.columns.tolist() == ["session", "speaker", "start", "end", "text", "target"]
    labelled = Transcript([lines[0], dataclasses.replace(lines[1], prediction=SAID)], "C", "sleep", "s1")
    frame = labelled.to_frame()
    assert frame.columns.tolist()[6:] == [
        "ct_label", "ct_p_change", "ct_p_neutral", "ct_p_sustain", "ct_confidence", "ct_model",
    ]  # fmt: skip
    assert frame["ct_label"].isna().tolist() == [True, False]
    assert frame.loc[1, "ct_confidence"] == 0.3
    assert np.isnan(frame.loc[0, "ct_p_change"])
    assert frame["start"].tolist()[0] == 0.0
    assert pd.isna(frame.loc[1, "start"])
    assert labelled.counts() == {"change": 0, "neutral": 0, "sustain": 1}


def test_an_empty_transcript_has_a_frame():
    assert Transcript((), "C").to_frame().shape == (0, 6)

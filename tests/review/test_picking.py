"""What is picked, and what a coder is shown with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.dialogue import Prediction, Transcript, Utterance
from changetalk.errors import ColumnError, InputError
from changetalk.labelled import as_labelled
from changetalk.review import pick
from changetalk.review.picking import PICKED

SAID = Prediction("change", 0.5, 0.3, 0.2, "tiny 1 (abc)")


def table(rows):
    """Return a labelled table of (session, speaker, text) rows; the client's are labelled."""
    frame = pd.DataFrame(rows, columns=["session", "speaker", "text"])
    client = frame["speaker"] == "client"
    return frame.assign(
        ct_label=np.where(client, "neutral", None),
        ct_p_change=np.where(client, 0.2, np.nan),
        ct_p_neutral=np.where(client, 0.7, np.nan),
        ct_p_sustain=np.where(client, 0.1, np.nan),
    )


def test_half_is_random_with_its_probability_and_half_is_uncertain(labelled):
    picked = pick(labelled, 10)
    assert tuple(picked.columns) == PICKED
    assert picked["why"].value_counts().to_dict() == {"random": 5, "uncertain": 5}
    random = picked["why"] == "random"
    assert picked.loc[random, "sample_prob"].tolist() == [5 / 30] * 5
    assert picked.loc[~random, "sample_prob"].isna().all()
    assert picked["row"].is_unique
    assert picked["target"].eq("quitting smoking").all()


def test_rows_say_where_the_utterance_stands_in_the_input(labelled):
    picked = pick(labelled, 12)
    source = labelled.iloc[picked["row"]].reset_index(drop=True)
    for ours, theirs in {
        "session": "session",
        "text": "text",
        "label": "ct_label",
        "p_change": "ct_p_change",
    }.items():
        assert picked[ours].tolist() == source[theirs].tolist()
    assert source["speaker"].eq("client").all()
    assert picked["row"].is_monotonic_increasing


def test_uncertain_ones_have_the_smallest_margins_of_what_was_not_drawn(labelled):
    one = labelled[labelled["session"] == "003"].reset_index(drop=True)
    picked = pick(one, 6, seed=3)
    p = np.sort(one[["ct_p_change", "ct_p_neutral", "ct_p_sustain"]].to_numpy(), axis=1)
    margin = pd.Series(p[:, 2] - p[:, 1]).dropna()
    left = margin.drop(picked.loc[picked["why"] == "random", "row"])
    assert set(picked.loc[picked["why"] == "uncertain", "row"]) == set(left.nsmallest(3).index)


@settings(max_examples=25)
@given(n=st.integers(1, 30), share=st.floats(0, 1), seed=st.integers(0, 1000))
def test_never_more_nor_fewer_and_never_twice(n, share, seed):
    rows = [(f"s{k % 4}", who, f"{who} {k}") for k in range(30) for who in ("therapist", "client")]
    picked = pick(table(rows), n, share_random=share, seed=seed)
    assert len(picked) == n
    assert picked["row"].is_unique
    assert (picked["why"] == "random").sum() == int(n * share + 0.5)


def test_the_seed_decides(labelled):
    pd.testing.assert_frame_equal(pick(labelled, 10, seed=1), pick(labelled, 10, seed=1))
    assert pick(labelled, 10, seed=1)["row"].tolist() != pick(labelled, 10, seed=2)["row"].tolist()


@pytest.mark.parametrize(
    "kind", [pl.from_pandas, as_labelled, lambda frame: frame.set_index("text", drop=False)]
)
def test_any_labelled_talk_will_do(labelled, kind):
    expected = pick(labelled, 10)
    found = pick(kind(labelled.drop(columns="target")), 10, target="quitting smoking")
    pd.testing.assert_frame_equal(found, expected)


def test_transcripts_bring_their_target():
    told = Utterance("I want to stop.", "client", prediction=SAID), Utterance("And?", "T")
    one = Transcript(told, "client", target="gambling", session="a")
    picked = pick([one, Transcript(told, "client", target="exercise", session="b")], 2, share_random=1)
    assert picked["target"].tolist() == ["gambling", "exercise"]
    assert picked["row"].tolist() == [0, 2]


def test_sessions_whose_rows_are_interleaved_are_kept_apart():
    mixed = table(
        [
            ("a", "therapist", "Ask a?"),
            ("b", "therapist", "Ask b?"),
            ("a", "client", "Answer a."),
            ("b", "client", "Answer b."),
        ]
    )
    assert pick(mixed, 2)[["session", "row", "context"]].to_numpy().tolist() == [
        ["a", 2, "therapist: Ask a?"],
        ["b", 3, "therapist: Ask b?"],
    ]


def test_context_is_the_turns_before_and_what_was_said_in_its_own():
    talk = table(
        [
            ("a", "client", "Long ago."),
            ("a", "therapist", "First"),
            ("a", "therapist", "question?"),
            ("a", "client", "One."),
            ("a", "therapist", "[inaudible]"),
            ("a", "client", "Two."),
            ("a", "client", "Three."),
        ]
    )
    assert pick(talk, 4, turns=1)["context"].tolist() == [
        "",
        "client: Long ago.\ntherapist: First question?".partition("\n")[2],
        "therapist: First question?\nclient: One.",
        "therapist: First question?\nclient: One. Two.",
    ]
    assert pick(talk, 4, turns=0)["context"].tolist() == ["", "", "client: One.", "client: One. Two."]
    assert pick(talk, 4)["context"].tolist()[3].startswith("client: Long ago.\ntherapist: First question?\n")


def test_a_context_without_end_is_cut():
    talk = table([*[("a", "therapist", f"word {k} " * 20) for k in range(400)], ("a", "client", "Yes.")])
    context = pick(talk, 1)["context"].item()
    assert context.startswith("\u2026")
    assert context.endswith("word 399")
    assert len(context) == 4000


def test_labels_without_probabilities_can_be_drawn_at_random_only(labelled):
    coded = labelled.rename(columns={"ct_label": "ann"}).filter(["session", "speaker", "text", "ann"])
    assert pick(coded, 5, share_random=1, label="ann")["p_change"].isna().all()
    with pytest.raises(InputError, match="share_random=1"):
        pick(coded, 5, label="ann")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"n": 31}, InputError, "there are 30 labelled"),
        ({"n": 0}, InputError, "n is 0, but must be 1 or more"),
        ({"n": 2.5}, TypeError, "n must be a whole number, not float"),
        ({"n": 5, "turns": -1}, InputError, "turns is -1"),
        ({"n": 5, "share_random": 50}, InputError, "share_random"),
        ({"n": 5, "share_random": float("nan")}, InputError, "share_random"),
        ({"n": 5, "target_column": "goal"}, ColumnError, "no column 'goal'"),
        ({"n": 5, "target": "x", "target_column": "target"}, InputError, "cannot both be given"),
    ],
)
def test_mistakes_are_said(labelled, arguments, error, said):
    with pytest.raises(error, match=said):
        pick(labelled, **arguments)


def test_talk_without_text_cannot_be_coded(labelled):
    with pytest.raises(InputError, match="has no text"):
        pick(labelled.drop(columns="text"), 5)

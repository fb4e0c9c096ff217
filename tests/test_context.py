"""Context: what a coder knows when reading an utterance, however its rows lie."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.columns import ClientRule
from changetalk.context import (
    FIELDS,
    MAX_CONTEXT,
    Batch,
    batch_of,
    cell_text,
    gather,
    gather_rows,
    in_context,
)
from changetalk.dialogue import Transcript, Utterance
from changetalk.errors import ClientError
from changetalk.text import normalise

ROWS = [  # speaker, text; what the comments say is what the next client row must know
    ("T", "Hello."),
    ("T", "How was your week?"),
    ("C", "Hard."),
    ("C", "I drank on Friday."),
    ("T", "[sighs]"),  # nothing said: neither a turn nor the end of one
    ("C", "And on Sunday."),
    ("T", "That bothers you."),
    ("C", "Yes."),
    ("C", "[inaudible]"),
    ("T", "Mm-hmm."),
    ("C", "I want to stop."),
]


def gathered(rows, clients=frozenset({"C"}), target="drinking"):
    batch = Batch()
    taken = gather([t for _, t in rows], [s for s, _ in rows], clients, target, batch)
    return batch, taken


def test_before_is_the_whole_last_turn_of_the_other_speaker():
    batch, taken = gathered(ROWS)
    assert taken == [2, 3, 5, 7, 10]
    week = "Hello. How was your week?"
    assert batch.before == [week, week, week, "That bothers you.", "mm-hmm."]


def test_said_is_what_the_speaker_has_already_said_in_this_turn():
    batch, _ = gathered(ROWS)
    assert batch.said == ["", "Hard.", "Hard. I drank on Friday.", "", ""]


def test_position_runs_from_the_first_row_with_words_to_the_last():
    batch, _ = gathered(ROWS)
    assert batch.position == pytest.approx([2 / 8, 3 / 8, 4 / 8, 6 / 8, 1.0])


def test_a_session_of_one_utterance_begins_at_the_beginning():
    batch, _ = gathered([("C", "I want to stop.")])
    assert (batch.before, batch.said, batch.position) == ([""], [""], [0.0])


speech = st.lists(
    st.tuples(
        st.sampled_from(["T", "C", "M"]),
        st.sampled_from(
            ["Yes.", "I want to stop.", "[pause]", "", "Um", "huh", "uh", "So", "it's-", "(long", "laugh)"]
        ),
    ),
    max_size=14,
)


@given(speech)
def test_rows_in_which_nothing_was_said_change_nothing_for_the_others(rows):
    full, taken = gathered(rows)
    spoken = [i for i, (_, text) in enumerate(rows) if normalise(text)]
    less, taken_less = gathered([rows[i] for i in spoken])
    assert [spoken[k] for k in taken_less] == taken
    assert less == full


def together(parts):
    """Put the rows of a turn together, each to what is there."""
    return functools.reduce(lambda said, part: normalise(f"{said} {part[1]}"), parts, "")


@given(speech)
def test_context_by_its_definition(rows):
    """Against a plain reading of the rules, turn by turn."""
    batch, taken = gathered(rows)
    told = [(i, who, normalise(text)) for i, (who, text) in enumerate(rows) if normalise(text)]
    turns = []
    for i, who, words in told:
        if not turns or turns[-1][0] != who:
            turns.append((who, []))
        turns[-1][1].append((i, words))
    expected = {}
    for k, (who, parts) in enumerate(turns):
        for n, (i, words) in enumerate(parts):
            before = together(turns[k - 1][1]) if k else ""
            expected[i] = (who, words, before, together(parts[:n]))
    wanted = [(i, *expected[i][1:]) for i in expected if expected[i][0] == "C"]
    assert list(zip(taken, batch.text, batch.before, batch.said, strict=True)) == wanted


@given(speech)
def test_a_batch_is_normalised_so_that_reading_it_again_changes_nothing(rows):
    """`predict(client_talk(frame))` must see what `label_frame(frame)` sees."""
    batch, _ = gathered(rows)
    again = batch_of(
        [
            Utterance(t, before=b, said=s, target=g, position=p)
            for t, b, s, g, p in zip(*(getattr(batch, f) for f in FIELDS), strict=True)
        ]
    )
    assert again == batch


@pytest.mark.parametrize("filler", ["word ", "um, album ", "uh huh ", "(pause) - it's- "])
def test_long_context_is_cut_at_its_beginning_and_read_again_unchanged(filler):
    rows = [("T", f"start {filler * 1000} end?") for _ in range(2)] + [("C", "Yes.")]
    batch, _ = gathered(rows)
    (before,) = batch.before
    assert 0 < len(before) <= MAX_CONTEXT
    assert before.endswith("end?")
    assert "start" not in before
    assert batch_of([Utterance("Yes.", before=before)]).before == [before]
    assert batch_of([Utterance("Yes.", before=" ".join(t for _, t in rows[:2]))]).before == [before]


def collected(texts, speakers, sessions=None, targets="", client=None):
    return gather_rows(texts, speakers, sessions, targets, ClientRule.of(client), where="the table")


def test_interleaved_sessions_are_read_as_if_they_stood_apart():
    rows = [(s, who, text) for s in "ab" for who, text in ROWS]
    mixed = [row for pair in zip(rows[: len(ROWS)], rows[len(ROWS) :], strict=True) for row in pair]
    apart, taken = collected([r[2] for r in rows], [r[1] for r in rows], [r[0] for r in rows])
    batch, places = collected([r[2] for r in mixed], [r[1] for r in mixed], [r[0] for r in mixed])
    assert batch == apart
    assert [mixed[i] for i in places] == [rows[i] for i in taken]


def test_targets_may_differ_by_row():
    batch, _ = collected(["A.", "B."], ["C", "C"], ["1", "2"], ["smoking", None])
    assert batch.target == ["smoking", ""]


def test_without_speakers_every_row_stands_alone():
    batch, rows = collected(["I want to stop.", None, "[pause]", "No."], None, client="everyone")
    assert rows == [0, 3]
    assert batch.before == batch.said == ["", ""]
    assert all(math.isnan(p) for p in batch.position)


def test_an_unclear_client_names_the_session():
    with pytest.raises(ClientError, match="the table, session 'b': who is the client is not clear"):
        collected(["Hi.", "Hi.", "Yo."], ["client", "T", "Ben"], ["a", "a", "b"])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), (float("nan"), ""), (np.float64("nan"), ""), (np.float32("nan"), ""), (pd.NA, ""),
        (pd.NaT, ""),
        ("NaN", "NaN"), (" x ", " x "), (3, "3"), (1.5, "1.5"), (True, "True"), (0, "0"),
        (np.str_("hi"), "hi"),
    ],
)  # fmt: skip
def test_cells_of_any_kind_become_text(cell, text):
    assert cell_text(cell) == text


def test_batches_can_be_cut_joined_and_stripped_of_context():
    batch, _ = gathered(ROWS)
    parts = list(batch.slices(2))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert parts[0] + parts[1] + parts[2] == batch
    assert batch.take([4, 0]).text == [batch.text[4], batch.text[0]]
    bare = batch.bare()
    assert bare.text == batch.text
    assert set(bare.before) == set(bare.said) == set(bare.target) == {""}
    assert all(math.isnan(p) for p in bare.position)


def test_a_transcript_gets_the_same_context_as_a_table():
    transcript = Transcript([Utterance(text, who) for who, text in ROWS], "C", "drinking")
    known = in_context(transcript)
    batch, taken = gathered(ROWS)
    assert batch_of([known[i] for i in taken]) == batch
    assert [u.text for u in known] == [text for _, text in ROWS]


def test_stale_context_of_a_row_in_which_nothing_was_said_goes():
    stale = Utterance("[inaudible]", "C", before="Old.", said="Older.", position=0.5)
    known = in_context(Transcript([Utterance("Hm?", "T"), stale, Utterance("No.", "C")], "C"))
    assert known[1] == replace(stale, before="", said="", position=None)

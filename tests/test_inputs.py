"""The shapes in which utterances may be handed in: all of them mean the same."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import changetalk as ct
from changetalk.context import Batch
from changetalk.errors import ColumnError
from changetalk.inputs import as_batch

TEXTS = ["I want to stop.", "On Monday."]


@pytest.mark.parametrize(
    "X",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS, dtype=object)[:, None],
        np.array(TEXTS)[:, None],
        [[text] for text in TEXTS],
        [ct.Utterance(text) for text in TEXTS],
        [TEXTS[0], ct.Utterance(TEXTS[1])],
        [(text, "") for text in TEXTS],
        [(text, None) for text in TEXTS],
        np.array([[text, ""] for text in TEXTS]),
        pd.Series(TEXTS, index=[7, 7]),
        pd.Series(TEXTS, dtype="category"),
        pl.Series(TEXTS),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS]),
        pd.DataFrame({"text": TEXTS}, index=[3, 3]),
        pd.DataFrame({"Utterance": TEXTS, "n": [1, 2]}),
        pd.DataFrame({"answer": TEXTS}),
        pd.DataFrame({0: TEXTS}),
        pl.DataFrame({"text": TEXTS}),
        pl.DataFrame({"answer": TEXTS}),
        pa.table({"text": TEXTS}),
    ],
    ids=lambda X: type(X).__module__.split(".")[0] + "." + type(X).__name__,
)
def test_many_shapes_one_meaning(X):
    batch = as_batch(X)
    assert batch.text == TEXTS
    assert batch.before == batch.said == batch.target == ["", ""]
    assert all(math.isnan(p) for p in batch.position)


CONTEXT = {
    "text": TEXTS,
    "before": ["How was it?", None],
    "said": [None, "Well."],
    "target": ["drinking", "drinking"],
    "position": [0.5, None],
}


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame(CONTEXT), pd.DataFrame(CONTEXT).convert_dtypes(), pl.DataFrame(CONTEXT), pa.table(CONTEXT)],
)
def test_a_frame_may_carry_context_and_missing_parts_of_it(frame):
    batch = as_batch(frame)
    assert batch.before == ["How was it?", ""]
    assert batch.said == ["", "Well."]
    assert batch.target == ["drinking", "drinking"]
    assert batch.position[0] == 0.5
    assert math.isnan(batch.position[1])


def test_pairs_are_text_and_previous_turn():
    batch = as_batch([("Yes.", "Do you want to stop?")])
    assert batch.text == ["Yes."]
    assert batch.before == ["Do you want to stop?"]


def test_nothing_is_an_empty_batch():
    assert as_batch([]) == Batch()
    assert len(as_batch(pd.DataFrame({"text": []}))) == 0


def test_a_batch_passes():
    batch = as_batch(TEXTS)
    assert as_batch(batch) is batch


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("I want to stop.", "for one string call label"),
        (b"I want to stop.", "for one string call label"),
        (ct.Transcript((), "C"), r"call label\(transcript\)"),
        (7, "X must be a sequence"),
        (None, "X must be a sequence"),
        ({"text": TEXTS}, "X must be a sequence"),
        ({"a", "b"}, "X must be a sequence"),
        (["ok", None], r"X\[1\] is a NoneType"),
        (["ok", float("nan")], r"X\[1\] is a float"),
        ([3], r"X\[0\] is a int"),
        ([b"bytes"], r"X\[0\] is a bytes"),
        ([("a", "b", "c")], r"X\[0\] is a tuple"),
        ([("a", 3)], r"X\[0\] is a tuple"),
        ([[]], r"X\[0\] is a list"),
        (pd.Series(["ok", None]), r"X\[1\]"),
        (pd.DataFrame({"text": ["ok", None]}), r"X\[1\] is a"),
        (pd.DataFrame({"text": ["ok", None], "before": ["", ""]}), "text of row 1 is"),
    ],
)
def test_what_is_no_text_is_a_type_error_that_names_the_row(X, message):
    with pytest.raises(TypeError, match=message) as caught:
        as_batch(X)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"text": TEXTS, "speaker": ["C", "T"]}), "call label_frame"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), "no text column"),
        (pd.DataFrame({"content": TEXTS, "utterance": TEXTS}), "could each be the text"),
    ],
)
def test_a_frame_whose_text_is_not_clear_is_a_column_error(frame, message):
    with pytest.raises(ColumnError, match=message):
        as_batch(frame)


def test_a_lazy_frame_is_to_be_collected():
    with pytest.raises(TypeError):
        as_batch(pl.LazyFrame({"text": TEXTS}))

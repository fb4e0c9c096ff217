"""Any table in, the same table out, whatever is in its cells, columns and index."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import changetalk as ct
from changetalk.errors import ClientError, ColumnError
from changetalk.frames import ADDED

P = ["ct_p_change", "ct_p_neutral", "ct_p_sustain"]
KINDS = {"pandas": lambda t: t, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}


def as_pandas(frame):
    return frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()


def columns_of(frame):
    return list(frame.column_names) if isinstance(frame, pa.Table) else list(frame.columns)


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_the_same_kind_comes_back_with_six_columns_more(tiny_model, table, kind):
    frame = kind(table)
    labelled = tiny_model.label_frame(frame)
    assert type(labelled) is type(frame)
    assert columns_of(labelled) == [*table.columns, *ADDED]
    found = as_pandas(labelled)
    assert found[list(table.columns)].equals(table)
    client = (table["speaker"] == "client").to_numpy()
    for name in ADDED:
        assert (found[name].notna().to_numpy() == client).all()
    assert np.allclose(found.loc[client, P].sum(axis=1), 1)
    assert set(found.loc[client, "ct_model"]) == {tiny_model.tag}


def test_every_kind_gets_the_same_labels(tiny_model, table):
    found = [as_pandas(tiny_model.label_frame(make(table))) for make in KINDS.values()]
    for other in found[1:]:
        assert np.array_equal(other[P].to_numpy(), found[0][P].to_numpy(), equal_nan=True)
        assert other["ct_label"].fillna("").tolist() == found[0]["ct_label"].fillna("").tolist()


def test_columns_of_every_dtype_stay_as_they_were(tiny_model, table):
    n = len(table)
    table["speaker"] = table["speaker"].astype("category")
    table["session"] = table["session"].astype("category")
    table["when"] = pd.date_range("2024-03-30", periods=n, freq="h", tz="Europe/Berlin")
    table["took"] = pd.to_timedelta(np.arange(n), unit="s")
    table["count"] = pd.array([None, *range(n - 1)], dtype="Int64")
    table["flag"] = pd.array([None, *[True] * (n - 1)], dtype="boolean")
    table["anything"] = [{"a": 1}, [2], None, *["x"] * (n - 3)]
    table["small"] = np.arange(n, dtype="int8")
    table["text"] = table["text"].astype("string")
    before = table.copy(deep=True)
    labelled = tiny_model.label_frame(table)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(labelled[before.columns.tolist()], before)
    assert [str(labelled[name].dtype) for name in P] == ["float64"] * 3


def test_polars_dtypes_stay(tiny_model, table):
    frame = pl.from_pandas(table).with_columns(
        pl.col("speaker").cast(pl.Categorical),
        pl.lit(dt.date(2024, 1, 1)).alias("day"),
        pl.Series("parts", [[k] for k in range(len(table))]),
    )
    labelled = tiny_model.label_frame(frame)
    polars.testing.assert_frame_equal(labelled.select(frame.columns), frame)
    assert labelled.schema["ct_label"] == pl.String
    assert labelled.schema["ct_p_change"] == pl.Float64
    assert labelled["ct_p_change"].null_count() == (table["speaker"] == "therapist").sum()


def indexes(n):
    return {
        "duplicate": pd.Index([0] * n),
        "strings": pd.Index([f"row {k}" for k in range(n)], name="id"),
        "descending": pd.RangeIndex(n, 0, -1),
        "unsorted": pd.Index(np.random.default_rng(0).permutation(n)),
        "multi": pd.MultiIndex.from_arrays([[k % 2 for k in range(n)], ["a"] * n], names=["x", "y"]),
        "dates": pd.DatetimeIndex(pd.date_range("2024-01-01", periods=n), freq=None),
        "nan": pd.Index([np.nan] * n),
    }


@pytest.mark.parametrize("name", indexes(1))
def test_the_index_stays_and_rows_do_not_move(tiny_model, table, name):
    plain = tiny_model.label_frame(table)
    moved = table.set_axis(indexes(len(table))[name], axis=0)
    labelled = tiny_model.label_frame(moved)
    pd.testing.assert_index_equal(labelled.index, moved.index)
    pd.testing.assert_frame_equal(labelled.reset_index(drop=True), plain)
    talk = ct.client_talk(moved)
    pd.testing.assert_index_equal(talk.index, moved.index[(table["speaker"] == "client").to_numpy()])


def test_column_names_that_are_numbers(tiny_model, table):
    table[7] = 1
    labelled = tiny_model.label_frame(table)
    assert labelled.columns.tolist() == ["session", "speaker", "text", 7, *ADDED]
    numbered = table.drop(columns=7).set_axis([0, 1, 2], axis=1)
    with pytest.raises(ColumnError, match="no text column"):
        tiny_model.label_frame(numbered)


def test_column_names_that_stand_twice(tiny_model, table):
    twice = pd.concat([table, table[["text"]]], axis=1)
    with pytest.raises(ColumnError, match="'text'"):
        tiny_model.label_frame(twice)


def test_a_table_that_was_labelled_is_refused(tiny_model, table):
    with pytest.raises(ColumnError, match="'ct_label'"):
        tiny_model.label_frame(tiny_model.label_frame(table))


def test_interleaved_sessions_get_what_they_get_apart(tiny_model, table, rng):
    apart = tiny_model.label_frame(table)
    keys = rng.random(len(table))
    for rows in table.groupby("session").indices.values():  # a random merge that keeps each session's order
        keys[rows] = np.sort(keys[rows])
    order = np.argsort(keys)
    mixed = tiny_model.label_frame(table.iloc[order])
    pd.testing.assert_frame_equal(mixed, apart.iloc[order])


def test_a_subset_of_sessions_gets_what_it_gets_among_the_others(tiny_model, table):
    part = table[table["session"].isin(["s1", "s4"])]
    pd.testing.assert_frame_equal(tiny_model.label_frame(part), tiny_model.label_frame(table).loc[part.index])


ODD = {
    "none": None,
    "nan": float("nan"),
    "pd.NA": pd.NA,
    "empty": "",
    "spaces": " \t\n ",
    "inaudible": "[inaudible]",
    "only control characters": "\x00\x07",
    "lone surrogate": "\ud800",
}
SPOKEN = {
    "emoji": "\U0001f642\U0001f3fd",
    "100,000 characters": "I want to stop. " * 6250,
    "right to left": "\u05d0\u05e0\u05d9 \u05e8\u05d5\u05e6\u05d4 \u202e\u05dc\u05d4\u05e4\u05e1\u05d9\u05e7",
    "NUL within": "I want\x00 to stop.",
    "surrogate within": "I want \ud83d to stop.",
    "a number": 7,
    "the word nan": "nan",
}


@pytest.mark.parametrize("cell", [*ODD, *SPOKEN])
def test_odd_rows_are_labelled_or_left_empty_and_nothing_shifts(tiny_model, cell):
    value = {**ODD, **SPOKEN}[cell]
    frame = pd.DataFrame(
        {
            "speaker": ["therapist", "client", "client", "therapist", "client"],
            "text": pd.Series(["How was it?", "Hard.", value, "I see.", "I want to stop."], dtype=object),
            "n": range(5),
        }
    )
    labelled = tiny_model.label_frame(frame)
    assert labelled["n"].tolist() == [0, 1, 2, 3, 4]
    assert labelled["ct_label"].notna().tolist() == [False, True, cell in SPOKEN, False, True]
    if cell in ODD:
        without = tiny_model.label_frame(frame.drop(index=2))
        pd.testing.assert_frame_equal(labelled.drop(index=2), without)
    talk = ct.client_talk(frame)
    assert talk["n"].tolist() == ([1, 2, 4] if cell in SPOKEN else [1, 4])


cells = st.sampled_from(
    [*ODD.values(), *list(SPOKEN.values())[2:], "Yes.", "I want to stop.", "um", "it's-"]
) | st.text(st.characters(exclude_categories=()), max_size=12)
tables = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["client", "therapist"]), cells), max_size=12
)


@given(tables)
@settings(max_examples=60)
def test_two_ways_to_the_same_probabilities(tiny_model, rows):
    """`label_frame(frame)` and `predict_proba(client_talk(frame))`, row by row."""
    frame = pd.DataFrame(
        [*rows, ("c", "client", "I must.")], columns=["session", "speaker", "text"], dtype=object
    )
    labelled = tiny_model.label_frame(frame)
    talk = ct.client_talk(frame)
    assert len(labelled) == len(frame)
    assert talk.index.tolist() == labelled.index[labelled["ct_label"].notna()].tolist()
    assert np.allclose(
        tiny_model.predict_proba(talk), labelled.loc[talk.index, P].to_numpy(float), atol=1e-12
    )


def test_client_talk_keeps_columns_and_kind_and_adds_context(table, kind):
    frame = kind(table.rename(columns={"text": "Utterance"}))
    talk = ct.client_talk(frame, target="smoking")
    assert type(talk) is type(frame)
    assert columns_of(talk) == [
        "session",
        "speaker",
        "Utterance",
        "text",
        "before",
        "said",
        "target",
        "position",
    ]
    found = as_pandas(talk)
    assert set(found["speaker"]) == {"client"}
    assert set(found["target"]) == {"smoking"}
    asked = table.loc[table["speaker"] == "therapist", "text"].str.lower().str.strip(".?")
    assert found["before"].str.lower().str.strip(".?").tolist() == asked.tolist()


def test_everyone_is_the_client_in_a_bare_column(tiny_model):
    frame = pd.DataFrame({"text": ["I want to stop.", None, "On Monday."]})
    labelled = tiny_model.label_frame(frame, client="everyone")
    assert labelled["ct_label"].notna().tolist() == [True, False, True]
    assert np.allclose(labelled.loc[[0, 2], P], tiny_model.predict_proba(["I want to stop.", "On Monday."]))


def test_named_columns_client_and_target(tiny_model, table):
    other = table.rename(columns={"text": "x", "speaker": "y", "session": "z"}).replace(
        {"y": {"client": "Anna"}}
    )
    labelled = tiny_model.label_frame(other, text="x", speaker="y", session="z", client=" anna")
    assert np.array_equal(labelled[P], tiny_model.label_frame(table)[P], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (lambda t: t.drop(columns="text"), {}, ColumnError, "no text column"),
        (lambda t: t.assign(content="x"), {}, ColumnError, "could each be the text"),
        (lambda t: t.drop(columns="speaker"), {}, ColumnError, "no speaker column"),
        (lambda t: t, {"text": "words"}, ColumnError, "no column 'words'"),
        (lambda t: t, {"client": "Anna"}, ClientError, "session 's0'"),
        (lambda t: t.assign(speaker="Anna"), {}, ClientError, "who is the client is not clear"),
        (
            lambda t: t.assign(speaker="therapist"),
            {},
            ClientError,
            "holds no client talk; 120 rows were read",
        ),
        (lambda t: t.assign(text=None), {}, ClientError, "holds no client talk"),
        (lambda t: t.iloc[:0], {}, ClientError, "holds no client talk; 0 rows"),
    ],
)
def test_what_cannot_be_labelled_says_so(tiny_model, table, kind, change, options, error, message):
    frame = kind(change(table))
    for call in (tiny_model.label_frame, ct.client_talk):
        with pytest.raises(error, match=message) as caught:
            call(frame, **options)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("frame", [[{"text": "a"}], {"text": ["a"]}, "text", None, np.array([["a"]])])
def test_what_is_no_table_is_a_type_error(tiny_model, frame):
    with pytest.raises(TypeError, match="pandas, polars or pyarrow"):
        tiny_model.label_frame(frame)


def test_a_lazy_table_is_to_be_collected(tiny_model):
    with pytest.raises(TypeError, match="collect"):
        tiny_model.label_frame(pl.LazyFrame({"text": ["a"]}))

"""Labelled talk in one shape: the same for every kind of table, and nothing lost or guessed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.dialogue import Prediction, Transcript, Utterance
from changetalk.errors import ClientError, ColumnError, InputError
from changetalk.labelled import COLUMNS, as_labelled, read_labelled
from changetalk.labels import LABELS

SECRET = "we hid it in the shed"


def labelled_table() -> pd.DataFrame:
    """Return two sessions as `label_frame` gives them."""
    return pd.DataFrame(
        {
            "session": ["a", "a", "a", "b"],
            "speaker": ["therapist", "client", "client", "client"],
            "text": ["And the mornings?", "I want to stop.", SECRET, "It calms me."],
            "ct_label": [None, "change", "neutral", "sustain"],
            "ct_p_change": [np.nan, 0.7, 0.1, 0.1],
            "ct_p_neutral": [np.nan, 0.2, 0.8, 0.2],
            "ct_p_sustain": [np.nan, 0.1, 0.1, 0.7],
            "ct_confidence": [np.nan, 0.7, 0.8, 0.7],
            "ct_model": [None, "tiny 1 (abc)", "tiny 1 (abc)", "tiny 1 (abc)"],
        }
    )


def transcript(session: str = "s1") -> Transcript:
    """Return a labelled transcript of two rows."""
    said = Prediction("change", 0.8, 0.15, 0.05, "tiny 1 (abc)")
    return Transcript(
        (
            Utterance("And the mornings?", "therapist", 0.0, 2.0),
            Utterance("I want to stop.", "client", 2.0, 5.0, prediction=said),
        ),
        "client",
        session=session,
    )


def test_what_labelling_wrote_is_read():
    frame = as_labelled(labelled_table())
    assert tuple(frame.columns) == COLUMNS
    assert frame["client"].tolist() == [False, True, True, True]
    assert frame["label"].tolist() == [None, "change", "neutral", "sustain"]
    assert frame["p_sustain"].tolist()[1:] == [0.1, 0.1, 0.7]
    assert frame.loc[0, ["codes", "behaviour", "model"]].tolist() == [None, None, None]
    assert frame[["start", "end"]].isna().all(axis=None)
    assert frame["model"].tolist()[1:] == ["tiny 1 (abc)"] * 3


@pytest.mark.parametrize(
    "convert",
    [
        pl.from_pandas,
        lambda d: pa.Table.from_pandas(d, preserve_index=False),
        lambda d: d.set_index(pd.Index(list("zyxw"))),
        lambda d: d.astype({"ct_label": "category"}).convert_dtypes(),
    ],
    ids=["polars", "pyarrow", "index", "nullable"],
)
def test_every_kind_of_table_reads_alike(convert):
    pd.testing.assert_frame_equal(as_labelled(convert(labelled_table())), as_labelled(labelled_table()))


def test_what_was_read_is_read_as_it_is():
    table = labelled_table()
    frame = as_labelled(table.assign(arm="MI"), keep=["arm"])
    again = as_labelled(frame[frame["session"] == "a"])
    pd.testing.assert_frame_equal(again, frame.iloc[:3])
    again.loc[0, "text"] = "changed"
    assert frame.loc[0, "text"] == "And the mornings?"
    with pytest.raises(InputError, match="no client utterance is labelled"):
        as_labelled(frame.iloc[:1])


def test_transcripts_are_read():
    one = as_labelled(transcript())
    assert one["start"].tolist() == [0.0, 2.0]
    assert one["label"].tolist() == [None, "change"]
    many = as_labelled([transcript("s1"), transcript("s2")])
    assert many["session"].tolist() == ["s1", "s1", "s2", "s2"]
    with pytest.raises(InputError, match="'s1' is the session of more than one"):
        as_labelled([transcript("s1"), transcript("s1")])
    bare = dataclasses.replace(transcript().utterances[1], prediction=None)
    with pytest.raises(InputError, match="session 's3': no client utterance is labelled"):
        as_labelled([transcript(), Transcript((bare,), "client", session="s3")])


def test_a_tables_own_columns_by_name_and_kept():
    table = labelled_table().rename(columns={"session": "case", "text": "words said"})
    frame = as_labelled(table.assign(arm=[1, 1, None, 2]), session="case", text="words said", keep=["arm"])
    assert frame["session"].tolist() == ["a", "a", "a", "b"]
    assert frame["arm"].tolist() == ["1.0", "1.0", None, "2.0"]


def test_a_humans_labels_leave_the_models_probabilities_out():
    table = labelled_table().assign(code=["", "R+; O-", "FN", "C-"])
    frame = as_labelled(table, label="code")
    assert frame["label"].tolist() == [None, "change", "neutral", "sustain"]
    assert frame["codes"].tolist() == [None, "R+;O-", "FN", "C-"]
    assert frame[["p_change", "p_neutral", "p_sustain"]].isna().all(axis=None)
    assert frame["model"].tolist() == [None] * 4
    assert as_labelled(table)["codes"].tolist() == [None, "R+;O-", "FN", "C-"]


def test_numbers_are_labels_too():
    table = labelled_table().assign(coder=[None, 1, 0, -1])
    assert as_labelled(table, label="coder")["label"].tolist() == [None, "change", "neutral", "sustain"]


def test_one_column_may_hold_both_peoples_codes():
    table = labelled_table().assign(code=["OQ", "R+", "FN", "C-"])
    frame = as_labelled(table, label="code", client="client")
    assert frame["behaviour"].tolist() == ["OQ", None, None, None]
    assert frame["client"].tolist() == [False, True, True, True]
    with pytest.raises(InputError, match=r"row 1 of 4: column 'code': 'OQ' is not .*name the client"):
        as_labelled(table, label="code")


def test_not_applicable_is_no_label():
    table = labelled_table().assign(coder=["n/a", "CT", "NA", "-"])
    assert as_labelled(table, label="coder")["label"].tolist() == [None, "change", None, "sustain"]


def test_behaviours_are_the_therapists():
    table = labelled_table().assign(main_therapist_behaviour=["question", "n/a", "other", "n/a"])
    assert as_labelled(table)["behaviour"].tolist() == ["question", None, None, None]


def test_a_column_that_holds_no_codes_is_left_alone_but_a_slip_is_not():
    table = labelled_table()
    assert as_labelled(table.assign(code=["x1", "x2", "x3", "x4"]))["codes"].isna().all()
    assert as_labelled(table.assign(code=["", "CT", "R+", ""]))["codes"].tolist() == [None, None, "R+", None]
    with pytest.raises(InputError, match=r"row 3 of 4: column 'codes': 'Q\+' is not"):
        as_labelled(table.assign(codes=["", "R+", "Q+", ""]))


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["0:00:01", "0:01:02.5", "1:00:00", ""], [1, 62.5, 3600, math.nan]),
        ([0, 1.5, None, 3], [0, 1.5, math.nan, 3]),
        ([dt.time(0, 0, 1), dt.time(0, 1), dt.time(1), None], [1, 60, 3600, math.nan]),
        ([dt.timedelta(seconds=9), None, None, None], [9, math.nan, math.nan, math.nan]),
        (["00:00:01,250", None, None, None], [1.25, math.nan, math.nan, math.nan]),
        (["soon", "later", "", "inf"], [math.nan] * 4),
    ],
)
def test_times(cells, seconds):
    table = labelled_table()
    table["start"] = pd.Series(cells, dtype=object)
    np.testing.assert_allclose(as_labelled(table)["start"], seconds)


def test_a_time_that_is_none_among_times_is_an_error():
    with pytest.raises(InputError, match=r"row 2 of 4: column 'timestamp': is no time"):
        as_labelled(labelled_table().assign(timestamp=["0:01", "soon", "0:03", ""]))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d.drop(columns="ct_label"), ColumnError, "no column 'ct_label'"),
        (lambda d: d.drop(columns="ct_p_neutral"), ColumnError, "no column 'ct_p_neutral'"),
        (lambda d: d.assign(ct_label=None), InputError, "no client utterance is labelled; 4 rows"),
        (lambda d: d.iloc[:0], InputError, "no client utterance is labelled; 0 rows"),
        (lambda d: d.assign(ct_p_change=0.9), InputError, "row 2 of 4: .* not three numbers"),
        (lambda d: d.assign(ct_p_change=[None, 0.7, None, 0.1]), InputError, "row 3 of 4: .* not three"),
        (lambda d: d.assign(ct_p_change="much"), InputError, "row 1 of 4: column 'ct_p_change': is not a"),
        (lambda d: pd.concat([d, d], axis=1), ColumnError, "columns of the same name"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(change, error, message):
    with pytest.raises(error, match=message):
        as_labelled(change(labelled_table()))


def test_arguments_that_do_not_fit():
    table = labelled_table()
    with pytest.raises(ColumnError, match="no column 'codr' for the label"):
        as_labelled(table, label="codr")
    with pytest.raises(ColumnError, match="no column 'arm'"):
        as_labelled(table, keep=["arm"])
    with pytest.raises(ClientError, match="name the client"):
        as_labelled(table, client="Anna")
    with pytest.raises(TypeError, match=r"not LazyFrame; call \.collect\(\) first"):
        as_labelled(pl.from_pandas(table).lazy())
    with pytest.raises(TypeError, match="not str"):
        as_labelled("labelled.csv")
    twice = pa.table([["a"], ["b"]], names=["ct_label", "ct_label"])
    with pytest.raises(ColumnError, match="columns of the same name"):
        as_labelled(twice)


def test_messages_do_not_quote_talk():
    with pytest.raises(InputError, match="a text of 17 characters") as caught:
        as_labelled(labelled_table(), label="text")
    assert "mornings" not in str(caught.value)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, *LABELS])), min_size=1, max_size=12))
def test_rows_are_neither_lost_nor_moved(rows):
    table = pd.DataFrame({"session": [s for s, _ in rows], "ct_label": [c for _, c in rows]}, dtype=object)
    table["text"] = [f"row {i}" for i in range(len(rows))]
    if not any(c for _, c in rows):
        with pytest.raises(InputError):
            as_labelled(table)
        return
    frame = as_labelled(table)
    assert frame["text"].tolist() == table["text"].tolist()
    assert frame["label"].tolist() == [c for _, c in rows]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"])
def test_files_of_every_format(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    table = labelled_table()
    writers = {
        ".csv": lambda: table.to_csv(path, index=False),
        ".tsv": lambda: table.to_csv(path, sep="\t", index=False),
        ".xlsx": lambda: table.to_excel(path, index=False),
        ".jsonl": lambda: table.to_json(path, orient="records", lines=True),
        ".parquet": lambda: table.to_parquet(path),
    }
    writers[ending]()
    pd.testing.assert_frame_equal(read_labelled(path), as_labelled(table))


def test_files_never_share_a_session(tmp_path):
    table = labelled_table()
    for name in ("one/s.csv", "two/s.csv", "two/t.csv", "two/.hidden.csv", "two/readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        table.drop(columns="session").to_csv(tmp_path / name, index=False)
    table.to_csv(tmp_path / "u.csv", index=False)
    table.replace({"session": {"b": "c"}}).to_csv(tmp_path / "v.csv", index=False)
    frame = read_labelled([tmp_path / "one", tmp_path / "two", tmp_path / "u.csv", tmp_path / "v.csv"])
    assert len(frame) == 20
    sessions = list(dict.fromkeys(frame["session"]))
    assert sessions == [f"{tmp_path}/one/s", f"{tmp_path}/two/s", "t", "u/a", "b", "v/a", "c"]


def test_a_session_is_named_after_the_transcript_that_was_labelled(tmp_path):
    labelled_table().drop(columns="session").to_csv(tmp_path / "Anna 2.vtt.csv", index=False)
    assert read_labelled(tmp_path)["session"].unique().tolist() == ["Anna 2"]


def test_what_the_reader_noticed_is_passed_on(tmp_path):
    text = labelled_table().to_csv(index=False).replace("calms me", "calms me \u00e9")
    (tmp_path / "old.csv").write_bytes(text.encode("cp1252"))
    notes = read_labelled(tmp_path).attrs["notes"]
    assert len(notes) == 1
    assert "old.csv: " in notes[0]


def test_file_errors_name_the_file_and_line(tmp_path):
    path = tmp_path / "x.csv"
    labelled_table().assign(code=["", "R+", "zz", ""]).to_csv(path, index=False)
    with pytest.raises(InputError, match=r"x\.csv, line 4: column 'code': 'zz'"):
        read_labelled(path, label="code")
    with pytest.raises(InputError, match="is named twice"):
        read_labelled([path, path])
    with pytest.raises(InputError, match="no such file"):
        read_labelled(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no file was named"):
        read_labelled([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no labelled table"):
        read_labelled(tmp_path / "empty")

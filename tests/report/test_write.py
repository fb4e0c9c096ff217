"""Writing reports: which files, from what, and what goes wrong."""

from __future__ import annotations

import dataclasses
import stat
import string

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import changetalk as ct
from changetalk.errors import ColumnError, InputError, OutputError
from changetalk.report import write_report
from changetalk.report.write import page_names


def test_one_session_is_one_file(one, tmp_path):
    path = tmp_path / "new" / "report.html"
    assert write_report(one, str(path)) == [path]
    assert "<h1>Session anna</h1>" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_batch_is_a_folder_with_an_overview(several, tmp_path):
    written = write_report(several, tmp_path / "reports")
    assert [path.name for path in written] == ["index.html", "anna.html", "ben-co.html", "short.html"]
    assert sorted(written) == sorted((tmp_path / "reports").iterdir())
    index = written[0].read_text(encoding="utf-8")
    assert [f'href="{path.name}"' in index for path in written[1:]] == [True] * 3


def test_one_session_in_a_folder_has_an_overview_too(one, tmp_path):
    assert [path.name for path in write_report(one, tmp_path)] == ["index.html", "anna.html"]


def test_several_sessions_do_not_fit_a_page(several, tmp_path):
    with pytest.raises(InputError, match=r"one page shows one session, and there are 3; name a folder"):
        write_report(several, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said(several, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(several, tmp_path / "file")


@pytest.mark.parametrize("wrong", ["text", 3, None])
def test_what_is_no_table_is_a_type_error(wrong, tmp_path):
    with pytest.raises(TypeError, match="a pandas, polars or pyarrow table, a Transcript or several"):
        write_report(wrong, tmp_path / "report.html")


def test_what_was_not_labelled_is_an_error(one, tmp_path):
    with pytest.raises(ColumnError, match="label it first"):
        write_report(one.drop(columns="ct_label"), tmp_path / "report.html")


def test_the_same_input_gives_the_same_bytes_whatever_its_shape(one, tmp_path):
    shapes = [one, one.set_index(one.index[::-1]), pl.from_pandas(one), pa.Table.from_pandas(one)]
    pages = set()
    for k, shape in enumerate(shapes):
        (path,) = write_report(shape, tmp_path / f"{k}.html")
        pages.add(path.read_bytes())
    assert len(pages) == 1
    assert b"target behaviour: drinking less" in pages.pop()


def test_transcripts_with_predictions(tiny_model, tmp_path):
    talk = ct.Transcript(
        (ct.Utterance("Why?", "t"), ct.Utterance("I want to.", "c"), ct.Utterance("No way.", "c")),
        client="c", target="walking more", session="walk",
    )  # fmt: skip
    labelled = tiny_model.label(talk)
    (path,) = write_report(labelled, tmp_path / "walk.html")
    page = path.read_text(encoding="utf-8")
    assert "target behaviour: walking more" in page
    assert labelled[1].prediction.model in page
    again = dataclasses.replace(labelled, session="again")
    assert len(write_report([labelled, again], tmp_path / "both")) == 3


def test_a_coders_labels_are_shown_as_such(one, tmp_path):
    coded = one.drop(columns=[c for c in one if c.startswith("ct_")])
    coded["mine"] = one["ct_label"]
    (path,) = write_report(coded, tmp_path / "report.html", label="mine", target="less beer")
    page = path.read_text(encoding="utf-8")
    assert "labels from the table, not from a model" in page
    assert "target behaviour: less beer" in page
    assert 'role="tooltip"' not in page


def test_a_table_of_labels_alone_is_enough(tmp_path):
    frame = pd.DataFrame({"ct_label": ["change", "sustain"]})
    (path,) = write_report(frame, tmp_path / "bare.html")
    assert "<h1>Session</h1>" in path.read_text(encoding="utf-8")


@given(st.lists(st.text(max_size=80), unique=True, max_size=8))
def test_page_names_are_safe_and_never_the_same(sessions):
    names = page_names(sessions)
    assert len({name.casefold() for name in names} | {"index.html"}) == len(sessions) + 1
    for name in names:
        assert name.endswith(".html")
        assert len(name.encode()) < 255
        assert not name.startswith((".", "-"))
        assert not set(name) & set('/\\:*?"<>|% \0' + string.whitespace)


def test_page_names_of_devices():
    assert page_names(["con", "COM1.a", "", "console"]) == [
        "session-con.html",
        "session-COM1.a.html",
        "session.html",
        "console.html",
    ]

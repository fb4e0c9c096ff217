"""Files of any size in, the same files with labels out, whole or not at all."""

from __future__ import annotations

import csv
import errno
import os
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import changetalk as ct
from changetalk import tables
from changetalk.dialogue import Prediction
from changetalk.errors import ChangetalkError, ClientError, ColumnError, InputError, ModelError, OutputError
from changetalk.frames import ADDED
from changetalk.tables import label_file, read

P = ["ct_p_change", "ct_p_neutral", "ct_p_sustain"]


def names_in(folder):
    """Return the names of what is in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def source(tmp_path, table):
    """A CSV of six sessions with columns of all sorts."""
    table["note"] = ['quoted "words", and\nlines', "", "007", "1.50", "NA", "\u00e9"] * 20
    path = tmp_path / "in.csv"
    table.to_csv(path, index=False)
    return path


def as_read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("chunk", [1, 7, 20, 33, 10_000])
def test_every_row_and_column_comes_back_with_the_labels_of_label_frame(
    source, tmp_path, tiny_model, table, monkeypatch, chunk
):
    """Sessions are whole at any size of chunk: context does not end where a chunk does."""
    monkeypatch.setattr(tables, "CHUNK", chunk)
    done = []
    summary = label_file(source, tmp_path / "out.csv", model=tiny_model, progress=done.append)
    before, after = as_read(source), as_read(tmp_path / "out.csv")
    assert after.columns.tolist() == [*before.columns, *ADDED]
    assert after[before.columns.tolist()].equals(before)
    expected = tiny_model.label_frame(table)
    assert after["ct_label"].tolist() == expected["ct_label"].fillna("").tolist()
    found = after[P].replace("", "nan").astype(float).to_numpy()
    assert np.allclose(
        found, expected[P].to_numpy(), rtol=0, atol=1e-6, equal_nan=True
    )  # a file has six decimals
    assert (summary.rows, summary.sessions, summary.labelled) == (120, 6, 60)
    assert dict(summary.counts) == expected["ct_label"].value_counts().to_dict()
    assert sum(done) == 120
    assert len(done) == {1: 6, 7: 6, 20: 4, 33: 3, 10_000: 1}[chunk]


@pytest.mark.parametrize("suffix", ["tsv", "jsonl", "parquet", "xlsx"])
def test_other_formats_get_the_same_labels(source, tmp_path, tiny_model, suffix):
    label_file(source, tmp_path / "out.csv", model=tiny_model)
    label_file(source, tmp_path / f"out.{suffix}", model=tiny_model)
    reader = {
        "tsv": lambda p: pd.read_csv(p, sep="\t", keep_default_na=False, dtype=str),
        "jsonl": lambda p: pd.read_json(p, lines=True, dtype=False),
        "parquet": pd.read_parquet,
        "xlsx": lambda p: pd.read_excel(p, dtype=str, keep_default_na=False),
    }[suffix]
    found = reader(tmp_path / f"out.{suffix}")["ct_label"].fillna("").tolist()
    assert found == as_read(tmp_path / "out.csv")["ct_label"].tolist()


def test_a_model_may_be_given_by_its_folder(source, tmp_path, tiny_folder, tiny_model):
    label_file(source, tmp_path / "a.csv", model=tiny_folder)
    label_file(source, tmp_path / "b.csv", model=tiny_model)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_interleaved_sessions_within_a_chunk_are_kept_apart(tmp_path, tiny_model, table):
    mixed = table.iloc[np.argsort(np.arange(120) % 20, kind="stable")].reset_index(drop=True)
    mixed.to_csv(tmp_path / "in.csv", index=False)
    label_file(tmp_path / "in.csv", tmp_path / "out.csv", model=tiny_model)
    expected = tiny_model.label_frame(mixed)["ct_label"].fillna("").tolist()
    assert as_read(tmp_path / "out.csv")["ct_label"].tolist() == expected


def failing(tmp_path, error, message, source, **options):
    """Labelling must raise one clear error and leave no output."""
    before = names_in(tmp_path)
    with pytest.raises(error, match=message) as caught:
        label_file(source, tmp_path / "out.csv", **options)
    assert str(caught.value).isprintable()
    assert names_in(tmp_path) == before
    return str(caught.value)


def test_a_session_that_comes_back_later_is_an_error_naming_the_row(tmp_path, tiny_model, table, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 20)
    pd.concat([table, table.iloc[:2]]).to_csv(tmp_path / "in.csv", index=False)
    message = failing(
        tmp_path,
        InputError,
        "session 's0' goes on after other sessions",
        tmp_path / "in.csv",
        model=tiny_model,
    )
    assert "in.csv, line 122:" in message
    assert "sort the file" in message


def test_failures_name_the_file_and_leave_nothing(tmp_path, tiny_model, tiny_folder, table):
    here = tmp_path / "in.csv"
    fails = [
        (None, InputError, "in.csv", {}),
        ("", InputError, "in.csv", {}),
        ("speaker,text\n", ClientError, "holds no client talk; 0 rows", {}),
        ("speaker,text\ntherapist,Hello.\n", ClientError, "holds no client talk; 1 rows", {}),
        ("speaker,text\nAnna,Hello.\nBen,Hi.\n", ClientError, "'Anna', 'Ben'", {}),
        ("speaker,words,text\nclient,a,b\n", ColumnError, "'words', 'text' could each be", {}),
        ("speaker,text\nclient,a\n", ColumnError, "no column 'x'", {"text": "x"}),
        ("speaker,text,ct_label\nclient,a,change\n", ColumnError, "ct_label", {}),
        ("text\na\n", ColumnError, "no speaker column", {}),
        ("speaker,text\nclient,a\n", ModelError, "neither shipped", {"model": "no-such-model"}),
    ]
    for content, error, message, options in fails:
        if content is not None:
            here.write_text(content)
        failing(tmp_path, error, message, here, **{"model": tiny_model, **options})


def test_the_output_must_not_be_the_input(source, tiny_model, tmp_path):
    before = source.read_bytes()
    with pytest.raises(InputError, match="is the input itself"):
        label_file(source, tmp_path / "." / "in.csv", model=tiny_model)
    assert source.read_bytes() == before


@pytest.mark.parametrize("chunk", [20, 10_000])
def test_ctrl_c_halfway_leaves_what_was_there(source, tmp_path, tiny_model, monkeypatch, chunk):
    monkeypatch.setattr(tables, "CHUNK", chunk)
    (tmp_path / "out.csv").write_text("old")

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_file(source, tmp_path / "out.csv", model=tiny_model, progress=interrupt)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert names_in(tmp_path) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx", "jsonl"])
def test_a_full_disk_is_one_clear_error_in_every_format(source, tmp_path, tiny_model, monkeypatch, suffix):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        label_file(source, tmp_path / f"out.{suffix}", model=tiny_model)
    assert names_in(tmp_path) == ["in.csv"]


def test_a_model_that_fails_halfway_leaves_nothing(source, tmp_path, tiny_model, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 20)
    calls = []

    def breaks(self, batch):
        calls.append(len(batch))
        if len(calls) > 2:
            raise MemoryError
        return [Prediction("neutral", 0.2, 0.6, 0.2, "m")] * len(batch)

    monkeypatch.setattr(ct.Model, "predictions", breaks)
    with pytest.raises(MemoryError):
        label_file(source, tmp_path / "out.csv", model=tiny_model)
    assert names_in(tmp_path) == ["in.csv"]


def test_odd_rows_are_neither_dropped_nor_shifted(tmp_path, tiny_model):
    said = [
        "",
        "[inaudible]",
        "\U0001f642",
        "I want to stop. " * 6250,
        "\u05d0\u05e0\u05d9 \u05e8\u05d5\u05e6\u05d4",
        'a,"b"\nc',
    ]
    with open(tmp_path / "in.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("id", "speaker", "text"), *((k, "client", text) for k, text in enumerate(said))]
        )
    summary = label_file(tmp_path / "in.csv", tmp_path / "out.csv", model=tiny_model)
    found = as_read(tmp_path / "out.csv")
    assert found["id"].tolist() == [str(k) for k in range(len(said))]
    assert found["text"].tolist() == said
    assert (found["ct_label"] != "").tolist() == [False, False, True, True, True, True]
    assert summary.labelled == 4


def test_percent_change_does_not_exist_without_change_and_sustain_talk():
    summary = tables.FileSummary("x")
    summary.counts["neutral"] = 3
    assert summary.percent_change is None
    summary.counts.update(change=3, sustain=1)
    assert summary.percent_change == 75.0


def test_memory_does_not_grow_with_the_file(tmp_path, tiny_model, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 500)
    # What a label costs is not the question, and scoring would take most of the time.
    said = Prediction("neutral", 0.2, 0.6, 0.2, "m")
    monkeypatch.setattr(ct.Model, "predictions", lambda self, batch: [said] * len(batch))
    rest = "x" * 400

    def peak(rows):
        path = tmp_path / f"{rows}.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("session", "speaker", "text", "rest"))
            writer.writerows(
                (k // 50, "client" if k % 2 else "therapist", "I want.", f"{k}{rest}") for k in range(rows)
            )
        tracemalloc.start()
        try:
            label_file(path, tmp_path / "out.csv", model=tiny_model)
            return tracemalloc.get_traced_memory()[1], path.stat().st_size
        finally:
            tracemalloc.stop()

    peak(1_000)  # imports and caches
    small, _ = peak(3_000)
    large, size = peak(30_000)
    assert large < small + 2**20  # places of the last lines, names of the sessions
    assert large < size / 5


# Reading one transcript


def test_read_gives_the_rows_in_order(tmp_path, tiny_model):
    path = tmp_path / "week one.csv"
    path.write_text(
        "speaker,text,start,end,target\nT,How was it?,0,1.5,drinking\n"
        "C,[sighs],00:00:02,,drinking\nC,Hard.,0:03,4,drinking\n"
    )
    transcript = read(path)
    assert [(u.speaker, u.text, u.start, u.end) for u in transcript] == [
        ("T", "How was it?", 0.0, 1.5), ("C", "[sighs]", 2.0, None), ("C", "Hard.", 3.0, 4.0),
    ]  # fmt: skip
    assert (transcript.client, transcript.target, transcript.session) == ("C", "drinking", "week one")
    assert [u.prediction is not None for u in tiny_model.label(transcript)] == [False, False, True]
    assert read(path, target="smoking", client="t").target == "smoking"
    assert read(path, client="t").client == "T"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("session,speaker,text\n1,C,a\n2,C,b\n", {}, "holds 2 sessions"),
        ("speaker,text,target\nC,a,smoking\nC,b,drinking\n", {}, "names 2 target behaviours"),
        ("speaker,text\nT,a\n", {}, "0 of its speakers are the client"),
        ("speaker,text\nAnna,a\nBen,b\n", {}, "who is the client is not clear"),
        ("speaker,text\nC,a\n", {"client": "everyone"}, "needs a client among the speakers"),
    ],
)
def test_what_is_not_one_transcript_says_so(tmp_path, content, options, message):
    path = tmp_path / "in.csv"
    path.write_text(content)
    with pytest.raises(ChangetalkError, match=message) as caught:
        read(path, **options)
    assert str(caught.value).isprintable()


def test_a_labelled_transcript_has_the_labels_of_its_file(tmp_path, tiny_model, table):
    table[table["session"] == "s2"].to_csv(tmp_path / "in.csv", index=False)
    label_file(tmp_path / "in.csv", tmp_path / "out.csv", model=tiny_model)
    labelled = tiny_model.label(read(tmp_path / "in.csv")).to_frame()
    assert labelled["ct_label"].fillna("").tolist() == as_read(tmp_path / "out.csv")["ct_label"].tolist()


def test_rows_that_stand_alone_are_cut_anywhere(tmp_path, tiny_folder, monkeypatch):
    monkeypatch.setattr("changetalk.tables.CHUNK", 4)
    path, out = tmp_path / "list.csv", tmp_path / "out.csv"
    path.write_text("text\n" + "I want to stop.\n" * 12, encoding="utf-8")
    seen: list[int] = []
    summary = ct.label_file(path, out, model=tiny_folder, client="everyone", progress=seen.append)
    assert seen == [4, 4, 4]
    assert (summary.rows, summary.sessions, summary.labelled) == (12, 1, 12)

"""AnnoMI's tables, of made-up talk."""

from __future__ import annotations

from pathlib import Path

import pytest

import changetalk as ct
from changetalk.formats import open_source
from changetalk.formats.annomi import HEADER, NAMES, AnnoMISource, is_annomi

FIXTURE = Path(__file__).parent / "fixtures" / "annomi.csv"


@pytest.fixture
def simple(tmp_path) -> Path:
    """The fixture in the shape of AnnoMI-simple.csv: one coder, fewer columns, in another order."""
    import csv

    keep = [
        "transcript_id", "mi_quality", "video_title", "video_url", "topic", "utterance_id", "interlocutor",
        "timestamp", "utterance_text", "main_therapist_behaviour", "client_talk_type",
    ]  # fmt: skip
    with open(FIXTURE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["annotator_id"] != "0"]
    path = tmp_path / "AnnoMI-simple.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, keep, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_names_and_values() -> None:
    with open_source(FIXTURE) as table:
        assert is_annomi(table.columns)
        source = AnnoMISource(table)
        rows = [dict(zip(source.columns, row, strict=True)) for row in source.rows()]
        assert source.where(2) == f"{FIXTURE}, line 4"
    assert set(NAMES.values()) < set(rows[0])
    shown = ("session", "speaker", "start", "coder", "label", "behaviour", "target", "question_subtype")
    assert [[row[name] for name in shown] for row in rows] == [
        ["7", "therapist", 49.0, "0", None, "question", "walking more", "open"],
        ["7", "therapist", 49.0, "3", None, "question", "walking more", "open"],
        ["7", "client", 58.0, "0", "change", None, "walking more", "n/a"],
        ["7", "client", 58.0, "3", "neutral", None, "walking more", "n/a"],
        ["8", "client", 62.0, "3", "sustain", None, "sleep", "n/a"],
    ]
    assert source.notes[0].startswith("read as AnnoMI's: transcript_id is session, topic is target")
    assert (
        source.notes[1]
        == "rows of an utterance that another coder has too: 2; to label them, keep one coder's"
    )


def test_a_column_that_has_the_name_already_keeps_it(put) -> None:
    path = put(
        "a.csv", ",".join([*HEADER, "label", "timestamp"]) + "\n" + "7,0,client,Yes.,n/a,change,mine,soon\n"
    )
    with open_source(path) as table:
        source = AnnoMISource(table)
        assert source.columns == (
            "session", "utterance_id", "speaker", "text", "behaviour", "client_talk_type", "label", "start",
        )  # fmt: skip
        assert list(source.rows()) == [["7", "0", "client", "Yes.", None, "change", "mine", "soon"]]


def test_other_tables_are_not_annomis() -> None:
    assert not is_annomi(["transcript_id", "utterance_text", "client_talk_type"])


def test_the_table_is_labelled_as_it_is(simple, tiny_model, tmp_path) -> None:
    summary = ct.label_file(simple, tmp_path / "out.csv", model=tiny_model)
    assert (summary.rows, summary.sessions, summary.labelled) == (3, 2, 2)
    talk = ct.as_labelled(ct.read_labelled(tmp_path / "out.csv"))
    assert list(talk["behaviour"]) == ["question", None, None]
    assert list(talk["session"]) == ["7", "7", "8"]

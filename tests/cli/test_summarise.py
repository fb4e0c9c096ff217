"""`changetalk summarise` and `changetalk transitions`: labelled files in, tables of results out."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pandas as pd
import pytest

from changetalk.cli import summarise as summarise_verb
from changetalk.cli import transitions as transitions_verb
from changetalk.errors import ColumnError, InputError
from changetalk.session import MEASURES, summarise, transitions

DEFAULTS = {
    **dict.fromkeys(("output", "label", "session", "speaker", "text", "client", "format", "sheet")),
    "measures": False, "given": "label", "target": "label", "lag": 1, "by_session": False,
}  # fmt: skip


def options(*inputs: Path, **given: object) -> argparse.Namespace:
    """Return what the command line gives."""
    return argparse.Namespace(**{"inputs": [str(path) for path in inputs], **DEFAULTS, **given})


@pytest.fixture
def table() -> pd.DataFrame:
    """Two sessions with labels and behaviours."""
    label = [None, "change", None, "sustain", None, "change", "neutral"]
    return pd.DataFrame(
        {
            "session": ["a"] * 4 + ["b"] * 3,
            "speaker": ["therapist", "client", "therapist", "client", "therapist", "client", "client"],
            "text": ["Why?", "I want to.", "So.", "It helps.", "Why?", "I need to.", "On Monday."],
            "behaviour": ["question", None, "reflection", None, "question", None, None],
            "ct_label": pd.Series(label, dtype=object),
            "ct_model": pd.Series([k and "tiny 1 (abc)" for k in label], dtype=object),
        }
    )


@pytest.fixture
def labelled(table: pd.DataFrame, tmp_path: Path) -> Path:
    """The sessions as a file."""
    path = tmp_path / "labelled" / "all.csv"
    path.parent.mkdir()
    table.to_csv(path, index=False)
    return path


READERS = {
    ".csv": pd.read_csv,
    ".tsv": lambda path: pd.read_csv(path, sep="\t"),
    ".xlsx": pd.read_excel,
    ".jsonl": lambda path: pd.read_json(path, lines=True),
    ".parquet": pd.read_parquet,
}


@pytest.mark.parametrize("ending", READERS)
def test_measures_are_written_in_every_format(labelled, table, tmp_path, ending):
    out = tmp_path / f"out{ending}"
    assert summarise_verb.run(options(labelled, output=str(out))) == 0
    # Which dtype a column without values gets is the format's own affair.
    found, made = READERS[ending](out), summarise(table)
    pd.testing.assert_frame_equal(found.convert_dtypes(), made.convert_dtypes(), check_dtype=False, atol=1e-6)


def test_measures_are_printed_without_output(labelled, capsys):
    assert summarise_verb.run(options(labelled)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "session",
        "client",
        "change",
        "neutral",
        "sustain",
        "%CT",
        "slope",
        "final",
        "tenth",
    ]
    assert lines[1].split() == ["a", "2", "1", "0", "1", "50.00", "-2.00", "-1.00"]
    assert "--measures" in lines[-1]


def test_measures_are_explained(capsys):
    assert summarise_verb.run(options(measures=True)) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(MEASURES)


def test_a_folder_is_read_and_an_earlier_result_in_it_is_not(labelled, tmp_path, capsys):
    pd.read_csv(labelled).drop(columns="session").to_csv(labelled.with_name("c.csv"), index=False)
    out = labelled.with_name("summary.csv")
    for _ in range(2):
        assert summarise_verb.run(options(labelled.parent, output=str(out))) == 0
        assert pd.read_csv(out)["session"].tolist() == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_sessions_of_the_same_name_are_said_to_be_renamed(labelled, tmp_path, capsys):
    labelled.with_name("more.csv").write_bytes(labelled.read_bytes())
    out = tmp_path / "out.csv"
    assert summarise_verb.run(options(labelled.parent, output=str(out))) == 0
    assert pd.read_csv(out)["session"].tolist() == ["all/a", "all/b", "more/a", "more/b"]
    assert "2 session names are in more than one file" in capsys.readouterr().err


def test_a_mistake_leaves_no_output(labelled, tmp_path):
    out = tmp_path / "out.csv"
    (labelled.parent / "other.csv").write_text("text\nhello there\n", encoding="utf-8")
    with pytest.raises(ColumnError, match=r"other\.csv: has no column 'ct_label'"):
        summarise_verb.run(options(labelled.parent, output=str(out)))
    with pytest.raises(InputError, match="is the input itself"):
        summarise_verb.run(options(labelled, output=str(labelled)))
    with pytest.raises(InputError, match="cannot write"):
        summarise_verb.run(options(labelled, output=str(tmp_path / "out.doc")))
    assert not out.exists()


def test_transitions_are_written_and_printed(labelled, table, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert transitions_verb.run(options(labelled, given="behaviour", output=str(out))) == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(out), transitions(table, given="behaviour"), check_dtype=False, atol=1e-6
    )
    assert transitions_verb.run(options(labelled, given="behaviour", by_session=True)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["session", "given", "target", "count", "total"]
    assert len(lines) == 13


def test_any_column_of_the_file_may_come_first(labelled, table, capsys, tmp_path):
    path = tmp_path / "tone.csv"
    table.assign(tone=["warm", None, "cold", None, "warm", None, None]).to_csv(path, index=False)
    assert transitions_verb.run(options(path, given="tone", output="-")) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert found[found["count"] > 0][["given", "target"]].to_numpy().tolist() == [
        ["cold", "sustain"],
        ["warm", "change"],
    ]

"""`changetalk review`: from labelled files to a file that a person codes."""

from __future__ import annotations

import csv
import json

import pytest

import changetalk as ct
from changetalk.cli import main
from changetalk.review import read

HEADER = "session,speaker,text,target,ct_label,ct_p_change,ct_p_neutral,ct_p_sustain,ct_confidence,ct_model"


@pytest.fixture
def labelled(tmp_path):
    lines = [HEADER]
    for k in range(10):
        session = f"s{k % 2}"
        lines.append(f"{session},therapist,And then {k}?,quitting,,,,,,")
        lines.append(f"{session},client,I said so {k}.,quitting,neutral,0.{k},0.{9 - k},0.1,0.9,tiny 1 (abc)")
    path = tmp_path / "labelled.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_written_is_coded_and_read_back(labelled, tmp_path, capsys):
    out = tmp_path / "to_code.csv"
    assert main(["review", str(labelled), "-n", "6", "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}: 6 utterances of 2 sessions, 3 drawn at random, 3 uncertain\n"
    assert said.err == ""
    rows = rows_of(out)
    assert len(rows) == 6
    assert {row["target"] for row in rows} == {"quitting"}
    assert "model_label" not in rows[0]
    assert sum(row["sample_prob"] == "0.3" for row in rows) == 3
    out.write_text(out.read_text(encoding="utf-8").replace(",,0.3", ",change,0.3"), encoding="utf-8")
    coded = read(out, ct.read_labelled(labelled))
    assert coded["human"].eq("change").sum() == 3


def test_labels_are_shown_where_asked_for(labelled, tmp_path, capsys):
    out = tmp_path / "to_code.csv"
    assert main(["review", str(labelled), "-n", "4", "-o", str(out), "--show-labels"]) == 0
    assert {row["model_label"] for row in rows_of(out)} == {"neutral"}


def test_tasks_come_with_their_interface(labelled, tmp_path, capsys):
    out = tmp_path / "tasks.json"
    arguments = ["--share-random", "1", "--seed", "3", "--turns", "1", "--target", "sleeping more"]
    assert main(["review", str(labelled), "-n", "4", "-o", str(out), *arguments]) == 0
    assert "<Choices name=" in capsys.readouterr().out
    tasks = json.loads(out.read_text(encoding="utf-8"))
    assert all(task["data"]["target"] == "sleeping more" for task in tasks)
    assert all(task["data"]["context"].count("\n") == 0 for task in tasks)
    assert all(task["data"]["sample_prob"] == 0.4 for task in tasks)


def test_coders_who_are_not_told_the_target_are_not_told_in_silence(labelled, tmp_path, capsys):
    text = labelled.read_text(encoding="utf-8").replace(",target,", ",goal,")
    labelled.write_text(text, encoding="utf-8")
    out = tmp_path / "to_code.csv"
    assert main(["review", str(labelled), "-n", "4", "-o", str(out)]) == 0
    assert "will not be told the target behaviour" in capsys.readouterr().err
    assert main(["review", str(labelled), "-n", "4", "-o", str(out), "--target-column", "goal"]) == 0
    assert capsys.readouterr().err == ""
    assert {row["target"] for row in rows_of(out)} == {"quitting"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-n", "11"], "there are 10 labelled client utterances"),
        (["-n", "4", "--share-random", "2"], "share_random (--share-random) is 2.0"),
        (["-n", "4", "--target-column", "goal"], "no column 'goal'"),
        (["-n", "4", "--session", "dyad"], "no column 'dyad'"),
    ],
)
def test_mistakes_are_said_and_leave_no_file(labelled, tmp_path, arguments, said, capsys):
    out = tmp_path / "to_code.xlsx"
    assert main(["review", str(labelled), "-o", str(out), *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_the_input_is_not_overwritten_and_the_ending_is_known_first(labelled, tmp_path, capsys):
    before = labelled.read_text(encoding="utf-8")
    assert main(["review", str(labelled), "-n", "4", "-o", str(labelled)]) == 1
    assert "is the input itself" in capsys.readouterr().err
    assert labelled.read_text(encoding="utf-8") == before
    assert main(["review", "nowhere.csv", "-o", "to_code.docx"]) == 1
    assert "use .xlsx, .csv, .tsv, .json" in capsys.readouterr().err

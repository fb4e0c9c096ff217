"""`changetalk agree`: a column a coder."""

from __future__ import annotations

import json

import pytest

from changetalk.cli import main

ROWS = [
    ("s1", "client", "I want to stop.", "CT", "R+"),
    ("s1", "therapist", "Tell me more.", "", ""),
    ("s1", "client", "It helps me sleep.", "ST", "FN"),
    ("s2", "client", "On Monday.", "FN", "FN"),
    ("s2", "client", "I might try.", "CT", "C+"),
    ("s2", "client", "I like it.", "ST", "R-"),
    ("s3", "client", "We moved.", "FN", ""),
    ("s3", "client", "I will stop.", "CT", "CT"),
    ("s3", "client", "No way.", "ST", "ST"),
]


@pytest.fixture
def coded(tmp_path):
    lines = ["session,speaker,text,ann,ben", *(",".join(row) for row in ROWS)]
    path = tmp_path / "coded.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_prints_a_table_a_confusion_and_a_paragraph(coded, capsys):
    assert main(["agree", str(coded), "--coders", "ann", "ben"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0].split() == ["measure", "of", "n", "value", "95%", "from", "to", "band"]
    assert any(line.startswith("Cohen's kappa") and line.endswith("substantial") for line in lines)
    assert "ann, down; ben, across  change  neutral  sustain" in lines
    assert "change                       3        0        0" in lines
    assert (
        "In all, 7 utterances in 3 sessions were labelled by both; 1 more was labelled by one only." in shown
    )


def test_writes_every_figure_as_json(coded, tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert main(["agree", str(coded), "--coders", "ann", "ben", "-o", str(out)]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["coders"] == ["ann", "ben"]
    assert figures["n"] == 7
    assert figures["percent_agreement"]["value"] == pytest.approx(6 / 7)
    assert set(figures["sessions"]) == {
        "percent_change_talk",
        "count_change",
        "count_neutral",
        "count_sustain",
    }
    assert capsys.readouterr().err == ""


def test_a_label_that_cannot_be_read_names_its_line_and_quotes_no_talk(coded, capsys):
    text = coded.read_text(encoding="utf-8").replace("On Monday.,FN,", "On Monday.,I drink in the garage,")
    coded.write_text(text, encoding="utf-8")
    assert main(["agree", str(coded), "--coders", "ann", "ben"]) == 1
    err = capsys.readouterr().err
    assert "line 5: column 'ann'" in err
    assert "garage" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--coders", "ann"], "two at least"),
        (["--coders", "ann", "zoe"], "no column 'zoe' of a coder"),
        (["--coders", "ann", "ben", "--session", "dyad"], "no column 'dyad'"),
    ],
)
def test_mistakes_are_said(coded, arguments, said, capsys):
    assert main(["agree", str(coded), *arguments]) == 1
    assert said in capsys.readouterr().err


def test_the_input_is_not_overwritten(coded, capsys):
    before = coded.read_text(encoding="utf-8")
    assert main(["agree", str(coded), "--coders", "ann", "ben", "-o", str(coded)]) == 1
    assert "is the input itself" in capsys.readouterr().err
    assert coded.read_text(encoding="utf-8") == before


def test_coders_are_needed(coded, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["agree", str(coded)])
    assert "--coders" in capsys.readouterr().err

"""`changetalk train` and `changetalk evaluate`: a lab's own coded sessions."""

from __future__ import annotations

import json

import pytest

import changetalk as ct
from changetalk.cli import main


@pytest.fixture
def coded(tmp_path, table, talk):
    """A lab's table: whole sessions, codes on client rows, in the lab's own spelling."""
    spelling = {"change": "CT", "neutral": "FN", "sustain": "C-"}
    codes = dict(zip(talk["text"], talk["label"].map(spelling), strict=True))
    table["code"] = [
        codes[t] if who == "client" else "" for t, who in zip(table["text"], table["speaker"], strict=True)
    ]
    path = tmp_path / "coded.csv"
    table.to_csv(path, index=False)
    return path


def test_train_prints_baselines_and_writes_a_model_that_labels(coded, tmp_path, capsys):
    folder = tmp_path / "ours"
    assert main(["train", str(coded), "-o", str(folder), "--folds", "3"]) == 0
    shown = capsys.readouterr().out
    assert "60 coded client utterances in 6 sessions (20 change, 20 neutral, 20 sustain)" in shown
    for row in ("majority class", "plain n-grams", "your model", "shipped model"):
        assert row in shown
    model = ct.load(folder)
    assert model.name == "ours"
    assert model.manifest.training["sessions"] == 6
    assert "macro_f1" in model.manifest.scores["cross_validation"]["your model"]
    assert main(["label", str(coded), "-o", str(tmp_path / "out.csv"), "--model", str(folder)]) == 0
    assert main(["doctor", str(folder)]) == 0


def test_evaluate_prints_and_writes_figures(coded, tiny_folder, tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert main(["evaluate", str(coded), "--model", str(tiny_folder), "-o", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "macro-F1" in shown
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["n"] == 60
    assert figures["sessions"] == 6
    assert figures["macro_f1"]["value"] > 0.8  # the tiny model was trained on these rows


def test_uncoded_client_rows_are_left_out_and_counted(coded, tiny_folder, capsys):
    lines = coded.read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ","
    coded.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["evaluate", str(coded), "--model", str(tiny_folder)]) == 0
    assert "59 coded client utterances in 6 sessions" in (shown := capsys.readouterr().out)
    assert "1 without a code left out" in shown


def test_a_code_that_cannot_be_read_names_its_row_and_quotes_no_talk(coded, tiny_folder, capsys):
    lines = coded.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].rsplit(",", 1)[0] + ",I drink in the garage at night"
    coded.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["evaluate", str(coded), "--model", str(tiny_folder)]) == 1
    err = capsys.readouterr().err
    assert "line 5" in err
    assert "garage" not in err


def test_too_few_sessions_for_the_folds(coded, tmp_path, capsys):
    assert main(["train", str(coded), "-o", str(tmp_path / "ours"), "--folds", "7"]) == 1
    assert "fewer --folds" in capsys.readouterr().err
    assert not (tmp_path / "ours").exists()


def test_no_column_of_codes(tmp_path, tiny_folder, capsys):
    path = tmp_path / "plain.csv"
    path.write_text("speaker,text\nclient,Hello\n", encoding="utf-8")
    assert main(["evaluate", str(path), "--model", str(tiny_folder)]) == 1
    assert "no label column" in capsys.readouterr().err

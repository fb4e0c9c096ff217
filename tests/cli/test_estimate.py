"""`changetalk sample` and `changetalk estimate`: draw, code, correct."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from changetalk.cli import estimate as estimate_verb
from changetalk.cli import sample as sample_verb
from changetalk.errors import ColumnError, InputError
from changetalk.estimation import estimate

READING = dict.fromkeys(("output", "label", "session", "speaker", "text", "client", "format", "sheet"))
SAMPLE = {"number": 60, "seed": 0, "turns": 4, "target": None, "target_column": None, "show_labels": False}
ESTIMATE = {"group": None, "these_sessions": False}


def options(*inputs: Path, **given: object) -> argparse.Namespace:
    """Return what the command line gives."""
    return argparse.Namespace(inputs=[str(p) for p in inputs], **{**READING, **given})


@pytest.fixture
def truth() -> pd.DataFrame:
    """Ten labelled sessions, and what a coder would say."""
    rng = np.random.default_rng(0)
    n = 300
    codes = rng.choice(["change", "neutral", "sustain"], n, p=[0.3, 0.5, 0.2])
    label = np.where(rng.random(n) < 0.7, codes, "neutral")
    return pd.DataFrame(
        {
            "session": [f"s{k // 30}" for k in range(n)],
            "arm": ["a" if k < 150 else "b" for k in range(n)],
            "speaker": "client",
            "text": [f"Words {k}." for k in range(n)],
            "ct_label": label,
            "truth": codes,
        }
    )


@pytest.fixture
def labelled(truth, tmp_path):
    path = tmp_path / "labelled.csv"
    truth.drop(columns="truth").to_csv(path, index=False)
    return path


@pytest.fixture
def coded(labelled, truth, tmp_path, capsys):
    path = tmp_path / "sample.csv"
    assert sample_verb.run(options(labelled, **SAMPLE | {"output": str(path)})) == 0
    assert (
        "60 of 300 client utterances, drawn at random from 10 sessions with probability 0.2"
        in capsys.readouterr().out
    )
    sheet = pd.read_csv(path, dtype=str, keep_default_na=False)
    sheet["code"] = truth["truth"][sheet["row"].astype(int)].tolist()
    sheet.to_csv(path, index=False)
    return path


def test_a_sample_is_blind_unless_asked(labelled, tmp_path):
    path = tmp_path / "blind.csv"
    sample_verb.run(options(labelled, **SAMPLE | {"output": str(path)}))
    assert not {"model_label", "label", "ct_label"} & set(pd.read_csv(path).columns)
    sample_verb.run(options(labelled, **SAMPLE | {"output": str(path), "show_labels": True}))
    assert "model_label" in pd.read_csv(path).columns


def test_draws_codes_and_corrects(labelled, coded, truth, capsys):
    assert estimate_verb.run(options(labelled, coded=str(coded), **ESTIMATE)) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == ["measure", "coded", "naive", "corrected", "95%", "from", "to"]
    assert "60 of them, drawn at random with known probabilities" in shown
    drawn = pd.read_csv(coded)
    talk = truth.drop(columns="truth")
    talk["human"] = None
    talk.loc[drawn["row"], "human"] = drawn["code"].tolist()
    expected = estimate(talk, prob=0.2).overall["change"].corrected.value
    assert f"{expected:.3f}" in next(line for line in shown.splitlines() if line.startswith("change"))


def test_compares_groups_and_writes_every_figure(labelled, coded, tmp_path, capsys):
    out = tmp_path / "figures.csv"
    given = ESTIMATE | {"group": "arm", "these_sessions": True, "output": str(out)}
    assert estimate_verb.run(options(labelled, coded=str(coded), **given)) == 0
    shown = capsys.readouterr().out
    assert "a - b" in shown
    assert "these very sessions" in shown
    figures = pd.read_csv(out)
    assert set(figures["level"]) == {"overall", "group", "difference", "session"}
    assert figures["coded"].iloc[0] == 60


def test_mistakes_are_said(labelled, coded, tmp_path):
    with pytest.raises(InputError, match="cannot be written for coding"):
        sample_verb.run(options(labelled, **SAMPLE | {"output": str(tmp_path / "sample.doc")}))
    with pytest.raises(InputError, match="n is 999"):
        sample_verb.run(options(labelled, **SAMPLE | {"output": str(tmp_path / "s.csv"), "number": 999}))
    with pytest.raises(ColumnError, match="no column 'ward'"):
        estimate_verb.run(options(labelled, coded=str(coded), **ESTIMATE | {"group": "ward"}))
    with pytest.raises(InputError, match="is the input itself"):
        estimate_verb.run(options(labelled, coded=str(coded), **ESTIMATE | {"output": str(labelled)}))
    with pytest.raises(InputError, match="is the coded file itself"):
        estimate_verb.run(options(labelled, coded=str(coded), **ESTIMATE | {"output": str(coded)}))

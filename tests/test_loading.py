"""Finding models and loading them."""

from __future__ import annotations

import json
import os
import shutil

import pytest

import changetalk as ct
from changetalk.errors import ModelError
from changetalk.loading import model_card, model_path, replay, shipped


def test_a_folder_is_loaded_once(tiny_folder):
    assert ct.load(tiny_folder) is ct.load(str(tiny_folder))


def test_a_folder_that_was_written_again_is_loaded_again(tiny_folder, tmp_path, tiny_classifier):
    folder = tmp_path / "ours"
    shutil.copytree(tiny_folder, folder)
    assert ct.load(folder).version == "1.2.3"
    tiny_classifier.export(folder, version="2")
    os.utime(folder / "manifest.json", ns=(10**18, 10**18))
    assert ct.load(folder).version == "2"


def test_a_folder_may_move(tiny_folder, tmp_path):
    moved = shutil.copytree(tiny_folder, tmp_path / "a folder with spaces")
    assert ct.load(moved).tag == ct.load(tiny_folder).tag


@pytest.mark.parametrize("name", ["no-such-model", "../nowhere", ""])
def test_no_such_model(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        ct.load(name)
    assert repr(name) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        ct.load(tmp_path)


def test_card_and_golden_predictions(tiny_folder, tmp_path):
    assert model_card(tiny_folder).startswith("# tiny 1.2.3")
    stored = json.loads((tiny_folder / "golden.json").read_text(encoding="utf-8"))
    assert replay(tiny_folder).n == len(stored)
    with pytest.raises(ModelError, match="no card"):
        model_card(tmp_path)


@pytest.mark.shipped
def test_shipped_models_are_whole():
    assert "linear" in shipped()
    for name in shipped():
        found = replay(name)
        assert found.healthy, f"{name}: {found}"
        assert len(model_card(name)) > 1000
        assert model_path(name).name == name


@pytest.mark.shipped
def test_the_default_model_makes_sense_without_any_context():
    said = [
        p.label
        for p in ct.label(["I really want to quit.", "I like smoking and I won't stop.", "On Monday."])
    ]
    assert said == ["change", "sustain", "neutral"]

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from changetalk.errors import InputError
from changetalk.files import sha256
from changetalk.labels import LABELS, label_of_codes, parse_codes
from changetalk.training import datasets
from changetalk.training.datasets import (
    annomi_folder,
    data_folder,
    load_annomi,
    load_codes,
    load_dialogues,
    load_panel,
)

P = [f"p_{label}" for label in LABELS]


@pytest.fixture(scope="module")
def annomi():
    if annomi_folder() is None:
        pytest.skip("AnnoMI is not here: set CHANGETALK_ANNOMI to its folder")
    return load_annomi()


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """Make a copy of the data folder that a test may damage."""
    copy = tmp_path / "data"
    shutil.copytree(data_folder(), copy)
    monkeypatch.setenv("CHANGETALK_DATA", str(copy))
    return copy


def test_data_folder_is_the_checkouts(monkeypatch):
    monkeypatch.delenv("CHANGETALK_DATA", raising=False)
    assert (data_folder() / "annomi_folds.csv").is_file()


def test_data_folder_that_is_none_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CHANGETALK_DATA", str(tmp_path))
    with pytest.raises(InputError, match="set CHANGETALK_DATA") as error:
        data_folder()
    assert str(tmp_path) in str(error.value)


def test_annomi_folder_takes_the_variable_at_its_word(monkeypatch, tmp_path):
    monkeypatch.setenv("CHANGETALK_ANNOMI", str(tmp_path))
    assert annomi_folder() == tmp_path


def test_annomi_may_be_absent(monkeypatch, tmp_path):
    monkeypatch.delenv("CHANGETALK_ANNOMI", raising=False)
    monkeypatch.setattr(datasets, "_REPOSITORY", tmp_path / "repository")
    monkeypatch.chdir(tmp_path)
    assert annomi_folder() is None
    with pytest.raises(InputError, match="uccollab/AnnoMI at commit 4293664 and set CHANGETALK_ANNOMI"):
        load_annomi()


@pytest.mark.parametrize(
    ("load", "name"), [(load_annomi, "AnnoMI-simple.csv"), (load_panel, "AnnoMI-full.csv")]
)
def test_missing_and_altered_annomi_files_are_refused(load, name, tmp_path):
    with pytest.raises(InputError, match=f"{name}: not found"):
        load(tmp_path)
    (tmp_path / name).write_text("transcript_id,utterance_text\n0,I want to stop\n")
    with pytest.raises(InputError, match="SHA-256 expected") as error:
        load(tmp_path)
    assert "I want to stop" not in str(error.value)
    assert "\n" not in str(error.value)


def test_dialogues_are_whole_and_follow_the_codebook():
    turns = load_dialogues(test=True)
    pilot = turns[turns["writer"].isin([f"w{i}" for i in range(1, 9)])]
    assert (len(pilot), pilot["session"].nunique()) == (3295, 112)
    client = turns[turns["speaker"] == "client"]
    assert client["label"].isin(LABELS).all()
    assert [label_of_codes(parse_codes(codes)) for codes in client["codes"]] == client["label"].tolist()
    np.testing.assert_allclose(client[P].sum(axis=1), 1, atol=1e-3)
    therapist = turns[turns["speaker"] == "therapist"]
    assert len(therapist) + len(client) == len(turns)
    assert therapist[["label", "codes", *P]].isna().all(axis=None)


def test_dialogues_are_in_order_and_named_once():
    turns = load_dialogues(test=True)
    assert not turns.duplicated(["session", "turn"]).any()
    assert (turns.groupby("session")["turn"].diff().dropna() == 1).all()
    assert len(turns[["session", "target"]].drop_duplicates()) == turns["session"].nunique()
    assert (turns["text"].str.strip() != "").all()


def test_test_part_is_left_out_unless_asked_for():
    train, everything = load_dialogues(), load_dialogues(test=True)
    assert set(train["part"]) == {"train"}
    assert set(everything["part"]) == {"train", "test: behaviour", "test: dialogue"}
    assert train["session"].isin(everything["session"]).all()
    held_out = set(everything.loc[everything["part"] == "test: behaviour", "behaviour"])
    assert held_out
    assert not held_out & set(train["behaviour"])


def test_altered_dialogues_are_refused(own_data):
    with open(own_data / "dialogues" / "w1.jsonl", "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"w1\.jsonl: SHA-256 expected"):
        load_dialogues()


def test_unlisted_dialogues_are_refused(own_data):
    (own_data / "dialogues" / "new.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"new\.jsonl.*run data/make_datasheet\.py"):
        load_dialogues()


def test_folds_keep_sources_together():
    folds = pd.read_csv(data_folder() / "annomi_folds.csv")
    assert len(folds[["source", "fold"]].drop_duplicates()) == folds["source"].nunique()
    assert sorted(folds["fold"].unique()) == ["0", "1", "2", "3", "4", "panel"]


def test_checksums_are_of_what_is_there_and_in_the_readme():
    readme = (data_folder() / "README.md").read_text(encoding="utf-8")
    listed = json.loads((data_folder() / "checksums.json").read_text(encoding="utf-8"))
    for name, expected in {**listed, **datasets.ANNOMI_SHA256}.items():
        assert expected in readme
        if name in listed:
            assert sha256(data_folder() / name) == expected


def test_codes_name_turns_and_hold_no_words():
    codes = pd.read_csv(data_folder() / "annomi_codes.csv")
    values = ["label", "codes", *P]
    passes = [f"{name}{end}" for end in ("_a", "_b", "_c", "") for name in values]
    assert list(codes.columns) == ["transcript_id", "utterance_id", *passes]
    assert len(codes) == 4817
    for end, differing in (("_a", 4), ("_b", 0), ("_c", 0), ("", 0)):  # stated in data/README.md
        coded = codes[codes[f"label{end}"].notna()]
        found = [label_of_codes(parse_codes(c)) for c in coded[f"codes{end}"]]
        assert (coded[f"label{end}"] != found).sum() == differing
        assert np.allclose(coded[[f"{p}{end}" for p in P]].sum(axis=1), 1, atol=0.011)


def test_third_pass_settles_where_the_first_two_differ_and_nothing_else():
    codes = load_codes()
    differ = codes["label_a"] != codes["label_b"]
    assert (codes["label_c"].notna() == differ).all()
    assert (codes.loc[differ, "label"] == codes.loc[differ, "label_c"]).all()
    assert (codes.loc[~differ, "label"] == codes.loc[~differ, "label_a"]).all()


@pytest.mark.annomi
def test_annomi_without_the_panel(annomi):
    assert set(annomi["fold"]) == set("01234")
    assert (len(annomi), (annomi["speaker"] == "client").sum()) == (9271, 4605)
    assert annomi["source"].nunique() == 112
    assert annomi.index.tolist() == list(range(len(annomi)))


@pytest.mark.annomi
def test_annomi_with_the_panel_is_all_of_it():
    turns = load_annomi(panel=True)
    assert len(turns) == 9699
    assert turns["label"].value_counts().to_dict() == {"neutral": 3102, "change": 1174, "sustain": 541}
    assert turns["session"].is_monotonic_increasing
    assert (turns.groupby("session")["turn"].diff().dropna() == 1).all()


@pytest.mark.annomi
def test_annomi_rows_hold_what_their_speaker_has(annomi):
    client, therapist = (annomi[annomi["speaker"] == who] for who in ("client", "therapist"))
    assert client[["label", "codes", *P]].notna().all(axis=None)
    assert client["behaviour"].isna().all()
    assert therapist[["label", "codes", *P]].isna().all(axis=None)
    assert set(therapist["behaviour"]) == {"question", "reflection", "therapist_input", "other"}
    assert annomi["text"].map(type).eq(str).all()
    assert (annomi["target"] == annomi["target"].str.strip()).all()
    np.testing.assert_allclose(client[P].sum(axis=1), 1)

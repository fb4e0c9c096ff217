"""The model folder: numbers and words, verified before use; no code, ever."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import changetalk as ct
from changetalk import artefact
from changetalk.artefact import CARD, GOLDEN, MANIFEST, read_arrays, read_folder, write_folder
from changetalk.decision import Decision
from changetalk.errors import ModelError, OutputError
from changetalk.files import sha256
from changetalk.loading import replay

WEIGHTS, VOCABULARY = "weights.npz", "vocabulary.json"


def names_in(folder):
    """Return the names of what is in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy of the tiny model, to be tampered with."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "tampered"))


def sign(folder, **changes):
    """Make hashes and manifest right again, as someone who wants to deceive would."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest.pop("sha256")
    manifest["files"] = {
        name: sha256(folder / name) for name in manifest["files"] if (folder / name).exists()
    }
    manifest.update(changes)
    body = json.dumps(manifest, sort_keys=True, ensure_ascii=True).encode()
    manifest["sha256"] = hashlib.sha256(body).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def set_arrays(folder, **changes):
    with np.load(folder / WEIGHTS) as data:
        arrays = {**data, **changes}
    np.savez(folder / WEIGHTS, **{k: v for k, v in arrays.items() if v is not None})
    sign(folder)


def refused(folder, *parts):
    """Loading must raise a `ModelError` of one line, naming the folder."""
    with pytest.raises(ModelError) as caught:
        ct.load(folder)
    message = str(caught.value)
    assert message.startswith(str(folder)), message
    assert message.isprintable()
    assert len(message) < 400
    for part in parts:
        assert part in message, message
    return message


def test_the_folder_as_written_loads_and_predicts_the_same(folder, tiny_classifier, some_texts):
    model = ct.load(folder)
    assert np.array_equal(model.predict_proba(some_texts), tiny_classifier.predict_proba(some_texts))
    assert names_in(folder) == sorted([MANIFEST, WEIGHTS, VOCABULARY, GOLDEN, CARD])


def test_signing_again_alone_changes_nothing(folder):
    """Else the tests below that re-sign would prove nothing."""
    sign(folder)
    assert ct.load(folder).name == "tiny"


@pytest.mark.parametrize("name", [WEIGHTS, VOCABULARY, GOLDEN])
@pytest.mark.parametrize("at", [0, 0.5, -1])
def test_a_flipped_bit(folder, name, at):
    raw = bytearray((folder / name).read_bytes())
    raw[int(at * len(raw)) if at != -1 else -1] ^= 1
    (folder / name).write_bytes(raw)
    refused(folder, name, "hash differs")


def test_any_flipped_bit_in_the_manifest(folder, rng):
    raw = (folder / MANIFEST).read_bytes()
    for place in rng.integers(0, len(raw) - 1, 40):
        changed = bytearray(raw)
        changed[place] ^= 1 << int(rng.integers(0, 7))
        (folder / MANIFEST).write_bytes(changed)
        try:
            same = json.loads(changed) == json.loads(raw)
        except ValueError:
            same = False
        if same:  # one kind of white space for another
            continue
        refused(folder, MANIFEST)


@pytest.mark.parametrize("name", [WEIGHTS, VOCABULARY, GOLDEN, MANIFEST])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    refused(folder, name, "missing")


def test_a_missing_card_is_no_harm(folder):
    (folder / CARD).unlink()
    ct.load(folder)


def test_a_truncated_archive(folder):
    raw = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(raw[: len(raw) // 2])
    refused(folder, WEIGHTS, "hash differs")
    sign(folder)
    refused(folder, WEIGHTS, "not a readable npz")


@pytest.mark.parametrize("name", ["model.pkl", "classifier.joblib", "notes.txt", "a folder", "run.py"])
def test_an_extra_file(folder, name):
    (folder / name).mkdir() if " " in name else (folder / name).write_bytes(b"x")
    refused(folder, repr(name), "does not list")


class Payload:
    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return Path.touch, (self.witness,)


@pytest.mark.parametrize("where", ["array", "bare", "raw"])
def test_pickled_objects_are_refused_and_do_not_run(folder, tmp_path, where):
    witness = tmp_path / "it ran"
    if where == "array":  # an object array beside the others
        payload = np.array([Payload(witness)], dtype=object)
        with np.load(folder / WEIGHTS) as data:
            arrays = dict(data)
        np.savez(folder / WEIGHTS, **arrays, evil=payload)
    elif where == "bare":  # a pickle in place of the archive, which np.load would unpickle
        (folder / WEIGHTS).write_bytes(pickle.dumps(Payload(witness)))
    else:  # a pickle as a member of the archive
        with zipfile.ZipFile(folder / WEIGHTS, "a") as archive:
            archive.writestr("evil.npy", pickle.dumps(Payload(witness)))
    sign(folder)
    refused(folder, WEIGHTS)
    assert not witness.exists()
    if where == "array":  # the payload is a live one
        np.load(folder / WEIGHTS, allow_pickle=True)["evil"]
        assert witness.exists()


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, 1.5, True])
def test_an_unknown_format(folder, version):
    sign(folder, format=version)
    message = refused(folder)
    assert "format" in message or "not a changetalk manifest" in message
    if version == 99:
        assert "upgrade changetalk" in message


@pytest.mark.parametrize("labels", [["change", "sustain", "neutral"], ["a", "b"], "change", None])
def test_other_labels(folder, labels):
    sign(folder, labels=labels)
    refused(folder, "labels")


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_another_normaliser(folder, version):
    sign(folder, normaliser=version)
    refused(folder, "normaliser")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"{}", b'{"format": 1}']
)
def test_a_manifest_that_is_none(folder, raw):
    (folder / MANIFEST).write_bytes(raw)
    refused(folder, MANIFEST)


@pytest.mark.parametrize(
    "name",
    ["../outside.npz", "/etc/passwd", "..", ".hidden", "a/b", "a\\b", "", "x\n", "x\x00", MANIFEST, CARD],
)
def test_tricks_with_file_names(folder, name):
    manifest = json.loads((folder / MANIFEST).read_text())
    sign(folder, files={**manifest["files"], name: "0" * 64})
    refused(folder, "no model folder may hold")


@pytest.mark.parametrize("kind", ["encoder-9", "", "changetalk.cli:main", "LINEAR"])
def test_an_unknown_kind(folder, kind):
    sign(folder, kind=kind)
    refused(folder, "unknown kind")


@pytest.mark.parametrize("key", ["name", "config", "files", "calibration", "libraries"])
def test_a_field_of_another_type(folder, key):
    sign(folder, **{key: 7})
    refused(folder, repr(key))


@pytest.mark.parametrize("calibration", [{}, {"scale": "x", "bias": [0, 0, 0], "offset": [0, 0, 0]}])
def test_a_calibration_that_is_none(folder, calibration):
    sign(folder, calibration=calibration)
    refused(folder, "calibration")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(folder, value):
    with np.load(folder / WEIGHTS) as data:
        coef = data["coef_0"]
    coef[0, 0] = value
    set_arrays(folder, coef_0=coef)
    refused(folder, "not finite")


@pytest.mark.parametrize(
    "changes",
    [
        {"dense": None}, {"coef_1": None}, {"idf_0": np.ones(3)}, {"coef_0": np.ones((3, 3))},
        {"intercept": np.zeros(2)}, {"dense": np.zeros((2, 3))}, {"intercept": np.zeros((3, 1))},
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(folder, changes):
    set_arrays(folder, **changes)
    refused(folder, "do not fit together")


@pytest.mark.parametrize(
    "array",
    [np.array(["a", "b", "c"]), np.array([True, False, True]), np.zeros(3, complex), np.array([b"x"])],
)
def test_arrays_of_anything_but_numbers(folder, array):
    set_arrays(folder, intercept=array)
    refused(folder, "intercept is not an array of numbers")


@pytest.mark.parametrize(
    "words", ["{}", "[]", "7", "null", '["a"]', "[[1]]", "[[[1]], [], [], []]", "not JSON"]
)
def test_a_vocabulary_that_does_not_fit(folder, words):
    (folder / VOCABULARY).write_text(words)
    sign(folder)
    refused(folder)


def test_a_term_that_stands_twice(folder):
    words = json.loads((folder / VOCABULARY).read_text())
    words[0][1] = words[0][0]
    (folder / VOCABULARY).write_text(json.dumps(words))
    sign(folder)
    refused(folder, "do not fit together")


@pytest.mark.parametrize(
    "change",
    [
        {"view": "said"}, {"view": ["text"]}, {"analyzer": "char"}, {"low": 0}, {"high": 99}, {"low": "1"},
        {"low": 1.5}, {"weight": "0.5"}, {"weight": float("nan")}, {"weight": None}, {"extra": 1},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(folder, change):
    config = json.loads((folder / MANIFEST).read_text())["config"]
    config["blocks"][0].update(change)
    sign(folder, config=config)
    refused(folder, "do not fit together")


def test_a_bomb_is_refused_before_it_unpacks(folder):
    """A few kilobytes that claim more than 1 GiB: by the archive's table, and by an array's header."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**28,)})
    with (
        zipfile.ZipFile(folder / WEIGHTS, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("dense.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range(1025):
            member.write(bytes(2**20))
    sign(folder)
    refused(folder, "1 GiB")
    with zipfile.ZipFile(folder / WEIGHTS, "w") as archive:
        archive.writestr("dense.npy", header.getvalue())
    sign(folder)
    refused(folder, "not a readable npz")


def test_no_such_folder(tmp_path):
    with pytest.raises(ModelError, match="no such model folder"):
        read_folder(tmp_path / "none")


def test_arrays_come_back_as_they_were(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.float32([[0.5]]))
    arrays = read_arrays(tmp_path / "a.npz")
    assert arrays["x"].tolist() == [0, 1, 2]
    assert arrays["y"].dtype == np.float32


def test_the_tag_changes_with_weights_calibration_and_rule_and_with_nothing_else(tiny_model):
    manifest = tiny_model.manifest
    assert manifest.tag == f"tiny 1.2.3 ({manifest.weights})"
    assert len(manifest.weights) == 8
    assert replace(manifest, scores={"f1": 0.5}, name="other").weights == manifest.weights
    assert replace(manifest, files={**manifest.files, GOLDEN: "0"}).weights == manifest.weights
    assert replace(manifest, files={**manifest.files, WEIGHTS: "0"}).weights != manifest.weights
    assert replace(manifest, decision=Decision(3.0)).weights != manifest.weights


# Writing


def written(folder, tiny_model, save=None):
    write_folder(folder, tiny_model.manifest, save or tiny_model.scorer.save, [], "# Card\n")


def listing(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_a_new_folder_in_new_folders(tmp_path, tiny_model):
    written(tmp_path / "a" / "b", tiny_model)
    assert read_folder(tmp_path / "a" / "b").name == "tiny"
    assert names_in(tmp_path / "a") == ["b"]


def test_an_older_model_is_replaced(folder, tiny_model):
    before = (folder / CARD).read_text()
    written(folder, tiny_model)
    assert (folder / CARD).read_text() != before
    assert names_in(folder.parent) == ["tampered"]
    read_folder(folder)


@pytest.mark.parametrize("names", [["thesis.docx"], ["manifest.json", "index.html"], ["manifest.json"]])
def test_a_folder_of_something_else_is_left_alone(tmp_path, tiny_model, names):
    """Browsers and web pages have a manifest.json too."""
    folder = tmp_path / "web"
    folder.mkdir()
    for name in names:
        (folder / name).write_text('{"name": "a web page"}')
    with pytest.raises(OutputError, match="not a model folder") as caught:
        written(folder, tiny_model)
    assert str(caught.value).startswith(str(folder))
    assert names_in(folder) == sorted(names)
    assert names_in(tmp_path) == ["web"]


def test_a_model_folder_with_files_of_the_user_is_left_alone(folder, tiny_model):
    (folder / "notes.txt").write_text("my notes")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        written(folder, tiny_model)
    assert (folder / "notes.txt").read_text() == "my notes"


def test_a_damaged_model_can_be_replaced(folder, tiny_model):
    (folder / WEIGHTS).write_bytes(b"damaged")
    (folder / VOCABULARY).unlink()
    written(folder, tiny_model)
    read_folder(folder)


def test_a_file_in_the_way(tmp_path, tiny_model):
    (tmp_path / "ours").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        written(tmp_path / "ours", tiny_model)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), ValueError("no"), OSError(errno.ENOSPC, "No space left")]
)
def test_failure_while_saving_leaves_nothing_behind_and_the_old_model_whole(folder, tiny_model, error):
    old = {p.name: p.read_bytes() for p in folder.iterdir()}

    def save(path):
        (path / WEIGHTS).write_bytes(b"half")
        raise error

    expected = OutputError if isinstance(error, OSError) else type(error)
    for target in (folder, folder.parent / "new"):
        with pytest.raises(expected):
            written(target, tiny_model, save)
    assert names_in(folder.parent) == ["tampered"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == old


@pytest.mark.parametrize("failing", [1, 2])
def test_failure_in_the_last_step_brings_the_old_model_back(folder, tiny_model, monkeypatch, failing):
    old = {p.name: p.read_bytes() for p in folder.iterdir()}
    calls = iter(range(1, 100))
    replace_ = Path.replace

    def fails_once(self, target):
        if next(calls) == failing:
            raise OSError(errno.EIO, "Input/output error")
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", fails_once)
    with pytest.raises(OutputError, match="cannot be written"):
        written(folder, tiny_model)
    assert names_in(folder.parent) == ["tampered"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == old


# Golden predictions


def test_golden_predictions_are_replayed(folder):
    found = replay(folder)
    assert found.healthy
    assert found.n >= 10
    assert "as stored" in str(found)


def test_a_changed_weight_is_seen(folder):
    with np.load(folder / WEIGHTS) as data:
        intercept = data["intercept"]
    set_arrays(folder, intercept=intercept + [1e-3, 0, 0])
    found = replay(folder)
    assert not found.healthy
    assert 1e-6 < found.largest < 1e-2
    assert "NOT" in str(found)


@pytest.mark.parametrize(
    "golden",
    [
        [], {}, 7, None, ["text"], [{"text": "x"}],
        [{"text": "x", "before": "", "proba": [1, 2], "label": "change"}],
        [{"text": "x", "before": "", "proba": [0, 0, 1, 0, 0, 1], "label": "change"}] * 2,
        [{"text": 3, "before": "", "proba": [0, 0, 1], "label": "change"}],
    ],
)  # fmt: skip
def test_golden_predictions_that_are_none(folder, golden):
    (folder / GOLDEN).write_text(json.dumps(golden))
    sign(folder)
    with pytest.raises(ModelError, match=GOLDEN):
        replay(folder)


def test_the_size_limit_leaves_room_for_real_models(tiny_folder):
    assert 1000 * (tiny_folder / WEIGHTS).stat().st_size < artefact._MAX_ARRAY_BYTES

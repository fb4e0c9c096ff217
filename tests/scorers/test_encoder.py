"""The encoder in use: one utterance's scores are its own, folders are checked, threads are settable."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.artefact import Manifest
from changetalk.context import Batch
from changetalk.decision import Decision
from changetalk.errors import ModelError
from changetalk.labels import VALENCED_CODES
from changetalk.model import Model
from changetalk.scorers.encoder import EncoderScorer, default_threads


def batch(*texts, before=""):
    made = Batch()
    for text in texts:
        made.append(text, before, "", "drinking", 0.5)
    return made


@pytest.fixture(scope="module")
def scorer(encoders):
    return encoders.scorer(quantised=True)


@given(st.lists(st.text(max_size=120), min_size=1, max_size=8), st.randoms())
@settings(max_examples=25)
def test_scores_do_not_depend_on_the_batch_or_its_order(scorer, texts, random):
    together = scorer.logits(batch(*texts))
    order = random.sample(range(len(texts)), len(texts))
    shuffled = scorer.logits(batch(*(texts[k] for k in order)))
    assert np.array_equal(shuffled, together[order])
    assert np.array_equal(np.concatenate([scorer.logits(batch(text)) for text in texts]), together)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_scores_do_not_depend_on_threads(encoders, threads):
    texts = ["i want to quit", "no", "it calms me", "yes " * 300, ""]
    scorer = encoders.scorer(quantised=True)
    wanted = scorer.logits(batch(*texts))
    scorer.body.threads = threads
    assert np.array_equal(scorer.logits(batch(*texts)), wanted)


def test_context_counts(scorer):
    with_it = scorer.logits(batch("yes", before="so you want to quit?"))
    assert not np.allclose(with_it, scorer.logits(batch("yes")))


def test_no_utterance_gives_no_scores(scorer):
    assert scorer.logits(Batch()).shape == (0, 3)
    assert scorer.code_logits(Batch()).shape == (0, len(VALENCED_CODES))


def test_label_and_code_logits_are_the_heads_products(scorer):
    talk = batch("i want to stop", "no")
    pooled = scorer.body.pooled(talk).astype(np.float64)
    assert np.allclose(scorer.logits(talk), pooled @ scorer.heads["label"] + scorer.heads["label_bias"])
    assert np.allclose(scorer.code_logits(talk), pooled @ scorer.heads["codes"] + scorer.heads["codes_bias"])


def test_a_saved_scorer_says_the_same(scorer, tmp_path):
    names = scorer.save(tmp_path)
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    again = EncoderScorer.restore(tmp_path, scorer.config())
    talk = batch("i want to quit drinking", "it is the only thing that calms me")
    assert np.array_equal(again.logits(talk), scorer.logits(talk))


def test_explaining_is_refused_with_what_to_do_instead(scorer):
    model = Model(Manifest("e", "1", "encoder", Decision(), scorer.config()), scorer)
    with pytest.raises(ModelError, match=r"linear.*explain"):
        model.explain("i want to quit")


@pytest.fixture(scope="module")
def saved(scorer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    scorer.save(folder)
    return folder


def rewritten(folder, name, **changes):
    with np.load(folder / name) as data:
        arrays = {key: data[key] for key in data.files}
    np.savez(folder / name, **{**arrays, **changes})


MISFITS = {
    "graph is not one": lambda f: (f / "body.onnx").write_bytes(b"not a graph"),
    "graph is cut": lambda f: (f / "body.onnx").write_bytes((f / "body.onnx").read_bytes()[:5000]),
    "graph is empty": lambda f: (f / "body.onnx").write_bytes(b""),
    "tokenizer is not one": lambda f: (f / "tokenizer.json").write_text("{}"),
    "tokenizer is not text": lambda f: (f / "tokenizer.json").write_bytes(b"\xff\xfe\x00"),
    "table of words is too short": lambda f: rewritten(
        f, "words.npz", words=np.zeros((5, 16), np.int8), scales=np.ones(5, np.float32)
    ),
    "table of words is narrow": lambda f: rewritten(f, "words.npz", words=np.zeros((200, 8), np.int8)),
    "too few positions": lambda f: rewritten(f, "words.npz", positions=np.zeros((9, 16), np.float32)),
    "heads of another width": lambda f: rewritten(f, "heads.npz", label=np.zeros((8, 3))),
    "a head too many": lambda f: rewritten(f, "heads.npz", more=np.zeros(3)),
}


@pytest.mark.parametrize("what", MISFITS)
def test_parts_that_do_not_fit_are_refused(saved, scorer, tmp_path, what):
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    MISFITS[what](folder)
    with pytest.raises(ModelError, match="do not fit together"):
        EncoderScorer.restore(folder, scorer.config())


def test_a_graph_of_another_width_is_refused(saved, scorer, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    with np.load(folder / "words.npz") as data:
        tables = {key: data[key] for key in data.files}
    wide = {k: np.concatenate([v, v], axis=1) if k != "scales" else v for k, v in tables.items()}
    np.savez(folder / "words.npz", **wide)
    with np.load(folder / "heads.npz") as data:
        heads = {key: data[key] for key in data.files}
    heads = {k: np.concatenate([v, v]) if v.ndim > 1 else v for k, v in heads.items()}
    np.savez(folder / "heads.npz", **heads)
    with pytest.raises(ModelError, match="do not fit together"):
        EncoderScorer.restore(folder, scorer.config())


def test_other_settings_are_refused(saved):
    with pytest.raises(ModelError, match="do not fit together"):
        EncoderScorer.restore(saved, {"parts": ["text"], "codes": []})


def test_as_many_threads_as_processors():
    assert default_threads() >= 1


@pytest.fixture(scope="module")
def model(scorer):
    return Model(Manifest("tiny", "1", "encoder", Decision(), scorer.config()), scorer)


def test_codes_are_probabilities_of_each_by_itself(model, scorer):
    texts = ["i want to quit", "it calms me", ""]
    p = model.predict_codes(texts)
    assert p.shape == (3, len(VALENCED_CODES))
    assert ((p > 0) & (p < 1)).all()
    bare = Batch()
    for text in texts:
        bare.append(text, "", "", "", float("nan"))
    assert np.allclose(np.log(p / (1 - p)), scorer.code_logits(bare))
    assert model.predict_codes([]).shape == (0, len(VALENCED_CODES))


def test_a_frame_gets_codes_on_client_rows_and_a_mark_where_they_are_mixed(model):
    frame = pd.DataFrame(
        {"speaker": ["therapist", "client", "client"], "text": ["what brings you", "i want to quit", "no"]},
        index=[7, 3, 5],
    )
    labelled = model.label_frame(frame, codes=True)
    assert labelled.index.tolist() == [7, 3, 5]
    assert list(labelled.columns[-18:]) == ["ct_codes", "ct_mixed", *(f"ct_p_{c}" for c in VALENCED_CODES)]
    assert labelled.iloc[0, -18:].isna().all()
    for _, row in labelled.iloc[1:].iterrows():
        likely = [c for c in VALENCED_CODES if row[f"ct_p_{c}"] >= 0.5]
        named = [] if row["ct_codes"] == "FN" else row["ct_codes"].split(";")
        assert sorted(named) == sorted(likely)
        assert [row[f"ct_p_{c}"] for c in named] == sorted((row[f"ct_p_{c}"] for c in named), reverse=True)
        assert row["ct_mixed"] == (len({c[-1] for c in likely}) > 1)
    plain = model.label_frame(frame)
    assert labelled[plain.columns].equals(plain)


def test_polars_gets_codes_too(model):
    frame = pl.DataFrame({"speaker": ["therapist", "client"], "text": ["what brings you", "i want to quit"]})
    labelled = model.label_frame(frame, codes=True)
    assert labelled["ct_mixed"].to_list()[0] is None
    assert labelled.schema["ct_mixed"] == pl.Boolean


def test_a_model_without_codes_says_so(tiny_model):
    with pytest.raises(ModelError, match="no MISC codes; use the model 'encoder'"):
        tiny_model.predict_codes(["i want to quit"])

"""The encoder in torch: held to transformers' MPNet, and its ONNX graph held to it."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'changetalk[encoder]'")

from changetalk.context import Batch  # noqa: E402
from changetalk.scorers.pieces import Pieces, padded  # noqa: E402
from changetalk.training.architecture import Shape, buckets  # noqa: E402
from changetalk.training.mpnet import ClientTalkEncoder  # noqa: E402
from changetalk.training.quantise import prune, shipped_scorer  # noqa: E402


@pytest.fixture(scope="module")
def model(encoders):
    made = ClientTalkEncoder(encoders.SHAPE)
    made.load_state_dict({name: torch.from_numpy(w) for name, w in encoders.state().items()})
    return made.eval()


@pytest.fixture(scope="module")
def tokenizer(encoders, tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(encoders.tokenizer(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def talk():
    batch = Batch()
    batch.append(
        "I want to quit drinking, it is the only thing that calms me", "what brings you here?", "", "", 0
    )
    batch.append("no", "", "", "drinking", 0.1)
    batch.append("yes " * 300, "so you want to stop", "i don't", "drinking", 0.2)
    return batch


def logits(model, tokenizer, talk):
    pieces = Pieces.from_file(tokenizer)
    ids, parts = padded(pieces.rows(talk), pieces.padding)
    with torch.inference_mode():
        label, codes, _ = model(torch.from_numpy(ids), torch.from_numpy(parts))
    return label.double().numpy(), codes.double().numpy()


def test_padding_does_not_change_an_utterances_scores(model, tokenizer, talk):
    together = logits(model, tokenizer, talk)[0]
    alone = np.concatenate([logits(model, tokenizer, talk.take([k]))[0] for k in range(len(talk))])
    assert np.abs(together - alone).max() < 1e-5


def test_the_graph_says_what_torch_says(model, tokenizer, talk):
    scorer = shipped_scorer(model, tokenizer, talk, quantised=False)
    label, codes = logits(model, tokenizer, talk)
    assert np.abs(scorer.logits(talk) - label).max() < 1e-4
    assert np.abs(scorer.code_logits(talk) - codes).max() < 1e-4


def test_the_quantised_graph_says_nearly_so(model, tokenizer, talk):
    scorer = shipped_scorer(model, tokenizer, talk)
    label = logits(model, tokenizer, talk)[0]
    assert 0 < np.abs(scorer.logits(talk) - label).max() < 0.1 * np.abs(label).max()


def test_transformers_has_the_same_hidden_states():
    transformers = pytest.importorskip("transformers", reason="the oracle: pip install transformers")
    shape = Shape(vocabulary=50, layers=2, width=16, heads=2, inner=32, positions=140)
    config = transformers.MPNetConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=140, layer_norm_eps=shape.eps,
    )  # fmt: skip
    torch.manual_seed(0)
    theirs = transformers.MPNetModel(config).eval()
    ours = ClientTalkEncoder(shape).eval()
    ours.load_published(theirs.state_dict(), range(2))
    random = np.random.default_rng(0)
    ids = torch.from_numpy(random.integers(5, 50, (3, 120)))
    there = torch.from_numpy(np.arange(120) < np.array([[120], [40], [7]]))
    ids[~there] = 1
    with torch.inference_mode():
        wanted = theirs(input_ids=ids, attention_mask=there.long()).last_hidden_state
        found = ours.hidden(ids, torch.where(there, 0, -1))
    assert (found - wanted)[there].abs().max() < 1e-5


def test_buckets_of_distance():
    """As in T5's code: with 32 buckets, 8 single distances each way, then logarithmic up to 128."""
    table = buckets(300)
    assert table[0, 0] == 0
    assert table[5, 0] == 5
    assert table[0, 5] == 16 + 5
    assert table[20, 0] == 8 + int(math.log(20 / 8) / math.log(128 / 8) * 8)
    assert table[299, 0] == 15
    assert table[0, 299] == 31


def test_pruning_keeps_pieces_of_latin_letters_and_their_order(encoders):
    full = encoders.tokenizer().replace('"quit"', '"[unused7]"').replace('"##b"', '"\u0434"')
    _, kept = prune(full)
    lost = set(range(len(encoders.VOCABULARY))) - set(kept.tolist())
    assert {encoders.VOCABULARY[k] for k in lost} == {"quit", "##b"}
    assert (np.diff(kept) > 0).all()


def test_frozen_layers_are_not_trained(encoders):
    model = ClientTalkEncoder(encoders.SHAPE)
    model.freeze(1)
    frozen = {name.split(".")[0] for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {"words", "positions", "distances", "layers"}
    assert all(p.requires_grad for p in model.layers[1].parameters())
    assert not any(p.requires_grad for p in model.layers[0].parameters())

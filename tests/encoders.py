"""A tiny encoder with made-up weights, for tests: the shipped one's shape, a thousandth of its size."""

from __future__ import annotations

import json

import numpy as np

from changetalk.labels import LABELS, VALENCED_CODES
from changetalk.scorers.encoder import Body, EncoderScorer
from changetalk.scorers.pieces import LONGEST, PARTS
from changetalk.training.architecture import Shape
from changetalk.training.onnx_body import body_graph

_WORDS = """i want to quit stop don t can go on like this not no yes yeah it is the only thing that calms me
drinking smoking we moved here in spring what brings you so how would be . , ? ! ' - a b c d e f g"""
_PIECES = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
VOCABULARY = ["<s>", "<pad>", "</s>", "[UNK]", *_WORDS.split(), *_PIECES]
SHAPE = Shape(vocabulary=len(VOCABULARY), layers=2, width=16, heads=2, inner=32, positions=LONGEST + 2)


def tokenizer() -> str:
    """Return a ``tokenizer.json`` over `VOCABULARY`."""
    special = [
        {"id": VOCABULARY.index(s), "content": s, "special": True, "single_word": False,
         "lstrip": False, "rstrip": False, "normalized": False}
        for s in ("<s>", "<pad>", "</s>", "[UNK]")
    ]  # fmt: skip
    return json.dumps(
        {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                           "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": None,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100,
                      "vocab": {piece: k for k, piece in enumerate(VOCABULARY)}},
        }
    )  # fmt: skip


def state(seed: int = 0) -> dict[str, np.ndarray]:
    """Return random weights under the names that `ClientTalkEncoder` gives them."""
    random = np.random.default_rng(seed)
    w, inner = SHAPE.width, SHAPE.inner
    sizes = {
        "words.weight": (SHAPE.vocabulary, w), "positions.weight": (SHAPE.positions, w),
        "parts.weight": (len(PARTS), w), "distances.weight": (SHAPE.buckets, SHAPE.heads),
        "label.weight": (len(LABELS), 2 * w), "label.bias": (len(LABELS),),
        "codes.weight": (len(VALENCED_CODES), 2 * w), "codes.bias": (len(VALENCED_CODES),),
        "behaviour.weight": (4, w), "behaviour.bias": (4,),
    }  # fmt: skip
    for k in range(SHAPE.layers):
        for name, out, into in (("qkv", 3 * w, w), ("out", w, w), ("up", inner, w), ("down", w, inner)):
            sizes |= {f"layers.{k}.{name}.weight": (out, into), f"layers.{k}.{name}.bias": (out,)}
    made = {name: random.normal(0, 0.3, size).astype(np.float32) for name, size in sizes.items()}
    for name in ("norm", *(f"layers.{k}.norm{j}" for k in range(SHAPE.layers) for j in (1, 2))):
        made[f"{name}.weight"] = random.normal(1, 0.1, w).astype(np.float32)
        made[f"{name}.bias"] = random.normal(0, 0.1, w).astype(np.float32)
    return made


def scorer(seed: int = 0, *, quantised: bool = False) -> EncoderScorer:
    """Return a scorer with these weights."""
    weights = state(seed)
    names = [f"layers.{k}.{n}" for k in range(SHAPE.layers) for n in ("qkv", "out", "up", "down")]
    smooth = {name: np.ones(weights[f"{name}.weight"].shape[1], np.float32) for name in names}
    tables = {
        "words": weights["words.weight"], "scales": np.ones(SHAPE.vocabulary, np.float32),
        "positions": weights["positions.weight"][2:], "parts": weights["parts.weight"],
    }  # fmt: skip
    heads = {
        "label": weights["label.weight"].T, "label_bias": weights["label.bias"],
        "codes": weights["codes.weight"].T, "codes_bias": weights["codes.bias"],
    }  # fmt: skip
    graph = body_graph(weights, SHAPE, smooth=smooth if quantised else None)
    return EncoderScorer(Body(graph, tokenizer(), tables), heads)

"""From a fine-tuned encoder in torch to what is shipped: 8-bit ONNX, pruned vocabulary, heads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from changetalk.context import Batch
from changetalk.scorers.encoder import Body, EncoderScorer
from changetalk.scorers.pieces import LONGEST, Pieces, padded
from changetalk.training.architecture import FIRST_POSITION
from changetalk.training.mpnet import ClientTalkEncoder
from changetalk.training.onnx_body import body_graph

Single = npt.NDArray[np.float32]

#: How much of the unevenness of channels is moved from inputs to weights (SmoothQuant's alpha).
_SMOOTHING: Final = 0.5
_LATIN: Final = 0x250  # letters beyond are of other scripts


def shipped_scorer(
    model: ClientTalkEncoder, tokenizer: Path, talk: Batch, *, quantised: bool = True
) -> EncoderScorer:
    """Return the scorer of a fine-tuned model.

    Parameters
    ----------
    model : ClientTalkEncoder
    tokenizer : Path
        The ``tokenizer.json`` it was fine-tuned with.
    talk : Batch
        Some hundred utterances: how large the inputs of each layer get is measured on them.
    quantised : bool, default True
        False gives the same in float, for comparison.
    """
    text, kept = prune(tokenizer.read_text(encoding="utf-8"))
    state: dict[str, Single] = {name: p.detach().numpy() for name, p in model.state_dict().items()}
    smooth = _smoothing(model, Pieces.from_file(tokenizer), talk) if quantised else None
    words = state["words.weight"][kept]
    scales = np.maximum(np.abs(words).max(axis=1), 1e-12) / 127
    tables = {
        "words": np.rint(words / scales[:, None]).astype(np.int8) if quantised else words,
        "scales": scales if quantised else np.ones(len(words), dtype=np.float32),
        "positions": state["positions.weight"][FIRST_POSITION : FIRST_POSITION + LONGEST],
        "parts": state["parts.weight"],
    }
    heads = {
        "label": state["label.weight"].T,
        "label_bias": state["label.bias"],
        "codes": state["codes.weight"].T,
        "codes_bias": state["codes.bias"],
    }
    return EncoderScorer(Body(body_graph(state, model.shape, smooth=smooth), text, tables), heads)


def prune(tokenizer: str) -> tuple[str, npt.NDArray[np.int64]]:
    """Leave pieces of other scripts and never-used ones out of a WordPiece vocabulary.

    Parameters
    ----------
    tokenizer : str
        A ``tokenizer.json``.

    Returns
    -------
    tokenizer : str
        The same with fewer pieces, numbered anew in the same order.
    kept : ndarray of int64, shape (v,)
        The former number of each.
    """
    data: dict[str, Any] = json.loads(tokenizer)
    old: dict[str, int] = data["model"]["vocab"]
    special = {token["content"] for token in data["added_tokens"]}
    kept = [
        (piece, number)
        for piece, number in sorted(old.items(), key=lambda item: item[1])
        if piece in special or not (piece.startswith("[unused") or max(map(ord, piece)) >= _LATIN)
    ]
    new = {piece: k for k, (piece, _) in enumerate(kept)}
    data["model"]["vocab"] = new
    data["truncation"] = data["padding"] = None
    data["post_processor"] = None  # rows are put together in `pieces`
    for token in data["added_tokens"]:
        token["id"] = new[token["content"]]
    return json.dumps(data, ensure_ascii=False), np.array([number for _, number in kept], dtype=np.int64)


def _smoothing(model: ClientTalkEncoder, pieces: Pieces, talk: Batch) -> dict[str, Single]:
    """Return for each linear layer what evens out its input's channels (Xiao et al. 2023, equation 4)."""
    largest: dict[str, Tensor] = {}

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            found = inputs[0].detach().abs().flatten(0, -2).amax(dim=0)
            largest[name] = torch.maximum(largest[name], found) if name in largest else found

        return hook

    linear = {
        name: part
        for name, part in model.layers.named_modules(prefix="layers")
        if isinstance(part, nn.Linear)
    }
    hooks = [part.register_forward_pre_hook(watch(name)) for name, part in linear.items()]
    try:
        with torch.inference_mode():
            for row in pieces.rows(talk):
                ids, parts = padded([row], pieces.padding)
                model.eval().hidden(torch.from_numpy(ids), torch.from_numpy(parts))
    finally:
        for hook in hooks:
            hook.remove()
    even = {}
    for name, part in linear.items():
        weight = part.weight.detach().abs().amax(dim=0).clamp(min=1e-5)
        ratio = largest[name].clamp(min=1e-5) ** _SMOOTHING / weight ** (1 - _SMOOTHING)
        even[name] = ratio.numpy().astype(np.float32)
    return even

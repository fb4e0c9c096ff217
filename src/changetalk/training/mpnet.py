"""The encoder in torch, for training: MPNet (Song et al. 2020) with heads for client talk.

Written out here, at some 150 lines, because the ONNX file is built from the same few pieces,
and because the stock class computes neither parts nor our pooling. The tests hold it to the
published weights' own embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from changetalk.labels import LABELS, VALENCED_CODES
from changetalk.scorers.pieces import PARTS
from changetalk.training.architecture import BEHAVIOURS, FIRST_POSITION, Shape, buckets


class Layer(nn.Module):
    """Attention and feed-forward, each followed by addition and layer normalisation."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, eps=shape.eps)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, eps=shape.eps)

    def forward(self, x: Tensor, bias: Tensor, dropout: float) -> Tensor:
        """Map hidden states of shape (n, t, width); `bias` of shape (n, heads, t, t) is added to scores."""
        n, t, width = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: on CPUs the fused attention's backward pass takes three times as long.
        score = (q * (width // self.heads) ** -0.5) @ k.transpose(2, 3) + bias.to(q.dtype)
        found = score.softmax(dim=-1).to(v.dtype) @ v
        a = self.out(found.transpose(1, 2).reshape(n, t, width))
        x = self.norm1(x + _dropped(a, dropout if self.training else 0.0))
        f = self.down(functional.gelu(self.up(x)))
        y: Tensor = self.norm2(x + _dropped(f, dropout if self.training else 0.0))
        return y


class ClientTalkEncoder(nn.Module):
    """An MPNet body with the pooled heads of this project.

    Parameters
    ----------
    shape : Shape
    dropout : float, default 0.05
    """

    def __init__(self, shape: Shape, dropout: float = 0.05) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.parts = nn.Embedding(len(PARTS), shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.eps)
        self.distances = nn.Embedding(shape.buckets, shape.heads)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.label = nn.Linear(2 * shape.width, len(LABELS))
        self.codes = nn.Linear(2 * shape.width, len(VALENCED_CODES))
        self.behaviour = nn.Linear(shape.width, len(BEHAVIOURS))
        nn.init.zeros_(self.parts.weight)
        nn.init.constant_(self.codes.bias, -3.0)  # most turns have no code of a kind

    def forward(self, ids: Tensor, parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score n padded rows.

        Parameters
        ----------
        ids, parts : Tensor of int64, shape (n, t)
            As from `changetalk.scorers.pieces.padded`.

        Returns
        -------
        label, codes, behaviour : Tensor of float32, shapes (n, 3), (n, 16), (n, 4)
            Logits; the last is of the therapist's turn before.
        """
        x = self.hidden(ids, parts).float()
        pooled = torch.cat([_mean(x, parts == 0), _mean(x, parts >= 0)], dim=1)
        before = _mean(x, parts == 1)
        with torch.autocast("cpu", enabled=False):
            dropped = functional.dropout(pooled, self.dropout, self.training)
            return self.label(dropped), self.codes(dropped), self.behaviour(before)

    def hidden(self, ids: Tensor, parts: Tensor) -> Tensor:
        """Return the last layer's hidden states, shape (n, t, width)."""
        t = ids.shape[1]
        there = parts >= 0
        places = torch.arange(t) + FIRST_POSITION
        x = self.words(ids) + self.positions(places) + self.parts(parts.clamp(min=0))
        x = _dropped(self.norm(x), self.dropout if self.training else 0.0)
        bias = self.distances(torch.from_numpy(buckets(t, self.shape.buckets))).permute(2, 0, 1)
        bias = bias[None] + torch.where(there, 0.0, -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias, self.dropout)
        found: Tensor = x
        return found

    def freeze(self, layers: int) -> None:
        """Keep the embeddings and the lowest layers as they are; the parts' embedding is trained."""
        for module in (self.words, self.positions, self.distances, *self.layers[:layers]):
            module.requires_grad_(False)

    @classmethod
    def pretrained(cls, folder: Path, *, layers: tuple[int, ...] = tuple(range(12))) -> ClientTalkEncoder:
        """Start from published weights.

        Parameters
        ----------
        folder : Path
            Holds the ``model.safetensors`` of all-mpnet-base-v2.
        layers : tuple of int, optional
            Which of its layers to keep, from below.
        """
        from safetensors.torch import load_file

        model = cls(Shape(layers=len(layers)))
        model.load_published(load_file(folder / "model.safetensors"), layers)
        return model

    def load_published(self, weights: Mapping[str, Tensor], layers: Sequence[int]) -> None:
        """Take over weights under the names that transformers gives them, of these layers."""
        names = {
            "words.weight": "embeddings.word_embeddings.weight",
            "positions.weight": "embeddings.position_embeddings.weight",
            "norm.weight": "embeddings.LayerNorm.weight",
            "norm.bias": "embeddings.LayerNorm.bias",
            "distances.weight": "encoder.relative_attention_bias.weight",
        }
        state = {ours: weights[theirs] for ours, theirs in names.items()}
        for k, source in enumerate(layers):
            stem = f"encoder.layer.{source}."
            for end in ("weight", "bias"):
                parts = [weights[f"{stem}attention.attn.{p}.{end}"] for p in "qkv"]
                state[f"layers.{k}.qkv.{end}"] = torch.cat(parts)
                for ours, theirs in _INNER.items():
                    state[f"layers.{k}.{ours}.{end}"] = weights[f"{stem}{theirs}.{end}"]
        self.load_state_dict(state, strict=False)


_INNER: Final = {
    "out": "attention.attn.o",
    "norm1": "attention.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}


def _dropped(x: Tensor, share: float) -> Tensor:
    """Drop the same units at every piece of a row (Gal & Ghahramani 2016): few random numbers to draw."""
    if share == 0.0:
        return x
    kept = torch.rand(x.shape[0], 1, x.shape[2]) >= share
    return x * (kept.to(x.dtype) / (1 - share))


def _mean(x: Tensor, chosen: Tensor) -> Tensor:
    weight = chosen.to(x.dtype)[:, :, None]
    return (x * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)

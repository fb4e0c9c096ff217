"""The linear model: n-grams and a few plain features, scored with numpy alone.

Computes what scikit-learn's `TfidfVectorizer` and `LogisticRegression` would, from arrays and
lists of words. Character n-grams stay within words (``char_wb``), so a word's n-grams are looked
up once and remembered: that is where the speed comes from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from changetalk.artefact import read_arrays, read_json
from changetalk.context import Batch
from changetalk.errors import ModelError
from changetalk.labels import LABELS
from changetalk.scorers.base import Contribution, Floats
from changetalk.scorers.features import DENSE, VIEWS, features

Ints = npt.NDArray[np.int64]

_WEIGHTS: Final = "weights.npz"
_VOCABULARY: Final = "vocabulary.json"
_MARKS: Final = frozenset(".,;?!")
_MAX_REMEMBERED: Final = 200_000


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """One block of n-grams: what `TfidfVectorizer` would be told.

    Attributes
    ----------
    view : str
        Which string of an utterance is read; see `changetalk.scorers.features.VIEWS`.
    analyzer : {'word', 'char_wb'}
    low, high : int
        Shortest and longest n-gram.
    weight : float
        By which the block's unit-length vector is multiplied.
    min_df : int
        In how many rows of the training data an n-gram must occur.
    """

    view: str
    analyzer: Literal["word", "char_wb"]
    low: int
    high: int
    weight: float = 1.0
    min_df: int = 2

    @property
    def name(self) -> str:
        """The block's name in files and explanations."""
        return f"{VIEWS.get(self.view, self.view)}, {'words' if self.analyzer == 'word' else 'characters'}"


@dataclass(slots=True)
class Block:
    """A fitted block.

    Attributes
    ----------
    spec : BlockSpec
    terms : list of str, length v
        The n-grams, by column.
    idf : ndarray of float64, shape (v,)
    coef : ndarray of float64, shape (v, 3)
    """

    spec: BlockSpec
    terms: list[str]
    idf: Floats
    coef: Floats
    _index: dict[str, int] = field(init=False, repr=False)
    _remembered: dict[str, list[int]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {term: k for k, term in enumerate(self.terms)}

    def features(self, texts: list[str]) -> tuple[Ints, Ints, Floats]:
        """Return row, column and value of every non-zero feature, in order of row and column."""
        find = self._words if self.spec.analyzer == "word" else self._characters
        found = [find(text) for text in texts]
        sizes = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        if not sizes.sum():
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        columns = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(sizes.sum()))
        keys, counts = np.unique(
            np.repeat(np.arange(len(texts)), sizes) * len(self.terms) + columns, return_counts=True
        )
        row, column = np.divmod(keys, len(self.terms))
        value = (1.0 + np.log(counts)) * self.idf[column]
        length = np.sqrt(np.bincount(row, value * value, minlength=len(texts)))
        return row, column, self.spec.weight * value / length[row]

    def logits(self, texts: list[str]) -> Floats:
        """Return what the block adds to each class's score, shape (n, 3)."""
        row, column, value = self.features(texts)
        weighted = value[:, None] * self.coef[column]
        return np.stack(
            [np.bincount(row, weighted[:, k], minlength=len(texts)) for k in range(len(LABELS))], axis=1
        )

    def _words(self, text: str) -> list[int]:
        words = [word for word in text.split() if word not in _MARKS]
        index = self._index
        ids = []
        for n in range(self.spec.low, self.spec.high + 1):
            grams = words if n == 1 else map(" ".join, zip(*(words[k:] for k in range(n)), strict=False))
            ids += [k for k in map(index.get, grams) if k is not None]
        return ids

    def _characters(self, text: str) -> list[int]:
        known = self._remembered
        if len(known) > _MAX_REMEMBERED:
            known.clear()
        ids: list[int] = []
        for word in text.split():
            if (seen := known.get(word)) is None:
                seen = [self._index[gram] for gram in _grams(word, self.spec) if gram in self._index]
                known[word] = seen
            ids += seen
        return ids


class LinearScorer:
    """Sums blocks of n-grams, dense features and an intercept.

    Parameters
    ----------
    blocks : list of Block
    dense : ndarray of float64, shape (len(DENSE), 3)
        Coefficients of the dense features of `changetalk.scorers.features`.
    intercept : ndarray of float64, shape (3,)
    """

    kind: ClassVar[str] = "linear"

    def __init__(self, blocks: list[Block], dense: Floats, intercept: Floats) -> None:
        self.blocks = blocks
        self.dense = dense
        self.intercept = intercept

    def logits(self, batch: Batch) -> Floats:
        """Return uncalibrated scores, float64 of shape (n, 3)."""
        seen = features(batch)
        total: Floats = self.intercept + seen.dense @ self.dense
        for block in self.blocks:
            total += block.logits(seen.views[block.spec.view])
        return total

    def contributions(self, batch: Batch) -> list[Contribution]:
        """Return every non-zero feature of a batch of one, with what it adds to each class."""
        seen = features(batch)
        found = []
        for block in self.blocks:
            _, columns, values = block.features(seen.views[block.spec.view])
            for column, value in zip(columns.tolist(), values.tolist(), strict=True):
                found.append(
                    Contribution(block.spec.name, block.terms[column], *(value * block.coef[column]).tolist())
                )
        for name, value, coef in zip(DENSE, seen.dense[0].tolist(), self.dense, strict=True):
            if value:
                found.append(Contribution("form and place", name, *(value * coef).tolist()))
        return found

    def config(self) -> dict[str, Any]:
        """Return the blocks' specifications, JSON-ready."""
        return {"blocks": [asdict(block.spec) for block in self.blocks], "dense": list(DENSE)}

    def save(self, folder: Path) -> list[str]:
        """Write ``weights.npz`` and ``vocabulary.json``; return their names."""
        arrays: dict[str, Floats] = {"dense": self.dense, "intercept": self.intercept}
        for k, block in enumerate(self.blocks):
            arrays[f"idf_{k}"] = block.idf
            arrays[f"coef_{k}"] = block.coef
        np.savez_compressed(folder / _WEIGHTS, allow_pickle=False, **arrays)
        words = json.dumps([block.terms for block in self.blocks], ensure_ascii=False, separators=(",", ":"))
        (folder / _VOCABULARY).write_text(words, encoding="utf-8")
        return [_WEIGHTS, _VOCABULARY]

    @classmethod
    def restore(cls, folder: Path, config: Mapping[str, Any], *, threads: int | None = None) -> LinearScorer:
        """Read what `save` wrote; raises `ModelError` where the parts do not fit together."""
        arrays = read_arrays(folder / _WEIGHTS)
        words = read_json(folder / _VOCABULARY)
        misfit = ModelError(
            f"{folder}: weights, vocabulary and manifest do not fit together; get the model again"
        )
        try:
            specs = [BlockSpec(**spec) for spec in config["blocks"]]
            if config["dense"] != list(DENSE) or len(words) != len(specs):
                raise misfit
            blocks = [
                Block(
                    spec, terms, arrays[f"idf_{k}"].astype(np.float64), arrays[f"coef_{k}"].astype(np.float64)
                )
                for k, (spec, terms) in enumerate(zip(specs, words, strict=True))
            ]
            made = cls(blocks, arrays["dense"].astype(np.float64), arrays["intercept"].astype(np.float64))
            if not made._fits():
                raise misfit
        except (KeyError, TypeError, ValueError):
            raise misfit from None
        return made

    def _fits(self) -> bool:
        classes = len(LABELS)
        return (
            self.dense.shape == (len(DENSE), classes)
            and self.intercept.shape == (classes,)
            and all(
                b.spec.view in VIEWS
                and b.spec.analyzer in ("word", "char_wb")
                and type(b.spec.low) is type(b.spec.high) is int
                and 1 <= b.spec.low <= b.spec.high <= 10
                and isinstance(b.spec.weight, int | float)
                and math.isfinite(b.spec.weight)
                and b.terms
                and all(isinstance(term, str) for term in b.terms)
                and len(set(b.terms)) == len(b.terms)
                and b.idf.shape == (len(b.terms),)
                and b.coef.shape == (len(b.terms), classes)
                for b in self.blocks
            )
        )


def _grams(word: str, spec: BlockSpec) -> Iterator[str]:
    """Yield a word's n-grams as scikit-learn's ``char_wb`` does, padded with a space each side."""
    padded = f" {word} "
    for n in range(spec.low, spec.high + 1):
        yield padded[:n]
        if n >= len(padded):
            return  # a word shorter than n counts once
        for start in range(1, len(padded) - n + 1):
            yield padded[start : start + n]

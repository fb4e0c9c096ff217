"""The encoder in use: a small transformer in ONNX, and heads that are a product of matrices.

Every utterance is run by itself and unpadded, several at a time in threads of ours, so that what
is said of it cannot depend on which others it came with; on CPUs that is also the fastest way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from changetalk.artefact import read_arrays
from changetalk.context import Batch
from changetalk.errors import ModelError
from changetalk.labels import LABELS, VALENCED_CODES
from changetalk.scorers.base import Contribution, Floats
from changetalk.scorers.pieces import LONGEST, PARTS, Pieces, Row

Single = npt.NDArray[np.float32]

_BODY: Final = "body.onnx"
_TOKENIZER: Final = "tokenizer.json"
_WORDS: Final = "words.npz"
_HEADS: Final = "heads.npz"


class Body:
    """From rows of word pieces to pooled vectors.

    Parameters
    ----------
    onnx : bytes
        A graph with inputs ``x``, float32 of shape (t, width), and ``own``, float32 of shape
        (t,), 1 at the pieces of the utterance itself; output ``pooled``, float32 of shape
        (2 width,): means over the utterance's pieces and over all.
    tokenizer : str
        A ``tokenizer.json``.
    tables : dict of ndarray
        ``words`` (v, width) int8 with ``scales`` (v,); ``positions``; ``parts``.
    """

    def __init__(self, onnx: bytes, tokenizer: str, tables: Mapping[str, npt.NDArray[Any]]) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.onnx, self.tokenizer, self.tables = onnx, tokenizer, dict(tables)
        self._pieces = Pieces(Tokenizer.from_str(tokenizer))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self.threads = default_threads()

    @property
    def width(self) -> int:
        """Length of a pooled vector."""
        return 2 * int(self.tables["words"].shape[1])

    @property
    def vocabulary(self) -> int:
        """How many word pieces the tokenizer knows."""
        return self._pieces.vocabulary

    def pooled(self, batch: Batch) -> Single:
        """Return pooled vectors, float32 of shape (n, 2 width)."""
        rows = self._pieces.rows(batch)
        out = np.empty((len(rows), self.width), dtype=np.float32)
        if self.threads == 1 or len(rows) < 2:
            for k, row in enumerate(rows):
                out[k] = self._run(row)
            return out
        # The longest first: else the last thread would still be at work on one when all others rest.
        order = sorted(range(len(rows)), key=lambda k: -len(rows[k]))
        with ThreadPoolExecutor(self.threads) as pool:
            for k, vector in zip(order, pool.map(lambda k: self._run(rows[k]), order), strict=True):
                out[k] = vector
        return out

    def _run(self, row: Row) -> Single:
        tables = self.tables
        x = tables["words"][row.ids] * tables["scales"][row.ids, None]
        x += tables["positions"][: len(row)]
        x += tables["parts"][row.parts]
        found: Single = self._session.run(None, {"x": x, "own": (row.parts == 0).astype(np.float32)})[0]
        return found


class EncoderScorer:
    """A body with heads for labels and MISC codes.

    Parameters
    ----------
    body : Body
    heads : dict of ndarray
        ``label`` (2 width, 3) with ``label_bias``; ``codes`` (2 width, 16) with ``codes_bias``.
    """

    kind: ClassVar[str] = "encoder"

    def __init__(self, body: Body, heads: Mapping[str, npt.NDArray[Any]]) -> None:
        self.body = body
        self.heads = dict(heads)

    def logits(self, batch: Batch) -> Floats:
        """Return uncalibrated scores, float64 of shape (n, 3)."""
        return self.label_logits(self.body.pooled(batch))

    def label_logits(self, pooled: Single) -> Floats:
        """Return the scores of pooled vectors, float64 of shape (n, 3)."""
        return self._head(pooled, "label")

    def code_logits(self, batch: Batch) -> Floats:
        """Return the logit of each code of `VALENCED_CODES`, float64 of shape (n, 16)."""
        return self._head(self.body.pooled(batch), "codes")

    def _head(self, pooled: Single, name: str) -> Floats:
        # A matrix product's last digit can depend on how many rows there are; this one's does not.
        scores = np.einsum("nw,wk->nk", pooled.astype(np.float64), self.heads[name])
        found: Floats = scores + self.heads[f"{name}_bias"]
        return found

    def contributions(self, batch: Batch) -> list[Contribution]:
        """Refuse: what the encoder sees in a word depends on all others."""
        raise ModelError(
            "the encoder cannot say what each word adds to a score; "
            "use explain of the linear model: changetalk.load('linear').explain(...)"
        )

    def config(self) -> dict[str, Any]:
        """Return what the weights are for, JSON-ready."""
        return {"parts": list(PARTS), "codes": list(VALENCED_CODES)}

    def save(self, folder: Path) -> list[str]:
        """Write graph, tokenizer, tables and heads; return their names."""
        (folder / _BODY).write_bytes(self.body.onnx)
        (folder / _TOKENIZER).write_text(self.body.tokenizer, encoding="utf-8")
        np.savez_compressed(folder / _WORDS, allow_pickle=False, **self.body.tables)
        np.savez_compressed(folder / _HEADS, allow_pickle=False, **self.heads)
        return [_BODY, _TOKENIZER, _WORDS, _HEADS]

    @classmethod
    def restore(cls, folder: Path, config: Mapping[str, Any], *, threads: int | None = None) -> EncoderScorer:
        """Read what `save` wrote; raises `ModelError` where the parts do not fit together."""
        tables, heads = read_arrays(folder / _WORDS), read_arrays(folder / _HEADS)
        misfit = ModelError(
            f"{folder}: graph, tokenizer, tables and manifest do not fit together; get the model again"
        )
        if not _fit(tables, heads) or config != {"parts": list(PARTS), "codes": list(VALENCED_CODES)}:
            raise misfit
        try:
            body = Body(
                (folder / _BODY).read_bytes(), (folder / _TOKENIZER).read_text(encoding="utf-8"), tables
            )
            trial = Batch()
            trial.append("yes", "", "", "", 0.5)
            fits = body.vocabulary <= len(tables["words"]) and np.isfinite(body.pooled(trial)).all()
        except ImportError as error:
            raise ModelError(
                f"the encoder needs the package {error.name}: pip install {error.name}"
            ) from None
        except Exception:
            # onnxruntime and tokenizers raise types of their own, of which some are bare Exceptions.
            raise misfit from None
        if not fits:
            raise misfit
        body.threads = threads or body.threads
        return cls(body, {name: array.astype(np.float64) for name, array in heads.items()})


def _fit(tables: Mapping[str, npt.NDArray[Any]], heads: Mapping[str, npt.NDArray[Any]]) -> bool:
    if set(tables) != {"words", "scales", "positions", "parts"} or tables["words"].ndim != 2:
        return False
    size, width = tables["words"].shape
    shapes = {
        "label": (2 * width, len(LABELS)),
        "label_bias": (len(LABELS),),
        "codes": (2 * width, len(VALENCED_CODES)),
        "codes_bias": (len(VALENCED_CODES),),
    }
    return (
        tables["scales"].shape == (size,)
        and tables["positions"].ndim == 2
        and tables["positions"].shape[0] >= LONGEST
        and tables["positions"].shape[1] == width
        and tables["parts"].shape == (len(PARTS), width)
        and {name: array.shape for name, array in heads.items()} == shapes
    )


def default_threads() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

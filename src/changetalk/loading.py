"""Finding, loading and checking models: those that are shipped and those in folders."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from changetalk import artefact
from changetalk.dialogue import Utterance
from changetalk.errors import ModelError
from changetalk.labels import LABELS
from changetalk.model import Model

#: The model that `load()` and `label()` use when none is named.
DEFAULT: Final = "linear"

_SCORERS: Final = {
    "encoder": ("changetalk.scorers.encoder", "EncoderScorer"),
    "linear": ("changetalk.scorers.linear", "LinearScorer"),
}

#: Processors add floats in different orders. A last digit can tip the rounding to 8 bits.
_ALLOWED: Final = {"encoder": 0.02, "linear": 1e-6}


def load(model: str | os.PathLike[str] | None = None, *, threads: int | None = None) -> Model:
    """Load a model: one that is shipped, by name, or a folder made by `export` or ``train``.

    Parameters
    ----------
    model : str or path-like, optional
        The default model where not given. A name is looked up among the shipped models first.
    threads : int, optional
        How many threads an encoder may use; default: as many as this process has CPUs. Where many
        processes label at once, give each 1. Labels do not depend on it.

    Returns
    -------
    Model
        Verified, offline, and cached: a second call for an unchanged folder is free.

    Raises
    ------
    ModelError
        If there is no such model, or its folder is damaged or of another version.
    ValueError
        If `threads` is less than 1.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be 1 or more, not {threads}")
    folder = model_path(model)
    manifest = folder / artefact.MANIFEST
    stamp = manifest.stat().st_mtime_ns if manifest.is_file() else 0
    return _load(folder.resolve(), stamp, threads)


def label(talk: Any, model: str | os.PathLike[str] | None = None) -> Any:
    """Label a string, several, an `Utterance` or a `Transcript` with a shipped model.

    Parameters
    ----------
    talk
        As for `Model.label`.
    model : str or path-like, optional
        As for `load`.

    Returns
    -------
    Prediction, list of Prediction or Transcript
        One in, one out; many in, many out, in order.

    Examples
    --------
    >>> import changetalk as ct
    >>> ct.label("I really want to quit.").label
    'change'
    >>> [p.label for p in ct.label(["I need to stop drinking.", "It was on Monday."])]
    ['change', 'neutral']
    """
    return load(model).label(talk)


@dataclass(frozen=True, slots=True)
class Replay:
    """How a model's stored predictions compare with what it says today.

    Attributes
    ----------
    n : int
        Utterances replayed.
    largest : float
        Largest difference of a probability.
    labels : int
        How many labels differ.
    allowed : float
        Differences of probabilities that mean no harm.
    """

    n: int
    largest: float
    labels: int
    allowed: float = 1e-6

    @property
    def healthy(self) -> bool:
        """Whether labels are the same and probabilities within what is allowed."""
        return self.labels == 0 and self.largest <= self.allowed

    def __str__(self) -> str:
        verdict = "as stored" if self.healthy else "NOT as stored"
        differences = f"largest difference {self.largest:.1g}, labels changed {self.labels}"
        return f"{self.n} golden predictions {verdict} ({differences})"


def replay(model: str | os.PathLike[str] | None = None) -> Replay:
    """Predict a model's golden utterances again and compare; what ``changetalk doctor`` does.

    Raises
    ------
    ModelError
        If the folder is damaged, or its golden predictions are not of the expected shape.
    """
    folder = model_path(model)
    used = load(folder)
    stored = artefact.read_json(folder / artefact.GOLDEN)
    try:
        utterances = [Utterance(row["text"], before=row["before"]) for row in stored]
        proba = np.array([row["proba"] for row in stored], dtype=np.float64).reshape(-1, len(LABELS))
        labels = np.array([row["label"] for row in stored])
        if not len(stored) == len(proba) == len(labels) > 0:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ModelError(
            f"{folder}: {artefact.GOLDEN} does not hold utterances with their probabilities"
        ) from None
    largest = float(np.abs(used.predict_proba(utterances) - proba).max(initial=0.0))
    changed = int((used.predict(utterances) != labels).sum())
    return Replay(len(stored), largest, changed, _ALLOWED[used.manifest.kind])


def model_path(model: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a shipped model, by name, or of the path given."""
    name = DEFAULT if model is None else os.fspath(model)
    if name in shipped():
        return _shipped_folder() / name
    if name and Path(name).is_dir():
        return Path(name)
    raise ModelError(f"no model {name!r}: it is neither shipped ({', '.join(shipped())}) nor a folder")


def shipped() -> list[str]:
    """Return the names of the models that come with the package."""
    folder = _shipped_folder()
    return sorted(p.parent.name for p in folder.glob(f"*/{artefact.MANIFEST}"))


def model_card(model: str | os.PathLike[str] | None = None) -> str:
    """Return a model's card, Markdown: intended use, data, scores, limits."""
    path = model_path(model) / artefact.CARD
    if not path.is_file():
        raise ModelError(f"{path.parent}: has no card ({artefact.CARD})")
    return path.read_text(encoding="utf-8")


def _shipped_folder() -> Path:
    package = Path(__file__).parent
    installed = package / "models"
    # In a source checkout the models stand beside src/, and the wheel takes them in.
    return installed if installed.is_dir() else package.parent.parent / "models"


@functools.lru_cache(maxsize=4)
def _load(folder: Path, stamp: int, threads: int | None) -> Model:
    manifest = artefact.read_folder(folder)
    if manifest.kind not in _SCORERS:
        raise ModelError(f"{folder}: unknown kind of model {manifest.kind!r}; upgrade changetalk")
    module, name = _SCORERS[manifest.kind]
    scorer = getattr(import_module(module), name)
    return Model(manifest, scorer.restore(folder, manifest.config, threads=threads))

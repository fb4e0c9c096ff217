"""The model: text in, labels with calibrated probabilities out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import numpy as np
import numpy.typing as npt

from changetalk.artefact import Manifest
from changetalk.columns import Columns
from changetalk.context import Batch, batch_of, in_context
from changetalk.decision import expit
from changetalk.dialogue import Prediction, Transcript, Utterance
from changetalk.errors import ClientError, ModelError
from changetalk.inputs import as_batch
from changetalk.labels import LABELS, VALENCED_CODES, Label
from changetalk.scorers.base import CodeScorer, Contribution, Scorer

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrameT

Floats = npt.NDArray[np.float64]

_BATCH: Final = 1024


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an utterance got its label, exactly.

    The scores of a class are its intercept plus what each feature adds; their softmax is the
    calibrated probability.

    Attributes
    ----------
    prediction : Prediction
    intercept : dict
        Score by label before any feature is seen.
    contributions : tuple of Contribution
        In descending order of the largest contribution to any class.
    """

    prediction: Prediction
    intercept: dict[Label, float]
    contributions: tuple[Contribution, ...]

    def __str__(self) -> str:
        said = self.prediction
        lines = [f"{said.label}  " + "  ".join(f"p({k}) {v:.2f}" for k, v in said.proba.items())]
        lines += [
            f"{c.change:+7.2f} {c.neutral:+7.2f} {c.sustain:+7.2f}  {c.feature!r} ({c.where})"
            for c in self.contributions[:15]
        ]
        return "\n".join([lines[0], " change neutral sustain", *lines[1:]])


class Model:
    """A trained model of client talk.

    Get one with `changetalk.load`; make one with `changetalk.ChangeTalkClassifier`.

    Attributes
    ----------
    manifest : Manifest
        Name, version, hashes, training data and scores.
    scorer : Scorer
    classes_ : ndarray of str, shape (3,)
        ``change, neutral, sustain``: the columns of `predict_proba`.
    """

    def __init__(self, manifest: Manifest, scorer: Scorer) -> None:
        self.manifest = manifest
        self.scorer = scorer
        self.classes_ = np.array(LABELS)

    def __repr__(self) -> str:
        return f"<changetalk.Model {self.tag}>"

    @property
    def name(self) -> str:
        """The model's name, such as ``"linear"``."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The model's version, such as ``"1.0.0"``."""
        return self.manifest.version

    @property
    def tag(self) -> str:
        """Name, version and weights hash: what `Prediction.model` and ``ct_model`` hold."""
        return self.manifest.tag

    def predict(self, X: Any) -> npt.NDArray[np.str_]:
        """Label utterances.

        Parameters
        ----------
        X : sequence of length n
            Strings; or (text, previous therapist turn) pairs; or `Utterance` objects with the
            context they carry; or a frame with a column ``text`` and any of ``before``,
            ``said``, ``target``, ``position`` (see `changetalk.client_talk`). Every row is
            scored on its own, as client talk.

        Returns
        -------
        ndarray of str, shape (n,)
            ``argmax(log p + offset)`` with the offsets of the model's manifest, which were
            chosen out of fold for macro-F1. This is not always the most probable label: with
            two neutral turns for each other one, the plain argmax misses most sustain talk.

        Raises
        ------
        TypeError
            If X is a single string, or holds something that is not text.
        """
        return self.classes_[self.manifest.decision.choose(self.predict_proba(X))]

    def predict_proba(self, X: Any) -> Floats:
        """Return calibrated probabilities.

        Parameters
        ----------
        X : sequence of length n
            As for `predict`.

        Returns
        -------
        ndarray of float64, shape (n, 3)
            Columns as in `classes_`; rows sum to 1.
        """
        return self._proba(as_batch(X))

    def predict_codes(self, X: Any) -> Floats:
        """Return how probable it is that an utterance holds each MISC code.

        Parameters
        ----------
        X : sequence of length n
            As for `predict`.

        Returns
        -------
        ndarray of float64, shape (n, 16)
            Columns as in `changetalk.labels.VALENCED_CODES`; each from 0 to 1 by itself, since an
            utterance may hold several codes or none. Where a code of each valence is likely,
            the utterance is mixed.

        Raises
        ------
        ModelError
            If the model knows labels only, as `linear` does.
        """
        return self.codes_of(as_batch(X))

    def codes_of(self, batch: Batch) -> Floats:
        """Return what `predict_codes` does, of a batch."""
        if not isinstance(self.scorer, CodeScorer):
            raise ModelError(f"{self.tag} gives labels and no MISC codes; use the model 'encoder'")
        parts = [expit(self.scorer.code_logits(part)) for part in batch.slices(_BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, len(VALENCED_CODES)))

    @overload
    def label(self, talk: str | Utterance) -> Prediction: ...  # type: ignore[overload-overlap]
    @overload
    def label(self, talk: Transcript) -> Transcript: ...
    @overload
    def label(
        self, talk: Sequence[str] | Sequence[tuple[str, str]] | Sequence[Utterance]
    ) -> list[Prediction]: ...
    def label(self, talk: Any) -> Any:
        """Label whatever it is given: one in, one out; many in, many out, in order.

        Parameters
        ----------
        talk : str, Utterance, Transcript or sequence
            A sequence may hold what `predict` takes. Of a transcript, the client's utterances
            are labelled, with the context that the transcript gives them; those in which
            nothing was said (``[inaudible]``) are left without a label.

        Returns
        -------
        Prediction, Transcript or list of Prediction
            A transcript comes back with its predictions and contexts filled in.

        Raises
        ------
        TypeError
            As for `predict`.
        ClientError
            If a transcript's client is none of its speakers.
        """
        if isinstance(talk, Transcript):
            return self._label_transcript(talk)
        if isinstance(talk, str | Utterance):
            return self.predictions(as_batch([talk]))[0]
        return self.predictions(as_batch(talk))

    @overload
    def pipe(
        self, stream: Iterable[Any], *, batch_size: int = ..., as_tuples: Literal[False] = ...
    ) -> Iterator[Prediction]: ...
    @overload
    def pipe(
        self, stream: Iterable[tuple[Any, Any]], *, batch_size: int = ..., as_tuples: Literal[True]
    ) -> Iterator[tuple[Prediction, Any]]: ...
    def pipe(self, stream: Iterable[Any], *, batch_size: int = 256, as_tuples: bool = False) -> Iterator[Any]:
        """Label a stream of any length, lazily and in order.

        Parameters
        ----------
        stream : iterable
            Items as for `predict`; with `as_tuples`, (item, anything) pairs.
        batch_size : int
            How many items are scored at a time.
        as_tuples : bool
            Whether to hand the second of each pair back beside the prediction, such as an id.

        Yields
        ------
        Prediction, or (Prediction, anything)
        """
        if isinstance(stream, str):
            raise TypeError("pipe takes a stream of utterances; for one string call label(text)")
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
        items = iter(stream)
        while chunk := list(itertools.islice(items, batch_size)):
            if as_tuples:
                said = self.predictions(as_batch([item for item, _ in chunk]))
                yield from zip(said, (tag for _, tag in chunk), strict=True)
            else:
                yield from self.predictions(as_batch(chunk))

    def label_frame(
        self,
        frame: IntoDataFrameT,
        *,
        text: str | None = None,
        speaker: str | None = None,
        session: str | None = None,
        client: str | Sequence[str] | None = None,
        target: str | None = None,
        target_column: str | None = None,
        codes: bool = False,
    ) -> IntoDataFrameT:
        """Label the client's rows of a table of sessions.

        Parameters
        ----------
        frame : pandas, polars or pyarrow table
            A row an utterance, in the order spoken within each session.
        text, speaker, session, target_column : str, optional
            Columns; found by well-known names where not given. Without a column of sessions
            the table is one session.
        client : str or sequence of str, optional
            The client's name in the speaker column, several where it differs by session, or
            ``"everyone"`` where all rows are client talk. Not needed where speakers have
            well-known names (client, patient, C, P, ...).
        target : str, optional
            The target behaviour, for all rows; goes before a column.
        codes : bool, default False
            Whether to add MISC codes too; the model must know them, as `encoder` does.

        Returns
        -------
        The same kind of table
            All rows, columns, order, dtypes and index as they were, and after them
            ``ct_label, ct_p_change, ct_p_neutral, ct_p_sustain, ct_confidence, ct_model``;
            missing on rows that are not the client's, or in which nothing was said. With `codes`
            also ``ct_codes``, those with a probability of a half or more, the most probable first
            (``R+;D-``; ``FN`` where there is none), ``ct_mixed``, true where these hold both
            valences, and the probability of each, ``ct_p_D+`` to ``ct_p_O-``.

        Raises
        ------
        ColumnError
            If a column is missing, could be one of several, or would be overwritten.
        ClientError
            If it is not clear who the client is, or the table holds no client talk.
        ModelError
            If codes are asked of a model that knows none.
        """
        from changetalk.frames import label_frame

        columns = Columns(text=text, speaker=speaker, session=session, target=target_column)
        return label_frame(self, frame, columns, client=client, target=target, codes=codes)

    def explain(self, utterance: str | tuple[str, str] | Utterance) -> Explanation:
        """Say exactly what made the label of one utterance.

        Parameters
        ----------
        utterance : str, (text, previous therapist turn) or Utterance

        Returns
        -------
        Explanation
            For the linear model every n-gram's part in every class's score; intercept and
            contributions sum to the score whose softmax is the probability.
        """
        batch = as_batch([utterance])
        decision = self.manifest.decision
        found = sorted(
            (
                replace(
                    c,
                    change=decision.scale * c.change,
                    neutral=decision.scale * c.neutral,
                    sustain=decision.scale * c.sustain,
                )
                for c in self.scorer.contributions(batch)
            ),
            key=lambda c: -max(abs(c.change), abs(c.neutral), abs(c.sustain)),
        )
        scores = decision.scale * self.scorer.logits(batch)[0] + np.array(decision.bias)
        intercept = {
            label: float(scores[k]) - math.fsum(getattr(c, label) for c in found)
            for k, label in enumerate(LABELS)
        }
        return Explanation(self.predictions(batch)[0], intercept, tuple(found))

    def predictions(self, batch: Batch) -> list[Prediction]:
        """Return the prediction of each utterance of a batch."""
        proba = self._proba(batch)
        chosen = self.manifest.decision.choose(proba)
        tag = self.tag
        return [
            Prediction(LABELS[k], p[0], p[1], p[2], tag)
            for k, p in zip(chosen.tolist(), proba.tolist(), strict=True)
        ]

    def _proba(self, batch: Batch) -> Floats:
        parts = [self.manifest.decision.proba(self.scorer.logits(part)) for part in batch.slices(_BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, len(LABELS)))

    def _label_transcript(self, transcript: Transcript) -> Transcript:
        known = in_context(transcript)
        speakers = dict.fromkeys(u.speaker for u in known)
        if speakers and known.client not in speakers:
            names = ", ".join(repr(name[:60]) for name in speakers)
            raise ClientError(f"the transcript's client {known.client!r} is none of its speakers, {names}")
        rows = [i for i, u in enumerate(known) if u.speaker == known.client and u.position is not None]
        said = self.predictions(batch_of([known[i] for i in rows]))
        utterances = [replace(u, prediction=None) for u in known]  # none of an earlier labelling
        for i, prediction in zip(rows, said, strict=True):
            utterances[i] = replace(utterances[i], prediction=prediction)
        return replace(known, utterances=tuple(utterances))

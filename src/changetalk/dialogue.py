"""What is said, by whom, after what: the types that everything else passes around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from changetalk.labels import LABELS, Label

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one utterance.

    Attributes
    ----------
    label : {'change', 'neutral', 'sustain'}
        The label, by the model's documented decision rule. It need not be the label with the
        highest probability: see `Model.predict`.
    p_change, p_neutral, p_sustain : float
        Calibrated probabilities; they sum to 1.
    model : str
        Name, version and the first digits of the weights' hash, for citing.
    """

    label: Label
    p_change: float
    p_neutral: float
    p_sustain: float
    model: str

    @property
    def proba(self) -> dict[Label, float]:
        """The three probabilities by label, in the order of `changetalk.labels.LABELS`."""
        return dict(zip(LABELS, (self.p_change, self.p_neutral, self.p_sustain), strict=True))

    @property
    def confidence(self) -> float:
        """The probability of `label`, from 0 to 1."""
        return self.proba[self.label]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of talk by one speaker, with what a coder would know when reading it.

    Attributes
    ----------
    text : str
        What was said.
    speaker : str
        Who said it, as the transcript names them.
    start, end : float or None
        Times in seconds from the beginning of the session.
    before : str
        The other speaker's whole last turn.
    said : str
        What this speaker has already said in this turn.
    target : str
        The session's target behaviour, such as ``"starting exposure therapy"``.
    position : float or None
        Place in the session, from 0 (first utterance) to 1 (last); None where unknown.
    prediction : Prediction or None
        A model's label, once there is one.
    """

    text: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    before: str = ""
    said: str = ""
    target: str = ""
    position: float | None = None
    prediction: Prediction | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"an utterance's text must be a str, not {type(self.text).__name__}")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's utterances in order.

    Attributes
    ----------
    utterances : tuple of Utterance
    client : str
        The speaker whose talk is labelled, named as in the utterances.
    target : str
        The target behaviour of the session; empty where unknown.
    session : str
        The session's name; for a file read, the file's.
    """

    utterances: tuple[Utterance, ...]
    client: str
    target: str = ""
    session: str = field(default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "utterances", tuple(self.utterances))

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    def __getitem__(self, index: int) -> Utterance:
        return self.utterances[index]

    @property
    def client_utterances(self) -> tuple[Utterance, ...]:
        """The client's utterances, in order."""
        return tuple(u for u in self.utterances if u.speaker == self.client)

    def counts(self) -> dict[Label, int]:
        """Return how many client utterances were given each label; all 0 before labelling."""
        found = Counter(u.prediction.label for u in self.utterances if u.prediction)
        return {label: found[label] for label in LABELS}

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, a row an utterance, with the columns that files get.

        Returns
        -------
        pandas.DataFrame
            Columns ``session, speaker, start, end, text, target`` and, once labelled,
            ``ct_label, ct_p_change, ct_p_neutral, ct_p_sustain, ct_confidence, ct_model``,
            missing on rows that were not labelled.
        """
        import pandas as pd

        frame = pd.DataFrame(
            {
                "session": self.session,
                "speaker": [u.speaker for u in self],
                "start": pd.Series([u.start for u in self], dtype="float64"),
                "end": pd.Series([u.end for u in self], dtype="float64"),
                "text": [u.text for u in self],
                "target": self.target,
            }
        )
        said = [u.prediction for u in self]
        if any(said):
            frame["ct_label"] = [p.label if p else None for p in said]
            for name in LABELS:
                frame[f"ct_p_{name}"] = [p.proba[name] if p else float("nan") for p in said]
            frame["ct_confidence"] = [p.confidence if p else float("nan") for p in said]
            frame["ct_model"] = [p.model if p else None for p in said]
        return frame

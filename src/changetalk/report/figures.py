"""What the pages show of each session: numbers that `changetalk.session` computes, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from changetalk.errors import InputError
from changetalk.labels import LABELS, Label
from changetalk.session import summarise, trajectory, transitions


@dataclass(frozen=True, slots=True, eq=False)
class SessionFigures:
    """A session's talk and its numbers.

    Attributes
    ----------
    name : str
        As in the table; may be empty.
    rows : pandas.DataFrame
        Its rows, as `changetalk.as_labelled` gives them.
    measures : dict
        Its row of `changetalk.summarise`.
    curve : pandas.DataFrame or None
        Its rows of `changetalk.trajectory`, one a client utterance; None where it has none.
    follows, behaviours : pandas.DataFrame or None
        Its rows of `changetalk.transitions` from client talk to client talk, and from the
        therapist's behaviour to client talk; None where nothing follows anything.
    models : tuple of str
        Which models gave its labels; empty where people did.
    target : str
        The target behaviour; empty where it is not known.
    """

    name: str
    rows: pd.DataFrame
    measures: dict[str, Any]
    curve: pd.DataFrame | None
    follows: pd.DataFrame | None
    behaviours: pd.DataFrame | None
    models: tuple[str, ...]
    target: str

    @property
    def title(self) -> str:
        """What the session is called on its page."""
        return f"Session {self.name}" if self.name else "Session"

    @property
    def counts(self) -> dict[Label, int]:
        """How many client utterances have each label."""
        return {label: int(self.measures[f"n_{label}"]) for label in LABELS}


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """All sessions of a report.

    Attributes
    ----------
    sessions : tuple of SessionFigures
        In order of first appearance.
    follows, behaviours : pandas.DataFrame or None
        Transitions of all sessions' counts.
    expected : bool
        Whether the curves are of the expected score, P(change) - P(sustain), or of the labels.
    """

    sessions: tuple[SessionFigures, ...]
    follows: pd.DataFrame | None
    behaviours: pd.DataFrame | None
    expected: bool

    @property
    def models(self) -> tuple[str, ...]:
        """All models that gave labels, in order of first appearance."""
        return tuple(dict.fromkeys(model for session in self.sessions for model in session.models))


def gather(table: pd.DataFrame, target: str | None = None) -> Batch:
    """Compute what the pages show.

    Parameters
    ----------
    table : pandas.DataFrame
        What `changetalk.as_labelled` gives.
    target : str, optional
        The target behaviour of all sessions.
    """
    measures = summarise(table).to_dict("records")
    curves = dict(iter(trajectory(table).groupby("session", sort=False)))
    follows = _by_session(_transitions(table, "label", by_session=True))
    behaviours = _by_session(_transitions(table, "behaviour", by_session=True))
    parts = table.groupby("session", sort=False)
    sessions = tuple(
        SessionFigures(
            name=str(name),
            rows=rows,
            measures={str(key): value for key, value in row.items()},
            curve=curves.get(name),
            follows=follows.get(str(name)),
            behaviours=behaviours.get(str(name)),
            models=tuple(dict.fromkeys(rows["model"].dropna())),
            target=target or _target(rows),
        )
        for (name, rows), row in zip(parts, measures, strict=True)
    )
    return Batch(
        sessions,
        _transitions(table, "label"),
        _transitions(table, "behaviour"),
        # As trajectory() chooses by itself.
        bool(table.loc[table["client"], "p_change"].notna().all()),
    )


def _transitions(table: pd.DataFrame, given: str, *, by_session: bool = False) -> pd.DataFrame | None:
    try:
        return transitions(table, given=given, by_session=by_session)
    except InputError:  # the table is good, so: no behaviours, or a single client utterance
        return None


def _by_session(frame: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    if frame is None:
        return {}
    parts = ((str(name), part) for name, part in frame.groupby("session", sort=False))
    return {name: part[part["given_total"] > 0] for name, part in parts if part["count"].any()}


def _target(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(words.strip() for words in rows["target"] if words.strip()))

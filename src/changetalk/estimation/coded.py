"""Machine labels on everything and human labels on a part, as checked arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.errors import InputError
from changetalk.labelled import PROBABILITIES, as_labelled
from changetalk.labels import LABELS, parse_label
from changetalk.reliability.intervals import FloatArray, IntArray, group_indices

BoolArray = npt.NDArray[np.bool_]

_EMPTY: Final = frozenset({"", "n/a", "na", "nan", "none", "<na>"})  # as tables write an empty cell


@dataclass(frozen=True, slots=True)
class Coded:
    """The client's utterances, N of them in G sessions.

    Attributes
    ----------
    machine : ndarray of float, shape (N, 3)
        What the machine says of each: probabilities, or 1 for its label; columns as `LABELS`.
    naive : ndarray of float, shape (N, 3)
        1 for the machine's label.
    human : ndarray of float, shape (N, 3)
        1 for the human's label; all 0 where nobody coded.
    prob : ndarray of float, shape (N,)
        The probability with which a coded utterance was drawn; NaN where it was not coded.
    session : ndarray of int, shape (N,)
        From 0 to G - 1.
    """

    machine: FloatArray
    naive: FloatArray
    human: FloatArray
    prob: FloatArray
    session: IntArray

    @property
    def coded(self) -> BoolArray:
        """Which utterances a human coded, shape (N,)."""
        there: BoolArray = ~np.isnan(self.prob)
        return there

    @property
    def weight(self) -> FloatArray:
        """How many utterances each coded one stands for, shape (N,); 0 where it was not coded."""
        return np.nan_to_num(1 / self.prob)

    def part(self, rows: BoolArray) -> Coded:
        """Return some of the utterances; sessions keep their numbers."""
        return Coded(
            self.machine[rows], self.naive[rows], self.human[rows], self.prob[rows], self.session[rows]
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A table that was read: its utterances, and what they are called.

    Attributes
    ----------
    data : Coded
    sessions : tuple of str
        The session of each number.
    groups : ndarray of object, shape (N,), or None
    n_purposive : int
        Coded utterances left out, because they were not drawn at random.
    uses_probabilities : bool
    models : tuple of str
    """

    data: Coded
    sessions: tuple[str, ...]
    groups: npt.NDArray[np.object_] | None
    n_purposive: int
    uses_probabilities: bool
    models: tuple[str, ...]


def read_coded(
    machine: Any,
    human: str | Sequence[object],
    *,
    prob: str | float | Sequence[object] | None,
    groups: str | Sequence[object] | None = None,
    **told: Any,
) -> Reading:
    """Read what `changetalk.estimate` is given, which documents the arguments and errors."""
    given = {"human": human, "prob": prob, "groups": groups}
    keep = [value for value in given.values() if isinstance(value, str)]
    talk = as_labelled(machine, **told, keep=keep)
    columns = {name: _column(value, talk, name) for name, value in given.items()}
    client = talk["client"].to_numpy(dtype=bool)
    labels = [None if _missing(value) else value for value in columns["human"] or ()]
    _refuse_outside(labels, client)
    said = talk[client]
    indices = _label_indices([labels[i] for i in np.flatnonzero(client)], np.flatnonzero(client))
    probabilities = _probabilities(columns["prob"], prob, client, indices >= 0)
    purposive = (indices >= 0) & np.isnan(probabilities)
    coded = (indices >= 0) & ~purposive
    if not coded.any():
        left = f"; {purposive.sum()} are coded, but have no probability" if purposive.any() else ""
        raise InputError(
            "human: no utterance that was drawn at random is coded" + left + "; draw some "
            "(changetalk.draw, changetalk sample) and code them"
        )
    naive = _one_hot(said["label"].map({label: k for k, label in enumerate(LABELS)}).to_numpy())
    p = said[list(PROBABILITIES)].to_numpy(dtype=np.float64)
    use = not bool(np.isnan(p).any())
    group = columns["groups"]
    return Reading(
        data=Coded(
            machine=p if use else naive,
            naive=naive,
            human=_one_hot(np.where(coded, indices, -1)),
            prob=np.where(coded, probabilities, np.nan),
            session=group_indices(said["session"], len(said), "session"),
        ),
        sessions=tuple(dict.fromkeys(said["session"].tolist())),
        groups=None if group is None else _groups(group, client),
        n_purposive=int(purposive.sum()),
        uses_probabilities=use,
        models=tuple(sorted({str(model) for model in said["model"] if model is not None})),
    )


def _column(value: object, talk: pd.DataFrame, name: str) -> list[object] | None:
    """Return an argument as one value a row of the table."""
    if value is None or isinstance(value, int | float):
        return None
    cells: Any = talk[value] if isinstance(value, str) else value
    try:
        found = list(cells)
    except TypeError:
        raise TypeError(
            f"{name} must be a column's name or one value a row, not {type(value).__name__}"
        ) from None
    if len(found) != len(talk):
        raise InputError(
            f"{name}: {len(found)} values, but the table has {len(talk)} rows: one a row is needed"
        )
    return found


def _missing(value: object) -> bool:
    return bool(pd.isna(value)) if not isinstance(value, str) else value.strip().lower() in _EMPTY  # type: ignore[call-overload]


def _refuse_outside(labels: list[object], client: BoolArray) -> None:
    outside = [i for i, value in enumerate(labels) if value is not None and not client[i]]
    if outside:
        raise InputError(
            f"human: row {outside[0] + 1} of {len(labels)} (and {len(outside) - 1} more) is coded, but has "
            "no machine label; leave codes of therapists' talk empty, and label all client talk"
        )


def _label_indices(labels: list[object], rows: IntArray) -> IntArray:
    """Return the place of every label in `LABELS`; -1 where there is none."""
    found = []
    for row, value in zip(rows.tolist(), labels, strict=True):
        try:
            found.append(-1 if value is None else LABELS.index(parse_label(value)))
        except ValueError as error:
            raise InputError(f"human: row {row + 1}: {error}") from None
    return np.array(found, dtype=np.intp)


def _probabilities(
    column: list[object] | None, given: object, client: BoolArray, coded: BoolArray
) -> FloatArray:
    """Return the sampling probability of each client utterance; NaN where none is given."""
    n = int(client.sum())
    if column is None:
        share = coded.mean() if given is None else given
        values = np.full(n, share, dtype=np.float64)
    else:
        cells = [column[i] for i in np.flatnonzero(client)]
        try:
            values = np.array(
                [np.nan if _missing(cell) else float(cell) for cell in cells],  # type: ignore[arg-type]
                dtype=np.float64,
            )
        except (TypeError, ValueError):
            raise InputError("prob: holds something that is no number; leave it as draw wrote it") from None
    bad = np.flatnonzero(coded & ~np.isnan(values) & ~((values > 0) & (values <= 1)))
    if len(bad):
        raise InputError(
            f"prob: {len(bad)} coded utterances, first row {np.flatnonzero(client)[bad[0]] + 1}, have a "
            "probability that is not above 0 and up to 1; leave it as draw wrote it"
        )
    return values


def _groups(values: list[object], client: BoolArray) -> npt.NDArray[np.object_]:
    said = [values[i] for i in np.flatnonzero(client)]
    missing = sum(map(_missing, said))
    if missing:
        raise InputError(
            f"groups: missing on {missing} of {len(said)} client utterances; give each its group"
        )
    names = np.array([str(value).strip() for value in said], dtype=object)
    if len(set(names)) < 2:
        raise InputError("groups: there is but one group; leave groups out, or name another column")
    return names


def _one_hot(indices: npt.ArrayLike) -> FloatArray:
    hot: FloatArray = (np.asarray(indices)[:, None] == np.arange(len(LABELS))).astype(np.float64)
    return hot

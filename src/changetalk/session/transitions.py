"""What follows what: sequential analysis of client talk and of what the therapist does.

Sources: Bakeman & Quera (2011), Sequential Analysis and Observational Methods; Haberman (1973) for
adjusted residuals; Woolf (1955) for the interval of the odds ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from changetalk.errors import ColumnError, InputError
from changetalk.labelled import COLUMNS, as_labelled
from changetalk.labels import LABELS
from changetalk.session.talk import FloatArray, IntArray, turn_numbers

_STATISTICS: Final = (
    "count", "expected", "probability", "odds_ratio", "or_low", "or_high", "adjusted_residual",
)  # fmt: skip

#: What each column of `transitions` holds.
TRANSITIONS: Final[dict[str, str]] = {
    "session": "the session's name; only with by_session",
    "given": "what came first",
    "target": "what came after it, `lag` steps later",
    "count": "how often the one followed the other",
    "given_total": "how often the first came at all and was followed by something",
    "expected": "how often it would follow by chance: row total times column total by all",
    "probability": "count / given_total; missing where that is 0",
    "odds_ratio": "odds of the target after the given, against its odds after all else",
    "or_low": "lower end of the odds ratio's 95% interval",
    "or_high": "upper end",
    "adjusted_residual": "(count - expected) over its standard error; beyond 1.96 rare by chance",
}


def transitions(
    labelled: Any,
    *,
    given: str = "label",
    target: str = "label",
    lag: int = 1,
    by_session: bool = False,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Count what follows what, and how much more often than by chance.

    Parameters
    ----------
    labelled, label, session, speaker, text, client
        As for `changetalk.labelled.as_labelled`.
    given, target : str, default 'label'
        What comes first and what comes after: ``'label'``, ``'behaviour'`` or another column of
        `as_labelled`, or any column of the table. A column must be of one side: filled on the
        client's labelled rows only, or on other rows only. A cell counts as one value.
    lag : int, default 1
        How many steps later.
    by_session : bool, default False
        A table for each session, instead of one of all sessions' counts.

    Returns
    -------
    pandas.DataFrame, a row a pair of values (and session)
        Columns as `TRANSITIONS` says. Labels come in the order of `LABELS`, all three of them;
        other values in alphabetical order. All sessions have the same rows.

    Raises
    ------
    ColumnError
        If a column is not there, or is filled on both sides.
    InputError
        If `lag` is less than 1, or no pair exists. Else as for `as_labelled`.

    Notes
    -----
    Pairs never cross from one session to the next. What follows what:

    - **Both columns are the client's**, as ``given='label', target='label'``: from one labelled
      client utterance to the `lag`-th after it, whatever was said between them. For two columns
      of the therapist: from one row that has a value in either to the `lag`-th such row after it.
    - **One is the therapist's, the other the client's**: from turn to turn. With ``lag=1`` the
      turn directly before, with ``lag=2`` the last but one turn of that side, and so on. Of the
      earlier turn the last row with a value counts, of the later the first: the two nearest to
      each other. A turn is all rows in a row of the same side; rows in which nothing was said
      are passed over.

    A pair in which one has no value is left out.

    Intervals and residuals take the pairs as independent of each other, which those of one session
    are not quite: with few sessions, or very different ones, look at them one by one too.
    """
    if isinstance(lag, bool) or not isinstance(lag, int):
        raise TypeError(f"lag: a whole number is needed, not {type(lag).__name__}")
    if lag < 1:
        raise InputError(f"lag: 1 or more is needed, not {lag}")
    wanted = [name for name in dict.fromkeys((given, target)) if name not in COLUMNS]
    table = as_labelled(
        labelled, label=label, session=session, speaker=speaker, text=text, client=client, keep=wanted
    )
    firsts, thens = _values(table, given), _values(table, target)
    sides = _side(firsts, table["client"], given), _side(thens, table["client"], target)
    rows, columns = _categories(firsts, given), _categories(thens, target)
    sessions = list(dict.fromkeys(table["session"]))
    counts = np.zeros((len(sessions), len(rows), len(columns)), dtype=np.intp)
    number = {name: k for k, name in enumerate(sessions)}
    for name, part in table.groupby("session", sort=False):
        for before, after in _pairs(part, firsts.loc[part.index], thens.loc[part.index], sides, lag):
            counts[number[str(name)], rows.index(before), columns.index(after)] += 1
    if not counts.any():
        raise InputError(
            f"given={given!r}, target={target!r}: nothing follows anything at lag {lag}; "
            "check that the table holds both, in the order in which they were said"
        )
    if not by_session:
        return _long(counts.sum(axis=0), rows, columns)
    frames = [_long(table_of_one, rows, columns) for table_of_one in counts]
    for name, frame in zip(sessions, frames, strict=True):
        frame.insert(0, "session", name)
    return pd.concat(frames, ignore_index=True)


def transition_statistics(counts: npt.ArrayLike) -> dict[str, FloatArray]:
    """Return the statistics of a table of transition counts.

    Parameters
    ----------
    counts : array-like of int, shape (a, b)
        How often each of b values followed each of a values.

    Returns
    -------
    dict of str to ndarray of float, each of shape (a, b)
        NaN where a statistic does not exist.

        ``count``
            The counts.
        ``expected``
            n_i. n_.j / n.
        ``probability``
            n_ij / n_i. : the conditional probability.
        ``odds_ratio``, ``or_low``, ``or_high``
            Of the 2 x 2 table of this pair against all others, with 0.5 added to each of its four
            cells where one is empty (Haldane 1956; Anscombe 1956), and exp(log OR -+ 1.96 SE),
            SE^2 the sum of the cells' reciprocals (Woolf 1955). They do not exist where a margin
            of that table is empty.
        ``adjusted_residual``
            (n_ij - e_ij) / sqrt(e_ij (1 - n_i./n) (1 - n_.j/n)) (Haberman 1973): close to standard
            normal under independence in large samples.

    Raises
    ------
    InputError
        If the counts are no table of numbers from 0 up.

    Examples
    --------
    >>> aspirin = transition_statistics([[189, 10845], [104, 10933]])
    >>> [round(float(aspirin[name][0, 0]), 2) for name in ("odds_ratio", "or_low", "or_high")]
    [1.83, 1.44, 2.33]
    """
    n = np.asarray(counts, dtype=np.float64)
    if n.ndim != 2 or not n.size or not np.isfinite(n).all() or (n < 0).any():
        raise InputError(f"counts: a table of numbers from 0 up is needed; the shape is {n.shape}")
    row, column, total = n.sum(axis=1, keepdims=True), n.sum(axis=0, keepdims=True), n.sum()
    cells = np.stack([n, row - n, column - n, total - row - column + n])
    exists = (row > 0) & (row < total) & (column > 0) & (column < total)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is nan: it does not exist
        expected = row * column / total
        probability = n / row
        variance = expected * (1 - row / total) * (1 - column / total)
        residual = np.where(exists, (n - expected) / np.sqrt(variance), np.nan)
        filled = np.where((cells == 0).any(axis=0), cells + 0.5, cells)
        log_odds = np.where(exists, np.log(filled[0] * filled[3] / (filled[1] * filled[2])), np.nan)
        reach = float(norm.ppf(0.975)) * np.sqrt((1 / filled).sum(axis=0))
    found = (n, expected, probability, log_odds, log_odds - reach, log_odds + reach, residual)
    named = dict(zip(_STATISTICS, found, strict=True))
    return {k: np.exp(v) if k in ("odds_ratio", "or_low", "or_high") else v for k, v in named.items()}


def _long(counts: IntArray, rows: list[str], columns: list[str]) -> pd.DataFrame:
    statistics = {name: values.ravel() for name, values in transition_statistics(counts).items()}
    frame = pd.DataFrame(
        {
            "given": np.repeat(np.array(rows, dtype=object), len(columns)),
            "target": np.tile(np.array(columns, dtype=object), len(rows)),
            "count": counts.ravel(),
            "given_total": np.repeat(counts.sum(axis=1), len(columns)),
        }
    )
    return frame.assign(**{name: statistics[name] for name in _STATISTICS[1:]})


def _values(table: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return a column's values as text, None where a row has none."""
    values = [_value(value) for value in table[column]]
    if not any(value is not None for value in values):
        raise ColumnError(f"the table: the column {column!r} is empty; nothing can follow or come first")
    return pd.Series(values, index=table.index, dtype=object)


def _value(value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None


def _side(values: pd.Series[Any], client: pd.Series[bool], column: str) -> bool:
    """Return whether a column is the client's."""
    filled = values.notna()
    if (filled & client).any() and (filled & ~client).any():
        raise ColumnError(
            f"the table: the column {column!r} is filled on the client's rows and on others'; "
            "make a column for each"
        )
    return bool((filled & client).any())


def _categories(values: pd.Series[Any], column: str) -> list[str]:
    return list(LABELS) if column == "label" else sorted(set(values.dropna()))


def _pairs(
    rows: pd.DataFrame, firsts: pd.Series[Any], thens: pd.Series[Any], sides: tuple[bool, bool], lag: int
) -> list[tuple[str, str]]:
    """Return the pairs of one session, what came first and what came after it."""
    a, b = firsts.tolist(), thens.tolist()
    if sides[0] == sides[1]:
        mine = rows["client"].to_numpy() if sides[0] else (firsts.notna() | thens.notna()).to_numpy()
        events = np.flatnonzero(mine).tolist()
        pairs = [(a[i], b[j]) for i, j in zip(events, events[lag:], strict=False)]
        return [pair for pair in pairs if None not in pair]
    turns = _turns_by_side(rows)
    found = []
    for k, (side, later) in enumerate(turns):
        earlier = k - (2 * lag - 1)  # the sides take turns
        if side != sides[1] or earlier < 0:
            continue
        last = next((a[i] for i in reversed(turns[earlier][1]) if a[i] is not None), None)
        first = next((b[i] for i in later if b[i] is not None), None)
        if last is not None and first is not None:
            found.append((last, first))
    return found


def _turns_by_side(rows: pd.DataFrame) -> list[tuple[bool, list[int]]]:
    """Return the session's turns, the client's (True) and others' in alternation, with their rows.

    A client is who has a labelled row; a row of theirs without a label is of their turn too.
    """
    client = rows["client"].tolist()
    speakers = rows["speaker"].tolist()
    clients = {who for who, mine in zip(speakers, client, strict=True) if mine and who}
    turns: list[tuple[bool, list[int]]] = []
    for i, number in enumerate(turn_numbers(rows)):
        if number < 0:
            continue
        side = client[i] or speakers[i] in clients
        if not turns or turns[-1][0] != side:
            turns.append((side, []))
        turns[-1][1].append(i)
    return turns

"""`estimate`: corrected shares of talk, overall, of groups, and of sessions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, get_args

import numpy as np
from scipy import stats

from changetalk.errors import InputError
from changetalk.estimation.by_session import session_shares
from changetalk.estimation.coded import Coded, Reading, read_coded
from changetalk.estimation.result import Difference, Estimates, Figure
from changetalk.estimation.shares import MEASURES, SessionsAre, Shares, corrected, half_width, naive
from changetalk.reliability.intervals import Estimate, FloatArray

_NONE = Estimate(math.nan, math.nan, math.nan)


def estimate(
    machine: Any,
    human: str | Sequence[object] = "human",
    *,
    prob: str | float | Sequence[object] | None = "sample_prob",
    groups: str | Sequence[object] | None = None,
    sessions_are: SessionsAre = "sample",
    tune: bool = True,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> Estimates:
    """Correct the shares of change, neutral and sustain talk by human codes of a random part.

    A machine that errs gives wrong shares, however much it labels, and intervals that do not hold
    the truth. Where a random part of the talk, drawn with known probabilities, is also coded by
    hand, its errors can be measured and taken away.

    Parameters
    ----------
    machine : table, Transcript or sequence of Transcript
        What labelling gave, whole; see `changetalk.as_labelled`.
    human : str or sequence, default "human"
        The human labels: a column of the table, or one value a row of it, in any spelling that
        `changetalk.labels.parse_label` reads; missing, or empty, where nobody coded.
        `changetalk.review.read` gives a table with such a column.
    prob : str, float, sequence or None, default "sample_prob"
        The probability with which each coded utterance was drawn, above 0 and up to 1: a column, one
        number a row, one for all, or None where every utterance was drawn with the same (it is then
        coded / all). Coded utterances on which it is missing were not drawn at random; they are left
        out, and counted. Where whole sessions were drawn and coded, the probability is that of
        the session.
    groups : str or sequence, optional
        Groups to estimate and compare: a column, or one value a row. A session may lie in several,
        such as the halves of each.
    sessions_are : {'sample', 'all'}, default 'sample'
        What the intervals speak of. ``'sample'``: of the talk of which these sessions are a sample
        (a superpopulation), as a study's readers will understand them. ``'all'``: of these very
        sessions, as when a clinic describes its year; only which utterances were coded is left to
        chance, and intervals are narrower.
    tune : bool, default True
        Weigh the machine so that variances are least, and never above that of human labels alone. If
        False, it has full weight: the plain difference estimator, free of bias in samples of any size.
    label, session, speaker, text, client
        As for `changetalk.as_labelled`. Without a column of sessions, only ``sessions_are='all'``
        has intervals.

    Returns
    -------
    Estimates
        `overall`, `groups`, `sessions`, `differences`; `to_frame` and `paragraph`.

    Raises
    ------
    InputError
        If nothing drawn at random is coded, a code is no label, or stands on a row without a machine's
        label, a probability is none, or there is but one group.
    ColumnError, ClientError, TypeError
        As for `changetalk.as_labelled`.

    Notes
    -----
    Estimator and variances: see `changetalk.estimation.shares`; sources there. The machine counts with
    its probabilities where every client utterance has them, else with its labels. In a
    group, only its own codes count. A session's figure leans on other sessions' codes as far as
    its own are few (`changetalk.estimation.by_session`); its interval is for that session's talk.
    Of a label that none, or all, of the coded have, the share has no interval. Differences:
    Welch's t where no session lies in both groups.

    Examples
    --------
    >>> import pandas as pd
    >>> talk = pd.DataFrame({
    ...     "session": [1, 1, 1, 1, 2, 2, 2, 2],
    ...     "ct_label": ["change", "change", "neutral", "change", "neutral", "change", "change", "neutral"],
    ...     "human": ["change", "neutral", "", "", "neutral", "change", "", ""],
    ...     "sample_prob": 0.5,
    ... })
    >>> change = estimate(talk, tune=False).overall["change"]
    >>> change.naive.value, change.human.value, change.corrected.value
    (0.625, 0.5, 0.375)
    """
    if sessions_are not in get_args(SessionsAre):
        raise InputError(f"sessions_are is {sessions_are!r}, but must be 'sample' or 'all'")
    told = {"label": label, "session": session, "speaker": speaker, "text": text, "client": client}
    read = read_coded(machine, human, prob=prob, groups=groups, **told)
    scale = None if tune else 1.0
    count = len(read.sessions)
    data = read.data
    parts = (
        {}
        if read.groups is None
        else {str(name): data.part(read.groups == name) for name in sorted(set(read.groups))}
    )
    found = {name: _both(part, count, sessions_are, scale) for name, part in parts.items()}
    return Estimates(
        n_sessions=count,
        n=len(data.session),
        n_coded=int(data.coded.sum()),
        n_purposive=read.n_purposive,
        sessions_are=sessions_are,
        tuned=tune,
        uses_probabilities=read.uses_probabilities,
        models=read.models,
        overall=_figures(data, *_both(data, count, sessions_are, scale), _human(data, count, sessions_are)),
        groups={
            name: _figures(part, *found[name], _human(part, count, sessions_are))
            for name, part in parts.items()
        },
        sessions=_sessions(read),
        differences=tuple(
            difference
            for a, b in combinations(found, 2)
            for difference in compare_groups(
                a, b, found[a], found[b], _shared(parts[a], parts[b]), sessions_are
            )
        ),
        confusion=_confusion(data),
    )


def _both(data: Coded, count: int, sessions_are: SessionsAre, scale: float | None) -> tuple[Shares, Shares]:
    return naive(data, count, sessions_are), corrected(data, count, sessions_are, scale)


def _human(data: Coded, count: int, sessions_are: SessionsAre) -> Shares:
    return corrected(data, count, sessions_are, 0.0)


def _figures(data: Coded, of_machine: Shares, of_both: Shares, of_human: Shares) -> dict[str, Figure]:
    columns = zip(MEASURES, of_machine.estimates(), of_human.estimates(), of_both.estimates(), strict=True)
    sizes = len(np.unique(data.session)), len(data.session), int(data.coded.sum())
    return {
        measure: Figure(*sizes, said, alone, both, of_both.scale) for measure, said, alone, both in columns
    }


def _sessions(read: Reading) -> dict[str, dict[str, Figure]]:
    data = read.data
    found = {}
    for i, (name, values) in enumerate(
        zip(read.sessions, session_shares(data, len(read.sessions)), strict=True)
    ):
        part = data.part(data.session == i)
        labels = naive(part, len(read.sessions), "all").value
        found[name] = {
            measure: Figure(
                1,
                len(part.session),
                int(part.coded.sum()),
                Estimate(float(said), math.nan, math.nan),
                _NONE,
                value,
                math.nan,
            )
            for measure, said, value in zip(MEASURES, labels, values, strict=True)
        }
    return found


def _shared(first: Coded, second: Coded) -> int:
    """Return in how many sessions two groups lie together; 0 where they share none."""
    both = np.intersect1d(first.session, second.session)
    return len(np.union1d(first.session[first.coded], second.session[second.coded])) if len(both) else 0


def compare_groups(
    a: str,
    b: str,
    first: tuple[Shares, Shares],
    second: tuple[Shares, Shares],
    shared: int,
    sessions_are: SessionsAre,
) -> list[Difference]:
    """Return the differences in all measures between two groups.

    Parameters
    ----------
    a, b : str
        Their names.
    first, second : tuple of 2 Shares
        Their naive and their corrected shares.
    shared : int
        Sessions with coded talk in either, where some session lies in both; else 0.
    sessions_are : {'sample', 'all'}
    """
    found = []
    for one, other in zip(first, second, strict=True):
        value = one.value - other.value
        apart = sessions_are == "all" or not shared
        # Utterances lie in one group each, sessions perhaps in both: then their errors go together.
        variance = (
            one.variance + other.variance if apart else ((one.influence - other.influence) ** 2).sum(axis=0)
        )
        df = _welch(one, other) if apart else np.full(len(MEASURES), shared - 1.0)
        found.append((value, variance, df))
    (plain, plain_var, plain_df), (value, variance, df) = found
    differences = []
    for k, measure in enumerate(MEASURES):
        se = math.sqrt(variance[k]) if variance[k] > 0 and df[k] > 0 else math.nan
        p = float(2 * stats.t.sf(abs(value[k]) / se, df[k])) if se > 0 else math.nan
        uncorrected = _interval(plain[k], plain_var[k], plain_df[k])
        differences.append(Difference(a, b, measure, uncorrected, _interval(value[k], variance[k], df[k]), p))
    return differences


def _welch(one: Shares, other: Shares) -> FloatArray:
    """Return the degrees of freedom of differences of two independent estimates (Welch 1947)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        df: FloatArray = (one.variance + other.variance) ** 2 / (
            one.variance**2 / one.df + other.variance**2 / other.df
        )
    return df


def _interval(value: float, variance: float, df: float) -> Estimate:
    half = float(half_width(np.asarray(variance), float(df)))
    return Estimate(float(value), float(max(value - half, -1)), float(min(value + half, 1)))


def _confusion(data: Coded) -> tuple[tuple[int, ...], ...]:
    coded = data.coded
    counts = data.human[coded].T @ data.naive[coded]
    return tuple(tuple(int(n) for n in row) for row in counts)

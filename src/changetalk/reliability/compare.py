"""`agreement`: coders, or coders and a model, compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from changetalk.errors import InputError
from changetalk.labels import CHANGE, LABELS, SUSTAIN
from changetalk.reliability.icc import Icc, icc_2_1
from changetalk.reliability.intervals import Estimate, FloatArray, IntArray, bootstrap_interval
from changetalk.reliability.nominal import (
    Tables,
    ac1_of,
    alpha_of,
    f1_of,
    fleiss_of,
    kappa_of,
    one_against_rest,
    percent_of,
    tables,
)
from changetalk.reliability.paragraph import SESSION_MEASURES
from changetalk.reliability.reading import Coded, coded_columns, coded_each, columns_of
from changetalk.reliability.result import Agreement, ClassAgreement, Pair

_Q = len(LABELS)


def agreement(
    labels: Any,
    other: Any = None,
    *,
    coders: Sequence[str] | None = None,
    sessions: str | Iterable[object] | None = None,
    client: str | Sequence[str] | None = None,
    n_boot: int = 2000,
    seed: int = 0,
) -> Agreement:
    """Compare two coders or more, or coders and a model.

    Labels may be written in any way that `changetalk.labels.parse_label` reads, MISC codes with
    valence included; None, NaN and empty cells are missing. An utterance counts where two coders
    labelled it.

    Parameters
    ----------
    labels : mapping, table, sequence or transcripts
        One of: a mapping of coders' names to what each labelled; a table with a column a coder,
        named in `coders`; or what the first of two coders labelled. What a coder labelled is a
        sequence of labels, a pandas, polars or pyarrow table, or transcripts with predictions,
        row by row the same utterances. Of a table of one coder the labels are ``ct_label``,
        else a column of a well-known name (label, code, client_talk_type, ...).
    other : sequence, table or transcripts, optional
        What the second of two coders labelled.
    coders : sequence of str, optional
        The coders' columns, where `labels` is one table.
    sessions : str or iterable, optional
        The session of each utterance, or the table's column that holds it; found by well-known
        names in a table. Without sessions there are neither intervals nor ICCs, because
        utterances of one session are not independent.
    client : str or sequence of str, optional
        As for `changetalk.label_file`; needed where the columns hold the therapist's codes too.
    n_boot : int, default 2000
        Resamples of the bootstrap over sessions; 0 for no intervals.
    seed : int, default 0

    Returns
    -------
    Agreement
        Percent agreement, Cohen's (1960) and Fleiss' (1971) kappa, Gwet's (2008) AC1 over the
        three labels, Krippendorff's (2011) alpha, kappa and F1 of each label, the confusion of
        each two coders, and ICC(2,1) (Shrout & Fleiss 1979) of each session's counts and percent
        change talk; with 95% intervals, a table and a paragraph.

    Raises
    ------
    TypeError
        If something is of another kind.
    InputError, ColumnError, ClientError
        If a label cannot be read, coders have not labelled the same rows, or no utterance was
        labelled by two.

    Examples
    --------
    >>> found = agreement(
    ...     {"Ann": ["CT", "ST", "FN", "FN"], "Ben": ["CT", "ST", "FN", "ST"]}, sessions=[1, 1, 2, 2]
    ... )
    >>> found.percent_agreement.value
    0.75
    """
    _check_draws(n_boot, seed)
    return compare(_coded(labels, other, coders, sessions, client), n_boot=n_boot, seed=seed)


def compare(coded: Coded, *, n_boot: int = 2000, seed: int = 0) -> Agreement:
    """Do the work of `agreement` on labels that have been read."""
    votes, group = coded.votes, coded.sessions
    by_group = tables(votes, _Q, group)
    values = _measures(Tables(*(part.sum(axis=0) for part in by_group)))
    low, high = bootstrap_interval(
        lambda weights: _measures(by_group.weighted(weights)),
        len(by_group.paired),
        n_boot=n_boot,
        seed=seed,
        width=sum(part[0].size for part in by_group),
    )
    found = [Estimate(*map(float, each)) for each in zip(values, low, high, strict=True)]
    given = (votes >= 0).sum(axis=1)
    return Agreement(
        coders=coded.coders,
        n=int((given >= 2).sum()),
        n_complete=int((given == len(coded.coders)).sum()),
        n_single=int((given == 1).sum()),
        n_sessions=None if group is None else len(np.unique(group[given >= 2])),
        n_boot=n_boot,
        seed=seed,
        percent_agreement=found[0],
        cohen_kappa=found[1],
        fleiss_kappa=found[2],
        gwet_ac1=found[3],
        krippendorff_alpha=found[4],
        classes={
            label: ClassAgreement(kappa=found[5 + k], f1=found[5 + _Q + k]) for k, label in enumerate(LABELS)
        },
        sessions={} if group is None else _session_iccs(votes, group),
        pairs=_pairs(coded.coders, by_group.confusions.sum(axis=0)),
    )


def _check_draws(n_boot: int, seed: int) -> None:
    for name, value in (("n_boot", n_boot), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, not {type(value).__name__}")
        if value < 0:
            raise InputError(f"{name} is {value}, but must be 0 or more")


def _coded(
    labels: Any,
    other: Any,
    coders: Sequence[str] | None,
    sessions: str | Iterable[object] | None,
    client: str | Sequence[str] | None,
) -> Coded:
    if coders is not None:
        if other is not None or isinstance(labels, Mapping):
            raise TypeError(
                "coders= names columns of one table; a second coder or a mapping do not go with it"
            )
        if isinstance(coders, str):
            raise TypeError("coders= takes several columns' names, not one text")
        cells = columns_of(labels)
        n = len(next(iter(cells.values()), []))
        return coded_columns(
            cells,
            list(coders),
            sessions=sessions,
            client=client,
            where="the table",
            at=lambda i: f"the table, row {i + 1} of {n}",
        )
    if other is not None:
        labels = {"coder 1": labels, "coder 2": other}
    if not isinstance(labels, Mapping):
        raise TypeError(
            "agreement needs two coders: a second argument, a mapping of names to labels, or one table "
            "with coders= naming its columns"
        )
    return coded_each(labels, sessions=sessions, client=client)


def _measures(sums: Tables) -> FloatArray:
    """Return all measures, shape (..., 5 + 2 * 3), in the order of `Agreement`'s attributes."""
    singles = [
        percent_of(sums),
        _mean(kappa_of(sums.confusions)),
        fleiss_of(sums)[0],
        ac1_of(sums),
        alpha_of(sums),
    ]
    by_class = kappa_of(one_against_rest(sums.confusions)), f1_of(sums.confusions)
    each = [_mean(np.moveaxis(values, -2, -1)) for values in by_class]
    return np.concatenate([np.stack(singles, axis=-1), *each], axis=-1)


def _mean(values: FloatArray) -> FloatArray:
    """Return the mean over the last axis of what exists; nan where nothing does."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.where(there, values, 0).sum(axis=-1) / there.sum(axis=-1)
    return mean


def _session_iccs(votes: IntArray, group: IntArray) -> dict[str, Icc]:
    """Return ICC(2,1) of each session measure, from utterances that every coder labelled."""
    whole = (votes >= 0).all(axis=1)
    _, number = np.unique(group[whole], return_inverse=True)
    counts = np.zeros((int(number.max(initial=-1)) + 1, votes.shape[1], _Q))
    rows, coders = np.indices(votes[whole].shape)
    np.add.at(counts, (number[rows], coders, votes[whole]), 1)
    change, sustain = counts[..., LABELS.index(CHANGE)], counts[..., LABELS.index(SUSTAIN)]
    with np.errstate(invalid="ignore"):
        percent = change / (change + sustain)
    values = [percent, *np.moveaxis(counts, -1, 0)]
    return {name: icc_2_1(value) for name, value in zip(SESSION_MEASURES, values, strict=True)}


def _pairs(coders: tuple[str, ...], confusions: FloatArray) -> tuple[Pair, ...]:
    kappas, f1 = kappa_of(confusions), f1_of(confusions).mean(axis=-1)
    found = []
    for k, (first, second) in enumerate(combinations(coders, 2)):
        n = int(confusions[k].sum())
        found.append(
            Pair(
                first=first,
                second=second,
                n=n,
                percent_agreement=float(np.trace(confusions[k])) / n if n else float("nan"),
                kappa=float(kappas[k]),
                macro_f1=float(f1[k]),
                confusion=tuple(tuple(map(int, row)) for row in confusions[k]),
            )
        )
    return tuple(found)

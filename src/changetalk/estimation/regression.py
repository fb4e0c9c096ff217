"""Regression of a session's outcome on a measure of its talk, with the machine's errors taken out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from changetalk import __version__
from changetalk.errors import InputError
from changetalk.estimation.coded import Coded, read_coded
from changetalk.estimation.result import p_text
from changetalk.estimation.shares import MEASURES
from changetalk.labels import CHANGE, LABELS, SUSTAIN
from changetalk.reliability.intervals import FloatArray

_WEAK: Final = 10.0  # Staiger & Stock (1997): below, two-stage intervals are not to be trusted
_INCLINED: Final = [LABELS.index(CHANGE), LABELS.index(SUSTAIN)]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A regression coefficient with its 95% interval and the p of a two-sided t test."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Regression:
    """What `regress` found.

    Attributes
    ----------
    measure : str
    n_sessions : int
        Sessions that the regression rests on.
    n_left_out : int
        Sessions with an outcome that have no value of the measure, most often because none of
        their talk (for %CT, of their change or sustain talk) was coded.
    first_stage_f : float
        How strongly the machine's measure goes with the human one: below 10, do not trust the
        intervals, code more.
    naive, corrected : dict of {str: Coefficient}
        Of ordinary regression on the machine's labels, and corrected: of ``intercept``, the measure
        (the change in outcome from 0 to 1, the measure's whole range) and each covariate.
    """

    measure: str
    n_sessions: int
    n_left_out: int
    first_stage_f: float
    naive: dict[str, Coefficient]
    corrected: dict[str, Coefficient]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a term: ``term, naive, naive_low, naive_high, naive_p, value, low, high, p``."""
        rows = []
        for term, found in self.corrected.items():
            plain = self.naive[term]
            row = [
                term,
                plain.value,
                plain.low,
                plain.high,
                plain.p,
                found.value,
                found.low,
                found.high,
                found.p,
            ]
            rows.append(row)
        names = ["term", "naive", "naive_low", "naive_high", "naive_p", "value", "low", "high", "p"]
        return pd.DataFrame(rows, columns=names)

    @property
    def name(self) -> str:
        """What the measure is called in a sentence."""
        return (
            "proportion change talk" if self.measure == MEASURES[-1] else f"the share of {self.measure} talk"
        )

    def paragraph(self) -> str:
        """Return the result in plain English, fit for a methods and results section."""
        found, plain = self.corrected[self.measure], self.naive[self.measure]
        left = f" ({self.n_left_out} more had too little coded talk)" if self.n_left_out else ""
        weak = (
            " The machine's measure goes so weakly with the human one that the interval is not to be trusted."
            if self.first_stage_f < _WEAK
            else ""
        )
        return (
            f"The outcome of {self.n_sessions} sessions{left} was regressed on {self.name} (0 to 1) "
            "by two-stage least squares: the measure as coded by hand on a random part of each session, with "
            "the machine's of the whole session as its instrument (Fuller, 1987; Carroll et al., 2006), and "
            f"heteroscedasticity-consistent (HC3) standard errors. The coefficient was {found.value:.3g} "
            f"[{found.low:.3g}, {found.high:.3g}], {p_text(found.p)}; uncorrected it would have been "
            f"{plain.value:.3g} [{plain.low:.3g}, {plain.high:.3g}]. The first stage had F = "
            f"{self.first_stage_f:.1f}.{weak} It is assumed that the machine's errors in a session do not "
            f"go with the outcome beyond the talk itself. Computed with changetalk {__version__}."
        )


def regress(
    outcome: Mapping[Any, float] | pd.Series[Any],
    machine: Any,
    human: str | Sequence[object] = "human",
    *,
    measure: str = "proportion_change_talk",
    covariates: pd.DataFrame | None = None,
    prob: str | float | Sequence[object] | None = "sample_prob",
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> Regression:
    """Regress an outcome of sessions on a measure of their talk.

    Regression on what a machine measured finds too little: its errors water the relation down. The
    measure from the coded part alone is right on average, but noisy, which waters down as much. Used
    together they do not: the noise of the one has nothing to do with the errors of the other.

    Parameters
    ----------
    outcome : mapping or pandas.Series
        The outcome of each session, by its name; missing ones are left out.
    machine, human, prob, label, session, speaker, text, client
        As for `changetalk.estimate`.
    measure : str, default "proportion_change_talk"
        Or ``change``, ``neutral``, ``sustain``: the share of that label.
    covariates : pandas.DataFrame, optional
        Numbers to adjust for, a row a session, indexed by its name, a column a covariate.

    Returns
    -------
    Regression

    Raises
    ------
    InputError
        If the measure is another, an outcome is of no session, a covariate is missing or no number, or
        fewer than four sessions more than coefficients are left; and as `changetalk.estimate`.
    ColumnError, ClientError, TypeError
        As for `changetalk.estimate`.

    Notes
    -----
    Two-stage least squares (Wooldridge 2010, chapter 5) with the machine's measure as the instrument
    for the human one (Fuller 1987, "Measurement error models", section 1.4; Carroll, Ruppert,
    Stefanski & Crainiceanu 2006, chapter 6). The human measure of a session is, for shares, the
    difference estimate (as in `estimate`, of the session alone), and for %CT the share of change
    talk among its coded change and sustain talk: as the coded are drawn at random, both are free of
    bias in every session (design-based, as Egami et al. 2023), and their noise is independent of
    everything else. What is assumed beyond the design is that errors are nondifferential:
    given a session's talk, the machine's measure tells no more of the outcome. Errors that
    differ between sessions are no harm; errors that go with the outcome are. Standard errors: HC3
    (MacKinnon & White 1985), t with sessions minus coefficients degrees of freedom.
    """
    if measure not in MEASURES:
        raise InputError(f"measure is {measure!r}, but must be one of {', '.join(MEASURES)}")
    told = {"label": label, "session": session, "speaker": speaker, "text": text, "client": client}
    read = read_coded(machine, human, prob=prob, **told)
    y, rows = _outcomes(outcome, read.sessions)
    others, names = _covariates(covariates, [read.sessions[i] for i in rows])
    by_hand, by_machine, by_label = (
        each[rows] for each in session_measures(read.data, len(read.sessions), measure)
    )
    there = ~np.isnan(by_hand) & ~np.isnan(by_machine) & ~np.isnan(by_label)
    terms = ["intercept", measure, *names]
    if there.sum() < len(terms) + 4:
        raise InputError(
            f"outcome: {there.sum()} sessions have an outcome and coded talk to measure; "
            f"{len(terms) + 4} are needed at least: code some talk of each"
        )
    y, others = y[there], others[there]
    found, f = two_stage(y, by_hand[there], by_machine[there], others)
    plain, _ = two_stage(y, by_label[there], by_label[there], others)
    return Regression(
        measure=measure,
        n_sessions=int(there.sum()),
        n_left_out=int((~there).sum()),
        first_stage_f=f,
        naive=dict(zip(terms, plain, strict=True)),
        corrected=dict(zip(terms, found, strict=True)),
    )


def session_measures(data: Coded, n_sessions: int, measure: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a measure of each session: by hand, by the machine, and by its labels; shape (G,) each.

    That by hand is free of bias given the session. NaN where a measure does not exist.
    """
    weight = data.weight
    kept = data.human[:, _INCLINED].sum(axis=1) > 0 if measure == MEASURES[-1] else data.coded

    def mean(values: FloatArray, weights: FloatArray) -> FloatArray:
        top = np.bincount(data.session, weights=weights * values, minlength=n_sessions)
        total = np.bincount(data.session, weights=weights, minlength=n_sessions)
        found: FloatArray = np.divide(top, total, out=np.full(n_sessions, np.nan), where=total > 0)
        return found

    every = np.ones(len(weight))
    if measure == MEASURES[-1]:
        k = LABELS.index(CHANGE)
        inclined = data.machine[:, _INCLINED].sum(axis=1), data.naive[:, _INCLINED].sum(axis=1)
        of_machine, of_label = (
            np.divide(mean(said[:, k], every), total, out=np.full(n_sessions, np.nan), where=total > 0)
            for said, total in zip(
                (data.machine, data.naive), (mean(t, every) for t in inclined), strict=True
            )
        )
        return mean(data.human[:, k], weight * kept), of_machine, of_label
    k = MEASURES.index(measure)
    of_machine = mean(data.machine[:, k], every)
    correction = mean(data.human[:, k] - data.machine[:, k], weight * kept)
    return of_machine + correction, of_machine, mean(data.naive[:, k], every)


def two_stage(
    y: FloatArray, measured: FloatArray, instrument: FloatArray, others: FloatArray
) -> tuple[list[Coefficient], float]:
    """Return the coefficients of two-stage least squares, and the F of the instrument.

    Parameters
    ----------
    y, measured, instrument : ndarray of float, shape (n,)
        Where `instrument` is `measured`, this is ordinary least squares (F is infinite).
    others : ndarray of float, shape (n, m)
        Covariates, which are their own instruments.

    Returns
    -------
    coefficients : list of 2 + m Coefficient
        Of the intercept, `measured` and the covariates.
    f : float
        Square of the heteroscedasticity-consistent t of the instrument in the first stage.

    Raises
    ------
    InputError
        If the columns are not linearly independent.
    """
    n, one = len(y), np.ones((len(y), 1))
    x = np.hstack([one, measured[:, None], others])
    z = np.hstack([one, instrument[:, None], others])
    if np.linalg.matrix_rank(z) < z.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise InputError(
            "regress: the measure and the covariates are not independent of each other; drop one"
        )
    projected = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    beta, cov = _hc3(projected, y, x)
    df = n - x.shape[1]
    se = np.sqrt(np.diag(cov))
    t = float(stats.t.ppf(0.975, df))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(beta / se), df)
        first, first_cov = _hc3(z, measured, z)
        f = float(first[1] ** 2 / first_cov[1, 1])
    values = zip(beta, beta - t * se, beta + t * se, p, strict=True)
    return [Coefficient(*map(float, each)) for each in values], f if f < 1e12 else math.inf


def _hc3(design: FloatArray, y: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients from the design, and their HC3 covariance with residuals about x."""
    bread = np.linalg.pinv(design.T @ design)
    beta = bread @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    residual = (y - x @ beta) / np.maximum(1 - leverage, 1e-9)
    meat = design * residual[:, None]
    return beta, bread @ meat.T @ meat @ bread


def _outcomes(outcome: Any, sessions: tuple[str, ...]) -> tuple[FloatArray, list[int]]:
    """Return the outcomes there are, and the number of each one's session."""
    if not isinstance(outcome, Mapping | pd.Series):
        raise TypeError(
            f"outcome must be a mapping or a Series from session to number, not {type(outcome).__name__}"
        )
    place = {name: i for i, name in enumerate(sessions)}
    keys = list(outcome.index if isinstance(outcome, pd.Series) else outcome)
    names = [str(key) for key in keys]
    unknown = [name for name in names if name not in place]
    if unknown:
        raise InputError(
            f"outcome: {len(unknown)} of {len(names)} sessions, such as {unknown[0][:60]!r}, are not in "
            "the table"
        )
    if len(set(names)) < len(names):
        raise InputError("outcome: has a session twice; give each session one outcome")
    try:
        values = np.array(
            [math.nan if pd.isna(outcome[key]) else outcome[key] for key in keys], dtype=np.float64
        )
    except (TypeError, ValueError):
        raise InputError("outcome: holds something that is no number") from None
    there = np.isfinite(values)
    return values[there], [place[name] for name, yes in zip(names, there, strict=True) if yes]


def _covariates(table: pd.DataFrame | None, sessions: list[str]) -> tuple[FloatArray, list[str]]:
    if table is None:
        return np.empty((len(sessions), 0)), []
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"covariates must be a pandas frame indexed by session, not {type(table).__name__}")
    named = table.set_axis([str(name) for name in table.index])
    if not named.index.is_unique:
        raise InputError("covariates: have a session twice; give each session one row")
    missing = [name for name in sessions if name not in named.index]
    if missing:
        raise InputError(
            f"covariates: {len(missing)} sessions, such as {missing[0][:60]!r}, have none; add them"
        )
    try:
        values = named.loc[sessions].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("covariates: hold something that is no number; code groups as 0 and 1") from None
    if not np.isfinite(values).all():
        raise InputError(
            "covariates: are missing for some sessions; fill them in, or leave those sessions out"
        )
    return values, [str(name) for name in table.columns]

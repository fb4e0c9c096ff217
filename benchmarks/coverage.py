"""How often 95% intervals hold the truth: naive, from human labels alone, and corrected.

    python benchmarks/coverage.py

Made-up sessions with labellers of three qualities and samples of three sizes. Sessions differ in
what is said, in length, and in how and how well the machine labels them. Writes
benchmarks/results/coverage.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from changetalk.estimation.by_session import session_shares
from changetalk.estimation.coded import Coded
from changetalk.estimation.estimates import compare_groups
from changetalk.estimation.regression import session_measures, two_stage
from changetalk.estimation.shares import MEASURES, SessionsAre, Shares, corrected, interval, naive
from changetalk.review.choosing import at_random

FloatArray = npt.NDArray[np.float64]

RESULT = Path(__file__).parent / "results" / "coverage.json"
REPLICATES = 2000
SHARES = np.array([0.25, 0.64, 0.11])  # of AnnoMI's client utterances: change, neutral, sustain
CONCENTRATION = 6.0  # of the Dirichlet of sessions' shares: an intraclass correlation of .14, AnnoMI's
SLOPE = 2.0  # of the outcome on true %CT


@dataclass(frozen=True, slots=True)
class Labeller:
    """How a machine labels: how much it sees of the label, and how much more it sees neutral talk."""

    signal: float
    toward_neutral: float


#: From worse than the linear model to as good as another human coder.
LABELLERS = {"poor": Labeller(0.8, 0.7), "fair": Labeller(1.6, 0.4), "good": Labeller(2.8, 0.2)}

#: Sessions, and utterances coded by hand in all.
SIZES = {
    "15 sessions, 150 coded": (15, 150),
    "40 sessions, 200 coded": (40, 200),
    "100 sessions, 500 coded": (100, 500),
}


def simulate(
    rng: np.random.Generator, labeller: Labeller, n_sessions: int, n_coded: int
) -> tuple[Coded, FloatArray]:
    """Return talk with a random part of it coded, and what a human would have said of all."""
    size = np.clip(rng.lognormal(np.log(50), 0.5, n_sessions), 10, 200).astype(int)
    session = np.repeat(np.arange(n_sessions), size)
    shares = rng.dirichlet(CONCENTRATION * SHARES, n_sessions)
    uniform = rng.random(len(session))[:, None]
    truth = (uniform > shares.cumsum(axis=1)[session][:, :2]).sum(axis=1)
    signal = labeller.signal * np.exp(rng.normal(0, 0.3, n_sessions))
    bias = np.array([0, labeller.toward_neutral, 0]) + rng.normal(0, 0.4, (n_sessions, 3))
    logits = (
        np.eye(3)[truth] * signal[session][:, None] + bias[session] + rng.gumbel(0, 0.8, (len(session), 3))
    )
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    human = np.eye(3)[truth]
    places, probability = at_random(session, n_coded, rng)
    prob = np.full(len(session), np.nan)
    prob[places] = probability
    coded = ~np.isnan(prob)
    label = np.eye(3)[proba.argmax(axis=1)]
    return Coded(proba, label, human * coded[:, None], prob, session), human


def with_ratio(shares: FloatArray) -> FloatArray:
    """Return shares with %CT beside them."""
    inclined = shares[0] + shares[2]
    return np.append(shares, shares[0] / inclined if inclined > 0 else np.nan)


def coverage(
    labeller: Labeller,
    n_sessions: int,
    n_coded: int,
    *,
    replicates: int,
    seed: int,
    sessions_are: SessionsAre = "sample",
) -> dict[str, Any]:
    """Return how often intervals of each kind hold the truth, and how wide they are on average."""
    rng = np.random.default_rng(seed)
    kinds = ("naive", "human labels alone", "difference, lambda 1", "corrected")
    held = {kind: np.zeros((replicates, len(MEASURES))) for kind in kinds}
    width = {kind: np.zeros((replicates, len(MEASURES))) for kind in kinds}
    accuracy = np.zeros(replicates)
    for k in range(replicates):
        data, human = simulate(rng, labeller, n_sessions, n_coded)
        truth = with_ratio(SHARES if sessions_are == "sample" else human.mean(axis=0))
        found: dict[str, Shares] = {
            "naive": naive(data, n_sessions, sessions_are),
            "human labels alone": corrected(data, n_sessions, sessions_are, 0.0),
            "difference, lambda 1": corrected(data, n_sessions, sessions_are, 1.0),
            "corrected": corrected(data, n_sessions, sessions_are, None),
        }
        accuracy[k] = (data.naive * human).sum() / len(human)
        for kind, shares in found.items():
            low, high = interval(shares.value, shares.variance, shares.df)
            held[kind][k] = np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))
            width[kind][k] = high - low
    return {"accuracy": _mean(accuracy), **{kind: _table(held[kind], width[kind]) for kind in kinds}}


def coverage_of_differences(
    labeller: Labeller, n_sessions: int, n_coded: int, *, replicates: int, seed: int
) -> dict[str, Any]:
    """Return the same of differences between two groups that are alike, so that the truth is 0."""
    rng = np.random.default_rng(seed)
    held, width = np.zeros((2, replicates, len(MEASURES))), np.zeros((2, replicates, len(MEASURES)))
    for k in range(replicates):
        data, _ = simulate(rng, labeller, n_sessions, n_coded)
        parts = [data.part(data.session % 2 == side) for side in (0, 1)]
        shares = [
            (naive(part, n_sessions, "sample"), corrected(part, n_sessions, "sample", None)) for part in parts
        ]
        for m, each in enumerate(compare_groups("a", "b", *shares, 0, "sample")):
            for kind, found in enumerate((each.naive, each.corrected)):
                held[kind, k, m] = np.nan if np.isnan(found.low) else found.low <= 0 <= found.high
                width[kind, k, m] = found.high - found.low
    return {"naive": _table(held[0], width[0]), "corrected": _table(held[1], width[1])}


def coverage_of_sessions(
    labeller: Labeller, n_sessions: int, n_coded: int, *, replicates: int, seed: int
) -> dict[str, Any]:
    """Return the same of the measures of single sessions, with the error of the estimates."""
    rng = np.random.default_rng(seed)
    held, width, error, plain = [], [], [], []
    for _ in range(replicates):
        data, human = simulate(rng, labeller, n_sessions, n_coded)
        for i, found in enumerate(session_shares(data, n_sessions)):
            mine = data.session == i
            truth = with_ratio(human[mine].mean(axis=0))
            value, low, high = np.array([(e.value, e.low, e.high) for e in found]).T
            held.append(
                np.where(np.isnan(low + truth), np.nan, (low - 1e-9 <= truth) & (truth <= high + 1e-9))
            )
            width.append(high - low)
            error.append(value - truth)
            plain.append(with_ratio(data.naive[mine].mean(axis=0)) - truth)
    table = _table(np.array(held), np.array(width))
    for k, measure in enumerate(MEASURES):
        table[measure]["rmse"] = _mean(np.array(error)[:, k] ** 2) ** 0.5
        table[measure]["naive_rmse"] = _mean(np.array(plain)[:, k] ** 2) ** 0.5
    return table


def coverage_of_regression(
    labeller: Labeller, n_sessions: int, n_coded: int, *, replicates: int, seed: int
) -> dict[str, Any]:
    """Return the same of the coefficient of %CT, in a regression of an outcome that follows true %CT."""
    rng = np.random.default_rng(seed)
    nothing = np.empty((n_sessions, 0))
    held, value, width = (np.full((replicates, 2), np.nan) for _ in range(3))
    strength = np.full(replicates, np.nan)
    for k in range(replicates):
        data, human = simulate(rng, labeller, n_sessions, n_coded)
        count = np.stack([np.bincount(data.session, weights=c, minlength=n_sessions) for c in human.T])
        with np.errstate(invalid="ignore"):
            truth = count[0] / (count[0] + count[2])
        outcome = SLOPE * truth + rng.normal(0, 0.5, n_sessions)
        by_hand, by_machine, by_label = session_measures(data, n_sessions, "proportion_change_talk")
        use = ~np.isnan(outcome + by_hand + by_machine + by_label)
        columns = ((by_label, by_label), (by_hand, by_machine))
        for kind, (measured, instrument) in enumerate(columns):
            terms, f = two_stage(outcome[use], measured[use], instrument[use], nothing[use])
            found = terms[1]
            held[k, kind], value[k, kind] = found.low <= SLOPE <= found.high, found.value
            width[k, kind], strength[k] = found.high - found.low, f
    return {
        name: {
            "coverage": _mean(held[:, kind]),
            "median": round(float(np.median(value[:, kind])), 3),
            "median_width": round(float(np.median(width[:, kind])), 3),
        }
        for kind, name in enumerate(("naive", "corrected"))
    } | {"truth": SLOPE, "median_first_stage_f": round(float(np.median(strength)), 1)}


def main() -> None:
    """Simulate all, and write the results."""
    cells = [(quality, size) for quality in LABELLERS for size in SIZES]

    def each(of: Any, replicates: int, **more: Any) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {quality: {} for quality in LABELLERS}
        for seed, (quality, size) in enumerate(cells):
            labeller, numbers = LABELLERS[quality], SIZES[size]
            found[quality][size] = of(labeller, *numbers, replicates=replicates, seed=seed, **more)
        return found

    results = {
        "replicates": REPLICATES,
        "icc": round(1 / (1 + CONCENTRATION), 3),
        "shares of the talk from which sessions are a sample": each(coverage, REPLICATES),
        "shares of the talk of these sessions": each(coverage, REPLICATES // 4, sessions_are="all"),
        "differences between two groups of sessions": each(coverage_of_differences, REPLICATES // 2),
        "single sessions": each(coverage_of_sessions, REPLICATES // 20),
        "regression of an outcome on %CT": each(coverage_of_regression, REPLICATES // 2),
    }
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _table(held: FloatArray, width: FloatArray) -> dict[str, dict[str, float]]:
    """Return coverage and mean width of each measure, from rows of replicates."""
    return {
        measure: {"coverage": _mean(held[:, k]), "width": _mean(width[:, k])}
        for k, measure in enumerate(MEASURES)
    }


def _mean(values: FloatArray) -> float:
    return round(float(np.nanmean(values)), 4)


if __name__ == "__main__":
    main()

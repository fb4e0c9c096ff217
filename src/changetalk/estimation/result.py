"""What `estimate` found: figures, a table, a paragraph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import pandas as pd

from changetalk import __version__
from changetalk.estimation.shares import SessionsAre
from changetalk.labels import CHANGE, NEUTRAL, SUSTAIN
from changetalk.reliability.intervals import Estimate, plain

_NAMES: Final[dict[str, str]] = {
    CHANGE: "change talk",
    NEUTRAL: "neutral",
    SUSTAIN: "sustain talk",
    "proportion_change_talk": "percent change talk",
}
_COLUMNS: Final = [
    "level", "of", "measure", "sessions", "utterances", "coded", "naive", "value", "low", "high", "p",
    "human", "human_low", "human_high", "scale",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of the whole, a group or a session; shares from 0 to 1, intervals 95%.

    Attributes
    ----------
    n_sessions, n, n_coded : int
        Sessions, client utterances, and those of them that were drawn at random and coded.
    naive : Estimate
        Of the machine's labels, taken for the truth. Its interval does not hold the truth as
        often as it says.
    human : Estimate
        Of the human labels alone; NaN for sessions.
    corrected : Estimate
        Of both; what to report. NaN where nothing is coded. Without an interval where too
        little is coded to tell how sure it is.
    scale : float
        How far the machine was relied on, from 0 to 1 (the lambda of PPI++); NaN for sessions.
    """

    n_sessions: int
    n: int
    n_coded: int
    naive: Estimate
    human: Estimate
    corrected: Estimate
    scale: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of one group minus that of another, with the p of a two-sided t test.

    Attributes
    ----------
    first, second, measure : str
    naive, corrected : Estimate
    p : float
        Of the corrected difference; NaN where it has no variance.
    """

    first: str
    second: str
    measure: str
    naive: Estimate
    corrected: Estimate
    p: float


@dataclass(frozen=True, slots=True)
class Estimates:
    """What `estimate` found. Measures are the shares of each label and `proportion_change_talk`.

    Attributes
    ----------
    n_sessions, n, n_coded : int
        Sessions, client utterances, and those of them that were drawn at random and coded.
    n_purposive : int
        Coded utterances left out, because they were not drawn at random.
    sessions_are : {'sample', 'all'}
    tuned : bool
        Whether the machine's weight was chosen for the smallest variance.
    uses_probabilities : bool
        Whether the machine's probabilities were used; if not, its labels.
    models : tuple of str
        What gave the machine's labels, where known.
    overall : dict of {measure: Figure}
    groups, sessions : dict of {name: {measure: Figure}}
    differences : tuple of Difference
        Between every two groups.
    confusion : tuple of tuple of int
        Of the coded: counts, the human's label down and the machine's across, as `LABELS`. For `plan`.
    """

    n_sessions: int
    n: int
    n_coded: int
    n_purposive: int
    sessions_are: SessionsAre
    tuned: bool
    uses_probabilities: bool
    models: tuple[str, ...]
    overall: dict[str, Figure]
    groups: dict[str, dict[str, Figure]]
    sessions: dict[str, dict[str, Figure]]
    differences: tuple[Difference, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy table, a row a figure.

        Returns
        -------
        pandas.DataFrame
            Columns ``level`` (overall, group, difference, session), ``of`` (which one),
            ``measure``, ``sessions``, ``utterances``, ``coded`` (counts; missing for
            differences), ``naive``, ``value``, ``low``, ``high`` (corrected), ``p`` (of
            differences), ``human``, ``human_low``, ``human_high`` and ``scale``; missing where
            they do not exist.
        """
        rows = _rows("overall", "all", self.overall)
        for name, figures in self.groups.items():
            rows += _rows("group", name, figures)
        for each in self.differences:
            found = each.corrected
            row = dict.fromkeys(_COLUMNS, math.nan) | {
                "level": "difference", "of": f"{each.first} - {each.second}", "measure": each.measure,
                "naive": each.naive.value, "value": found.value, "low": found.low, "high": found.high,
                "p": each.p,
            }  # fmt: skip
            rows.append(row)
        for name, figures in self.sessions.items():
            rows += _rows("session", name, figures)
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        return frame.astype(dict.fromkeys(("sessions", "utterances", "coded"), "Int64"))

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers, ready for JSON: None where a figure is nan."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    def paragraph(self) -> str:
        """Return the result in plain English, fit for a methods and results section."""
        return " ".join(
            [
                *_what(self),
                *_shares(self),
                *_groups(self),
                *_how(self),
                f"Computed with changetalk {__version__}.",
            ]
        )


def _rows(level: str, of: str, figures: dict[str, Figure]) -> list[dict[str, object]]:
    return [
        {
            "level": level, "of": of, "measure": measure, "sessions": f.n_sessions, "utterances": f.n,
            "coded": f.n_coded, "naive": f.naive.value, "value": f.corrected.value,
            "low": f.corrected.low, "high": f.corrected.high, "p": math.nan, "human": f.human.value,
            "human_low": f.human.low, "human_high": f.human.high, "scale": f.scale,
        }
        for measure, f in figures.items()
    ]  # fmt: skip


def _what(found: Estimates) -> list[str]:
    by = f" by {_joined(found.models)}" if found.models else " by machine"
    first = (
        f"All {found.n:,} client utterances of {_count(found.n_sessions, 'session')} were labelled{by}; "
        f"{found.n_coded:,} of them, drawn at random with known probabilities, were also coded by hand."
    )
    sentences = [first]
    if found.n_purposive:
        sentences.append(
            f"{_count(found.n_purposive, 'further coded utterance')} that had not been drawn at random "
            "did not enter the estimates."
        )
    return sentences


def _shares(found: Estimates) -> list[str]:
    each = _joined([f"{_said(f.corrected)} for {_NAMES[measure]}" for measure, f in found.overall.items()])
    naive = _joined([_percent(f.naive.value) for f in found.overall.values()])
    return [
        f"Corrected for the machine's errors, the estimate was {each}.",
        f"Uncorrected, the machine's labels would have given {naive}.",
    ]


def _groups(found: Estimates) -> list[str]:
    sentences = []
    for name, figures in found.groups.items():
        ratio = figures["proportion_change_talk"].corrected
        sentences.append(f"In the group {name}, percent change talk was {_said(ratio)}.")
    for each in found.differences:
        if each.measure != "proportion_change_talk" or math.isnan(each.p):
            continue
        sentences.append(
            f"The difference in percent change talk between {each.first} and {each.second} was "
            f"{_said(each.corrected, ' points')}, {p_text(each.p)}."
        )
    return sentences


def _how(found: Estimates) -> list[str]:
    what = "probabilities" if found.uses_probabilities else "labels"
    tuned = (
        ", with the machine's weight chosen for the smallest variance (PPI++; Angelopoulos, Duchi & Zrnic, "
        "2023)"
        if found.tuned
        else ""
    )
    estimator = (
        f"The estimator is the mean of the machine's {what} over all utterances plus the "
        "inverse-probability-weighted mean of human minus machine over those coded (Angelopoulos et al., "
        f"2023; Egami et al., 2023){tuned}."
    )
    speak = (
        "standard errors are clustered by session (CR3), so that they speak of sessions like these"
        if found.sessions_are == "sample"
        else "they speak of these very sessions and of no others"
    )
    return [estimator, f"Brackets hold 95% intervals; {speak}."]


def _said(found: Estimate, unit: str = "%") -> str:
    if math.isnan(found.value):
        return "not computable"
    value = f"{100 * found.value:.1f}{unit}"
    return value if math.isnan(found.low) else f"{value} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _percent(value: float) -> str:
    return "no value" if math.isnan(value) else f"{100 * value:.1f}%"


def p_text(p: float) -> str:
    """Return a p as journals of psychology print it."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

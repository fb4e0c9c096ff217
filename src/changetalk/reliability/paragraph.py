"""What coders' agreement is, in the words of a methods section."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from changetalk import __version__
from changetalk.labels import CHANGE, NEUTRAL, SUSTAIN
from changetalk.reliability.bands import ICC_SOURCE, KAPPA_SOURCE, icc_band, kappa_band

if TYPE_CHECKING:
    from changetalk.reliability.icc import Icc
    from changetalk.reliability.intervals import Estimate
    from changetalk.reliability.result import Agreement

#: What coders are compared on per session, and what it is called.
SESSION_MEASURES: Final = {
    "percent_change_talk": "percent change talk",
    f"count_{CHANGE}": "change talk count",
    f"count_{NEUTRAL}": "neutral count",
    f"count_{SUSTAIN}": "sustain talk count",
}

_FEW_GROUPS: Final = 30  # Cameron, Gelbach & Miller (2008) find intervals too narrow with 5 to 30
_MOST_NAMES: Final = 5


def paragraph(found: Agreement) -> str:
    """Return what `Agreement.paragraph` promises."""
    sentences = [*_who(found), *_utterances(found), *_sessions(found), *_how(found)]
    return " ".join([*sentences, f"Computed with changetalk {__version__}."])


def _who(found: Agreement) -> list[str]:
    count = len(found.coders)
    names = f" ({_joined(found.coders)})" if count <= _MOST_NAMES else ""
    where = "" if found.n_sessions is None else f" in {_count(found.n_sessions, 'session')}"
    if found.n_complete == found.n:
        several = "both" if count == 2 else "all"
    else:
        several = f"two or more of them ({found.n_complete:,} by all)"
    sentence = f"In all, {_count(found.n, 'utterance')}{where} {_were(found.n)} labelled by {several}"
    if found.n_single:
        sentence += f"; {found.n_single:,} more {_were(found.n_single)} labelled by one only"
    return [
        f"Client talk was labelled as change talk, neutral or sustain talk by {count} coders{names}.",
        f"{sentence}.",
    ]


def _utterances(found: Agreement) -> list[str]:
    pairs = len(found.pairs)
    whose = "The two labels" if pairs == 1 else "Any two labels of an utterance"
    percent = found.percent_agreement
    interval = "" if math.isnan(percent.low) else f" [{100 * percent.low:.1f}%, {100 * percent.high:.1f}%]"
    sentences = [f"{whose} agreed in {100 * percent.value:.1f}%{interval} of cases."]
    if pairs == 1:
        kappa = "Cohen's (1960) kappa"
    else:
        kappa = f"The mean of Cohen's (1960) kappa over the {pairs} pairs of coders (Light, 1971)"
    banded = _banded(kappa_band(found.cohen_kappa.value), KAPPA_SOURCE)
    by_class = _joined([f"{_said(each.kappa)} for {label}" for label, each in found.classes.items()])
    sentences.append(
        f"{kappa} {_was(found.cohen_kappa)}{banded}; of each label against the others, {by_class}."
    )
    others = [
        f"Gwet's (2008) AC1 {_was(found.gwet_ac1)}",
        f"Krippendorff's (2011) alpha for nominal data {_was(found.krippendorff_alpha)}",
    ]
    if pairs > 1:
        others.insert(0, f"Fleiss' (1971) kappa {_was(found.fleiss_kappa)}")
    return [*sentences, f"{_joined(others)}."]


def _sessions(found: Agreement) -> list[str]:
    if not found.sessions:
        return []
    each = _joined([_icc(icc, SESSION_MEASURES[name]) for name, icc in found.sessions.items()])
    model = "two-way random effects, absolute agreement, single coder; Shrout & Fleiss, 1979"
    of = " over utterances that all labelled" if found.n_complete != found.n else ""
    icc = f"Per session{of}, the intraclass correlation ICC(2,1) ({model})"
    return [f"{icc} was {each}, in the words of {ICC_SOURCE}."]


def _icc(icc: Icc, measure: str) -> str:
    band = icc_band(icc.value)
    details = [_count(icc.n, "session"), *([band] if band else [])]
    return f"{_said(icc)} for {measure} ({', '.join(details)})"


def _how(found: Agreement) -> list[str]:
    if found.n_sessions is None:
        return ["Sessions were not told apart, so there are no intervals and no session-level figures."]
    from_f = "those of the ICCs rest on the F distribution (McGraw & Wong, 1996)"
    if math.isnan(found.percent_agreement.low):
        return [f"Intervals are 95%: {from_f}; the other figures have none."]
    drawn = f"{found.n_boot:,} bootstrap resamples of whole sessions (seed {found.seed})"
    sentences = [
        f"Intervals, in brackets, are 95%: {from_f}, the others are percentile intervals from {drawn}."
    ]
    if found.n_sessions < _FEW_GROUPS:
        sentences.append(
            f"With as few as {found.n_sessions} sessions bootstrap intervals tend to be too narrow "
            "(Cameron, Gelbach & Miller, 2008)."
        )
    return sentences


def _was(found: Estimate) -> str:
    return "could not be computed" if math.isnan(found.value) else f"was {_said(found)}"


def _said(found: Estimate | Icc) -> str:
    if math.isnan(found.value):
        return "not computable"
    if math.isnan(found.low):
        return _number(found.value)
    return f"{_number(found.value)} [{_number(found.low)}, {_number(found.high)}]"


def _banded(band: str | None, source: str) -> str:
    return "" if band is None else f", {band} in the words of {source}"


def _number(value: float) -> str:
    """Return two decimals without the zero before the point, as journals of psychology print them."""
    text = f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.2f}"
    return ".00" if text == "-.00" else text


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

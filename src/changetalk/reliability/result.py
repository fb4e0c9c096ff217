"""What `agreement` found: figures, a table, a paragraph."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import pandas as pd

from changetalk.labels import Label
from changetalk.reliability.bands import ICC_SOURCE, KAPPA_SOURCE, icc_band, kappa_band
from changetalk.reliability.icc import Icc
from changetalk.reliability.intervals import Estimate, plain
from changetalk.reliability.paragraph import SESSION_MEASURES, paragraph

_COLUMNS: Final = [
    "measure", "of", "unit", "n", "value", "low", "high", "interval", "band", "band_source",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """Agreement on one label against the two others; of several coders, the mean over pairs.

    Attributes
    ----------
    kappa : Estimate
        Cohen's kappa.
    f1 : Estimate
        2 TP / (2 TP + FP + FN), the same whichever coder is taken for the truth.
    """

    kappa: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the coders.

    Attributes
    ----------
    first, second : str
    n : int
        Utterances that both labelled.
    percent_agreement, kappa, macro_f1 : float
        nan where they do not exist; `macro_f1` is the mean F1 of all three labels.
    confusion : tuple of tuple of int
        Counts, the first coder's label down and the second's across, in the order of `LABELS`.
    """

    first: str
    second: str
    n: int
    percent_agreement: float
    kappa: float
    macro_f1: float
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well coders, or coders and a model, agree.

    Intervals are 95%. Those of the ICCs rest on F; the others are percentile intervals of a
    bootstrap over sessions, nan where sessions are not known or there is but one.

    Attributes
    ----------
    coders : tuple of str
    n : int
        Utterances labelled by two coders or more, which the figures rest on.
    n_complete : int
        Utterances labelled by every coder.
    n_single : int
        Utterances labelled by one coder only. They count in nothing but the chance term of AC1.
    n_sessions : int or None
        Sessions that hold the `n` utterances; None where sessions are not known.
    n_boot, seed : int
        Resamples of the bootstrap, and where its random numbers start.
    percent_agreement : Estimate
        The share (0 to 1) of pairs of labels that agree, mean over utterances.
    cohen_kappa : Estimate
        Cohen's kappa; of more than two coders the mean over pairs (Light 1971).
    fleiss_kappa : Estimate
        Fleiss' kappa, over utterances that all labelled; of two coders it is Scott's pi.
    gwet_ac1, krippendorff_alpha : Estimate
    classes : dict of {label: ClassAgreement}
    sessions : dict of {str: Icc}
        ICC(2,1) of each of `SESSION_MEASURES`, from utterances that every coder labelled.
        Percent change talk, change / (change + sustain), leaves out sessions in which a coder
        found neither.
    pairs : tuple of Pair
    """

    coders: tuple[str, ...]
    n: int
    n_complete: int
    n_single: int
    n_sessions: int | None
    n_boot: int
    seed: int
    percent_agreement: Estimate
    cohen_kappa: Estimate
    fleiss_kappa: Estimate
    gwet_ac1: Estimate
    krippendorff_alpha: Estimate
    classes: dict[Label, ClassAgreement]
    sessions: dict[str, Icc]
    pairs: tuple[Pair, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy table, a row a figure.

        Returns
        -------
        pandas.DataFrame
            Columns ``measure``, ``of`` (all labels, one, or a session measure), ``unit``
            (utterance or session), ``n`` (how many of them), ``value``, ``low``, ``high``
            (float), ``interval`` (how it was made), ``band`` (a word for the value) and
            ``band_source``; missing where they do not exist.
        """
        interval = None if self.n_sessions is None else "bootstrap over sessions"
        rows = []

        def add(measure: str, of: str, n: int, found: Estimate, *, banded: bool = False) -> None:
            band = kappa_band(found.value) if banded else None
            row = [measure, of, "utterance", n, found.value, found.low, found.high, interval]
            rows.append([*row, band, KAPPA_SOURCE if band else None])

        kappa = self.kappa_name
        add("percent agreement", "all labels", self.n, self.percent_agreement)
        add(kappa, "all labels", self.n, self.cohen_kappa, banded=True)
        add("Fleiss' kappa", "all labels", self.n_complete, self.fleiss_kappa, banded=True)
        add("Gwet's AC1", "all labels", self.n, self.gwet_ac1)
        add("Krippendorff's alpha", "all labels", self.n, self.krippendorff_alpha)
        for label, found in self.classes.items():
            add(kappa, label, self.n, found.kappa, banded=True)
        for label, found in self.classes.items():
            add("F1", label, self.n, found.f1)
        for name, icc in self.sessions.items():
            row = ["ICC(2,1)", SESSION_MEASURES[name], "session", icc.n, icc.value, icc.low, icc.high, "F"]
            band = icc_band(icc.value)
            rows.append([*row, band, ICC_SOURCE if band else None])
        return pd.DataFrame(rows, columns=_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers, ready for JSON: None where a figure is nan."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    def paragraph(self) -> str:
        """Return the result in plain English, fit for a methods section."""
        return paragraph(self)

    @property
    def kappa_name(self) -> str:
        """What `cohen_kappa` is called: of several coders it is a mean over pairs."""
        return "Cohen's kappa" if len(self.coders) == 2 else "mean pairwise kappa"

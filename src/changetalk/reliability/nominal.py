"""Agreement of coders on nominal codes: percent agreement, kappas, AC1, alpha.

Every measure is a function of a few sums over units (`Tables`), so that a bootstrap over sessions
adds up weighted sums and never touches the units again. A measure that does not exist is nan,
never 0: there was nothing to compare, or chance alone agrees fully.

Codes may be anything hashable: labels, MISC codes, numbers. None, NaN and pandas' NA are missing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from changetalk.errors import InputError
from changetalk.reliability.intervals import FloatArray, IntArray


class Tables(NamedTuple):
    """What the measures are made of, added up over units.

    The leading axes, written ``...``, are whatever was added up apart: groups, or resamples. A
    unit is *paired* where two coders or more gave it a code, *complete* where all did.

    Attributes
    ----------
    confusions : shape (..., pairs, q, q)
        For each two coders, how often the first gave a code (down) and the second another
        (across), in the order of `itertools.combinations`.
    agreeing, paired : shape (...)
        The share of pairs of codes that agree, added up over paired units; their number.
    shares, coded : shape (..., q) and (...)
        Each code's share in a unit, added up over all units with a code; their number.
    matched, pairable : shape (...) and (..., q)
        Of Krippendorff's coincidences, the diagonal's sum, and the sum of each row.
    complete_shares, disagreeing, complete : shape (..., q), (..., q) and (...)
        Over complete units: the shares; for each code the share of ordered pairs of coders of
        whom the first gave it and the second did not; the number of units.
    """

    confusions: FloatArray
    agreeing: FloatArray
    paired: FloatArray
    shares: FloatArray
    coded: FloatArray
    matched: FloatArray
    pairable: FloatArray
    complete_shares: FloatArray
    disagreeing: FloatArray
    complete: FloatArray

    def weighted(self, weights: FloatArray) -> Tables:
        """Return the sums over groups, each counted as often as `weights`, shape (b, groups), says."""
        return Tables(*(np.tensordot(weights, part, axes=1) for part in self))


def tables(votes: IntArray, q: int, groups: IntArray | None = None) -> Tables:
    """Add up units, within each group.

    Parameters
    ----------
    votes : ndarray of int, shape (n, coders)
        Codes as numbers from 0 to q - 1; -1 where missing. Two coders at least.
    q : int
        How many codes there are.
    groups : ndarray of int, shape (n,), optional
        The group of each unit, numbered from 0 without gaps; by default all are one.

    Returns
    -------
    Tables
        With one leading axis, the groups.
    """
    n, coders = votes.shape
    group = np.zeros(n, dtype=np.intp) if groups is None else groups
    size = int(group.max(initial=0)) + 1
    counts = (votes[:, :, None] == np.arange(q)).sum(axis=1).astype(np.float64)
    m = counts.sum(axis=1)
    many = np.maximum(m, 2)  # keeps the divisions below from 0; units it changes are left out
    matches = (counts * (counts - 1)).sum(axis=1) / (many - 1)
    coded, paired, complete = m >= 1, m >= 2, m == coders

    def added(values: FloatArray, taken: npt.NDArray[np.bool_]) -> FloatArray:
        total = np.zeros((size, *values.shape[1:]))
        np.add.at(total, group[taken], values[taken])
        return total

    ones = np.ones(n)
    return Tables(
        confusions=np.stack(
            [_confusion(votes[:, [a, b]], q, group, size) for a, b in _pairs(coders)], axis=1
        ),
        agreeing=added(matches / many, paired),
        paired=added(ones, paired),
        shares=added(counts / np.maximum(m, 1)[:, None], coded),
        coded=added(ones, coded),
        matched=added(matches, paired),
        pairable=added(counts, paired),
        complete_shares=added(counts / coders, complete),
        disagreeing=added(counts * (coders - counts) / (coders * (coders - 1)), complete),
        complete=added(ones, complete),
    )


def _pairs(coders: int) -> Iterable[tuple[int, int]]:
    return combinations(range(coders), 2)


def _confusion(votes: IntArray, q: int, group: IntArray, size: int) -> FloatArray:
    both = (votes >= 0).all(axis=1)
    cell = (group * q + votes[:, 0]) * q + votes[:, 1]
    counts = np.bincount(cell[both], minlength=size * q * q)
    return counts.reshape(size, q, q).astype(np.float64)


def kappa_of(confusion: FloatArray) -> FloatArray:
    """Return Cohen's kappa of confusion tables of shape (..., q, q).

    Cohen (1960), "A coefficient of agreement for nominal scales".
    """
    n = confusion.sum(axis=(-2, -1))
    agreeing = np.trace(confusion, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is nan: the measure does not exist
        chance = (confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1) / n**2
        kappa: FloatArray = (agreeing / n - chance) / (1 - chance)
    return kappa


def f1_of(confusion: FloatArray) -> FloatArray:
    """Return each code's F1, 2 TP / (2 TP + FP + FN), of tables of shape (..., q, q); shape (..., q).

    It is the same whichever of the two coders is taken for the truth, and equal to the specific
    agreement of Dice (1945). nan where neither gave the code.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore"):
        f1: FloatArray = 2 * hits / (confusion.sum(axis=-1) + confusion.sum(axis=-2))
    return f1


def one_against_rest(confusion: FloatArray) -> FloatArray:
    """Return for each code its table against all others: shape (..., q, q) to (..., q, 2, 2)."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    first = confusion.sum(axis=-1) - hits  # the first coder gave it, the second did not
    second = confusion.sum(axis=-2) - hits
    neither = confusion.sum(axis=(-2, -1))[..., None] - hits - first - second
    return np.stack([np.stack([hits, first], axis=-1), np.stack([second, neither], axis=-1)], axis=-2)


def percent_of(sums: Tables) -> FloatArray:
    """Return the share of pairs of codes that agree, mean over paired units; shape (...)."""
    with np.errstate(invalid="ignore"):
        share: FloatArray = sums.agreeing / sums.paired
    return share


def fleiss_of(sums: Tables) -> tuple[FloatArray, FloatArray]:
    """Return Fleiss' kappa over all codes, shape (...), and of each code, shape (..., q).

    Fleiss (1971), "Measuring nominal scale agreement among many raters". Only complete units count.
    """
    with np.errstate(invalid="ignore"):
        share = sums.complete_shares / sums.complete[..., None]
        observed = sums.disagreeing / sums.complete[..., None]
        expected = share * (1 - share)
        kappa: FloatArray = 1 - observed.sum(axis=-1) / expected.sum(axis=-1)
        by_code: FloatArray = 1 - observed / expected
    return kappa, by_code


def ac1_of(sums: Tables) -> FloatArray:
    """Return Gwet's AC1, shape (...).

    Gwet (2008), "Computing inter-rater reliability and its variance in the presence of high
    agreement"; with missing codes as in Gwet (2014), "Handbook of inter-rater reliability", 4th
    edition: agreement over paired units, chance from all units that have a code.
    """
    q = sums.shares.shape[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums.shares / sums.coded[..., None]
        chance = (share * (1 - share)).sum(axis=-1) / np.float64(q - 1)
        ac1: FloatArray = (percent_of(sums) - chance) / (1 - chance)
    return ac1


def alpha_of(sums: Tables) -> FloatArray:
    """Return Krippendorff's alpha for nominal codes, shape (...).

    Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section C. Only paired
    units count.
    """
    n = sums.pairable.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        alpha: FloatArray = 1 - (n - 1) * (n - sums.matched) / (n**2 - (sums.pairable**2).sum(axis=-1))
    return alpha


def percent_agreement(codes: npt.ArrayLike) -> float:
    """Return the share of pairs of codes that agree, mean over units with two codes or more.

    Parameters
    ----------
    codes : array-like of hashable, shape (n, coders)
        A row a unit (an utterance), a column a coder; None or NaN where missing.

    Returns
    -------
    float
        From 0 to 1; nan where no unit has two codes.

    Raises
    ------
    InputError
        If there are not two columns at least.

    Examples
    --------
    >>> percent_agreement([["R+", "R+"], ["FN", "R+"], ["C-", None]])
    0.5
    """
    return _whole(percent_of(_tables(codes)))


def cohen_kappa(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return Cohen's kappa of two coders (Cohen 1960), over the units that both coded.

    Parameters
    ----------
    first, second : array-like of hashable, shape (n,)
        The coders' codes; None or NaN where missing.

    Returns
    -------
    float
        nan where no unit has both codes, or both coders gave one and the same code throughout.

    Raises
    ------
    InputError
        If the two are not one code a unit, as many as each other.

    Examples
    --------
    >>> cohen_kappa(["CT", "CT", "ST", "FN"], ["CT", "ST", "ST", "FN"])
    0.6363636363636364
    """
    return float(kappa_of(_tables(_side_by_side(first, second)).confusions[0, 0]))


def kappa_by_code(first: npt.ArrayLike, second: npt.ArrayLike) -> dict[Hashable, float]:
    """Return Cohen's kappa of each code against all others, in order of first appearance.

    Parameters, exceptions and missing codes are as for `cohen_kappa`.
    """
    codes = _side_by_side(first, second)
    votes, found = encode(codes)
    kappas = kappa_of(one_against_rest(tables(votes, len(found)).confusions[0, 0]))
    return dict(zip(found, kappas.tolist(), strict=True))


def fleiss_kappa(codes: npt.ArrayLike) -> float:
    """Return Fleiss' kappa of two coders or more (Fleiss 1971), over units that all of them coded.

    Parameters and exceptions are as for `percent_agreement`. nan where no unit was coded by all,
    or one code alone was given.
    """
    return _whole(fleiss_of(_tables(codes))[0])


def gwet_ac1(codes: npt.ArrayLike, *, categories: Iterable[Hashable] | None = None) -> float:
    """Return Gwet's AC1 of two coders or more (Gwet 2008, 2014).

    Parameters
    ----------
    codes : array-like of hashable, shape (n, coders)
        As for `percent_agreement`.
    categories : iterable of hashable, optional
        All codes that could have been given: the chance term depends on their number. By default
        those that were given.

    Returns
    -------
    float
        nan where no unit has two codes, or there is only one category.

    Raises
    ------
    InputError
        As `percent_agreement`, or if a code is not among `categories`.
    """
    return _whole(ac1_of(_tables(codes, categories)))


def krippendorff_alpha(codes: npt.ArrayLike) -> float:
    """Return Krippendorff's alpha for nominal codes of two coders or more (Krippendorff 2011).

    Parameters and exceptions are as for `percent_agreement`. nan where no unit has two codes, or
    one code alone was given.
    """
    return _whole(alpha_of(_tables(codes)))


def encode(
    codes: npt.ArrayLike, categories: Iterable[Hashable] | None = None
) -> tuple[IntArray, tuple[Hashable, ...]]:
    """Return codes as numbers, -1 where missing, and the codes that the numbers stand for.

    Parameters
    ----------
    codes : array-like of hashable, shape (n, coders)
    categories : iterable of hashable, optional
        The codes there are; by default those that were given, in order of appearance.

    Raises
    ------
    InputError
        If there are not two columns at least, or a code is not among `categories`.
    """
    values = np.asarray(codes, dtype=object)
    if values.ndim != 2 or values.shape[1] < 2:
        raise InputError(
            f"codes: shape {values.shape}, but a row a unit and a column for each of two coders or more "
            "are needed"
        )
    missing = pd.isna(values)
    number = {code: k for k, code in enumerate(() if categories is None else dict.fromkeys(categories))}
    votes = np.full(values.shape, -1, dtype=np.intp)
    unknown = 0
    for place in zip(*np.nonzero(~missing), strict=True):
        code = values[place]
        if categories is None:
            votes[place] = number.setdefault(code, len(number))
        else:
            votes[place] = number.get(code, -1)
            unknown += votes[place] < 0
    if unknown:
        raise InputError(f"codes: {unknown} of {(~missing).sum()} are not among the {len(number)} categories")
    return votes, tuple(number)


def _tables(codes: npt.ArrayLike, categories: Iterable[Hashable] | None = None) -> Tables:
    votes, found = encode(codes, categories)
    return tables(votes, len(found))


def _side_by_side(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.object_]:
    a, b = np.asarray(first, dtype=object), np.asarray(second, dtype=object)
    if a.ndim != 1 or a.shape != b.shape:
        raise InputError(f"two coders' codes have shapes {a.shape} and {b.shape}; one code a unit is needed")
    return np.stack([a, b], axis=1)


def _whole(by_group: FloatArray) -> float:
    return float(by_group[0])

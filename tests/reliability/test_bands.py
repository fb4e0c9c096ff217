"""Words for values: the tables of Landis & Koch (1977) and Cicchetti (1994)."""

from __future__ import annotations

import math

import pytest

from changetalk.reliability import icc_band, kappa_band

# Landis & Koch (1977), p. 165: the first and last value of each band.
LANDIS_KOCH = {
    "poor": (-1.0, -0.01),
    "slight": (0.0, 0.20),
    "fair": (0.21, 0.40),
    "moderate": (0.41, 0.60),
    "substantial": (0.61, 0.80),
    "almost perfect": (0.81, 1.0),
}

# Cicchetti (1994), p. 286.
CICCHETTI = {"poor": (-1.0, 0.39), "fair": (0.40, 0.59), "good": (0.60, 0.74), "excellent": (0.75, 1.0)}


@pytest.mark.parametrize(("band", "ends"), LANDIS_KOCH.items())
def test_landis_and_koch(band, ends):
    assert [kappa_band(value) for value in ends] == [band, band]


@pytest.mark.parametrize(("band", "ends"), CICCHETTI.items())
def test_cicchetti(band, ends):
    assert [icc_band(value) for value in ends] == [band, band]


def test_values_between_two_decimals_go_with_what_is_printed():
    assert (kappa_band(0.604), kappa_band(0.606)) == ("moderate", "substantial")
    assert (icc_band(0.594), icc_band(0.596)) == ("fair", "good")


def test_what_does_not_exist_has_no_word():
    assert kappa_band(math.nan) is None
    assert icc_band(math.nan) is None

"""Colours: they can be read, and told apart, in both themes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from changetalk.labels import LABELS
from changetalk.report.palette import DARK, LIGHT, MARKERS, SHAPES

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])

# Machado, Oliveira & Fernandes (2009), "A physiologically-based model for simulation of color
# vision deficiency", severity 1, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    """Return a colour as linear RGB (WCAG 2.2, relative luminance)."""
    c = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return linear sRGB as CIE 1976 L*a*b* under D65."""
    m = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x = (np.array(m) @ rgb) / [0.9505, 1.0, 1.089]
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known near miss


@THEMES
def test_text_can_be_read(theme):
    grounds = [theme.paper, theme.panel, *(getattr(theme, f"{label}_tint") for label in LABELS)]
    for ground in grounds:
        for text in (theme.ink, theme.quiet):
            assert contrast(text, ground) >= 4.5
    for label in LABELS:
        for ground in (theme.paper, theme.panel, getattr(theme, f"{label}_tint")):
            assert contrast(getattr(theme, label), ground) >= 4.5
    assert contrast(theme.edge, theme.paper) >= 3  # borders of buttons: WCAG 1.4.11


@THEMES
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_labels_are_told_apart_with_any_colour_vision(theme, deficiency):
    matrix = np.array(DEFICIENCIES[deficiency])
    seen = [lab(np.clip(matrix @ linear(getattr(theme, label)), 0, 1)) for label in LABELS]
    # A difference of 2.3 is just noticeable (Mahy, Van Eycken & Oosterlinck 1994).
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_every_label_has_a_shape_of_its_own():
    assert set(SHAPES) == set(MARKERS) == set(LABELS)
    assert len(set(SHAPES.values())) == len(set(MARKERS.values())) == 3

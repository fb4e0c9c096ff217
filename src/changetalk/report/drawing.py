"""Drawings of a session as SVG: its curve, what follows what, small ones for tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from changetalk.labels import LABELS, Label
from changetalk.report.markup import Html, joined, number, tag
from changetalk.report.palette import SHAPES

Point = tuple[float, float]

#: Adjusted residuals beyond it, on either side, come about by chance 1 time in 20 (Haberman 1973),
#: where as many as `ENOUGH` are expected (Cochran 1954, "Some methods for strengthening the common
#: chi-squared tests").
CRITICAL: Final = 1.96
ENOUGH: Final = 5


def shapes() -> Html:
    """Return the labels' shapes, once a page, for `mark` to use."""
    symbols = (
        tag("symbol", tag("path", d=path), id=f"mark-{label}", viewBox="0 0 16 16")
        for label, path in SHAPES.items()
    )
    return tag("svg", *symbols, width=0, height=0, class_="shapes", aria_hidden="true")


def mark(label: Label, x: float = 0, y: float = 0, size: float = 0) -> Html:
    """Return a label's shape: centred at a place in a drawing, or as a small drawing within text."""
    if size:
        half = size / 2
        return tag(
            "use", href=f"#mark-{label}", x=x - half, y=y - half, width=size, height=size, class_=label
        )
    return tag("svg", tag("use", href=f"#mark-{label}"), class_=f"mark {label}", aria_hidden="true")


def bar(values: Mapping[Label, float], width: float = 160, height: float = 12) -> Html:
    """Return a bar of three lengths, such as counts or probabilities; empty where all are 0."""
    total = sum(values.values())
    parts, x = [], 0.0
    for label in LABELS:
        length = width * values[label] / total if total else 0.0
        if length:
            # A gap parts the labels where colours do not.
            parts.append(tag("rect", x=x, width=max(length - 1.5, 0.5), height=height, class_=label))
        x += length
    box = f"0 0 {width:g} {height:g}"
    return tag("svg", *parts, viewBox=box, class_="bar", aria_hidden="true", preserveAspectRatio="none")


class _Axes:
    """Where position, 0 to 1, and score, -1 to 1, lie in a drawing."""

    def __init__(self, left: float, top: float, width: float, height: float) -> None:
        self.left, self.top, self.width, self.height = left, top, width, height

    def at(self, position: float, score: float) -> Point:
        return self.left + position * self.width, self.top + (1 - score) / 2 * self.height

    def path(self, positions: list[float], scores: list[float]) -> str:
        points = (self.at(p, s) for p, s in zip(positions, scores, strict=True))
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def spark(curve: pd.DataFrame) -> Html:
    """Return a session's curve without axes, for a table."""
    axes = _Axes(2, 2, 116, 32)
    zero = tag("path", d=axes.path([0, 1], [0, 0]), class_="grid")
    line = tag("path", d=axes.path(curve["position"].tolist(), curve["curve"].tolist()), class_="curve")
    return tag("svg", zero, line, viewBox="0 0 120 36", class_="spark", aria_hidden="true")


def curve_drawing(curve: pd.DataFrame, labels: list[Label], anchors: list[str]) -> Html:
    """Return a session's curve with its band and a shape for each client utterance.

    Parameters
    ----------
    curve : pandas.DataFrame, n rows
        The session's rows of `changetalk.trajectory`.
    labels : list of str, length n
    anchors : list of str, length n
        The ids of the utterances in the page, to jump to.
    """
    axes = _Axes(30, 22, 360, 176)
    position, height = curve["position"].tolist(), curve["curve"].tolist()
    parts = []
    for score, name in ((1, "+1"), (0, "0"), (-1, "\N{MINUS SIGN}1")):
        x, y = axes.at(0, score)
        parts.append(tag("path", d=axes.path([0, 1], [score, score]), class_="grid"))
        parts.append(tag("text", name, x=x - 6, y=y + 4, text_anchor="end"))
    for x, y, anchor, words in (
        (30, 14, "start", "all change talk"),
        (30, 216, "start", "all sustain talk"),
        (390, 216, "end", "last client utterance \N{RIGHTWARDS ARROW}"),
    ):
        parts.append(tag("text", words, x=x, y=y, text_anchor=anchor))
    band = curve.dropna(subset=["lower", "upper"])
    if len(band) > 1:
        there = axes.path(band["position"].tolist(), band["upper"].tolist())
        back = axes.path(band["position"].tolist()[::-1], band["lower"].tolist()[::-1])
        parts.append(tag("path", d=f"{there}L{back[1:]}Z", class_="band"))
    scores = curve["score"].tolist()
    for k, (x, score, label, anchor) in enumerate(zip(position, scores, labels, anchors, strict=True)):
        title = tag("title", f"client utterance {k + 1}: {label}, score {number(score)}")
        point = mark(label, *axes.at(x, score), size=8)
        parts.append(tag("a", title, point, href=f"#{anchor}", tabindex=-1))
    if len(curve) > 1:
        parts.append(tag("path", d=axes.path(position, height), class_="curve"))
    return tag("svg", *parts, viewBox="0 0 400 224", class_="drawing", aria_hidden="true")


_PLACES: Final[dict[Label, Point]] = {"change": (105, 110), "sustain": (335, 110), "neutral": (220, 290)}
_CENTRE: Final[Point] = (220, 170)
_RADIUS: Final = 36.0


def transition_drawing(follows: pd.DataFrame) -> Html:
    """Return the diagram of which client talk follows which.

    Parameters
    ----------
    follows : pandas.DataFrame
        Rows of `changetalk.transitions` from label to label. An arrow is as thick as its
        probability; what never happened has none.
    """
    happened = [row for row in follows.to_dict("records") if row["count"]]
    arrows = joined(_arrow(row["given"], row["target"], row["probability"]) for row in happened)
    words = joined(_arrow_words(row) for row in happened)
    nodes = []
    for label, (x, y) in _PLACES.items():
        circle = tag("circle", cx=x, cy=y, r=_RADIUS, class_=f"node {label}")
        name = tag("text", label, x=x, y=y + 19, text_anchor="middle", class_="name")
        nodes.append(joined([circle, mark(label, x, y - 7, size=20), name]))
    return tag(
        "svg", arrows, *nodes, words, viewBox="0 30 440 364", class_="drawing diagram", aria_hidden="true"
    )


def _unit(start: Point, end: Point) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    return dx / length, dy / length


def _along(start: Point, direction: Point, length: float) -> Point:
    return start[0] + direction[0] * length, start[1] + direction[1] * length


def _turned(direction: Point, degrees: float) -> Point:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return direction[0] * c - direction[1] * s, direction[0] * s + direction[1] * c


def _bow(given: Label, target: Label) -> tuple[Point, Point]:
    """Return the middle between two labels and the direction in which the arrow bows out."""
    a, b = _PLACES[given], _PLACES[target]
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), _turned(_unit(a, b), -90)


def _arrow(given: Label, target: Label, probability: float) -> Html:
    a, b = _PLACES[given], _PLACES[target]
    width = 1.5 + 7 * probability
    if given == target:
        out = _unit(_CENTRE, a)
        leave, arrive = _turned(out, -34), _turned(out, 34)
        first, second = _along(a, leave, 108), _along(a, arrive, 108)
    else:
        middle, side = _bow(given, target)
        control = _along(middle, side, 34)
        leave, arrive = _unit(a, control), _unit(b, control)
        first = second = control
    head = 7 + width
    tip, base = _along(b, arrive, _RADIUS), _along(b, arrive, _RADIUS + head)
    wing = _turned(arrive, 90)
    corners = (tip, _along(base, wing, head / 2), _along(base, wing, -head / 2))
    start = _along(a, leave, _RADIUS)
    line = " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, base))
    return joined(
        [
            tag(
                "path",
                d=f"M{start[0]:.1f} {start[1]:.1f}C{line}",
                stroke_width=width,
                class_=f"arrow {given}",
            ),
            tag("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners), class_=given),
        ]
    )


def _arrow_words(row: Mapping[Any, Any]) -> Html:
    given, target = row["given"], row["target"]
    if given == target:
        x, y = _along(_PLACES[given], _unit(_CENTRE, _PLACES[given]), 86)
    else:
        x, y = _along(*_bow(given, target), 30)
    share = f"{row['probability']:.0%}{'*' if beyond_chance(row) else ''}"
    return tag("text", share, x=x, y=y + 4, text_anchor="middle", class_="share")


def beyond_chance(row: Mapping[Any, Any]) -> bool:
    """Whether a row of `changetalk.transitions` gets an asterisk: see `CRITICAL`."""
    return bool(abs(row["adjusted_residual"]) > CRITICAL and row["expected"] >= ENOUGH)

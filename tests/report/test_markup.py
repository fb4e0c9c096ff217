"""Markup: whatever is said stays text."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.report.markup import MISSING, Html, escape, joined, number, tag


class Reader(HTMLParser):
    """Reads back what a page says: elements, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data):
        self.text += data


# What a page can hold at all: carriage returns and controls are another test's.
said = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")))


@given(said, said)
def test_text_comes_back_as_it_was(text, value):
    found = Reader(tag("p", text, title=value))
    assert found.text == text
    assert found.elements == [("p", {"title": value})]


@given(st.text(st.characters(categories=("Cc", "Cs")), min_size=1))
def test_what_no_page_may_hold_is_replaced(text):
    shown = escape(f"a{text}b").encode().decode()
    assert shown.startswith("a")
    assert not set(shown) & {chr(c) for c in (*range(9), 11, 12, *range(14, 32), *range(127, 160))}


def test_markup_is_not_escaped_twice():
    inner = tag("b", "<i>")
    assert inner == "<b>&lt;i&gt;</b>"
    assert tag("p", inner) == "<p><b>&lt;i&gt;</b></p>"
    assert joined([inner, "&"]) == "<b>&lt;i&gt;</b>&amp;"
    assert isinstance(joined([]), Html)


def test_attributes_are_left_out_bare_or_short():
    assert tag("a", class_="x", hidden=True, rel=None, dir=False, aria_label="") == (
        '<a class="x" hidden aria-label=""></a>'
    )
    assert tag("rect", x=1 / 3, y=2.0, width=0) == '<rect x="0.33" y="2" width="0"></rect>'
    assert tag("br") == "<br>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (-2, "\N{MINUS SIGN}2"),
        (0.125, "0.12"),
        (-0.456, "\N{MINUS SIGN}0.46"),
        (-0.001, "0.00"),
        (math.nan, MISSING),
        (None, MISSING),
        (math.inf, "\N{INFINITY}"),
        ("linear 1", "linear 1"),
    ],
)
def test_numbers(value, shown):
    assert number(value) == shown

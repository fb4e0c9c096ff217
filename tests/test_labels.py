"""Labels and MISC codes: what labs write, and what it is read as."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.labels import LABELS, MISC_CODES, label_of_codes, parse_codes, parse_label

VALENCED = [f"{code}{sign}" for code in MISC_CODES for sign in "+-"]
codes_of_a_turn = st.lists(st.sampled_from([*VALENCED, "FN"]), min_size=1, max_size=6)


def test_labels_are_in_alphabetical_order_as_scikit_learn_would_have_them():
    assert list(LABELS) == sorted(LABELS) == np.unique(LABELS).tolist()


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("change", "change"), ("Change Talk", "change"), ("change_talk", "change"), ("CT", "change"),
        ("+", "change"), (1, "change"), (1.0, "change"), ("1.0", "change"), (np.int64(1), "change"),
        ("sustain", "sustain"), ("SUSTAIN  TALK ", "sustain"), ("ST", "sustain"), ("CCT", "sustain"),
        ("-", "sustain"), ("\u2212", "sustain"), ("\u2013", "sustain"), (-1, "sustain"), (-1.0, "sustain"),
        ("neutral", "neutral"), ("FN", "neutral"), ("Follow/Neutral", "neutral"), ("F", "neutral"),
        (0, "neutral"), (0.0, "neutral"),
        ("R+", "change"), ("c-; r+", "sustain"), ("FN, R\u2212", "sustain"), ("TS+/R-", "change"),
        ("Ab+", "change"),
    ],
)  # fmt: skip
def test_parse_label_reads_what_labs_write(written, label):
    assert parse_label(written) == label


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_read_as_itself(label):
    assert parse_label(label) == label


@pytest.mark.parametrize(
    "value", [None, "", " ", float("nan"), 2, 0.5, -1.5, True, "changes", "R", "R+-", "+R", "R+;", "maybe"]
)
def test_parse_label_refuses_the_rest(value):
    with pytest.raises(ValueError, match="is not a client-talk label") as caught:
        parse_label(value)
    assert "\n" not in str(caught.value)


def test_a_message_does_not_quote_talk_that_stands_where_a_label_should():
    with pytest.raises(ValueError, match="is not a client-talk label") as caught:
        parse_label("I drank again on Friday and nobody knows")
    assert "drank" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_label_or_a_value_error_of_one_line(text):
    try:
        found = parse_label(text)
    except ValueError as error:
        found = str(error)
    assert found in LABELS or found.isprintable()


@given(codes_of_a_turn, st.sampled_from([";", ",", "/", " ", "; ", " , "]), st.booleans())
def test_codes_are_read_in_order_whatever_parts_them(codes, separator, lower):
    cell = separator.join(codes)
    assert parse_codes(cell.lower() if lower else cell) == tuple(codes)


@given(codes_of_a_turn)
def test_the_first_valence_decides_and_only_its_absence_is_neutral(codes):
    signs = [code[-1] for code in codes if code != "FN"]
    expected = "neutral" if not signs else "change" if signs[0] == "+" else "sustain"
    assert label_of_codes(tuple(codes)) == expected
    assert parse_label(";".join(codes)) == expected


@given(codes_of_a_turn)
def test_codes_survive_a_second_reading(codes):
    once = parse_codes(";".join(codes))
    assert parse_codes(";".join(once)) == once


@pytest.mark.parametrize("cell", ["", ";", "R", "R+;;C-;X", "R+ and C-", "R++"])
def test_what_is_no_code_is_an_error(cell):
    with pytest.raises(ValueError, match="is not a MISC client code"):
        parse_codes(cell)

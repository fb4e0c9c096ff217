"""Rows of word pieces: what is kept, in which order, and what batches do to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from changetalk.context import Batch
from changetalk.scorers.pieces import LIMITS, LONGEST, PARTS, Pieces, padded


@pytest.fixture(scope="module")
def pieces(encoders):
    return Pieces(Tokenizer.from_str(encoders.tokenizer()))


def batch(*rows):
    made = Batch()
    for row in rows:
        made.append(*[*row, "", "", ""][:4], 0.5)
    return made


def words(encoders, row):
    return [encoders.VOCABULARY[k] for k in row.ids]


def test_a_row_holds_the_parts_in_order_each_with_its_end(pieces, encoders):
    (row,) = pieces.rows(batch(("I want to stop", "what brings you", "no", "drinking")))
    wanted = "<s> i want to stop </s> what brings you </s> no </s> drinking </s>"
    assert " ".join(words(encoders, row)) == wanted
    assert row.parts.tolist() == [0] * 6 + [1] * 4 + [2] * 2 + [3] * 2


def test_an_utterance_alone_still_has_all_ends(pieces, encoders):
    (row,) = pieces.rows(batch(("yes",)))
    assert words(encoders, row) == ["<s>", "yes", "</s>", "</s>", "</s>", "</s>"]
    assert row.parts.tolist() == [0, 0, 0, 1, 2, 3]


def test_of_a_long_utterance_both_ends_are_kept(pieces, encoders):
    half = LIMITS["text"] // 2
    (row,) = pieces.rows(batch(("yes " * 500 + "no " * 500,)))
    assert words(encoders, row)[1 : 2 * half + 1] == ["yes"] * half + ["no"] * half


def test_of_a_long_turn_before_the_end_is_kept_of_a_long_target_the_start(pieces, encoders):
    long = "yes " * 300 + "no " * 300
    (row,) = pieces.rows(batch(("i", long, long, long)))
    found = words(encoders, row)
    by_part = {part: [w for w, k in zip(found, row.parts, strict=True) if PARTS[k] == part] for part in PARTS}
    assert set(by_part["before"]) == set(by_part["said"]) == {"no", "</s>"}
    assert set(by_part["target"]) == {"yes", "</s>"}
    assert {part: len(by_part[part]) - 1 for part in PARTS[1:]} == {p: LIMITS[p] for p in PARTS[1:]}


@given(st.lists(st.tuples(*[st.text(max_size=400)] * 4), min_size=1, max_size=6))
def test_a_row_is_the_same_whatever_it_comes_with(pieces, rows):
    together = pieces.rows(batch(*rows))
    for row, alone in zip(together, [pieces.rows(batch(row))[0] for row in rows], strict=True):
        assert row.ids.tolist() == alone.ids.tolist()
        assert row.parts.tolist() == alone.parts.tolist()
        assert len(row) <= LONGEST
        assert (np.diff(row.parts) >= 0).all()


def test_padding_goes_after_and_has_no_part(pieces):
    rows = pieces.rows(batch(("i want to stop",), ("no",)))
    ids, parts = padded(rows, pieces.padding)
    assert ids.shape == parts.shape == (2, len(rows[0]))
    assert ids[1, : len(rows[1])].tolist() == rows[1].ids.tolist()
    assert set(ids[1, len(rows[1]) :]) == {pieces.padding}
    assert set(parts[1, len(rows[1]) :]) == {-1}


def test_a_tokenizer_without_the_marks_is_refused(encoders):
    bad = Tokenizer.from_str(encoders.tokenizer().replace("<pad>", "<nopad>"))
    with pytest.raises(ValueError, match="lacks <s>, </s> or <pad>"):
        Pieces(bad)

"""The utterances whose probabilities travel with every model."""

from __future__ import annotations

from changetalk.text import normalise
from changetalk.training.golden import GOLDEN


def test_golden_utterances_reach_what_may_differ_between_machines():
    texts = [u.text for u in GOLDEN]
    assert len(set(GOLDEN)) == len(GOLDEN) >= 10
    assert any(u.before for u in GOLDEN)
    assert any(not u.before for u in GOLDEN)
    assert any(not text.isascii() for text in texts)
    assert any(not normalise(text) for text in texts)
    assert any(normalise(text) != text for text in texts)
    assert len({u.text for u in GOLDEN if u.before}) < sum(bool(u.before) for u in GOLDEN)


def test_they_name_nobody_and_hold_no_number():
    assert not any(c.isdigit() for u in GOLDEN for c in u.text + u.before)

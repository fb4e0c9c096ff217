"""How much to code, and of what."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import InputError
from changetalk.estimation import draw, estimate, plan
from changetalk.estimation.design import PUBLISHED_CONFUSION

BLIND = np.outer([0.5, 0.25, 0.25], [1, 1, 1])  # a machine whose labels tell nothing


def test_a_useless_machine_leaves_the_textbook_sample_size():
    # Cochran (1977), section 4.4: 384 for a proportion of one half plus or minus .05 (1.96**2 / 4 / .05**2).
    found = plan(
        0.1, n_utterances=10**7, n_sessions=1000, measure="change", confusion=BLIND, sessions_are="all"
    )
    assert 384 <= found.n <= 388  # t, not z
    assert found.n == found.n_human_only


def test_the_published_confusion_is_the_one_in_the_results():
    results = json.loads((Path(__file__).parents[2] / "benchmarks/results/accuracy.json").read_text("utf-8"))
    assert results["rows"]["+ rows without context = shipped"]["confusion"] == [
        list(r) for r in PUBLISHED_CONFUSION
    ]


def test_a_better_machine_saves_coding():
    accurate = np.diag([0.25, 0.6, 0.15]) + 0.01
    told = {"n_utterances": 5000, "n_sessions": 100, "measure": "neutral"}
    good, usual = plan(0.12, confusion=accurate, **told), plan(0.12, **told)
    assert good.n < usual.n < usual.n_human_only
    assert good.n_human_only is not None


@settings(max_examples=40, deadline=None)
@given(
    width=st.floats(0.1, 0.5), n_sessions=st.integers(60, 300), icc=st.floats(0, 0.2),
    measure=st.sampled_from(["change", "neutral", "sustain"]),
)  # fmt: skip
def test_the_plan_is_kept_and_not_wasteful(width, n_sessions, icc, measure):
    told = {"n_utterances": n_sessions * 40, "n_sessions": n_sessions, "icc": icc, "measure": measure}
    found = plan(width, **told) if icc < 0.1 or width > 0.25 else plan(0.3, **told)
    assert found.narrowest <= found.width <= max(width, 0.3)
    wider = plan(min(max(width, 0.3) + 0.1, 0.9), **told)
    assert wider.n <= found.n


def test_the_width_planned_is_the_width_found(coverage):
    labeller = coverage.LABELLERS["fair"]
    rng = np.random.default_rng(0)
    widths, confusion = [], np.zeros((3, 3))
    for _ in range(20):
        data, human = coverage.simulate(rng, labeller, 100, 500)
        low, high = coverage.interval(*_estimated(coverage, data))
        widths.append((high - low)[1])
        confusion += human.T @ data.naive
    planned = plan(
        float(np.mean(widths)), n_utterances=5600, n_sessions=100, measure="neutral", confusion=confusion
    )
    assert planned.n == pytest.approx(500, rel=0.5)  # sessions of unequal lengths want more


def _estimated(coverage, data):
    found = coverage.corrected(data, 100, "sample", None)
    return found.value, found.variance, found.df


@pytest.mark.parametrize(
    ("width", "options", "said"),
    [
        (0.05, {}, "interval is .* wide even where all is coded"),
        (1.5, {}, "width is 1.5"),
        (0.1, {"n_sessions": 1}, "2 sessions or more"),
        (0.1, {"icc": 1.0}, "icc is 1.0"),
        (0.1, {"measure": "joy"}, "measure is 'joy'"),
        (0.1, {"confusion": [[1, 2], [3, 4]]}, "3 by 3"),
        (0.1, {"confusion": [[1, 2, 3], [0, 0, 0], [1, 1, 1]]}, "never given by the human"),
        (0.1, {"sessions_are": "some"}, "sessions_are is 'some'"),
    ],
)
def test_mistakes_are_said(width, options, said):
    with pytest.raises(InputError, match=said):
        plan(width, **{"n_utterances": 1000, "n_sessions": 20, **options})


def test_whole_numbers_are_needed():
    with pytest.raises(TypeError, match="whole numbers"):
        plan(0.2, n_utterances=1000.5, n_sessions=20)


def test_draws_with_known_probability_spread_over_sessions(coded_talk):
    talk = coded_talk.drop(columns=["human", "sample_prob"])
    drawn = draw(talk, 100, seed=3)
    client = talk[talk["ct_label"].notna()]
    assert len(drawn) == 100
    assert drawn["row"].is_unique
    assert talk.loc[drawn["row"], "ct_label"].notna().all()
    assert drawn["sample_prob"].eq(100 / len(client)).all()
    share = client["session"].value_counts() * 100 / len(client)
    away = (drawn["session"].value_counts().reindex(share.index, fill_value=0) - share).abs()
    assert (away < 1).all()
    assert drawn.equals(draw(talk, 100, seed=3))
    assert not drawn["row"].equals(draw(talk, 100, seed=4)["row"])


def test_what_is_drawn_and_coded_can_be_estimated(coded_talk):
    assert estimate(coded_talk).n_coded == 160

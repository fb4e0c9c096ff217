"""`estimate`: tables in, corrected figures out."""

from __future__ import annotations

import json
import math

import numpy as np
import polars
import pytest

from changetalk.errors import ColumnError, InputError
from changetalk.estimation import estimate
from changetalk.estimation.shares import MEASURES


def test_corrects_toward_the_truth_and_says_how_sure(coded_talk):
    found = estimate(coded_talk)
    client = coded_talk[coded_talk["ct_label"].notna()]
    truth = (client["truth"] == "neutral").mean()
    neutral = found.overall["neutral"]
    assert abs(neutral.corrected.value - truth) < abs(neutral.naive.value - truth)
    assert neutral.corrected.low < truth < neutral.corrected.high
    assert (found.n, found.n_coded, found.n_sessions) == (len(client), 160, 20)
    assert neutral.naive.value == pytest.approx((client["ct_label"] == "neutral").mean())
    coded = client[client["human"].notna()]
    assert neutral.human.value == pytest.approx((coded["human"] == "neutral").mean())
    assert sum(map(sum, found.confusion)) == 160


def test_any_order_of_rows_and_kind_of_table_gives_the_same(coded_talk):
    found = estimate(coded_talk, groups="arm").to_frame()
    shuffled = estimate(coded_talk.sample(frac=1, random_state=1), groups="arm").to_frame()
    by = ["level", "of", "measure"]
    one, other = (f.sort_values(by).reset_index(drop=True) for f in (found, shuffled))
    np.testing.assert_allclose(one["value"], other["value"])
    np.testing.assert_allclose(one["high"], other["high"])
    table = polars.from_pandas(coded_talk)
    np.testing.assert_allclose(estimate(table, groups="arm").to_frame()["value"], found["value"])


def test_columns_may_be_given_as_values(coded_talk):
    found = estimate(coded_talk)
    bare = coded_talk.drop(columns=["human", "sample_prob"])
    human, prob = coded_talk["human"].tolist(), coded_talk["sample_prob"].tolist()
    assert estimate(bare, human, prob=prob).overall == found.overall
    assert estimate(bare, human, prob=None).overall["change"].corrected.value == pytest.approx(
        found.overall["change"].corrected.value
    )
    assert estimate(bare, human, prob=0.25).overall["change"].corrected == found.overall["change"].corrected


def test_groups_are_estimated_by_their_own_codes_and_compared(coded_talk):
    found = estimate(coded_talk, groups="arm")
    assert list(found.groups) == ["a", "b"]
    only = estimate(coded_talk[coded_talk["arm"] == "a"])
    for measure in MEASURES:
        one, other = found.groups["a"][measure].corrected, only.overall[measure].corrected
        assert one.value == pytest.approx(other.value)
        assert one.low == pytest.approx(other.low)
    difference = next(d for d in found.differences if d.measure == "neutral")
    values = [found.groups[name]["neutral"].corrected.value for name in "ab"]
    assert difference.corrected.value == pytest.approx(values[0] - values[1])
    excludes_0 = difference.corrected.low > 0 or difference.corrected.high < 0
    assert (difference.p < 0.05) == excludes_0


def test_groups_within_sessions_share_their_errors(coded_talk):
    half = (
        coded_talk.groupby("session").cumcount()
        >= coded_talk.groupby("session")["text"].transform("size") // 2
    )
    found = estimate(coded_talk, groups=["late" if late else "early" for late in half])
    apart = estimate(coded_talk, groups=["late" if late else "early" for late in half], sessions_are="all")
    assert {d.first + d.second for d in found.differences} == {"earlylate"}
    assert all(0 <= d.p <= 1 for d in (*found.differences, *apart.differences))


def test_every_session_has_a_figure_also_without_codes(coded_talk):
    talk = coded_talk.copy()
    talk.loc[talk["session"] == "s3", "human"] = None
    found = estimate(talk).sessions
    assert list(found) == [f"s{k}" for k in range(20)]
    assert found["s3"]["change"].n_coded == 0
    assert not math.isnan(found["s3"]["change"].corrected.low)


def test_codes_not_drawn_at_random_are_left_out_and_counted(coded_talk):
    talk = coded_talk.copy()
    more = talk.index[talk["ct_label"].notna() & talk["human"].isna()][:25]
    talk.loc[more, "human"] = talk.loc[more, "truth"]
    found = estimate(talk)
    assert found.n_purposive == 25
    assert found.overall == estimate(coded_talk).overall
    assert "25 further coded utterances that had not been drawn at random" in found.paragraph()


def test_probabilities_are_used_where_all_have_them(coded_talk):
    talk = coded_talk.copy()
    for name in ("change", "neutral", "sustain"):
        talk[f"ct_p_{name}"] = np.where(
            talk["ct_label"].isna(), np.nan, np.where(talk["ct_label"] == name, 0.8, 0.1)
        )
    talk["ct_model"] = np.where(talk["ct_label"].isna(), None, "tiny 1 (abc)")
    found = estimate(talk)
    assert found.uses_probabilities
    assert not estimate(coded_talk).uses_probabilities
    assert "labelled by tiny 1 (abc)" in found.paragraph()
    assert "machine's probabilities" in found.paragraph()


def test_the_frame_and_the_paragraph_say_all(coded_talk):
    found = estimate(coded_talk, groups="arm")
    frame = found.to_frame()
    assert frame["level"].value_counts().to_dict() == {
        "session": 80,
        "group": 8,
        "overall": 4,
        "difference": 4,
    }
    row = frame[(frame["level"] == "overall") & (frame["measure"] == "change")].iloc[0]
    assert row["coded"] == 160
    assert row["low"] < row["value"] < row["high"]
    words = found.paragraph()
    assert "20 sessions" in words
    assert "160 of them, drawn at random" in words
    assert "In the group a, percent change talk was" in words
    assert "clustered by session" in words
    assert "PPI++" not in estimate(coded_talk, tune=False).paragraph()
    assert "these very sessions" in estimate(coded_talk, sessions_are="all").paragraph()
    assert json.loads(json.dumps(found.to_dict()))["n_coded"] == 160


def test_without_sessions_there_are_intervals_for_this_talk_only(coded_talk):
    bare = coded_talk.drop(columns="session")
    assert math.isnan(estimate(bare).overall["change"].corrected.low)
    assert not math.isnan(estimate(bare, sessions_are="all").overall["change"].corrected.low)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"human": None}, {}, "human: no utterance that was drawn at random is coded"),
        ({"sample_prob": np.nan}, {}, "160 are coded, but have no probability"),
        ({"sample_prob": 1.5}, {}, "prob: 160 coded utterances, first row"),
        ({"sample_prob": "often"}, {}, "prob: holds something that is no number"),
        ({}, {"prob": 0.0}, "not above 0 and up to 1"),
        ({"arm": "a"}, {"groups": "arm"}, "groups: there is but one group"),
        ({"arm": None}, {"groups": "arm"}, "groups: missing on"),
        ({}, {"groups": ["a", "b"]}, "groups: 2 values, but the table has"),
        ({}, {"sessions_are": "some"}, "sessions_are is 'some'"),
    ],
)
def test_mistakes_are_said(coded_talk, change, options, said):
    with pytest.raises(InputError, match=said):
        estimate(coded_talk.assign(**change), **options)


def test_codes_that_cannot_be_read_or_stand_on_no_client_talk_name_their_row(coded_talk):
    row = coded_talk.index[coded_talk["human"].notna()][0]
    talk = coded_talk.copy()
    talk.loc[row, "human"] = "I drink in the garage when nobody looks"
    with pytest.raises(InputError, match=f"human: row {row + 1}: a text of") as error:
        estimate(talk)
    assert "garage" not in str(error.value)
    talk = coded_talk.copy()
    talk.loc[0, "human"] = "change"
    with pytest.raises(InputError, match=r"human: row 1 of .* no machine label"):
        estimate(talk)


def test_columns_that_are_not_there_and_other_types_are_said(coded_talk):
    with pytest.raises(ColumnError, match="no column 'coder'"):
        estimate(coded_talk, "coder")
    with pytest.raises(TypeError, match="human must be a column's name or one value a row"):
        estimate(coded_talk, object())

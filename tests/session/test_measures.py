"""The measures of a session, held to hand counts, to scipy and to what must always be true."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from changetalk.errors import InputError
from changetalk.labels import LABELS
from changetalk.session import MEASURES, parts, summarise

SHORT = {"c": "change", "n": "neutral", "s": "sustain", "t": None}
labels_of_a_session = st.lists(st.sampled_from(LABELS), min_size=1, max_size=40)


def session(letters: str, name: str = "s1", **columns) -> pd.DataFrame:
    """Return a session: c, n and s are client utterances of that label, t is the therapist."""
    labels = [SHORT[letter] for letter in letters]
    frame = pd.DataFrame(
        {
            "session": name,
            "speaker": ["therapist" if letter == "t" else "client" for letter in letters],
            "text": "one two three",
            "ct_label": pd.Series(labels, dtype=object),
        }
    )
    return frame.assign(**columns)


def one(table: pd.DataFrame, **options) -> dict[str, object]:
    """Return the only row of `summarise`."""
    frame = summarise(table, **options)
    assert len(frame) == 1
    return frame.iloc[0].to_dict()


def with_probabilities(table: pd.DataFrame, p: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Return the table with probabilities of change, neutral and sustain on its labelled rows."""
    for k, label in enumerate(LABELS):
        table[f"ct_p_{label}"] = np.nan
        table.loc[table["ct_label"].notna(), f"ct_p_{label}"] = [row[k] for row in p]
    return table


def test_counts_rates_and_percent_change_talk():
    found = one(session("tctcntstn"))
    assert [found[f"n_{label}"] for label in LABELS] == [2, 2, 1]
    assert found["n_client"] == 5
    assert found["words"] == 15
    assert [found[f"{label}_per_100"] for label in LABELS] == [40, 40, 20]
    assert found["pct_change_talk"] == pytest.approx(100 * 2 / 3)
    assert found["mean_score"] == pytest.approx(1 / 5)
    assert math.isnan(found["minutes"])
    assert math.isnan(found["change_per_10_min"])


def test_expected_measures_come_from_the_probabilities():
    p = [(0.7, 0.2, 0.1), (0.5, 0.3, 0.2), (0.1, 0.1, 0.8)]
    found = one(with_probabilities(session("tccts"), p))
    assert [found[f"expected_{label}"] for label in LABELS] == pytest.approx([1.3, 0.6, 1.1])
    assert found["pct_change_talk_expected"] == pytest.approx(100 * 1.3 / 2.4)
    assert found["slope_expected"] == pytest.approx(linregress([0, 0.5, 1], [0.6, 0.3, -0.7]).slope)
    assert found["final_decile_expected"] == pytest.approx(-0.7)


def test_an_expected_count_lacking_a_probability_is_missing():
    table = with_probabilities(session("ccs"), [(0.7, 0.2, 0.1), (np.nan,) * 3, (0.1, 0.1, 0.8)])
    found = one(table)
    assert all(math.isnan(found[f"expected_{label}"]) for label in LABELS)
    assert math.isnan(found["slope_expected"])
    assert found["n_change"] == 2


def test_what_is_not_defined_is_missing_and_not_0():
    found = one(session("tn"))
    assert found["n_change"] == 0
    undefined = ("pct_change_talk", "slope", "first_change", "last_change", "expected_change", "minutes")
    assert all(math.isnan(found[name]) for name in undefined)
    nothing = summarise(pd.concat([session("tn"), session("tt", name="s2")])).iloc[1]
    assert nothing["n_client"] == 0
    assert nothing[["change_per_100", "mean_score", "slope", "third_1", "expected_change"]].isna().all()
    assert math.isnan(one(session("tn").drop(columns="text"))["words"])


def test_words_are_what_was_said():
    table = session("tcs")
    table["text"] = ["So?", "I [sighs] can't - I don't, um, know 2 ways", "No."]
    assert one(table)["words"] == 8  # I can't I don't know 2 ways; No


def test_rates_by_time():
    table = session("tcctn", start=[0, 60, 120, 180, 240], end=[60, 120, 180, 240, 300])
    found = one(table)
    assert found["minutes"] == 5
    assert found["change_per_10_min"] == 4
    assert found["sustain_per_10_min"] == 0


def test_slope_thirds_and_deciles():
    found = one(session("s" * 10 + "n" * 10 + "c" * 10))
    assert [found[f"third_{k}"] for k in (1, 2, 3)] == [-1, 0, 1]
    deciles = [found[f"decile_{k}"] for k in range(1, 11)]
    assert deciles == pytest.approx([-1, -1, -1, -1 / 3, 0, 0, 1 / 3, 1, 1, 1])
    assert found["slope"] == pytest.approx(
        linregress(np.linspace(0, 1, 30), [-1] * 10 + [0] * 10 + [1] * 10)[0]
    )
    assert one(session("cs"))["slope"] == -2


def test_deciles_of_a_short_session_are_missing_where_nothing_falls():
    found = one(session("ccs"))
    assert [found[f"decile_{k}"] for k in (1, 6, 10)] == [1, 1, -1]
    assert all(math.isnan(found[f"decile_{k}"]) for k in (2, 3, 4, 5, 7, 8, 9))
    assert [found[f"third_{k}"] for k in (1, 2, 3)] == [1, 1, -1]


def test_first_last_and_longest():
    found = one(session("tntcctcstnnc"))
    assert found["first_change"] == pytest.approx(1 / 7)
    assert found["last_change"] == 1
    assert [found[f"longest_{label}"] for label in LABELS] == [3, 2, 1]


def test_mixed_turns_by_labels_and_by_codes():
    found = one(session("tcsTnctns".lower()))
    assert (found["client_turns"], found["mixed_turns"]) == (3, 1)
    codes = one(session("tctsctn", codes=[None, "R+;O-", None, "C-", "FN", None, "FN"]))
    assert (codes["client_turns"], codes["mixed_turns"]) == (3, 2)


def test_silence_ends_no_turn():
    table = session("tctst")
    table.loc[2, "text"] = "[inaudible]"
    assert one(table)["client_turns"] == 1
    assert one(table)["mixed_turns"] == 1
    assert one(session("tctst").drop(columns="speaker"))["client_turns"] == 2
    assert one(session("cs").drop(columns="speaker"))["client_turns"] == 2


def test_misc_codes_are_counted_where_there_are_some():
    table = pd.concat([session("tcs", codes=[None, "R+; O-", "R+"]), session("cc", name="s2", codes=None)])
    frame = summarise(table)
    first, second = frame.iloc[0], frame.iloc[1]
    assert (first["misc_R_plus"], first["misc_O_minus"], first["misc_FN"]) == (2, 1, 0)
    assert math.isnan(second["misc_R_plus"])
    assert not [name for name in summarise(session("cs")) if name.startswith("misc_")]


@pytest.mark.parametrize(
    ("behaviours", "expected"),
    [
        # MITI 4.2.1 (Moyers, Manuel & Ernst 2014): %CR = CR / (SR + CR), R:Q = (SR + CR) / Q.
        (["SR", "CR", "CR", "Q", "Q", "Q"], (3, 3, 100 * 2 / 3, 1.0)),
        (["RES", "REC;QUO", "QUC", "GI"], (2, 2, 50, 1.0)),
        (["Complex Reflection", "simple_reflection", "other"], (2, 0, 50, math.nan)),
        (["reflection", "question", "reflection"], (2, 1, math.nan, 2.0)),  # as AnnoMI has them
        (["reflection", "CR", "question"], (2, 1, math.nan, 2.0)),
        (["other", "question"], (0, 1, math.nan, 0.0)),
    ],
)
def test_miti_ratios(behaviours, expected):
    table = session("t" * len(behaviours) + "c", behaviour=[*behaviours, None])
    names = ("n_reflections", "n_questions", "pct_complex_reflections", "reflections_per_question")
    assert tuple(one(table)[name] for name in names) == pytest.approx(expected, nan_ok=True)


def test_every_measure_is_described_and_in_order():
    full = session("tcs", codes=[None, "R+", "C-"], behaviour=["Q", None, None])
    assert list(summarise(full)) == list(MEASURES)
    bare = list(summarise(session("tcs")))
    assert bare == [name for name in MEASURES if name in bare]
    assert all(name.isidentifier() and len(name) <= 64 for name in MEASURES)  # SPSS's limit


def test_models_are_named_and_people_are_not():
    assert one(session("tcs", ct_model="tiny 1 (abc)"))["model"] == "tiny 1 (abc)"
    assert one(session("tcs", coder=["", "CT", "ST"]), label="coder")["model"] is None


def test_sessions_keep_their_order_and_may_be_interleaved():
    b, a = session("cs", name="b"), session("nc", name="a")
    apart, mixed = pd.concat([b, a]), pd.concat([b, a]).iloc[[0, 2, 1, 3]]
    assert summarise(apart)["session"].tolist() == ["b", "a"]
    pd.testing.assert_frame_equal(summarise(apart), summarise(mixed))


def test_parts_are_the_summarys():
    table = with_probabilities(session("cnscc"), [(0.5, 0.3, 0.2)] * 5)
    frame = parts(table, 3)
    assert frame["n_client"].tolist() == [2, 1, 2]
    assert frame["score"].tolist() == [one(table)[f"third_{k}"] for k in (1, 2, 3)]
    assert frame["score_expected"].tolist() == pytest.approx([0.3] * 3)
    with pytest.raises(InputError, match="1 part or more"):
        parts(table, 0)


@settings(max_examples=25)
@given(labels_of_a_session)
def test_what_always_holds(labels):
    letters = "".join(label[0] for label in labels)
    found, mirrored = one(session(letters)), one(session(letters[::-1]))
    counts = [found[f"n_{label}"] for label in LABELS]
    assert sum(counts) == len(labels) == found["n_client"]
    assert sum(found[f"{label}_per_100"] for label in LABELS) == pytest.approx(100)
    assert math.isnan(found["pct_change_talk"]) or 0 <= found["pct_change_talk"] <= 100
    assert all(found[f"longest_{k}"] <= count for k, count in zip(LABELS, counts, strict=True))
    assert found["slope"] == pytest.approx(-mirrored["slope"], nan_ok=True)
    if len(labels) > 1:
        y = [{"change": 1, "neutral": 0, "sustain": -1}[label] for label in labels]
        assert found["slope"] == pytest.approx(linregress(np.linspace(0, 1, len(y)), y).slope)
    sizes = parts(session(letters), 10)["n_client"]
    assert sizes.sum() == len(labels)
    assert sizes.iloc[0] > 0
    assert sizes.iloc[-1] > 0 or len(labels) == 1
    if len(labels) >= 10:
        assert sizes.max() - sizes.min() <= 1


@settings(max_examples=15)
@given(st.lists(labels_of_a_session, min_size=1, max_size=4))
def test_a_session_does_not_depend_on_its_neighbours(sessions):
    tables = [session("".join(k[0] for k in labels), name=f"s{i}") for i, labels in enumerate(sessions)]
    together = summarise(pd.concat(tables))
    alone = pd.concat([summarise(table) for table in tables], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)

"""Codes without words, words without codes, and what becomes of those that do not meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetalk.errors import ClientError, ColumnError, InputError
from changetalk.formats.cacti_join import ADDED, join_codes

TALK = [
    {"speaker": "Bob", "start": "0:00", "text": "How was it?"},
    {"speaker": "Anna", "start": "0:04", "text": "I want to walk. I did once."},
    {"speaker": "Anna", "start": "0:09", "text": "But it rains."},
    {"speaker": "Bob", "start": "0:12", "text": "Mm."},
    {"speaker": "Anna", "start": "0:20", "text": "Yes."},
]


def code(start: float | None, name: str, speaker: str = "Client") -> dict[str, object]:
    """Return a row as CACTI's files give it."""
    label = {"+": "change", "-": "sustain"}.get(name[-1], "neutral")
    client = speaker == "Client"
    return {
        "speaker": speaker,
        "start": start,
        "code": name,
        "code_id": 1,
        "label": label if client else None,
        "behaviour": None if client else name,
        "annotation": None,
    }


CODES = [
    code(1.0, "OQ0", "Therapist"),
    code(4.5, "FN"),
    code(6.5, "TS+"),
    code(10.0, "R-"),
    code(13.0, "FA", "Therapist"),
    code(21.0, "FN"),
]


def test_by_time() -> None:
    joined = join_codes(TALK, CODES, client="Anna")
    assert [(row["code"], row["label"], row["behaviour"], row["code_start"]) for row in joined.rows] == [
        ("OQ0", None, "OQ0", 1.0),
        ("FN;TS+", "change", None, 4.5),
        ("R-", "sustain", None, 10.0),
        ("FA", None, "FA", 13.0),
        ("FN", "neutral", None, 21.0),
    ]
    assert [{k: v for k, v in row.items() if k not in ADDED} for row in joined.rows] == TALK
    assert (joined.uncoded, joined.unplaced, joined.notes) == ([], [], [])


def test_a_code_goes_to_its_speaker_and_not_too_far() -> None:
    # At 5.0 Anna speaks: the therapist's code belongs to Bob's turn, 1 second before.
    talk = [{**row, "end": end} for row, end in zip(TALK, (4, 9, 12, 13, 21), strict=True)]
    codes = [code(5.0, "OQ0", "Therapist"), code(16.0, "GI", "Therapist"), code(2.5, "R+"), code(60, "D-")]
    joined = join_codes(talk, codes, client="Anna")
    assert [(row["speaker"], row["text"], row["code"]) for row in joined.rows] == [
        ("Bob", "How was it?", "OQ0"),
        ("Anna", "I want to walk. I did once.", "R+"),
        ("Anna", "But it rains.", None),
        ("Bob", "Mm.", None),
        ("Therapist", None, "GI"),
        ("Anna", "Yes.", None),
        ("Client", None, "D-"),
    ]
    assert joined.uncoded == [2, 3, 4]
    assert joined.unplaced == [1, 3]
    assert joined.notes == [
        "utterances without a code: 3 of 5 (number 3, 4, 5)",
        "codes without an utterance: 2 of 4 (GI at 00:00:16.0, D- at 00:01:00.0); rows without words",
    ]
    assert join_codes(talk, codes, client="Anna", tolerance=3.5).unplaced == [3]


def test_by_order() -> None:
    codes = [
        code(None, "OQ0", "Therapist"),
        code(None, "TS+"),
        code(None, "R-"),
        code(None, "FA", "Therapist"),
    ]
    joined = join_codes(TALK, codes, "order", client="Anna")
    assert [row["code"] for row in joined.rows] == ["OQ0", "TS+", "R-", "FA", None]
    assert joined.uncoded == [4]
    longer = [*codes, code(None, "FN"), code(None, "FN")]
    joined = join_codes(TALK, longer, "order", client="Anna")
    assert [row["code"] for row in joined.rows] == ["OQ0", "TS+", "R-", "FA", "FN", "FN"]
    assert (joined.rows[-1]["text"], joined.unplaced) == (None, [5])


def test_by_order_a_skipped_utterance_shifts_nothing_beyond_the_next_speaker() -> None:
    codes = [CODES[0], CODES[2], CODES[4], CODES[5]]  # Anna's "But it rains." was not coded
    joined = join_codes(TALK, codes, "order", client="Anna")
    assert joined.rows[0]["code"] == "OQ0"
    assert (joined.rows[3]["code"], joined.rows[4]["code"]) == ("FA", "FN")
    assert len(joined.uncoded) == 1


def test_codes_of_unknown_speakers() -> None:
    codes = [{**each, "speaker": ""} for each in CODES]
    joined = join_codes(TALK, codes)  # nobody needs to be known then
    assert [row["code"] for row in joined.rows] == ["OQ0", "FN;TS+", "R-", "FA", "FN"]
    by_order = join_codes(TALK, codes, "order")
    assert [row["code"] for row in by_order.rows] == ["OQ0", "FN", "TS+", "R-", "FA", "FN"]
    assert by_order.unplaced == [5]


@pytest.mark.parametrize(
    ("talk", "options", "error", "says"),
    [
        (TALK, {"by": "chance"}, InputError, "by 'time' or by 'order'"),
        (TALK, {}, ClientError, "who is the client is not clear"),
        (TALK, {"client": "Eve"}, ClientError, "none of the speakers is 'eve'"),
        ([{"speaker": "client", "text": "secret"}], {}, ColumnError, "has no column 'start'"),
        (
            [{"speaker": "client", "text": "x", "label": "change"}],
            {},
            ColumnError,
            "already has the column 'label'",
        ),
        (
            [{**row, "session": i} for i, row in enumerate(TALK)],
            {"client": "Anna"},
            InputError,
            "several sessions",
        ),
        (
            [{**TALK[0], "start": "secret"}],
            {"client": "Bob"},
            InputError,
            "row 1: column 'start': is no time",
        ),
        ([{**TALK[0], "end": "secret"}], {"client": "Bob"}, InputError, "row 1: column 'end': is no time"),
    ],
)
def test_what_cannot_be_joined(talk, options, error, says) -> None:
    with pytest.raises(error) as caught:
        join_codes(talk, CODES, **options)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_nothing_to_join() -> None:
    assert join_codes([], []).rows == []
    joined = join_codes([], CODES)
    assert [row["code"] for row in joined.rows] == [each["code"] for each in CODES]
    assert joined.unplaced == list(range(6))
    joined = join_codes(TALK, [])
    assert joined.uncoded == list(range(5))
    assert all(row["code"] is None for row in joined.rows)


@given(
    starts=st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=12),
    times=st.lists(st.one_of(st.none(), st.integers(0, 120)), max_size=12),
    who=st.lists(st.booleans(), min_size=24, max_size=24),
    by=st.sampled_from(["time", "order"]),
)
def test_nothing_is_lost_doubled_or_reordered(starts, times, who, by) -> None:
    talk = [
        {"speaker": "client" if who[i] else "therapist", "start": start, "text": f"u{i}"}
        for i, start in enumerate(starts)
    ]
    codes = [code(time, f"c{k}", "Client" if who[12 + k] else "Therapist") for k, time in enumerate(times)]
    joined = join_codes(talk, codes, by)
    assert [row["text"] for row in joined.rows if row.get("text")] == [row["text"] for row in talk]
    found = [name for row in joined.rows for name in (row["code"] or "").split(";") if name]
    assert sorted(found) == sorted(f"c{k}" for k in range(len(codes)))
    assert len(joined.rows) == len(talk) + len(joined.unplaced)
    matched = [row for row in joined.rows if row.get("text") and row["code"]]
    assert len(matched) == len(talk) - len(joined.uncoded)
    for row in matched:
        kind = "label" if row["speaker"] == "client" else "behaviour"
        assert row[kind] is not None

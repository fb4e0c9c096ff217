from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import FormatError
from changetalk.formats import MISSING, open_sink, open_source

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_union_of_keys_in_order_of_appearance(put, read, resend, tmp_path) -> None:
    path = put("in.jsonl", '{"a": 1}\n\n{"b": null, "a": 2}\r\n{}\n')
    assert read(path) == (("a", "b"), [[1, MISSING], [2, None], [MISSING, MISSING]])
    out = resend(path, tmp_path / "out.jsonl", {"ct_label": ["change", None, None]})
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {"a": 1, "ct_label": "change"},
        {"b": None, "a": 2, "ct_label": None},
        {"ct_label": None},
    ]


def test_missing_is_false_and_single() -> None:
    import copy
    import pickle

    assert not MISSING
    assert copy.deepcopy(MISSING) is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING


@pytest.mark.parametrize(
    "number",
    [
        "1",
        "1.0",
        "1.10",
        "1e5",
        "-0",
        "0.1000000000000000055",
        "123456789012345678901234567890",
        "1e999",
        "7" * 5000,
    ],
)
def test_numbers_keep_their_text(put, resend, tmp_path, number) -> None:
    path = put("in.jsonl", f'{{"n": {number}, "nested": [{{"m": {number}}}]}}\n')
    assert resend(path, tmp_path / "out.jsonl").read_text() == path.read_text()


def test_letters_stay_letters_and_half_characters_stay_escapes(put, resend, tmp_path) -> None:
    path = put("in.jsonl", '{"text": "caf\u00e9 \U0001f600 \\ud83d \\u0000"}\n')
    assert resend(path, tmp_path / "out.jsonl").read_text() == path.read_text()


def test_half_characters_in_csv(put, resend, read, tmp_path) -> None:
    path = put("in.jsonl", '{"text": "a\\ud83d"}\n')
    assert read(resend(path, tmp_path / "out.csv"))[1] == [["a\\ud83d"]]


def test_added_numbers_are_exact_and_never_nan(tmp_path) -> None:
    path = tmp_path / "out.jsonl"
    with open_sink(path, None, ["p", "q"]) as sink:
        sink.write([[1 / 3, float("nan")]])
    assert json.loads(path.read_text()) == {"p": 1 / 3, "q": None}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": 1}\n{"a": secret}\n', "line 2: is not JSON"),
        ('{"a": 1}\n{"a": "secret\n', "line 2: is not JSON"),
        ('{"a": 1}\n["secret"]\n', "line 2: is JSON, but not an object"),
        ('[{"a": 1},\n {"a": 2}]\n', "line 1: is not JSON; it looks like one JSON array"),
        ('{\n "a": 1\n}\n', "line 1: is not JSON"),
        ("[" * 100_000, "line 1: is not JSON"),
    ],
)
def test_malformed_lines(put, read, content, says) -> None:
    with pytest.raises(FormatError) as caught:
        read(put("in.jsonl", content))
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_where(put) -> None:
    with open_source(put("in.jsonl", '{"a": 1}\n\n{"a": 2}\n')) as source:
        list(source.rows())
        assert source.where(1).endswith("line 3")


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), min_size=1, max_size=5))
def test_round_trip_of_any_json(folder, rows) -> None:
    path, back = folder / "a.jsonl", folder / "b.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_source(path) as source, open_sink(back, source, source.columns) as sink:
        sink.write(source.rows())
    assert [json.loads(line) for line in back.read_text("utf-8").split("\n")[:-1]] == [
        json.loads(json.dumps(row)) for row in rows
    ]

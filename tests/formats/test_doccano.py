"""doccano's examples: as it exports them, and back as it imports them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError, ColumnError, FormatError, InputError
from changetalk.formats.base import MISSING
from changetalk.formats.doccano import DoccanoSink, DoccanoSource

FIXTURE = Path(__file__).parent / "fixtures" / "doccano.jsonl"


def read(path: Path) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return columns and rows."""
    with DoccanoSource(path, str(path)) as source:
        rows = list(source.rows())
        assert all(len(row) == len(source.columns) for row in rows)
        return source.columns, rows


def write(path: Path, columns: list[str], rows: list[list[object]]) -> list[dict]:
    """Write rows; return the examples."""
    with DoccanoSink(str(path), None, columns) as sink:
        sink.write(rows)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_export() -> None:
    columns, rows = read(FIXTURE)
    assert columns == ("id", "text", "speaker", "session", "start", "label", "Comments")
    assert rows == [
        [1, "I could go back to walking.", "client", "s1", 61.5, "change", ["sounds sure"]],
        [2, "It never worked \u2014 caf\u00e9 or not.", "client", "s1", 64, "neutral;sustain", []],
        [3, "Tell me more.", "therapist", "s1", None, None, []],
    ]
    with DoccanoSource(FIXTURE, "x") as source:
        list(source.rows())
        assert source.where(2) == "x, line 3"


def test_round_trip(tmp_path) -> None:
    out = tmp_path / "out.doccano.jsonl"
    with DoccanoSource(FIXTURE, "x") as source, DoccanoSink(str(out), source, source.columns) as sink:
        sink.write(source.rows())
    assert sink.notes == []
    before, after = ([json.loads(line) for line in p.read_text("utf-8").splitlines()] for p in (FIXTURE, out))
    assert after == before
    assert "61.50" in out.read_text("utf-8")


def test_exports_of_earlier_versions(put) -> None:
    lines = [
        {"id": 1, "data": "a", "label": ["x", "y;z"]},
        {"id": 2, "text": "b", "meta": {"wiki": 7}, "annotation_approver": None, "labels": ["x"]},
        {"id": 3, "text": "c", "meta": {"id": 9}, "label": "x"},
        {"text": "d", "meta": "m", "data": "more", "label": None, "labels": []},
        {"text": "e"},
    ]
    columns, rows = read(put("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert columns == ("id", "text", "label", "wiki", "annotation_approver", "meta", "data", "labels")
    no = MISSING
    assert rows == [
        [1, "a", ["x", "y;z"], no, no, no, no, no],
        [2, "b", "x", 7, None, no, no, no],
        [3, "c", "x", no, no, {"id": 9}, no, no],
        [no, "d", None, no, no, "m", "more", []],
        [no, "e", no, no, no, no, no, no],
    ]


def test_a_labelled_table(tmp_path) -> None:
    columns = ["transcript_id", "utterance", "ct_label", "ct_p_change"]
    rows: list[list[object]] = [
        ["s", "I want to.", "change", 0.8],
        ["s", "Mm.", None, float("nan")],
        ["s", None, "", None],
    ]
    path = tmp_path / "a.jsonl"
    with DoccanoSink(str(path), None, columns) as sink:
        sink.write(rows)
    assert sink.notes == ["column 'utterance' is called 'text', as doccano wants it"]
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "transcript_id": "s",
            "text": "I want to.",
            "ct_label": "change",
            "ct_p_change": 0.8,
            "label": ["change"],
        },
        {"transcript_id": "s", "text": "Mm.", "ct_label": None, "ct_p_change": None, "label": []},
        {"transcript_id": "s", "text": "", "ct_label": "", "ct_p_change": None, "label": []},
    ]


def test_a_coded_table_keeps_both_labels_apart(tmp_path) -> None:
    made = write(
        tmp_path / "a.jsonl",
        ["text", "client_talk_type", "ct_label"],
        [["a", "R-; O+", "neutral"], ["b", MISSING, MISSING], ["c", ["x;y"], "change"]],
    )
    assert made == [
        {"text": "a", "label": ["R-", "O+"], "ct_label": "neutral"},
        {"text": "b", "label": []},
        {"text": "c", "label": ["x;y"], "ct_label": "change"},
    ]


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        (["speaker", "words2"], ColumnError, "no text column"),
        (["text", "utterance"], ColumnError, "could each be the text"),
        (["text", "code", "misc"], ColumnError, "could each be the label"),
    ],
)
def test_what_cannot_be_written(tmp_path, columns, error, says) -> None:
    with pytest.raises(error, match=says):
        write(tmp_path / "a.jsonl", columns, [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"text": "a"}\nsecret\n', "line 2: is not JSON"),
        ('{"text": "a"}\n["secret"]\n', "line 2: is JSON, but not an object"),
        ('[{"text": "secret"}]', "line 1: is JSON, but not an object"),
        ('{"text": "a"}\n{"label": ["secret"]}\n', "line 2: has no text"),
        ('{"text": ["secret"]}', "line 1: has no text"),
        ('{"filename": "secret.png", "label": []}', "line 1: has no text"),
        ('{"text": "secret", "label": [[0, 5, "X"]]}', "line 1: its labels are no names"),
        ('{"text": "secret", "label": {"X": 1}}', "line 1: its labels are no names"),
        ('{"text": "secret", "label": 3}', "line 1: its labels are no names"),
        ('{"text": "secret", "annotations": [{"label": 2, "user": 1}]}', "line 1: has the numbers of labels"),
        ('{"text": "secret", "label": ["x"]', "line 1: is not JSON"),
        ("", "is empty"),
    ],
)
def test_malformed_lines(put, text, says) -> None:
    path = put("a.jsonl", text)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value).partition("a.jsonl")[2]


NAMES = st.lists(
    st.text(st.characters(exclude_characters=";"), min_size=1, max_size=5).map(str.strip).filter(bool),
    max_size=3,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    examples=st.lists(
        st.tuples(
            st.text(max_size=10),
            NAMES,
            st.dictionaries(st.text(min_size=1, max_size=4), st.integers(), max_size=2),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_round_trip_of_any_examples(folder, examples) -> None:
    taken = {"text", "label", "labels", "data", "meta", "id"}
    lines = [
        {"id": k, "text": text, **{n: v for n, v in meta.items() if n not in taken}, "label": names}
        for k, (text, names, meta) in enumerate(examples)
    ]
    path, back = folder / "a.jsonl", folder / "b.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with DoccanoSource(path, "x") as source:
        # A key that is another name of the text or the label cannot be told from it.
        try:
            with DoccanoSink(str(back), source, source.columns) as sink:
                sink.write(source.rows())
        except InputError:
            return
    assert [json.loads(line) for line in back.read_text("utf-8").split("\n")[:-1]] == [
        json.loads(json.dumps(line)) for line in lines
    ]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes(folder, data) -> None:
    content = bytearray(data.draw(st.just(FIXTURE.read_bytes()) | st.binary(max_size=200)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=3))
    path = folder / "any.jsonl"
    path.write_bytes(bytes(content))
    try:
        read(path)
        return
    except ChangetalkError as error:
        message = str(error)
    assert message.isprintable()
    assert str(path) in message

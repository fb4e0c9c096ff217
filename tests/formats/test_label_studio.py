"""Label Studio's tasks: what people chose comes in, what models say goes out, tasks stay whole."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from changetalk.errors import ChangetalkError, FormatError, InputError, OutputError
from changetalk.formats.base import MISSING
from changetalk.formats.label_studio import (
    LabelStudioSink,
    LabelStudioSource,
    as_task,
    labelling_interface,
)

FIXTURE = Path(__file__).parent / "fixtures" / "label_studio.json"


def read(path: Path) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return columns and rows."""
    with LabelStudioSource(path, str(path)) as source:
        rows = list(source.rows())
        assert all(len(row) == len(source.columns) for row in rows)
        assert len(set(source.columns)) == len(source.columns)
        return source.columns, rows


def write(path: Path, columns: list[str], rows: list[list[object]]) -> list[dict]:
    """Write rows; return the tasks."""
    with LabelStudioSink(str(path), None, columns) as sink:
        sink.write(rows)
    return json.loads(path.read_text("utf-8"))


def test_an_export() -> None:
    columns, rows = read(FIXTURE)
    assert columns == (
        "session", "speaker", "text", "start", "note", "label_studio_id", "label_3", "remark_3",
        "label_ben@lab.org", "ct_label", "ct_confidence", "ct_model",
    )  # fmt: skip
    assert rows == [
        ["s1", "client", "I could go back to walking.", 61.5, MISSING, 101, "change",
         "sounds sure\nsee before", "neutral", "change", 0.62, "linear 1.1.0 (0f9c59cf)"],
        ["s1", "client", "It never worked \u2014 caf\u00e9 or not.", MISSING, None, 102, "sustain;neutral",
         *[MISSING] * 5],
        ["s1", "therapist", "Tell me more.", MISSING, MISSING, 103, *[MISSING] * 6],
    ]  # fmt: skip
    with LabelStudioSource(FIXTURE, "x") as source:
        assert source.notes == [
            "1 annotations were skipped by their annotators, and are left out",
            "of annotations only what was chosen is read, not when, how long or under which number",
        ]
        list(source.rows())
        assert source.where(1) == "x, line 2"


def test_back_into_label_studio_everything_stays(tmp_path) -> None:
    out = tmp_path / "out.json"
    with (
        LabelStudioSource(FIXTURE, "x") as source,
        LabelStudioSink(str(out), source, [*source.columns, "seen"]) as sink,
    ):
        sink.write([*row, seen] for row, seen in zip(source.rows(), ("a", None, float("nan")), strict=True))
    before, after = json.loads(FIXTURE.read_text("utf-8")), json.loads(out.read_text("utf-8"))
    assert [task["data"].pop("seen") for task in after] == ["a", None, None]
    assert after == before
    assert '"start": 61.50' in out.read_text("utf-8")


def test_labels_go_beside_what_is_there(tmp_path, put) -> None:
    tasks = [{"id": 1, "data": {"text": "a"}, "annotations": [{"completed_by": 1, "result": []}], "x": 1}]
    tasks.append({"id": 2, "data": {"text": "b"}})
    path, out = put("in.json", json.dumps(tasks)), tmp_path / "out.json"
    with (
        LabelStudioSource(path, "x") as source,
        LabelStudioSink(str(out), source, [*source.columns, "ct_label", "ct_confidence", "ct_model"]) as sink,
    ):
        added = [["change", 0.75, "m 1"], [None, None, None]]
        sink.write([*row, *more] for row, more in zip(source.rows(), added, strict=True))
    first, second = json.loads(out.read_text())
    assert first["predictions"] == as_task({}, label="change", score=0.75, model="m 1")["predictions"]
    assert {**first, "predictions": None} == {**tasks[0], "predictions": None}
    assert second == tasks[1]
    columns, rows = read(out)
    assert columns == ("text", "label_studio_id", "ct_label", "ct_confidence", "ct_model")
    assert rows == [["a", 1, "change", 0.75, "m 1"], ["b", 2, MISSING, MISSING, MISSING]]


def test_a_labelled_table(tmp_path) -> None:
    columns = [
        "session",
        "text",
        "n",
        "ct_label",
        "ct_p_change",
        "ct_confidence",
        "ct_model",
        "label_studio_id",
    ]
    rows: list[list[object]] = [
        ["s", "I want to.", 1, "change", "0.8", "0.8", "linear 1.1.0 (abc)", "17"],
        ["s", "Mm.", MISSING, "", "", "", "", ""],
    ]
    path = tmp_path / "a.json"
    tasks = write(path, columns, rows)
    assert tasks == [
        {
            "id": "17",
            "data": {"session": "s", "text": "I want to.", "n": 1, "ct_p_change": "0.8"},
            "predictions": [
                {
                    "model_version": "linear 1.1.0 (abc)",
                    "score": 0.8,
                    "result": [
                        {
                            "from_name": "code",
                            "to_name": "text",
                            "type": "choices",
                            "value": {"choices": ["change"]},
                        }
                    ],
                }
            ],
        },
        {"data": {"session": "s", "text": "Mm.", "ct_p_change": ""}},
    ]
    again = read(path)
    assert dict(zip(again[0], again[1][0], strict=True)) == {
        **dict(zip(columns, rows[0], strict=True)),
        "ct_confidence": 0.8,
    }


def test_the_interface_fits_the_tasks(tmp_path) -> None:
    with LabelStudioSink(str(tmp_path / "a.json"), None, ["utterance", "x"]) as sink:
        pass
    assert json.loads((tmp_path / "a.json").read_text()) == []
    interface = sink.notes[0].partition(": ")[2]
    assert interface == labelling_interface("utterance")
    view = ElementTree.fromstring(interface)
    result = as_task({}, label="change")["predictions"][0]["result"][0]
    assert view.find("Choices").get("name") == result["from_name"]
    assert view.find("Choices").get("toName") == view.find("Text").get("name") == result["to_name"]
    assert view.find("Text").get("value") == "$utterance"
    assert [choice.get("value") for choice in view.iter("Choice")] == ["change", "neutral", "sustain"]
    assert ElementTree.fromstring(labelling_interface('a"<b')).find("Text").get("value") == '$a"<b'


def test_other_models_other_controls(put) -> None:
    def predicted(choice: str, model: str | None = None, **more: object) -> dict:
        result = {"from_name": "mood", "type": "choices", "value": {"choices": [choice]}}
        return {"result": [result], **({"model_version": model} if model else {}), **more}

    tasks = [
        {"data": {"text": "a"}, "predictions": [predicted("Happy", "m1", score=0.5), predicted("Sad")]},
        {"data": {"text": "b", "score_m1": 1}, "predictions": [predicted("change", "m1", score=0.1)]},
    ]
    columns, rows = read(put("a.json", json.dumps(tasks)))
    assert columns == ("text", "score_m1", "mood_m1", "mood_model", "score_m1_2")
    assert rows[0][:4] == ["a", 0.5, "Happy", "Sad"]
    assert rows[1] == ["b", 1, "change", MISSING, 0.1]


def test_two_labels_of_one_annotator_and_results_of_every_kind(put) -> None:
    results = [
        {"from_name": "r", "type": "rating", "value": {"rating": 4}},
        {"from_name": "n", "type": "number", "value": {"number": 0.5}},
        {
            "from_name": "s",
            "type": "labels",
            "value": {"start": 0, "end": 4, "text": "talk", "labels": ["X"]},
        },
        {
            "from_name": "s",
            "type": "labels",
            "value": {"start": 5, "end": 9, "text": "more", "labels": ["Y"]},
        },
        {"from_name": "c", "type": "choices", "value": {"choices": ["a"]}},
        {"from_name": "c", "type": "choices", "value": {"choices": ["b"]}},
        {"type": "relation"},
    ]
    task = {
        "data": {"text": "talk more"},
        "completions": [{"result": results}, {"result": results[4:5], "completed_by": {"id": 9}}],
        "annotations": [{"result": results[4:5]}],
    }
    columns, [row] = read(put("a.json", json.dumps(task)))
    cells = dict(zip(columns, row, strict=True))
    assert cells == {
        "text": "talk more",
        "c_annotator": "a",
        "r_annotator": 4,
        "n_annotator": 0.5,
        "s_annotator": [results[2]["value"], results[3]["value"]],
        "c_annotator_2": "a;b",
        "relation_annotator": {},
        "c_9": "a",
    }


@pytest.mark.parametrize(
    "text",
    [
        '[{"data": {"text": "a"}}, {"data": {"text": "b"}}]',
        '\ufeff\r\n [ {"data": {"text": "a"}}\r\n,\r\n{"data": {"text": "b"}} ]\r\n\r\n',
        '{"data": {"text": "a"}}\n{"data": {"text": "b"}}\n',
        '{"data": {"text": "a"}}{"data": {"text": "b"}}',
    ],
)
def test_lists_and_sequences_of_tasks(put, text) -> None:
    assert read(put("a.json", text)) == (("text",), [["a"], ["b"]])


def test_tasks_longer_than_what_is_read_at_once(put, monkeypatch) -> None:
    monkeypatch.setattr("changetalk.formats.json_values._CHUNK", 7)
    tasks = [{"data": {"text": '\u4f60 \\ " ] [ , ' * n}} for n in range(20)]
    for indent in (None, 2):
        path = put("a.json", json.dumps(tasks, indent=indent, ensure_ascii=False))
        assert read(path)[1] == [[task["data"]["text"]] for task in tasks]
    with LabelStudioSource(path, "x") as source:
        list(source.rows())
        assert source.where(2) == "x, line 12"


GOOD = '{"data": {"text": "secret"}}'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "line 1: is not JSON, or is cut off"),
        ("[]", "holds no tasks"),
        (f"[{GOOD}", "line 1: is not JSON, or is cut off"),
        (f"[{GOOD},", "line 1: is not JSON, or is cut off"),
        (f"[{GOOD},]", "line 1: is not JSON, or is cut off"),
        (f"[{GOOD}\n{GOOD}]", "line 2: is not JSON, or is cut off"),
        (f"[{GOOD}]\n\nsecret", "line 3: goes on after the end"),
        (f"{GOOD}\nsecret", "line 2: is not JSON, or is cut off"),
        ('[\n{"data": {"text": "secret}]', "line 2: is not JSON, or is cut off"),
        (
            f'{GOOD}\n{{"text": "secret"}}',
            "line 2: task 2 is no task of Label Studio's: it has no 'data'; export as JSON",
        ),
        ('[["secret"]]', "task 1 is no task"),
        ('[{"data": "secret"}]', "task 1 is no task"),
        ("[1, 2]", "task 1 is no task"),
        ('[{"data": {}, "annotations": "secret"}]', "task 1 has annotations that cannot be read"),
        ('[{"data": {}, "annotations": ["secret"]}]', "task 1 has annotations that cannot be read"),
        (
            '[{"data": {}, "predictions": [{"result": "secret"}]}]',
            "task 1 has predictions that cannot be read",
        ),
        (
            '[{"data": {}, "predictions": [{"result": [{"value": "secret"}]}]}]',
            "predictions that cannot be read",
        ),
        ('[{"data": {}, "completions": [{"result": ["secret"]}]}]', "completions that cannot be read"),
        ("[" * 100_000, "line 1: is nested too deeply"),
        ('[{"data": ' + '{"a": ' * 100_000, "line 1: is nested too deeply"),
    ],
)
def test_malformed_tasks(put, text, says) -> None:
    path = put("a.json", text)
    with pytest.raises(FormatError) as caught:
        read(path)
    message = str(caught.value)
    assert says in message
    assert str(path) in message
    assert "secret" not in message.partition("a.json")[2]


def test_what_cannot_be_written(tmp_path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(InputError, match="row 1: column 'ct_confidence' holds no number"):
        write(path, ["text", "ct_label", "ct_confidence"], [["a", "change", "high"]])
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(OutputError, match="nested too deeply"):
        write(path, ["text"], [[deep]])
    assert not list(tmp_path.iterdir())


def test_tasks_that_vanish_while_they_are_read(put, tmp_path) -> None:
    path = put("a.json", f"[{GOOD}, {GOOD}]")
    with LabelStudioSource(path, "x") as source:
        rows = list(source.rows())
        path.write_text(f"[{GOOD}]")
        with (
            pytest.raises(InputError, match="changed while they were read"),
            LabelStudioSink(str(tmp_path / "b.json"), source, source.columns) as sink,
        ):
            sink.write(rows)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
RESULT = st.fixed_dictionaries(
    {},
    optional={
        "from_name": JSON,
        "type": JSON,
        "value": st.dictionaries(st.text(max_size=7), JSON, max_size=2),
    },
)
MADE = st.lists(
    st.fixed_dictionaries(
        {}, optional={"result": st.lists(RESULT, max_size=2), "completed_by": JSON, "model_version": JSON}
    ),
    max_size=2,
)
TASKS = st.lists(
    st.fixed_dictionaries(
        {"data": st.dictionaries(st.text(max_size=5), JSON, max_size=3)},
        optional={"id": JSON, "annotations": MADE, "predictions": MADE, "meta": JSON},
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=TASKS)
def test_any_tasks_come_back_as_they_were(folder, tasks) -> None:
    path, back = folder / "a.json", folder / "b.json"
    path.write_text(json.dumps(tasks))
    read(path)
    with LabelStudioSource(path, "x") as source, LabelStudioSink(str(back), source, source.columns) as sink:
        sink.write(source.rows())
    assert json.loads(back.read_text("utf-8")) == json.loads(path.read_text())


def reads(path: Path) -> None:
    """Read it all, or be told why not in one line of ours."""
    try:
        with LabelStudioSource(path, str(path)) as source:
            assert all(len(row) == len(source.columns) for row in source.rows())
            return
    except ChangetalkError as error:
        message = str(error)
    assert message.isprintable()
    assert str(path) in message


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text('[]{}":,0data \n', max_size=60).map(str.encode))
@example(content=b"[1")
def test_any_bytes(folder, content) -> None:
    (folder / "any.json").write_bytes(content)
    reads(folder / "any.json")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files(folder, data) -> None:
    content = bytearray(FIXTURE.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["cut", "change", "insert", "delete"]))
        if kind == "cut":
            del content[at:]
        elif kind == "change":
            content[at : at + 1] = data.draw(st.binary(min_size=1, max_size=2))
        elif kind == "insert":
            content[at:at] = data.draw(
                st.binary(max_size=4) | st.sampled_from([b"[", b"]", b"{", b"}", b",", b"null"])
            )
        else:
            del content[at : at + data.draw(st.integers(1, 20))]
    (folder / "mutated.json").write_bytes(bytes(content))
    reads(folder / "mutated.json")

"""Written, coded and read back: every code at its row, or an error that names the place."""

from __future__ import annotations

import csv
import json
import stat
import xml.etree.ElementTree as ET

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import changetalk as ct
from changetalk.errors import ColumnError, FormatError, InputError, OutputError
from changetalk.formats.label_studio import FROM_NAME
from changetalk.labels import LABELS
from changetalk.review import label_config, pick, read, write

KINDS = (".xlsx", ".csv", ".tsv", ".json", ".min.json")


@pytest.fixture
def picked(labelled):
    return pick(labelled, 12, seed=5)


def codes_for(picked):
    """Return a code of each kind in turn, every fourth missing."""
    return [(*LABELS, "")[k % 4] for k in range(len(picked))]


def code(path, codes):
    """Code a file as a person would; a name with .min.json is exported as JSON-MIN."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        column = [cell.value for cell in sheet[1]].index("code") + 1
        for i, given in enumerate(codes, 2):
            sheet.cell(i, column).value = given or None
        book.save(path)
    elif path.suffix == ".json":
        tasks = json.loads(path.read_text(encoding="utf-8"))
        export = minimal if path.name.endswith(".min.json") else full
        path.write_text(
            json.dumps([*map(export, tasks, codes, range(1, 99))][: len(tasks)]), encoding="utf-8"
        )
    else:
        rows = rows_of(path)
        for row, given in zip(rows, codes, strict=True):
            row["code"] = given
        save(path, rows)


def full(task, given, number):
    """Return a task as Label Studio's JSON export has it (labelstud.io/guide/task_format)."""
    chosen = [{"id": "x1", "from_name": FROM_NAME, "to_name": "text", "type": "choices", "origin": "manual",
               "value": {"choices": [given]}}]  # fmt: skip
    done = {"id": number, "completed_by": 1, "was_cancelled": False, "result": chosen}
    skipped = {"id": number + 100, "completed_by": 1, "was_cancelled": True, "result": []}
    return {"id": number, "annotations": [done] if given else [skipped], "data": task["data"], "project": 1}


def minimal(task, given, number):
    """Return a task as Label Studio's JSON-MIN export has it."""
    chosen = {FROM_NAME: given} if given else {}
    return {**task["data"], "id": number, **chosen, "annotator": 1, "annotation_id": number, "lead_time": 2.5}


def delimiter(path):
    return "\t" if path.suffix == ".tsv" else ","


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter(path)))


def save(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=delimiter(path))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blind", [True, False])
def test_codes_come_back_to_the_rows_they_belong_to(picked, labelled, tmp_path, kind, blind):
    path = tmp_path / f"to_code{kind}"
    write(picked, path, blind=blind)
    given = codes_for(picked)
    code(path, given)
    expected = [each or None for each in given]

    found = read(path, picked)
    assert found["human"].tolist() == expected
    pd.testing.assert_frame_equal(found.drop(columns="human"), picked)

    aligned = read(path, labelled)
    assert len(aligned) == len(labelled)
    assert aligned["text"].tolist() == labelled["text"].tolist()
    assert aligned["human"].iloc[picked["row"]].tolist() == expected
    assert aligned["human"].drop(picked["row"]).isna().all()
    pd.testing.assert_series_equal(
        aligned["sample_prob"].iloc[picked["row"]], picked["sample_prob"], check_index=False
    )
    assert aligned["sample_prob"].drop(picked["row"]).isna().all()


def test_what_was_read_can_be_compared_with_the_model(labelled, tmp_path):
    path = tmp_path / "to_code.csv"
    picked = pick(labelled, 30)
    write(picked, path)
    code(path, picked["label"].tolist())
    assert (
        ct.agreement(read(path, labelled), coders=["human", "label"], n_boot=0).percent_agreement.value == 1
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_where_the_model_label_is_hidden(picked, tmp_path, kind):
    path = tmp_path / f"to_code{kind}"
    write(picked.assign(model="SECRET", label="SECRET", why="SECRET"), path)
    if kind == ".xlsx":
        text = repr([[cell.value for cell in row] for row in openpyxl.load_workbook(path).active])
    else:
        text = path.read_text(encoding="utf-8")
    assert "SECRET" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@settings(max_examples=30)
@given(
    texts=st.lists(
        st.text(st.characters(blacklist_categories=("Cs",)), max_size=20).map("x".__add__)
        | st.sampled_from(
            ["=1+1", "+1", "-1", "@here", "'-1", "'quoted'", "_x0041_", "1", "007", "#N/A", "NA", "a\r\nb"]
        ),
        min_size=1,
        max_size=6,
    ),
    kind=st.sampled_from(KINDS),
)
def test_any_text_survives(texts, kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / f"to_code{kind}"
    n = len(texts)
    talk = pd.DataFrame(
        {
            "session": texts,
            "text": texts,
            "ct_label": "change",
            "ct_p_change": 1.0,
            "ct_p_neutral": 0.0,
            "ct_p_sustain": 0.0,
        }
    )
    picked = pick(talk, n, target="=cmd", share_random=1)
    write(picked, path)
    code(path, ["sustain"] * n)
    assert read(path, talk)["human"].tolist() == ["sustain"] * n


def test_no_cell_of_a_csv_is_a_formula(picked, tmp_path):
    path = tmp_path / "to_code.csv"
    write(picked.assign(session="@home", target="-x", context="+1"), path)
    with open(path, encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert any(cell.startswith("'=SUM") for cell in cells)


def test_a_workbook_offers_the_labels_and_holds_no_formula(picked, tmp_path):
    path = tmp_path / "to_code.xlsx"
    write(picked, path)
    sheet = openpyxl.load_workbook(path).active
    (choices,) = sheet.data_validations.dataValidation
    names = [cell.value for cell in sheet[1]]
    column = "ABCDEFGHIJ"[names.index("code")]
    assert str(choices.sqref) == f"{column}2:{column}13"
    assert choices.formula1 == '"change,neutral,sustain"'
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert any(str(cell.value).startswith("=SUM") and cell.quotePrefix for cell in cells)
    assert sheet[f"{column}2"].number_format == "@"
    assert sheet.column_dimensions["B"].hidden
    assert names[1] == "row"


def test_labels_are_shown_where_asked_for(picked, tmp_path):
    write(picked, tmp_path / "to_code.csv", blind=False)
    assert [row["model_label"] for row in rows_of(tmp_path / "to_code.csv")] == picked["label"].tolist()
    write(picked, tmp_path / "tasks.json", blind=False)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    (prediction,) = tasks[0]["predictions"]
    assert prediction["model_version"] == "tiny 1 (abc)"
    assert prediction["score"] == picked["p_" + picked["label"][0]][0]
    assert prediction["result"][0]["value"] == {"choices": [picked["label"][0]]}


def test_tasks_fit_the_interface(picked, tmp_path):
    write(picked, tmp_path / "tasks.json", blind=False)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    view = ET.fromstring(label_config())
    shown = {word for tag in view.iter() for word in tag.get("value", "").split() if word.startswith("$")}
    assert shown == {"$text", "$context", "$target", "$speaker"}
    assert all(name[1:] in tasks[0]["data"] for name in shown)
    (choices,) = view.iter("Choices")
    said = tasks[0]["predictions"][0]["result"][0]
    assert (said["from_name"], said["to_name"]) == (choices.get("name"), choices.get("toName"))
    assert [choice.get("value") for choice in choices] == list(LABELS)


def test_codes_may_be_written_as_labs_do_and_rows_moved_or_left_out(picked, tmp_path):
    path = tmp_path / "to_code.csv"
    write(picked, path)
    rows = rows_of(path)[::-1][:4]
    for row, written in zip(rows, ["CT", "R-", "FN", "+"], strict=True):
        row["code"] = written
    save(path, rows)
    assert read(path, picked)["human"].tolist()[-4:] == ["change", "neutral", "sustain", "change"]


def test_a_csv_that_excel_saved_again_is_read(picked, tmp_path):
    # Excel writes 007 as 7, a decimal comma where the country has one, semicolons and a mark.
    path = tmp_path / "to_code.csv"
    write(picked, path)
    rows = rows_of(path)
    for row in rows:
        row["session"] = str(int(row["session"]))
        row["sample_prob"] = row["sample_prob"].replace(".", ",")
        row["code"] = "sustain"
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    assert read(path, picked)["human"].eq("sustain").all()


def change_first(**cells):
    return lambda rows: [{**rows[0], **cells}, *rows[1:]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [*rows, rows[0]], "row 14: is the utterance of .*row 2 once more"),
        (change_first(code="maybe"), "row 2: 'maybe' is not a client-talk label"),
        (change_first(row="0"), "row 2: its row is not that of an utterance"),
        (change_first(row="1000"), "row 2: its row"),
        (change_first(row="x"), "row 2: its row"),
        (change_first(row=""), "row 2: its row"),
        (change_first(row="1e400"), "row 2: its row"),
        (change_first(text="I hid it in the shed"), "row 2: its text is not that of row"),
        (change_first(session="b", text="y"), "row 2: its session and text is not"),
        (lambda rows: [{**row, "code": ""} for row in rows], "nothing is coded; 12 utterances"),
        (change_first(sample_prob="7"), "row 2: sample_prob is no number above 0"),
        (change_first(sample_prob="often"), "row 2: sample_prob"),
    ],
)
@pytest.mark.parametrize("against", ["picked", "labelled"])
def test_a_file_that_does_not_fit_is_refused(picked, labelled, tmp_path, change, said, against):
    path = tmp_path / "to_code.csv"
    write(picked, path)
    code(path, ["change"] * 12)
    save(path, change(rows_of(path)))
    with pytest.raises(InputError, match=said) as error:
        read(path, {"picked": picked, "labelled": labelled}[against])
    assert "shed" not in str(error.value)


def test_codes_of_other_talk_are_refused(picked, labelled, tmp_path):
    path = tmp_path / "to_code.csv"
    write(picked, path)
    code(path, ["change"] * 12)
    with pytest.raises(InputError, match="row 2: its"):
        read(path, labelled.iloc[::-1])


def test_a_sheet_without_its_columns_is_refused(picked, tmp_path):
    path = tmp_path / "to_code.csv"
    write(picked, path)
    save(path, [{k: v for k, v in row.items() if k != "row"} for row in rows_of(path)])
    with pytest.raises(ColumnError, match="no column 'row'"):
        read(path, picked)


def annotated(change):
    def apply(tasks):
        return [{**tasks[0], "annotations": change(tasks[0]["annotations"])}, *tasks[1:]]

    return apply


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda tasks: [*tasks, tasks[0]], InputError, "task 13 of 13: is the utterance of .* once more"),
        (annotated(lambda each: each * 2), InputError, "task 1 of 12: has 2 annotations"),
        (
            annotated(lambda each: [{"result": [{"from_name": "x"}]}]),
            InputError,
            "task 1 of 12: was not annotated with a choice named",
        ),
        (annotated(lambda each: [17]), FormatError, "task 1 of 12: its annotations are not"),
        (
            annotated(
                lambda each: [
                    {"result": [{"from_name": FROM_NAME, "value": {"choices": ["change", "neutral"]}}]}
                ]
            ),
            InputError,
            "task 1 of 12: more than one label",
        ),
        (lambda tasks: [{"data": {"text": "x"}}], FormatError, "task 1 of 1: is not a task that"),
        (lambda tasks: {"tasks": tasks}, FormatError, "is not a Label Studio export"),
        (lambda tasks: [1], FormatError, "is not a Label Studio export"),
    ],
)
def test_an_export_that_does_not_fit_is_refused(picked, tmp_path, change, error, said):
    path = tmp_path / "export.json"
    write(picked, path)
    code(path, ["change"] * 12)
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    with pytest.raises(error, match=said):
        read(path, picked)


def test_tasks_that_nobody_annotated_are_not_coded(picked, tmp_path):
    write(picked, tmp_path / "tasks.json", blind=False)
    with pytest.raises(InputError, match="nothing is coded"):
        read(tmp_path / "tasks.json", picked)


def test_what_is_not_json_or_not_there_is_said(picked, tmp_path):
    (tmp_path / "export.json").write_text("[{", encoding="utf-8")
    with pytest.raises(FormatError, match="not JSON"):
        read(tmp_path / "export.json", picked)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "gone.json", picked)


@pytest.mark.parametrize("kind", [".xlsx", ".csv", ".json"])
def test_what_cannot_be_written_leaves_what_was_there(picked, tmp_path, kind, monkeypatch):
    path = tmp_path / f"to_code{kind}"
    path.write_bytes(b"coded by hand")

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write(picked, path)
    assert path.read_bytes() == b"coded by hand"
    assert list(tmp_path.iterdir()) == [path]


def test_only_what_was_picked_can_be_written(picked, tmp_path):
    with pytest.raises(TypeError, match="picked must be the frame"):
        write([1], tmp_path / "x.csv")
    with pytest.raises(InputError, match="no column 'why'"):
        write(picked.drop(columns="why"), tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"use \.xlsx, \.csv, \.tsv, \.json"):
        write(picked, tmp_path / "x.docx")
    assert list(tmp_path.iterdir()) == []

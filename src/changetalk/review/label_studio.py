"""Label Studio: tasks to code, the labelling interface, and both of its JSON exports."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from changetalk.errors import FormatError, InputError
from changetalk.files import atomic_write
from changetalk.formats.label_studio import FROM_NAME, TO_NAME, as_task
from changetalk.labels import LABELS
from changetalk.review.entries import Entry

_NAMES: Final = {"change": "change talk", "neutral": "neutral", "sustain": "sustain talk"}
_DATA: Final = ("session", "row", "text")


def label_config() -> str:
    """Return the labelling interface for the tasks that `write` makes, in Label Studio's XML.

    It goes into the project's settings, under "Labeling Interface", "Code". Keys 1, 2 and 3
    choose; the target behaviour and what was said before stand above the utterance.
    """
    choices = "\n".join(
        f'    <Choice value="{label}" hint="{_NAMES[label]}" hotkey="{k}"/>'
        for k, label in enumerate(LABELS, 1)
    )
    return f"""<View>
  <Header value="Target behaviour: $target" size="5"/>
  <View style="opacity: 0.75; white-space: pre-wrap">
    <Text name="context" value="$context"/>
  </View>
  <Header value="$speaker" size="4"/>
  <View style="font-size: 1.2em">
    <Text name="{TO_NAME}" value="$text"/>
  </View>
  <Choices name="{FROM_NAME}" toName="{TO_NAME}" choice="single" showInLine="true">
{choices}
  </Choices>
</View>
"""


def write_tasks(picked: pd.DataFrame, path: str | os.PathLike[str], *, blind: bool) -> None:
    """Write what was picked as tasks; where not blind, with the model's label as a prediction."""
    tasks = [_task(row, blind) for row in picked.to_dict("records")]
    with atomic_write(path) as final:
        final.write_text(json.dumps(tasks, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")


def read_export(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Read the tasks of a JSON or JSON-MIN export; annotations that were cancelled are none.

    Raises
    ------
    InputError
        If there is no such file, or a task was annotated more than once.
    FormatError
        If it is no such export.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            tasks = json.load(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError, whose messages may quote
        raise FormatError(f"{path}: is not JSON, or is damaged; export it again") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise FormatError(f"{path}: is not a Label Studio export; export as JSON or JSON-MIN")
    for k, task in enumerate(tasks, 1):
        yield _entry(task, f"{path}, task {k} of {len(tasks)}")


def _task(row: dict[Any, Any], blind: bool) -> dict[str, object]:
    prob = row["sample_prob"]
    data = {name: row[name] for name in ("text", "context", "target", "speaker", "session", "row")}
    data["sample_prob"] = None if math.isnan(prob) else prob
    if blind:
        return as_task(data)
    score = row[f"p_{row['label']}"]
    return as_task(data, label=row["label"], score=None if math.isnan(score) else score, model=row["model"])


def _entry(task: dict[str, Any], where: str) -> Entry:
    # An export as JSON keeps what we wrote under `data`; JSON-MIN has it beside the choice.
    data = task.get("data", task)
    if not isinstance(data, dict) or not all(name in data for name in _DATA):
        raise FormatError(
            f"{where}: is not a task that changetalk review wrote, exported as JSON or JSON-MIN: "
            f"it lacks one of {', '.join(_DATA)}"
        )
    code = _annotated(task, where) if "data" in task else _chosen(task.get(FROM_NAME), where)
    prob = data.get("sample_prob")
    return Entry(
        where=where,
        session=str(data["session"]),
        row=str(data["row"]),
        text=str(data["text"]),
        code=code,
        sample_prob="" if prob is None else str(prob),
    )


def _annotated(task: dict[str, Any], where: str) -> str:
    """Return the label of the one annotation of a task; empty where there is none."""
    try:
        annotations = [each for each in task.get("annotations") or () if not each.get("was_cancelled")]
        results = [result for each in annotations for result in each["result"]]
        chosen = [result["value"] for result in results if result.get("from_name") == FROM_NAME]
    except (AttributeError, KeyError, TypeError) as error:
        raise FormatError(f"{where}: its annotations are not Label Studio's; export it again") from error
    if len(annotations) > 1:
        raise InputError(
            f"{where}: has {len(annotations)} annotations; filter the export to those of one coder, "
            "and read each coder's by itself"
        )
    if results and not chosen:
        raise InputError(
            f"{where}: was not annotated with a choice named {FROM_NAME!r}; use the interface that "
            "changetalk.review.label_config() gives"
        )
    return _chosen(chosen[0], where) if chosen else ""


def _chosen(value: object, where: str) -> str:
    """Return the label of a choice: a text in JSON-MIN, a list under `choices` elsewhere."""
    if isinstance(value, dict):
        value = value.get("choices")
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise InputError(f"{where}: more than one label, or something else, was chosen; choose one")
    return value[0].strip()

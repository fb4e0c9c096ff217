"""Label Studio's JSON: tasks with their data, what annotators chose, and what models predicted.

An array of tasks, or tasks one after another, as Label Studio exports and imports them
(https://labelstud.io/guide/task_format). Read is a row a task: its data, and a column for each
annotator of each control (``code_anna@lab.org``: control ``code``, annotator Anna). A model's choice
among our three labels comes back as ``ct_label``, ``ct_confidence`` and ``ct_model``, the columns that
labelling adds; any other prediction has its control and its model in the names of its columns.

Written is a task a row: all columns are its data, but for those three, which become a prediction. A
result in the format of its source holds the source's tasks as they were, annotations included.
"""

from __future__ import annotations

import contextlib
import html
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from changetalk.columns import find_column
from changetalk.context import cell_text
from changetalk.errors import ColumnError, FormatError, InputError, OutputError
from changetalk.formats.base import MISSING, Sink, Source
from changetalk.formats.cells import as_json
from changetalk.formats.encoding import text_encoding
from changetalk.formats.json_values import json_values
from changetalk.labels import LABELS

#: The control that labels are chosen with, and the object they are chosen for.
FROM_NAME: Final = "code"
TO_NAME: Final = "text"
#: The column of a task's number, where it has one.
TASK_ID: Final = "label_studio_id"

_PREDICTED: Final = ("ct_label", "ct_confidence", "ct_model")
_ADVICE: Final = "export the project as JSON again"


def as_task(
    data: Mapping[str, object],
    *,
    label: str | None = None,
    score: float | None = None,
    model: str | None = None,
    task_id: object = None,
) -> dict[str, object]:
    """Return a task for a person to code, with a model's label where there is one.

    Parameters
    ----------
    data : mapping
        What the annotator sees, and what should come back with the annotations.
    label : str, optional
        The model's choice; without one there is no prediction.
    score : float, optional
        Its confidence, from 0 to 1.
    model : str, optional
        Which model it was.
    task_id : object, optional
        The task's number in Label Studio.

    Returns
    -------
    dict

    Examples
    --------
    >>> as_task({"text": "I want to."}, label="change", score=0.8, model="linear 1.1.0")["predictions"]
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'model_version': 'linear 1.1.0', 'score': 0.8, 'result': [{'from_name': 'code',
    'to_name': 'text', 'type': 'choices', 'value': {'choices': ['change']}}]}]
    """
    task: dict[str, object] = {} if task_id is None else {"id": task_id}
    task["data"] = dict(data)
    if label:
        task["predictions"] = [as_prediction(label, score, model)]
    return task


def as_prediction(label: str, score: float | None, model: str | None) -> dict[str, object]:
    """Return a model's label in the shape of a task's prediction; see `as_task`."""
    choice = {"from_name": FROM_NAME, "to_name": TO_NAME, "type": "choices", "value": {"choices": [label]}}
    prediction: dict[str, object] = {"model_version": model} if model else {}
    if score is not None:
        prediction["score"] = score
    return {**prediction, "result": [choice]}


def labelling_interface(text: str = "text") -> str:
    """Return the labelling interface (XML) that a project for our tasks needs.

    Parameters
    ----------
    text : str
        Which of the data is the utterance.
    """
    choices = "".join(f"<Choice value={_quoted(label)}/>" for label in LABELS)
    return (
        f"<View><Text name={_quoted(TO_NAME)} value={_quoted('$' + text)}/>"
        f'<Choices name={_quoted(FROM_NAME)} toName={_quoted(TO_NAME)} choice="single" showInline="true">'
        f"{choices}</Choices></View>"
    )


class LabelStudioSource(Source):
    """Tasks of Label Studio.

    Of an annotation, what was chosen is read: several choices joined by ``;``, texts and numbers as
    they are, marked regions and the like as JSON. Skipped annotations are left out.
    """

    format = "labelstudio"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        encoding = text_encoding(path, name)
        self._encoding = encoding.name
        if encoding.note:
            self.notes.append(encoding.note)
        self._ours = True
        data: dict[str, None] = {}
        skipped = annotated = count = 0
        for _, task in self.tasks():
            count += 1
            data.update(dict.fromkeys(task["data"]))
            first = _predictions(task)[:1]
            self._ours = self._ours and all(map(_is_ours, first))
            annotated += bool(_annotations(task))
            skipped += sum(bool(a.get("was_cancelled")) for a in _annotations(task))
        if not count:
            raise FormatError(f"{name}: holds no tasks; {_ADVICE}")
        self._ours = self._ours and not data.keys() & set(_PREDICTED)
        columns = dict(data)
        for _, task in self.tasks():
            columns.update(dict.fromkeys(self._cells(task)))
        self.columns = tuple(columns)
        if skipped:
            self.notes.append(f"{skipped} annotations were skipped by their annotators, and are left out")
        if annotated:
            self.notes.append(
                "of annotations only what was chosen is read, not when, how long or under which number"
            )

    def tasks(self) -> Generator[tuple[int, dict[str, Any]]]:
        """Give each task as it is, with the line it starts at."""
        with open(self.path, encoding=self._encoding, newline="\n") as file:
            for number, (line, task) in enumerate(json_values(file, self.name), 1):
                self._check(task, f"{self.name}, line {line}: task {number}")
                yield line, task

    def _check(self, task: Any, where: str) -> None:
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            hint = (
                "; export as JSON and not as JSON-MIN, or read a table with --format jsonl"
                if isinstance(task, dict)
                else ""
            )
            raise FormatError(f"{where} is no task of Label Studio's: it has no 'data'{hint}")
        for kind in ("annotations", "completions", "predictions"):
            made = task.get(kind)
            if made is None:
                continue
            good = isinstance(made, list) and all(isinstance(each, dict) for each in made)
            results = [each.get("result") or [] for each in made] if good else [None]
            if not all(
                isinstance(result, list)
                and all(isinstance(r, dict) and isinstance(r.get("value", {}), dict) for r in result)
                for result in results
            ):
                raise FormatError(f"{where} has {kind} that cannot be read; {_ADVICE}")

    def _cells(self, task: dict[str, Any]) -> dict[str, object]:
        """Return a task's cells by column."""
        cells: dict[str, object] = dict(task["data"])
        if "id" in task:
            _put(cells, TASK_ID, task["id"])
        for annotation in _annotations(task):
            if not annotation.get("was_cancelled"):
                for control, value in _chosen(annotation).items():
                    _put(cells, f"{control}_{_annotator(annotation)}", value)
        for k, prediction in enumerate(_predictions(task)):
            chosen = _chosen(prediction)
            model, score = prediction.get("model_version") or None, prediction.get("score")
            if self._ours and k == 0:
                cells |= dict(zip(_PREDICTED, (*chosen.values(), score, model), strict=True))
                continue
            if score is not None:
                chosen["score"] = score
            for control, value in chosen.items():
                _put(cells, f"{control}_{_short(model) or 'model'}", value)
        return cells

    def _rows(self) -> Iterator[list[object]]:
        for line, task in self.tasks():
            self._at_line(line)
            cells = self._cells(task)
            yield [cells.get(name, MISSING) for name in self.columns]


class LabelStudioSink(Sink):
    """Tasks for Label Studio to import.

    Attributes
    ----------
    notes : list of str
        What the user should know of the writing.
    """

    format = "labelstudio"

    def __init__(self, path: str, source: Source | None, columns: Sequence[str]) -> None:
        super().__init__(path, source, columns)
        self.notes: list[str] = []
        same = isinstance(source, LabelStudioSource) and self.columns[: len(source.columns)] == source.columns
        self._originals = source.tasks() if same and isinstance(source, LabelStudioSource) else None
        self._known = len(source.columns) if same and source is not None else 0
        self._place = {name: k for k, name in enumerate(self.columns) if k >= self._known}
        self._count = 0
        if self._originals is None:
            with contextlib.suppress(ColumnError):  # several could be: then the user knows better
                text = find_column("text", self.columns, where=self.name, required=False)
                self.notes.append(
                    f"the project's labelling interface: {labelling_interface(text or TO_NAME)}"
                )

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            self._file = file
            file.write("[")
            try:
                yield
            finally:
                if self._originals is not None:
                    self._originals.close()  # a generator holds its file open until it is closed
            file.write("\n]\n")

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        for row in rows:
            try:
                text = as_json(self._task(row))
            except RecursionError as error:
                raise OutputError(f"{self.name}: a value is nested too deeply to be written") from error
            self._file.write((",\n" if self._count else "\n") + text)
            self._count += 1

    def _task(self, row: Sequence[object]) -> dict[str, object]:
        cells = {
            name: None if k >= self.added_from and row[k] != row[k] else row[k]
            for name, k in self._place.items()
            if row[k] is not MISSING
        }
        label, score, model = (cell_text(cells.pop(name, None)) for name in _PREDICTED)
        number = cells.pop(TASK_ID, None)
        made = as_task(
            cells,
            label=label or None,
            score=self._score(score) if score and label else None,
            model=model or None,
            task_id=number if cell_text(number) else None,
        )
        if self._originals is None:
            return made
        original = next(self._originals, None)
        if original is None:
            raise InputError(f"{self.name}: the tasks changed while they were read; try again")
        task = original[1]
        if cells:
            task["data"] = {**task["data"], **cells}
        if "predictions" in made:
            task["predictions"] = [*_predictions(task), *_predictions(made)]
        return task

    def _score(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            where = f"row {self._count + 1}" if self.source is None else self.source.where(self._count)
            raise InputError(
                f"{where}: column 'ct_confidence' holds no number; correct or empty it"
            ) from None


def _put(cells: dict[str, object], name: str, value: object) -> None:
    """Add a cell, under a name with a number behind it where the name is taken."""
    free, k = name, 2
    while free in cells:
        free, k = f"{name}_{k}", k + 1
    cells[free] = value


def _annotations(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a task's annotations; versions before 1.0 called them completions."""
    found: list[dict[str, Any]] = [*(task.get("annotations") or []), *(task.get("completions") or [])]
    return found


def _predictions(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = task.get("predictions") or []
    return found


def _is_ours(prediction: dict[str, Any]) -> bool:
    """Return whether a prediction is one of our three labels, and nothing else."""
    results = prediction.get("result") or []
    if len(results) != 1:
        return False
    choices = results[0].get("value", {}).get("choices")
    return isinstance(choices, list) and len(choices) == 1 and choices[0] in LABELS


def _annotator(annotation: Mapping[str, Any]) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("username") or who.get("id")
    return _short(who) or "annotator"


def _quoted(text: str) -> str:
    return f'"{html.escape(text)}"'  # the XML library's own would import the network's


def _short(name: object) -> str:
    return "" if name is None else " ".join(str(name).split())[:80]


def _chosen(made: Mapping[str, Any]) -> dict[str, object]:
    """Return what was chosen, by control; several of one control in one cell."""
    found: dict[str, list[object]] = {}
    for result in made.get("result") or []:
        control = _short(result.get("from_name")) or str(result.get("type") or "result")
        found.setdefault(control, []).append(_value(result))
    return {
        control: values[0] if len(values) == 1 else _together(values) for control, values in found.items()
    }


def _value(result: Mapping[str, Any]) -> object:
    value = result.get("value", {})
    kind = result.get("type")
    if set(value) == {"choices"} and _are_texts(value["choices"]):
        return ";".join(value["choices"])
    if kind == "textarea" and _are_texts(value.get("text")):
        return "\n".join(value["text"])
    if kind in ("rating", "number") and set(value) == {kind}:
        return value[kind]
    return dict(value)


def _together(values: list[object]) -> object:
    return ";".join(map(str, values)) if _are_texts(values) else values


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)

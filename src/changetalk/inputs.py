"""The many shapes in which utterances are handed to `predict`, read into one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from typing import Any

from changetalk.columns import find_column
from changetalk.context import FIELDS, Batch, batch_of
from changetalk.dialogue import Transcript, Utterance
from changetalk.errors import ColumnError

_CALL_LABEL = "predict takes a sequence of utterances; for one string call label(text) or predict([text])"


def as_batch(X: Any) -> Batch:
    """Read strings, (text, before) rows, utterances or a frame into a batch, row by row.

    Raises
    ------
    TypeError
        If X is a bare string, or a row of it is none of these; the message says which row.
    ColumnError
        If a frame has no column of text, or one of speakers but no context yet.
    """
    if isinstance(X, Batch):
        return X
    if isinstance(X, str | bytes):
        raise TypeError(_CALL_LABEL)
    if isinstance(X, Transcript):
        raise TypeError("predict takes utterances; for a Transcript call label(transcript)")
    if hasattr(X, "collect"):  # polars
        raise TypeError("X is a lazy frame; call .collect() first")
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return _of_frame(X)
    if not isinstance(X, Iterable) or isinstance(X, Mapping | Set):
        raise TypeError(f"X must be a sequence of utterances, not {type(X).__name__}")
    if hasattr(X, "to_pylist"):  # pyarrow
        X = X.to_pylist()
    return batch_of([_utterance(i, row) for i, row in enumerate(X)])


def _utterance(i: int, row: Any) -> Utterance:
    if isinstance(row, Utterance):
        return row
    if isinstance(row, str):
        return Utterance(row)
    parts = row.tolist() if hasattr(row, "tolist") else row
    if isinstance(parts, tuple | list):
        if len(parts) == 1 and isinstance(parts[0], str):
            return Utterance(parts[0])
        if len(parts) == 2 and isinstance(parts[0], str) and (parts[1] is None or isinstance(parts[1], str)):
            return Utterance(parts[0], before=parts[1] or "")
    raise TypeError(
        f"X[{i}] is a {type(row).__name__}; each row must be a string, a (text, previous therapist turn) "
        "pair of strings or an Utterance"
    )


def _of_frame(X: Any) -> Batch:
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    columns = [str(c) for c in frame.columns]
    if len(columns) == 1:  # as a ColumnTransformer hands a column on
        return as_batch(frame[:, 0].to_list())
    speaker = find_column("speaker", columns, where="X", required=False)
    if speaker is not None and "before" not in columns:
        raise ColumnError(
            f"X has a column of speakers ({speaker!r}) but no context: call label_frame(X) to label "
            "the client's rows, or predict(client_talk(X))"
        )
    # A frame that `client_talk` made may have its text under another name as well.
    text = "text" if "text" in columns else find_column("text", columns, where="X")
    rows: dict[str, list[Any]] = {
        name: frame[name].to_list() if name in columns else [None] * len(frame) for name in FIELDS[1:]
    }
    return batch_of(
        [
            Utterance(
                _cell(i, value),
                before=_context_cell(rows["before"][i]),
                said=_context_cell(rows["said"][i]),
                target=_context_cell(rows["target"][i]),
                position=_number(rows["position"][i]),
            )
            for i, value in enumerate(frame[text].to_list())
        ]
    )


def _cell(i: int, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"X: text of row {i} is {type(value).__name__}, not str; fill or drop missing rows first")


def _context_cell(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else None

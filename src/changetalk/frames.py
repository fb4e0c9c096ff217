"""Any table in, the same table out: pandas, polars and pyarrow by way of narwhals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from changetalk.columns import ClientRule, Columns
from changetalk.context import FIELDS, Batch, gather_rows
from changetalk.dialogue import Prediction
from changetalk.errors import ClientError, ColumnError
from changetalk.labels import FOLLOW_NEUTRAL, LABELS, VALENCED_CODES

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    import numpy.typing as npt
    from narwhals.typing import IntoDataFrameT

    from changetalk.model import Model

#: The columns that labelling adds, in this order, after all that were there.
ADDED: Final = ("ct_label", *(f"ct_p_{label}" for label in LABELS), "ct_confidence", "ct_model")

#: A code is named where it is at least this probable.
_HELD: Final = 0.5

Cells = tuple[str | float | None, ...]
_EMPTY: Final[Cells] = (None,) * len(ADDED)


def cells(prediction: Prediction | None) -> Cells:
    """Return what a row gets in the columns of `ADDED`; all None where it was not labelled."""
    if prediction is None:
        return _EMPTY
    p = prediction
    return (p.label, p.p_change, p.p_neutral, p.p_sustain, p.confidence, p.model)


def refuse_labelled(columns: Iterable[str], *, where: str) -> None:
    """Raise `ColumnError` where a table already has a column that labelling would add."""
    taken = [c for c in ADDED if c in set(columns)]
    if taken:
        raise ColumnError(
            f"{where}: already has the column {taken[0]!r}; drop or rename the ct_ columns first"
        )


def label_frame(
    model: Model,
    frame: IntoDataFrameT,
    columns: Columns,
    *,
    client: str | Sequence[str] | None,
    target: str | None,
    codes: bool,
) -> IntoDataFrameT:
    """Do the work of `Model.label_frame`, which documents it."""
    import narwhals as nw

    table = _table(frame)
    refuse_labelled(table.columns, where="the table")
    batch, rows, _ = _gather(table, columns, client, target)
    added: list[Cells] = [_EMPTY] * len(table)
    for i, prediction in zip(rows, model.predictions(batch), strict=True):
        added[i] = cells(prediction)
    by_column = list(zip(*added, strict=True)) if added else [()] * len(ADDED)
    names = dict(zip(ADDED, by_column, strict=True))
    new = [
        _series(table, name, values, nw.String() if name in ("ct_label", "ct_model") else nw.Float64())
        for name, values in names.items()
    ]
    if codes:
        new += _code_columns(table, rows, model.codes_of(batch))
    labelled: IntoDataFrameT = table.with_columns(*new).to_native()
    return labelled


def _code_columns(table: nw.DataFrame[Any], rows: list[int], proba: npt.NDArray[np.float64]) -> list[Any]:
    import narwhals as nw

    n = len(table)
    named: list[str | None] = [None] * n
    mixed: list[bool | None] = [None] * n
    each: list[list[float | None]] = [[None] * n for _ in VALENCED_CODES]
    for i, p in zip(rows, proba.tolist(), strict=True):
        held = [VALENCED_CODES[k] for k in sorted(range(len(p)), key=lambda k: -p[k]) if p[k] >= _HELD]
        named[i] = ";".join(held) or FOLLOW_NEUTRAL
        mixed[i] = len({code[-1] for code in held}) > 1
        for column, value in zip(each, p, strict=True):
            column[i] = value
    return [
        _series(table, "ct_codes", named, nw.String()),
        _series(table, "ct_mixed", mixed, nw.Boolean()),
        *(
            _series(table, f"ct_p_{code}", column, nw.Float64())
            for code, column in zip(VALENCED_CODES, each, strict=True)
        ),
    ]


def client_talk(
    frame: IntoDataFrameT,
    *,
    text: str | None = None,
    speaker: str | None = None,
    session: str | None = None,
    client: str | Sequence[str] | None = None,
    target: str | None = None,
    target_column: str | None = None,
) -> IntoDataFrameT:
    """Return the client's rows of a table of sessions, each with its context in columns.

    What `Model.predict` and `ChangeTalkClassifier.fit` take as X: every row stands for itself,
    so that rows may be split, shuffled and cross-validated without losing what was said before.

    Parameters
    ----------
    frame, text, speaker, session, client, target, target_column
        As for `Model.label_frame`.

    Returns
    -------
    The same kind of table
        The client's rows in which something was said, in the table's order, with its columns
        and index, and the columns ``text, before, said, target, position`` (normalised text;
        see `Utterance`) put in place or added.

    Raises
    ------
    ColumnError, ClientError
        As for `Model.label_frame`.
    """
    import narwhals as nw

    table = _table(frame)
    columns = Columns(text=text, speaker=speaker, session=session, target=target_column)
    batch, rows, _ = _gather(table, columns, client, target)
    order = sorted(range(len(rows)), key=rows.__getitem__)
    chosen = table[sorted(rows)]
    new = [
        _series(
            chosen,
            name,
            [getattr(batch, name)[k] for k in order],
            nw.Float64() if name == "position" else nw.String(),
        )
        for name in FIELDS
    ]
    talk: IntoDataFrameT = chosen.with_columns(*new).to_native()
    return talk


def _table(frame: Any) -> nw.DataFrame[Any]:
    import narwhals as nw

    names: Iterable[Any] = ()
    if nw.dependencies.is_pandas_dataframe(frame):
        names = frame.columns
    elif nw.dependencies.is_pyarrow_table(frame):
        names = frame.column_names
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ColumnError(f"the table: has more than one column {twice[0]!r}; give each a name of its own")
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        raise TypeError(
            f"label_frame takes a pandas, polars or pyarrow table, not {type(frame).__name__}"
            + ("; call .collect() first" if hasattr(frame, "collect") else "")
        ) from None


def _gather(
    table: nw.DataFrame[Any], columns: Columns, client: str | Sequence[str] | None, target: str | None
) -> tuple[Batch, list[int], Columns]:
    where = "the table"
    names = [str(c) for c in table.columns]
    rule = ClientRule.of(client)
    found = columns.find(names, client=rule, target=target is None, where=where)

    def column(name: str | None) -> list[Any] | None:
        return None if name is None else table[name].to_list()

    texts = column(found.text)
    assert texts is not None  # find() requires it
    targets = column(found.target)
    goal: Sequence[object] | str = (target or "") if targets is None else targets
    batch, rows = gather_rows(texts, column(found.speaker), column(found.session), goal, rule, where=where)
    if not rows:
        raise ClientError(f"{where}: holds no client talk; {len(texts)} rows were read")
    return batch, rows, found


def _series(table: nw.DataFrame[Any], name: str, values: Sequence[Any], dtype: Any) -> Any:
    import narwhals as nw

    if isinstance(dtype, nw.Float64) and table.implementation.is_pandas_like():
        values = [math.nan if v is None else v for v in values]
    if isinstance(dtype, nw.Boolean) and table.implementation.is_pandas_like():
        import pandas as pd

        index = nw.maybe_get_index(table)  # numpy's bool has no missing value: None would become False
        native = pd.Series(list(values), index=index, name=name, dtype="boolean")
        return nw.from_native(native, series_only=True)
    made = nw.new_series(name, list(values), dtype, backend=table.implementation)
    return (
        nw.maybe_set_index(made, index=nw.maybe_get_index(table))
        if nw.maybe_get_index(table) is not None
        else made
    )

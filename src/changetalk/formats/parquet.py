"""Parquet: typed columns, whose types and metadata come back as they were.

A source that is no Parquet file has no column types: they are taken from the first rows, and a
column of mixed values becomes text. A value that comes later and does not fit is an error.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from changetalk.errors import ChangetalkError, FormatError, MissingPackageError, OutputError
from changetalk.formats.base import MISSING, Sink, Source
from changetalk.formats.cells import as_text
from changetalk.formats.encoding import binary_kind

if TYPE_CHECKING:
    from types import ModuleType

_READ_ROWS: Final = 1024
_GROUP_ROWS: Final = 10_000


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingPackageError(
            'Parquet files need the package pyarrow; type: pip install "changetalk[parquet]"'
        ) from error
    return pa, pq


class ParquetSource(Source):
    """A Parquet file, read a batch at a time.

    Attributes
    ----------
    schema : pyarrow.Schema
        Types and metadata (pandas keeps its index there), for a sink that writes them again.
    categories : dict of str to dict
        Of each dictionary column, the values seen so far in the file's order, which for an ordered
        one is their rank.
    """

    format = "parquet"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        self._pa, pq = _pyarrow()
        with open(path, "rb") as file:
            head = file.read(64)
        if not head:
            raise FormatError(f"{name}: is empty")
        if not head.startswith(b"PAR1"):
            kind, advice = binary_kind(head) or ("text or damaged data", "check the file, or its suffix")
            raise FormatError(f"{name}: is not a Parquet file but looks like {kind}; {advice}")
        with self._reading():
            self._file = pq.ParquetFile(path)
        try:
            with self._reading():
                self.schema = self._file.schema_arrow
                names = [str(column) for column in self.schema.names]
        except BaseException:
            self._file.close()
            raise
        if len(set(names)) < len(names):
            self._file.close()
            raise FormatError(f"{name}: two of its columns have the same name; rename one")
        self.columns = tuple(names)
        self.categories: dict[str, dict[object, int]] = {
            field.name: {} for field in self.schema if self._pa.types.is_dictionary(field.type)
        }

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        self._file.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        # Damaged files surface as Arrow's errors, OSError, and now and then as Python's own.
        try:
            yield
        except ChangetalkError:
            raise
        except Exception as error:
            raise FormatError(
                f"{self.name}: is damaged or cut off, or not a Parquet file ({type(error).__name__}); "
                "write it again"
            ) from error

    def _rows(self) -> Iterator[list[object]]:
        with self._reading():
            batches = iter(self._file.iter_batches(batch_size=_READ_ROWS))
        while True:
            with self._reading():
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [
                    self._values(name, column)
                    for name, column in zip(self.columns, batch.columns, strict=True)
                ]
                size = batch.num_rows
            yield from map(list, zip(*columns, strict=True)) if columns else ([] for _ in range(size))

    def _values(self, name: str, column: Any) -> list[object]:
        known = self.categories.get(name)
        if known is not None:
            for value in column.dictionary.to_pylist():
                known.setdefault(value, len(known))
        try:
            # Python's times of day would lose their nanoseconds without a word.
            if "time64[ns]" not in str(column.type):
                return list(column.to_pylist())
        except (ValueError, OverflowError):  # such as a year beyond 9999
            pass
        return list(column)  # what Python has no type for stays Arrow's own scalar


class ParquetSink(Sink):
    """A Parquet file with the source's types where that is one too."""

    format = "parquet"

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[None]:
        self._pa, self._pq = _pyarrow()
        self._path_now = path
        self._waiting: list[Sequence[object]] = []
        self._written = 0
        self._writer: Any = None
        self._schema: Any = None
        self._categories = self.source.categories if isinstance(self.source, ParquetSource) else {}
        try:
            yield
            if self._waiting or self._writer is None:
                self._flush()
        finally:
            if self._writer is not None:
                self._writer.close()

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) >= _GROUP_ROWS:
                self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._waiting, strict=True)) or [()] * len(self.columns)
        if self._writer is None:
            self._schema = self._make_schema(columns)
            self._writer = self._pq.ParquetWriter(self._path_now, self._schema)
        arrays = [self._array(field, values) for field, values in zip(self._schema, columns, strict=True)]
        self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        self._written += len(self._waiting)
        self._waiting = []

    def _make_schema(self, columns: Sequence[Sequence[object]]) -> Any:
        old = self.source.schema if isinstance(self.source, ParquetSource) else None
        fields = [] if old is None else list(old)
        for name, values in list(zip(self.columns, columns, strict=True))[len(fields) :]:
            fields.append(self._pa.field(name, self._guess(name, values)))
        return self._pa.schema(fields, metadata=None if old is None else old.metadata)

    def _guess(self, name: str, values: Iterable[object]) -> Any:
        """Return the type of a column, judged by its first values."""
        known = (value for value in values if value is not None and value is not MISSING)
        kinds: set[type] = {float if isinstance(value, float) else type(value) for value in known}
        if not kinds:  # our own columns are empty as long as the client does not speak
            return self._pa.float64() if name.startswith(("ct_p_", "ct_confidence")) else self._pa.string()
        if kinds <= {int, float} and float in kinds:
            return self._pa.float64()
        simple = {bool: self._pa.bool_(), int: self._pa.int64(), dt.datetime: self._pa.timestamp("us")}
        return simple.get(kinds.pop(), self._pa.string()) if len(kinds) == 1 else self._pa.string()

    def _array(self, field: Any, values: Sequence[object]) -> Any:
        pa = self._pa
        values = [None if value is MISSING else value for value in values]
        if pa.types.is_string(field.type) and not isinstance(self.source, ParquetSource):
            values = [None if value is None else _utf8(as_text(value)) for value in values]
        try:
            if pa.types.is_dictionary(field.type):
                return self._dictionary(field, values)
            return pa.array(values, type=field.type)
        except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            first = self._written + 1
            raise OutputError(
                f"{self.name}: the column {field.name!r} has a value in rows {first:,} to "
                f"{first + len(values) - 1:,} that is not {field.type} as those before; write CSV or JSONL"
            ) from error

    def _dictionary(self, field: Any, values: Sequence[object]) -> Any:
        # Built from the file's own dictionary, so that categories keep their order.
        known = self._categories[field.name]
        kind = field.type
        codes = [None if value is None else known.setdefault(value, len(known)) for value in values]
        return self._pa.DictionaryArray.from_arrays(
            self._pa.array(codes, type=kind.index_type),
            self._pa.array(list(known), type=kind.value_type),
            ordered=kind.ordered,
        )


def _utf8(text: str) -> str:
    """Return the text with half characters, which UTF-8 cannot hold, as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode()

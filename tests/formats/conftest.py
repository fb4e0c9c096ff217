"""Helpers of the format tests: write a file, read one, send rows through a sink and back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from changetalk.formats import open_sink, open_source

Rows = list[list[object]]


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes bytes, or text as UTF-8, to a file of that name."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


@pytest.fixture
def read() -> Callable[..., tuple[tuple[str, ...], Rows]]:
    """Return a function that reads a file's columns and rows, and checks the promises of a row."""

    def read(path: Path, **options: str) -> tuple[tuple[str, ...], Rows]:
        with open_source(path, **options) as source:
            rows = list(source.rows())
            assert all(len(row) == len(source.columns) for row in rows)
            return source.columns, rows

    return read


@pytest.fixture
def resend() -> Callable[..., Path]:
    """Return a function that copies a file through a source and a sink, with columns added."""

    def resend(path: Path, target: Path, added: dict[str, Sequence[object]] | None = None) -> Path:
        added = added or {}
        with (
            open_source(path) as source,
            open_sink(target, source, [*source.columns, *added]) as sink,
        ):
            extra = zip(*added.values(), strict=True) if added else None
            sink.write([*row, *(next(extra) if extra else ())] for row in source.rows())
        return target

    return resend


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder that hypothesis' examples may share, as each overwrites its files."""
    path = Path(tempfile.mkdtemp(prefix="changetalk-tests-"))
    yield path
    shutil.rmtree(path)

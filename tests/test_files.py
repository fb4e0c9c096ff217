"""Files appear whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

import pytest

from changetalk.errors import InputError, OutputError
from changetalk.files import atomic_write, sha256


def names_in(folder):
    """Return the names of what is in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def write(target, content="new"):
    with atomic_write(target) as path:
        path.write_text(content, encoding="utf-8")


def test_the_file_appears_when_all_is_written(tmp_path):
    target = tmp_path / "out.csv"
    with atomic_write(target) as path:
        assert path.suffix == ".csv"
        assert path.parent == tmp_path
        path.write_text("new", encoding="utf-8")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names_in(tmp_path) == ["out.csv"]


def test_only_its_owner_can_read_it(tmp_path):
    old = os.umask(0)
    try:
        write(tmp_path / "out.csv")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), InputError("bad row")]
)
def test_any_exception_leaves_what_was_there(tmp_path, error):
    target = tmp_path / "out.csv"
    target.write_text("old")

    def fails():
        with atomic_write(target) as path:
            path.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fails()
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["out.csv"]


def test_missing_folders_are_made_and_go_again_on_failure(tmp_path):
    target = tmp_path / "a" / "b" / "out.csv"
    with pytest.raises(ValueError, match="no"), atomic_write(target):
        raise ValueError("no")
    assert names_in(tmp_path) == []
    write(target)
    assert target.read_text() == "new"


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch, function):
    target = tmp_path / "out.csv"
    target.write_text("old")
    monkeypatch.setattr(os, function, full)
    with pytest.raises(OutputError) as caught:
        write(target)
    assert str(caught.value).startswith(f"{target}: cannot be written (No space left on device)")
    assert "\n" not in str(caught.value)
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["out.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_while_writing(tmp_path):
    with pytest.raises(OutputError, match="No space left"), atomic_write(tmp_path / "out.csv"):
        Path("/dev/full").write_bytes(b"x")
    assert names_in(tmp_path) == []


def test_an_unwritable_folder(tmp_path, monkeypatch):
    def refused(*_, **known):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(known["dir"]))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    with pytest.raises(OutputError, match=r"out\.csv: cannot be written \(Permission denied\)"):
        write(tmp_path / "out.csv")


@pytest.mark.parametrize("below", ["", "out.csv"])
def test_a_folder_or_a_file_in_the_way(tmp_path, below):
    in_the_way = tmp_path / "there"
    if below:
        in_the_way.write_text("a file")
    else:
        in_the_way.mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write(in_the_way / below if below else in_the_way)
    assert names_in(tmp_path) == ["there"]


def test_an_error_in_reading_the_input_is_not_called_an_error_in_writing(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "out.csv"):
        open(tmp_path / "input.csv").close()
    assert names_in(tmp_path) == []


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    """For root, `-o /dev/null` would put a file of talk where the null device was."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="not a regular file"):
        write(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_sha256(tmp_path):
    (tmp_path / "f").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "f") == hashlib.sha256(b"abc" * 100_000).hexdigest()

"""Versions for bug reports and manifests."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np

import changetalk as ct
from changetalk.versions import show_versions, versions


def test_versions_are_of_what_is_installed():
    found = versions()
    assert found["numpy"] == np.__version__
    assert found["changetalk"] == ct.__version__
    assert all(re.match(r"\d|not installed", number) for number in found.values())
    json.dumps(found)


def test_a_missing_library_is_said_to_be_missing(monkeypatch):
    monkeypatch.setattr("changetalk.versions._LIBRARIES", ("numpy", "no-such-library-of-ours"))
    assert versions()["no-such-library-of-ours"] == "not installed"


def test_show_versions_prints_a_line_each(capsys):
    show_versions()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(versions()) + 1
    assert any(line.startswith("platform") for line in lines)


def test_the_package_and_its_metadata_have_one_version():
    pyproject = Path(__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == ct.__version__

"""The pages say what is true: every public name, every link, every column."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import changetalk as ct
from changetalk.frames import ADDED

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/*.md"), *ROOT.glob("models/*/*.md")]
)


def test_api_page_lists_exactly_the_public_names():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = page.split("## What X may be")[0]
    listed = re.findall(r"^\| `(\w+)", table, re.MULTILINE)
    assert sorted(listed) == sorted(ct.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_labelling_page_names_every_column():
    page = (ROOT / "docs" / "labelling.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in ADDED)


def test_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ct.__version__
    assert f"## {ct.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_readme_lines_are_each_one_line():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines()[:40] if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert "changetalk label data/examples/" in lines[0]
    assert lines[1].endswith("-m pytest")

"""`changetalk report`: labelled files in, pages out."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pytest

from changetalk.cli import report as report_verb
from changetalk.errors import InputError

DEFAULTS = dict.fromkeys(("label", "session", "speaker", "text", "client", "format", "sheet", "target"))


def options(*inputs: Path, **given: object) -> argparse.Namespace:
    """Return what the command line gives."""
    return argparse.Namespace(**{"inputs": [str(path) for path in inputs], **DEFAULTS, **given})


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A folder with a labelled file of a session and one of two."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    talk = pd.DataFrame(
        {"speaker": "client", "text": ["I want to.", "No."], "ct_label": ["change", "sustain"]}
    )
    talk.to_csv(folder / "anna.vtt.csv", index=False)
    pd.concat([talk.assign(session="ben"), talk.assign(session="cleo")]).to_excel(
        folder / "more.xlsx", index=False
    )
    return folder


def test_a_page_of_one_session(labelled, tmp_path, capsys):
    out = tmp_path / "anna.html"
    assert report_verb.run(options(labelled / "anna.vtt.csv", output=str(out), target="less beer")) == 0
    page = out.read_text(encoding="utf-8")
    assert "<h1>Session anna</h1>" in page
    assert "less beer" in page
    assert capsys.readouterr().out == f"{out}\n"


def test_pages_of_a_folder(labelled, tmp_path, capsys):
    out = tmp_path / "reports"
    assert report_verb.run(options(labelled, output=str(out))) == 0
    assert sorted(path.name for path in out.iterdir()) == ["anna.html", "ben.html", "cleo.html", "index.html"]
    assert capsys.readouterr().out == f"{out / 'index.html'} and the pages of 3 sessions\n"


def test_mistakes_leave_nothing(labelled, tmp_path):
    with pytest.raises(InputError, match="one page shows one session, and there are 3"):
        report_verb.run(options(labelled, output=str(tmp_path / "all.html")))
    with pytest.raises(InputError, match="not standard output"):
        report_verb.run(options(labelled, output="-"))
    with pytest.raises(InputError, match="is the input itself"):
        report_verb.run(options(labelled / "more.xlsx", output=str(labelled / "more.xlsx")))
    assert list(tmp_path.iterdir()) == [labelled]

"""The command itself: help, versions, exit statuses, and the small verbs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

import changetalk
from changetalk.cli import main
from changetalk.loading import shipped


def test_version_imports_nothing_heavy():
    code = (
        "import sys; from changetalk.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('numpy', 'pandas', 'sklearn', 'scipy', 'onnxruntime') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"changetalk {changetalk.__version__}", "[]"]


@pytest.mark.parametrize(
    "verb",
    [
        "label",
        "train",
        "evaluate",
        "summarise",
        "transitions",
        "agree",
        "sample",
        "estimate",
        "review",
        "report",
        "convert",
        "models",
        "doctor",
    ],
)
def test_every_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    assert f"usage: changetalk {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["label", "train", "evaluate"])
def test_help_has_examples(verb, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    assert f"  changetalk {verb} " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["label"], ["label", "a.csv", "--wrong"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_models_lists_what_is_shipped(capsys):
    assert main(["models"]) == 0
    assert all(name in capsys.readouterr().out for name in shipped())


def test_models_card_is_the_card(tiny_folder, capsys):
    assert main(["models", "card", str(tiny_folder)]) == 0
    assert capsys.readouterr().out.strip() == (tiny_folder / "README.md").read_text(encoding="utf-8").strip()


def test_models_card_of_an_unknown_model(capsys):
    assert main(["models", "card", "nonesuch"]) == 1
    assert "no model 'nonesuch'" in capsys.readouterr().err


def test_doctor_is_pleased_with_what_is_shipped(capsys):
    assert main(["doctor"]) == 0
    assert "all is well" in capsys.readouterr().out


def test_doctor_finds_a_damaged_model(tiny_folder, tmp_path, capsys):
    folder = tmp_path / "sick"
    shutil.copytree(tiny_folder, folder)
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    golden[0]["proba"] = [0.0, 0.0, 1.0]
    (folder / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    assert main(["doctor", str(folder)]) == 1
    assert "something is wrong" in capsys.readouterr().out

"""`changetalk label`: what goes in comes out, and every mistake ends in one line and no file."""

from __future__ import annotations

import csv
import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from changetalk.cli import main
from changetalk.frames import ADDED

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
SECRET = "I drink every night in the garage"


@pytest.fixture
def label(tiny_folder: Path):
    """Run `changetalk label` with the tiny model."""
    return lambda *arguments: main(["label", *map(str, arguments), "--model", str(tiny_folder)])


@pytest.fixture
def talk_csv(tmp_path: Path) -> Path:
    """Two sessions in the commonest form."""
    path = tmp_path / "talk.csv"
    path.write_text(
        "id,session,speaker,text,note\n"
        "007,a,therapist,How are the mornings?,\n"
        f'008,a,client,"{SECRET}, and I want to stop.",NA\n'
        "009,a,client,[inaudible],\n"
        "010,b,therapist,Mm-hmm.,x\n"
        "011,b,client,It calms me.,\n",
        encoding="utf-8",
    )
    return path


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_output_keeps_rows_and_columns_and_labels_the_client(label, talk_csv, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert label(talk_csv, "-o", out) == 0
    before, after = read(talk_csv), read(out)
    assert list(after[0]) == [*before[0], *ADDED]
    assert [{k: row[k] for k in before[0]} for row in after] == before
    assert [bool(row["ct_label"]) for row in after] == [False, True, False, False, True]
    assert all(row[name] == "" for row in after if not row["ct_label"] for name in ADDED)
    total = [
        sum(float(row[f"ct_p_{k}"]) for k in ("change", "neutral", "sustain"))
        for row in after
        if row["ct_label"]
    ]
    assert np.allclose(total, 1, atol=1e-5)
    assert after[1]["ct_model"].startswith("tiny 1.2.3 (")
    summary = capsys.readouterr().out
    assert "talk.csv" in summary
    assert "%CT" in summary


def test_talk_is_printed_without_output(label, talk_csv, capsys):
    assert label(talk_csv) == 0
    shown = capsys.readouterr().out
    assert SECRET in shown
    assert "session a" in shown
    assert shown.count("therapist") == 2


@pytest.mark.parametrize(
    ("file", "client", "rows"),
    [("exposure.vtt", "Anna Kowalski", 109), ("activation.csv", None, 86), ("drinking.txt", None, 87)],
)
def test_examples_are_labelled(label, tmp_path, file, client, rows):
    out = tmp_path / "out.csv"
    assert label(EXAMPLES / file, "-o", out, *(["--client", client] if client else [])) == 0
    after = read(out)
    assert len(after) == rows
    assert {row["speaker"] for row in after if row["ct_label"]} == {
        client or ("C" if file.endswith("txt") else "client")
    }


def test_standard_input_to_standard_output(label, talk_csv, capfdbinary, monkeypatch):
    with open(talk_csv, "rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert label("-", "--format", "csv", "-o", "-") == 0
    out, err = capfdbinary.readouterr()
    rows = list(csv.DictReader(io.StringIO(out.decode(), newline="")))
    assert [row["id"] for row in rows] == ["007", "008", "009", "010", "011"]
    assert b"%CT" in err


def test_folder_keeps_its_shape_and_a_bad_file_does_not_stop_the_rest(label, talk_csv, tmp_path, capsys):
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    shutil.copy(talk_csv, source / "a.csv")
    shutil.copy(EXAMPLES / "drinking.txt", source / "deep" / "b.txt")
    (source / "bad.csv").write_bytes(b"")
    (source / "picture.png").write_bytes(b"\x89PNG")
    assert label(source, "-o", tmp_path / "out") == 1
    found = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()
    )
    assert found == ["a.csv", "deep/b.txt.csv"]
    err = capsys.readouterr().err
    assert "bad.csv" in err
    assert "1 of 3 files could not be labelled" in err


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "xlsx", "parquet"])
def test_every_table_format_comes_back(label, talk_csv, tmp_path, ending):
    table, again = tmp_path / f"talk.{ending}", tmp_path / f"again.{ending}"
    assert label(talk_csv, "-o", table) == 0
    csv_again = tmp_path / "again.csv"
    assert label(table, "-o", again) == 1  # it has the ct_ columns already
    assert not again.exists()
    assert label(talk_csv, "-o", csv_again) == 0
    frame = {
        "tsv": lambda: pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False),
        "jsonl": lambda: pd.read_json(table, lines=True, dtype=False),
        "xlsx": lambda: pd.read_excel(table, dtype=str),
        "parquet": lambda: pd.read_parquet(table),
    }[ending]()
    assert frame["id"].astype(str).tolist() == ["007", "008", "009", "010", "011"]
    assert frame["ct_label"].fillna("").tolist() == [row["ct_label"] for row in read(csv_again)]


def test_target_and_columns_can_be_named(label, tmp_path):
    path, out = tmp_path / "odd.csv", tmp_path / "out.csv"
    path.write_text("Wer,Was\nAnna,I want to stop.\nDr,Go on.\n", encoding="utf-8")
    assert (
        label(path, "-o", out, "--text", "Was", "--speaker", "Wer", "--client", "anna", "--target", "x") == 0
    )
    assert [bool(row["ct_label"]) for row in read(out)] == [True, False]


def test_everyone_is_the_client(label, tmp_path):
    path, out = tmp_path / "list.csv", tmp_path / "out.csv"
    path.write_text("text\nI want to stop.\n\nIt calms me.\n", encoding="utf-8")
    assert label(path, "-o", out, "--client", "everyone") == 0
    assert [bool(row["ct_label"]) for row in read(out)] == [True, False, True]


def _zip_cut_short(path: Path) -> None:
    pd.DataFrame({"speaker": ["client"] * 50, "text": [SECRET] * 50}).to_excel(path, index=False)
    path.write_bytes(path.read_bytes()[:-900])


MISTAKES = {
    "missing file": ("gone.csv", None, [], "no such file"),
    "empty file": ("empty.csv", lambda p: p.write_bytes(b""), [], "empty"),
    "no client": ("t.csv", lambda p: p.write_text("speaker,text\ntherapist,Hello\n"), [], "no client talk"),
    "unknown speakers": (
        "names.csv",
        lambda p: p.write_text("speaker,text\nAnna,Hello\nBen,Hi\n"),
        [],
        "'Anna', 'Ben'",
    ),
    "unknown column": (
        "t.csv",
        lambda p: p.write_text("speaker,text\nclient,Hello\n"),
        ["--text", "words"],
        "no column 'words'",
    ),
    "two texts": (
        "t.csv",
        lambda p: p.write_text("speaker,text,content\nclient,a,b\n"),
        [],
        "'text', 'content' could each be the text",
    ),
    "binary junk": (
        "junk.csv",
        lambda p: p.write_bytes(np.random.default_rng(0).bytes(4000)),
        [],
        "junk.csv",
    ),
    "truncated xlsx": ("cut.xlsx", _zip_cut_short, [], "cut.xlsx"),
    "vtt without speakers": (
        "v.vtt",
        lambda p: p.write_text(f"WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n{SECRET}\n"),
        [],
        "speaker",
    ),
    "a wrong client": (
        "t.csv",
        lambda p: p.write_text("speaker,text\nAnna,Hello\n"),
        ["--client", "Ben"],
        "'ben'",
    ),
    "unknown format": (
        "t.csv",
        lambda p: p.write_text("speaker,text\nclient,a\n"),
        ["--format", "doc"],
        "doc",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_in_one_line_and_no_output(label, tmp_path, capsys, mistake):
    name, make, options, said = MISTAKES[mistake]
    path, out = tmp_path / "in" / name, tmp_path / "out" / "out.csv"
    path.parent.mkdir()
    if make:
        make(path)
    assert label(path, "-o", out, *options) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1, shown.err
    assert SECRET not in shown.err
    assert not out.parent.exists()
    assert [p.name for p in path.parent.iterdir()] == ([name] if make else [])


def test_unwritable_target(label, talk_csv, tmp_path, capsys):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    assert label(talk_csv, "-o", blocked / "out.csv") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_output_onto_the_input_is_refused(label, talk_csv, capsys):
    before = talk_csv.read_bytes()
    assert label(talk_csv, "-o", talk_csv) == 1
    assert "is the input itself" in capsys.readouterr().err
    assert talk_csv.read_bytes() == before


def test_several_files_need_a_folder(label, talk_csv, tmp_path, capsys):
    other = tmp_path / "taken.csv"
    other.write_text("x")
    assert label(talk_csv, EXAMPLES / "activation.csv", "-o", other) == 1
    assert "need a folder" in capsys.readouterr().err
    assert label(talk_csv, EXAMPLES / "activation.csv", "-o", "-") == 1
    assert "standard output" in capsys.readouterr().err


def test_two_files_of_one_name_do_not_overwrite_each_other(label, talk_csv, tmp_path, capsys):
    other = tmp_path / "other" / talk_csv.name
    other.parent.mkdir()
    shutil.copy(talk_csv, other)
    assert label(talk_csv, other, "-o", tmp_path / "out") == 1
    assert "would overwrite" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_damaged_model(talk_csv, tiny_folder, tmp_path, capsys):
    for damage in ("flip", "pickle"):
        folder = tmp_path / damage
        shutil.copytree(tiny_folder, folder)
        if damage == "flip":
            data = bytearray((folder / "weights.npz").read_bytes())
            data[len(data) // 2] ^= 1
            (folder / "weights.npz").write_bytes(data)
        else:
            (folder / "weights.pkl").write_bytes(b"\x80\x04.")
        assert main(["label", str(talk_csv), "-o", str(tmp_path / "out.csv"), "--model", str(folder)]) == 1
        assert capsys.readouterr().err.count("\n") == 1
        assert not (tmp_path / "out.csv").exists()


def _big(path: Path, rows: int) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["session", "speaker", "text"])
        for i in range(rows):
            writer.writerow([f"s{i // 40}", ("client", "therapist")[i % 2], f"{SECRET} number {i}"])


def _start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "changetalk", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX")
def test_full_disk_leaves_nothing(tiny_folder, tmp_path):
    path, out = tmp_path / "big.csv", tmp_path / "out" / "out.csv"
    _big(path, 4000)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    run = _start("label", path, "-o", out, "--model", tiny_folder, preexec_fn=limit)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "cannot be written" in err
    assert err.count("\n") == 1, err
    assert not out.parent.exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c_halfway_leaves_nothing(tiny_folder, tmp_path):
    path, out = tmp_path / "big.csv", tmp_path / "out" / "out.csv"
    _big(path, 120_000)
    run = _start("label", path, "-o", out, "--model", tiny_folder)
    deadline = time.monotonic() + 30
    while not (out.parent.exists() and any(out.parent.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(out.parent.iterdir()), "labelling never began to write"
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not out.exists()
    assert not out.parent.exists() or not list(out.parent.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
def test_a_reader_that_goes_away_is_no_traceback(tiny_folder, tmp_path):
    path = tmp_path / "big.csv"
    _big(path, 3000)
    run = _start("label", path, "--model", tiny_folder)
    assert run.stdout is not None
    run.stdout.readline()
    run.stdout.close()
    assert run.stderr is not None
    assert "Traceback" not in run.stderr.read()
    run.stderr.close()
    run.wait(timeout=60)


ODD = [
    "",
    "   ",
    "\U0001f642",
    "x" * 100_000,
    "\u05e9\u05dc\u05d5\u05dd \u05e8\u05d1",
    "I want\x00 to stop",
    "[inaudible]",
]


def test_odd_rows_stay_in_their_place(label, tmp_path):
    path, out = tmp_path / "odd.jsonl", tmp_path / "out.csv"
    pd.DataFrame({"speaker": "client", "text": [*ODD, None], "n": range(len(ODD) + 1)}).to_json(
        path, orient="records", lines=True
    )
    assert label(path, "-o", out) == 0
    csv.field_size_limit(10**7)
    after = read(out)
    assert [row["n"] for row in after] == [str(i) for i in range(len(ODD) + 1)]
    assert [row["text"] for row in after] == [*ODD, ""]
    assert [bool(row["ct_label"]) for row in after] == [False, False, True, True, True, True, False, False]

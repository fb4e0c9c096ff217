"""How fast the linear model labels a long CSV, beside scikit-learn's own pipeline.

Makes a CSV of 200,000 rows from our own dialogues (sessions renamed, so that all differ), labels
it with `changetalk label` in a process of its own, and gives the same client rows, in the same
run, to the scikit-learn pipeline that the model was taken over from. Checks that every row came
back in its place and that both say the same. Writes benchmarks/results/speed.json.

    python benchmarks/speed.py [--rows 200000]
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from changetalk.columns import ClientRule
from changetalk.context import gather_rows
from changetalk.loading import load
from changetalk.training.datasets import load_dialogues
from changetalk.training.linear import inputs
from changetalk.training.recipes import fit_linear_pipeline
from changetalk.versions import versions

RESULT = Path(__file__).parent / "results" / "speed.json"


def main() -> None:
    """Make the file, label it twice, compare, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    n = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "talk.csv", Path(folder) / "labelled.csv"
        rows = make_csv(path, n)
        ours = label_in_process(path, out)
        same_rows(path, out)
        figures = {"rows": n, "bytes": path.stat().st_size, "changetalk": ours, **compare(rows)}
    figures["small_file_peak_mib"] = small_file_peak()
    figures["machine"] = {"cores": 2, "python": platform.python_version(), "versions": versions()}
    RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def make_csv(path: Path, n: int) -> list[dict[str, Any]]:
    """Write our dialogues again and again under new names until there are n rows."""
    talk = load_dialogues()[["session", "turn", "speaker", "target", "text"]].to_dict("records")
    rows = [
        {**talk[i % len(talk)], "session": f"{talk[i % len(talk)]['session']}-{i // len(talk)}"}
        for i in range(n)
    ]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def label_in_process(path: Path, out: Path) -> dict[str, float]:
    """Time `changetalk label`, start-up and files included."""
    start = time.perf_counter()
    peak = run_label(path, out)
    return {"seconds": round(time.perf_counter() - start, 2), "peak_mib": peak}


def run_label(path: Path, out: Path) -> float:
    """Label a file in a process of its own; return its peak memory in MiB."""
    # VmHWM begins anew with the process; ru_maxrss would start at what this one has used.
    code = (
        "import sys; from changetalk.cli import main; status = main(sys.argv[1:]);"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "print(int(peak.split()[1]) / 1024, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "label", str(path), "-o", str(out)],
        check=True,
        capture_output=True,
        text=True,
    )
    return round(float(done.stderr.split()[-1]), 1)


def small_file_peak() -> float:
    """Return the peak memory of labelling 2,000 rows: what does not depend on the file's size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.csv"
        make_csv(path, 2_000)
        return run_label(path, Path(folder) / "out.csv")


def same_rows(path: Path, out: Path) -> None:
    """Check that every row of the input stands, whole and in its place, in the output."""
    with open(path, encoding="utf-8", newline="") as a, open(out, encoding="utf-8", newline="") as b:
        for before, after in zip(csv.DictReader(a), csv.DictReader(b), strict=True):
            assert all(after[key] == value for key, value in before.items())
            assert bool(after["ct_label"]) == (before["speaker"] == "client")


def compare(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Score the client's rows with numpy and with scikit-learn, from context to probabilities."""
    columns = ([row[name] for row in rows] for name in ("text", "speaker", "session", "target"))
    batch, taken = gather_rows(*columns, ClientRule(), where="benchmark")
    pipeline, _ = fit_linear_pipeline()
    model = load("linear")
    decision = model.manifest.decision
    model.predict_proba(batch.take(range(100)))

    start = time.perf_counter()
    ours = model.predict_proba(batch)
    numpy_seconds = time.perf_counter() - start
    start = time.perf_counter()
    theirs = np.concatenate(
        [decision.proba(pipeline.decision_function(inputs(part))) for part in batch.slices(20_000)]
    )
    sklearn_seconds = time.perf_counter() - start
    return {
        "client_utterances": len(taken),
        "numpy": {"seconds": round(numpy_seconds, 2), "per_second": round(len(taken) / numpy_seconds)},
        "scikit_learn": {
            "seconds": round(sklearn_seconds, 2),
            "per_second": round(len(taken) / sklearn_seconds),
        },
        "times_as_fast": round(sklearn_seconds / numpy_seconds, 2),
        "largest_difference": float(np.abs(ours - theirs).max()),
    }


if __name__ == "__main__":
    main()

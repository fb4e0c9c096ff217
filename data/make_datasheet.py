"""Write data/checksums.json and the tables in data/README.md, after any change of the data.

Needs AnnoMI (see data/README.md). The panel's rows are counted and no more. Run benchmarks/codes.py
before, where codes have changed: its results are quoted.
"""

import json
import re
from dataclasses import fields
from pathlib import Path

import pandas as pd

from changetalk.files import sha256
from changetalk.labels import LABELS
from changetalk.training.datasets import load_annomi, load_dialogues
from changetalk.training.evaluation import Report, Scores, format_table

DATA = Path(__file__).resolve().parent


def main() -> None:
    """Write checksums first: the loaders that count hold the files to them."""
    files = [DATA / "annomi_codes.csv", DATA / "annomi_folds.csv", *sorted(DATA.glob("dialogues/*.jsonl"))]
    sums = {path.relative_to(DATA).as_posix(): sha256(path) for path in files}
    (DATA / "checksums.json").write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8", newline="\n")

    annomi, dialogues = load_annomi(panel=True), load_dialogues()
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    tables = {
        "annomi": composition(annomi, "fold", "source", "fold", "source videos"),
        "dialogues": composition(dialogues, "writer", "target", "writer", "targets"),
        "codes": codes_compared(),
        "confusion": confusion(),
        "ties": ties_and_shares(),
        "checksums": markdown([["file", "SHA-256"], *([f"`{name}`", f"`{s}`"] for name, s in sums.items())]),
    }
    for name, table in tables.items():
        marks = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = f"({marks[0]}\n).*?({marks[1]})"
        readme, found = re.subn(pattern, rf"\g<1>{table}\n\g<2>", readme, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"data/README.md: {marks[0]} ... {marks[1]} must be there once")
    (DATA / "README.md").write_text(readme, encoding="utf-8", newline="\n")


def composition(turns: pd.DataFrame, by: str, counted: str, by_name: str, counted_name: str) -> str:
    """Return a table of what is in each part of the turns, and in all."""
    rows = [[by_name, "sessions", counted_name, "turns", "client turns", *LABELS]]
    parts = [(str(name), part) for name, part in turns.groupby(by, sort=True)]
    for name, part in [*parts, ("all", turns)]:
        client = part.loc[part["speaker"] == "client", "label"]
        numbers = [part["session"].nunique(), part[counted].nunique(), len(part), len(client)]
        rows.append([name, *(f"{n:,}" for n in [*numbers, *((client == label).sum() for label in LABELS)])])
    return markdown(rows)


def codes_compared() -> str:
    """Return how the passes agree with each other, the experts and the panel; see benchmarks/codes.py."""
    found = json.loads((DATA.parent / "benchmarks" / "results" / "codes.json").read_text(encoding="utf-8"))
    names = [field.name for field in fields(Scores)]
    rows: dict[str, Report | Scores] = {
        "pass A against pass B, all turns": Scores(**{k: found["pass A against pass B"][k] for k in names})
    }
    people = {"experts": "AnnoMI's single experts", "panel": "the panel's majority of ten"}
    for key, shown in people.items():
        for name, report in found[key].items():
            rows[f"{name} against {shown}"] = Report.from_dict(report)
    return format_table(rows)


def ties_and_shares() -> str:
    """Return what else is known of the passes and the panel."""
    found = json.loads((DATA.parent / "benchmarks" / "results" / "codes.json").read_text(encoding="utf-8"))
    rows = [["", "kappa with ties to the first label", "distance from the panel's vote shares"]]
    for name, value in found["distance from the panel's vote shares"].items():
        kappa = found["panel, ties to the first label"][name]["kappa"]["value"]
        rows.append([name, f"{kappa:.3f}", f"{value:.4f}"])
    return markdown(rows)


def confusion() -> str:
    """Return the labels of passes A and B, and how pass C settled their differences."""
    found = json.loads((DATA.parent / "benchmarks" / "results" / "codes.json").read_text(encoding="utf-8"))
    table = [["pass A, down; pass B, across", *LABELS]]
    for label, row in zip(LABELS, found["pass A against pass B"]["confusion"], strict=True):
        table.append([label, *(f"{n:,}" for n in row)])
    s = found["settled by pass C"]
    return (
        f"{markdown(table)}\n\nOn {s['n']:,} turns A and B differ; pass C sided with A on "
        f"{s['with A']}, with B on {s['with B']}, with neither on {s['with neither']}."
    )


def markdown(rows: list[list[str]]) -> str:
    """Return a table of cells, the header first."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]])


if __name__ == "__main__":
    main()

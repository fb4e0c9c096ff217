"""Write data/checksums.json and the tables in data/README.md, after any change of the data.

Needs AnnoMI (see data/README.md). The panel's rows are counted and no more.
"""

import json
import re
from pathlib import Path

import pandas as pd

from changetalk.files import sha256
from changetalk.labels import LABELS, label_of_codes, parse_codes
from changetalk.training.datasets import load_annomi, load_dialogues
from changetalk.training.evaluation import format_table, scores

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
        "codes": codes_against_experts(annomi[annomi["fold"] != "panel"]),
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


def codes_against_experts(turns: pd.DataFrame) -> str:
    """Return how well pass A agrees with the experts."""
    client = turns[turns["speaker"] == "client"]
    labels = [label_of_codes(parse_codes(codes)) for codes in client["codes"]]
    return format_table({"pass A against AnnoMI's single experts": scores(client["label"], labels)})


def markdown(rows: list[list[str]]) -> str:
    """Return a table of cells, the header first."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]])


if __name__ == "__main__":
    main()

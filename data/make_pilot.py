"""Write data/dialogues/pilot.jsonl from the tables of the pilot's eight writers.

One JSON object a dialogue. Codes are brought into one form (`R-;O+`, AB as A) and probabilities
made to sum to 1. Whatever in the tables breaks a rule of the codebook is printed, not mended.
"""

import argparse
import csv
import json
from itertools import pairwise
from pathlib import Path

from changetalk.labels import LABELS, label_of_codes, parse_codes

ORIGIN = "large language model"
SPEAKERS = {"T": "therapist", "C": "client"}


def main() -> None:
    """Convert all writers' tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with w1.tsv to w8.tsv")
    folder = parser.parse_args().folder
    target = Path(__file__).parent / "dialogues" / "pilot.jsonl"
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        for path in sorted(folder.glob("w*.tsv")):
            for dialogue in read(path):
                out.write(json.dumps(dialogue, ensure_ascii=False) + "\n")


def read(path: Path) -> list[dict[str, object]]:
    """Return the dialogues of one writer's table."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["dialogue"], []).append(row)
    dialogues = []
    for name, turns in rows.items():
        for i, (before, after) in enumerate(pairwise(turns), 1):
            if before["speaker"] == after["speaker"]:
                print(f"{name}, turns {i} and {i + 1}: one speaker")
        if len({turn["target"] for turn in turns}) > 1:
            print(f"{name}: more than one target")
        dialogues.append(
            {
                "dialogue": name.replace("-", "_"),
                "target": turns[0]["target"],
                "writer": path.stem,
                "origin": ORIGIN,
                "turns": [convert(turn) for turn in turns],
            }
        )
    return dialogues


def convert(row: dict[str, str]) -> dict[str, object]:
    """Return a row of the table as a turn."""
    turn: dict[str, object] = {
        "turn": int(row["turn"]),
        "speaker": SPEAKERS[row["speaker"]],
        "text": row["text"],
    }
    if row["speaker"] == "T":
        return turn
    where = f"{row['dialogue']}, turn {row['turn']}"
    codes = parse_codes(row["code"])
    p = [float(row[f"p_{label}"]) for label in LABELS]
    if label_of_codes(codes) != row["label"]:
        print(f"{where}: label {row['label']}, codes {row['code']}")
    if LABELS[p.index(max(p))] != row["label"]:
        print(f"{where}: label {row['label']}, but most probable is another: {p}")
    if abs(sum(p) - 1) > 0.005:
        print(f"{where}: probabilities sum to {sum(p):g}")
    p = [round(value / sum(p), 4) for value in p]
    return {**turn, "label": row["label"], "codes": ";".join(codes), "p": p}


if __name__ == "__main__":
    main()

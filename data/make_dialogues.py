"""Write data/dialogues/*.jsonl from what writers and coders handed in, a file a writer.

A writer's file holds dialogues with the writer's own codes; a reader who saw no codes codes them
again, and a third settles the turns on which the two differ in label. The label and codes are the
reader's where writer and reader agree on the label, else the third's; the probabilities are the
mean of all opinions, in which the one that settled a difference counts twice. Where there is no
third yet, the opinion whose label has the larger mean probability stands; where there is no reader
yet, the writer's. Every opinion is kept beside them.

    python data/make_dialogues.py FOLDER

FOLDER/writers/*.txt, FOLDER/readers/*.txt, FOLDER/third/*.txt; the pilot's tables are
FOLDER/writers/w*.tsv. `behaviours.csv` in this folder says under which behaviour each target comes.

The test part, about 15% of dialogues, is drawn here, by lot: whole behaviours (no dialogue on them
is trained on) for half of it, single dialogues for the other half.
"""

import argparse
import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from changetalk.labels import LABELS, Label, label_of_codes, parse_codes

SEED = 20261122
BEHAVIOURS_HELD_OUT = 0.07
DIALOGUES_HELD_OUT = 0.06
ORIGIN = "large language model"
ORDER = ["dialogue", "target", "behaviour", "field", "part", "channel", "note", "writer", "origin", "turns"]
SPEAKERS = {"T": "therapist", "C": "client"}

Opinion = dict[str, Any]
Key = tuple[str, int]


def main() -> None:
    """Bring writers and coders together."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    readers = opinions(sorted((folder / "readers").glob("*.txt")))
    third = opinions(sorted((folder / "third").glob("*.txt")))
    target = Path(__file__).parent / "dialogues"
    behaviours = read_behaviours(Path(__file__).with_name("behaviours.csv"))
    by_writer: dict[str, list[dict[str, Any]]] = {}
    for path in sorted([*(folder / "writers").glob("*.txt"), *(folder / "writers").glob("w*.tsv")]):
        by_writer[path.stem] = list(read_pilot(path) if path.suffix == ".tsv" else read_writer(path))
    everything = [dialogue for dialogues in by_writer.values() for dialogue in dialogues]
    for dialogue in everything:
        dialogue["behaviour"], dialogue["field"] = behaviours[dialogue["target"]]
        for turn in dialogue["turns"]:
            if turn["speaker"] == "client":
                settle(turn, (dialogue["dialogue"], turn["turn"]), readers, third)
    for writer, dialogues in by_writer.items():
        with open(target / f"{writer}.jsonl", "w", encoding="utf-8", newline="\n") as out:
            for dialogue in dialogues:
                dialogue["part"] = draw(dialogue)
                ordered = {key: dialogue[key] for key in ORDER}
                out.write(json.dumps(ordered, ensure_ascii=False) + "\n")
        print(writer, len(dialogues))


def draw(dialogue: dict[str, Any]) -> str:
    """Return a dialogue's part: drawn by lot, and the same whatever else is written later."""
    if lot(dialogue["behaviour"]) < BEHAVIOURS_HELD_OUT:
        return "test: behaviour"
    return "test: dialogue" if lot(dialogue["dialogue"]) < DIALOGUES_HELD_OUT else "train"


def lot(name: str) -> float:
    """Return a number from 0 to 1 that is fixed by a name."""
    return int(hashlib.sha256(f"{SEED} {name}".encode()).hexdigest()[:8], 16) / 2**32


def read_behaviours(path: Path) -> dict[str, tuple[str, str]]:
    """Return behaviour and field (anxiety, depression, other) of each target."""
    with open(path, encoding="utf-8", newline="") as file:
        return {row["target"]: (row["behaviour"], row["field"]) for row in csv.DictReader(file)}


def settle(turn: dict[str, Any], key: Key, readers: dict[Key, Opinion], third: dict[Key, Opinion]) -> None:
    """Put label, codes and probabilities into a turn, beside the opinions they come from."""
    held = {"writer": turn.pop("writer")}
    if key in readers:
        held["reader"] = readers[key]
    if key in third:
        held["third"] = third[key]
    voices = [*held.values(), *([third[key]] if key in third else [])]
    p = [sum(values) for values in zip(*(voice["p"] for voice in voices), strict=True)]
    judge = held.get("third") or max(
        reversed(held.values()), key=lambda opinion: p[LABELS.index(label_of(opinion))]
    )
    turn["label"] = label_of(judge)
    turn["codes"] = judge["codes"]
    turn["p"] = [round(value / sum(p), 4) for value in p]
    turn["opinions"] = held


def label_of(opinion: Opinion) -> Label:
    """Return the label that an opinion's codes amount to."""
    return label_of_codes(tuple(opinion["codes"].split(";")))


def opinion(codes: str, p: list[str]) -> Opinion:
    """Return codes and probabilities in one form, the latter summing to 1."""
    values = [float(value) for value in p]
    return {"codes": ";".join(parse_codes(codes)), "p": [round(value / sum(values), 4) for value in values]}


def opinions(paths: list[Path]) -> dict[Key, Opinion]:
    """Return what readers said of each turn: `## DIALOGUE`, then lines of turn, codes and shares."""
    found: dict[Key, Opinion] = {}
    for path in paths:
        dialogue = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                dialogue = line[3:].split()[0]
            elif line.strip():
                turn, codes, *p = line.split()
                found[dialogue, int(turn)] = opinion(codes, p)
    return found


def read_writer(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the dialogues of a writer's file."""
    blocks = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for block in blocks[1:]:
        head, *lines = [line.strip() for line in block.splitlines() if line.strip()]
        name, target, channel, note = (part.strip() for part in head.split("|"))
        turns = []
        for k, line in enumerate(lines, 1):
            speaker, text = line[0], line[2:].strip()
            turn: dict[str, Any] = {"turn": k, "speaker": SPEAKERS[speaker], "text": text}
            if speaker == "C":
                said, codes, *p = re.fullmatch(r"(.*?)\s+##\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)", text).groups()  # type: ignore[union-attr]
                turn |= {"text": said, "writer": opinion(codes, p)}
            turns.append(turn)
        yield {
            "dialogue": name,
            "target": target,
            "channel": channel,
            "note": note,
            "writer": path.stem,
            "origin": ORIGIN,
            "turns": turns,
        }


def read_pilot(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the dialogues of a table of the pilot."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["dialogue"].replace("-", "_"), []).append(row)
    for name, turns in rows.items():
        made = []
        for row in turns:
            turn: dict[str, Any] = {
                "turn": int(row["turn"]),
                "speaker": SPEAKERS[row["speaker"]],
                "text": row["text"],
            }
            if row["speaker"] == "C":
                turn["writer"] = opinion(row["code"], [row[f"p_{label}"] for label in LABELS])
            made.append(turn)
        yield {
            "dialogue": name,
            "target": turns[0]["target"],
            "channel": "",
            "note": "",
            "writer": path.stem,
            "origin": ORIGIN,
            "turns": made,
        }


if __name__ == "__main__":
    main()

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
from changetalk.labels import LABELS, label_of_codes, parse_codes
from changetalk.text import normalise
from changetalk.training.datasets import load_annomi, load_dialogues
from changetalk.training.evaluation import Report, Scores, format_table, scores

DATA = Path(__file__).resolve().parent


def main() -> None:
    """Write checksums first: the loaders that count hold the files to them."""
    files = [
        *(DATA / f"{name}.csv" for name in ("annomi_codes", "annomi_folds", "behaviours")),
        *sorted(DATA.glob("dialogues/*.jsonl")),
    ]
    sums = {path.relative_to(DATA).as_posix(): sha256(path) for path in files}
    (DATA / "checksums.json").write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8", newline="\n")

    annomi, dialogues = load_annomi(panel=True), load_dialogues(test=True)
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    tables = {
        "annomi": composition(annomi, "fold", "source", "fold", "source videos"),
        "dialogues": composition(dialogues, "writer", "behaviour", "writer", "behaviours"),
        "fields": composition(dialogues, "field", "behaviour", "field", "behaviours"),
        "parts": composition(dialogues, "part", "behaviour", "part", "behaviours"),
        "channels": composition(dialogues, "channel", "behaviour", "channel", "behaviours"),
        "behaviours": behaviours(dialogues),
        "opinions": opinions(),
        "words": words(annomi, dialogues),
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


def behaviours(turns: pd.DataFrame) -> str:
    """Return how many dialogues there are on each behaviour."""
    sessions = turns.drop_duplicates("session")
    rows = [["field", "behaviour", "dialogues", "of them in the test part"]]
    for (field, behaviour), part in sessions.groupby(["field", "behaviour"])["part"]:
        rows.append([field, behaviour, str(len(part)), str((part != "train").sum())])
    return markdown(rows)


def opinions() -> str:
    """Return by how many each client turn of the dialogues was coded, and how they agree."""
    turns = [
        turn
        for path in sorted(DATA.glob("dialogues/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        for turn in json.loads(line)["turns"]
        if turn["speaker"] == "client"
    ]
    both = [turn["opinions"] for turn in turns if "reader" in turn["opinions"]]
    labels = [
        [label_of_codes(parse_codes(one[who]["codes"])) for one in both] for who in ("writer", "reader")
    ]
    differ = [one for one, a, b in zip(both, *labels, strict=True) if a != b]
    found = scores(*labels)
    return (
        f"Of {len(turns):,} client turns {len(both):,} were coded by a reader as well as by their writer. "
        f"The two agree with kappa {found.kappa:.3f} (accuracy {found.accuracy:.3f}, macro-F1 "
        f"{found.macro_f1:.3f}); of {len(differ):,} differences in label "
        f"{sum('third' in one for one in differ):,} were settled by a third."
    )


def words(annomi: pd.DataFrame, dialogues: pd.DataFrame) -> str:
    """Return length and vocabulary of the client's talk beside AnnoMI's."""
    rows = [
        [
            "client turns of",
            "words, median",
            "words, mean",
            "of four words or fewer",
            "different words in 50,000",
        ]
    ]
    for name, turns in (("AnnoMI", annomi), ("dialogues", dialogues)):
        said = [normalise(text).lower().split() for text in turns.loc[turns["speaker"] == "client", "text"]]
        lengths = pd.Series([len(one) for one in said])
        first = [word for one in said for word in one][:50_000]
        short = f"{(lengths <= 4).mean():.0%}"
        rows.append([name, f"{lengths.median():.0f}", f"{lengths.mean():.1f}", short, f"{len(set(first)):,}"])
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

"""Write data/annomi_codes.csv, our own MISC codes of AnnoMI's client turns: ids and codes, no words.

Each pass of coding has columns of its own, named after it (`label_a`, `codes_a`, ...). Passes A and
B cover every turn; pass C, a third reading, the turns on which A and B differ in label. The columns
without a letter are the consensus: the label and codes on which A and B agree (B's codes: they
follow the codebook in this folder), else those of pass C; and the mean of the passes'
probabilities, in which the pass that settled a difference counts twice.
"""

import argparse
import csv
from pathlib import Path

from changetalk.labels import LABELS, label_of_codes, parse_codes

KEYS = ["transcript_id", "utterance_id"]
VALUES = ["label", "codes", *(f"p_{label}" for label in LABELS)]

Key = tuple[int, int]
Codes = dict[str, str]


def main() -> None:
    """Bring the passes together."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pass_a", type=Path, help="the table codes_a.tsv")
    parser.add_argument("pass_b", type=Path, help="folder with the readers' tables of pass B")
    parser.add_argument("pass_c", type=Path, help="folder with the readers' tables of pass C")
    options = parser.parse_args()
    a = read([options.pass_a])
    b = read(sorted(options.pass_b.glob("*.tsv")))
    c = read(sorted(options.pass_c.glob("*.tsv")))
    settled = {key for key in a if a[key]["label"] != b[key]["label"]}
    if set(a) != set(b) or set(c) != settled:
        raise SystemExit(
            f"passes do not cover the same turns: {len(a)}, {len(b)}; to settle {len(settled)}, {len(c)}"
        )
    with open(Path(__file__).with_name("annomi_codes.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*KEYS, *(f"{name}_{letter}" for letter in "abc" for name in VALUES), *VALUES])
        for key in sorted(a):
            passes = [a[key], b[key], c.get(key, dict.fromkeys(VALUES, ""))]
            cells = [one[name] for one in passes for name in VALUES]
            writer.writerow([*key, *cells, *consensus(passes).values()])


def read(paths: list[Path]) -> dict[Key, Codes]:
    """Return the codes of a pass by turn; a first line of column names may be there or not."""
    found: dict[Key, Codes] = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="\t"):
                if not row or not row[0].isdigit():
                    continue
                key = int(row[0]), int(row[1])
                if key in found:
                    raise SystemExit(f"{path.name}: turn {key} is coded twice")
                codes = parse_codes(row[3])
                if label_of_codes(codes) != row[2]:
                    print(f"{path.name}: {key}: label {row[2]}, codes {row[3]}")
                found[key] = dict(zip(VALUES, [row[2], ";".join(codes), *row[4:7]], strict=True))
    return found


def consensus(passes: list[Codes]) -> Codes:
    """Return label, codes and probabilities in which two or three passes result."""
    a, b, c = passes
    judge = c if c["label"] else b
    voices = [a, b, c, c] if c["label"] else [a, b]
    p = [sum(float(one[f"p_{label}"]) for one in voices) for label in LABELS]
    shares = {f"p_{label}": f"{value / sum(p):.4f}" for label, value in zip(LABELS, p, strict=True)}
    return {"label": judge["label"], "codes": judge["codes"], **shares}


if __name__ == "__main__":
    main()

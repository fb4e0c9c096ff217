"""Write data/annomi_codes.csv, our own MISC codes of AnnoMI's client turns: ids and codes, no words.

Each pass of coding has columns of its own, named after it (`label_a`, `codes_a`, ...).
"""

import argparse
import csv
from pathlib import Path

from changetalk.labels import LABELS, label_of_codes, parse_codes

KEYS = ["transcript_id", "utterance_id"]
VALUES = ["label", "codes", *(f"p_{label}" for label in LABELS)]


def main() -> None:
    """Convert the table of pass A."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("codes_a", type=Path, help="the table codes_a.tsv of pass A")
    with open(parser.parse_args().codes_a, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with open(Path(__file__).with_name("annomi_codes.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*KEYS, *(f"{name}_a" for name in VALUES)])
        for row in rows:
            codes = parse_codes(row["codes"])
            if label_of_codes(codes) != row["label"]:
                print(f"{row['transcript_id']}, {row['utterance_id']}: {row['label']}, codes {row['codes']}")
            row["codes"] = ";".join(codes)
            writer.writerow([row[name] for name in [*KEYS, *VALUES]])


if __name__ == "__main__":
    main()

"""Write data/annomi_folds.csv: which transcripts of AnnoMI may be learned from, and in which fold.

One row a transcript. `source` numbers the source videos (`video_url`) in order of first
appearance; `fold` is 0 to 4, or `panel` for the seven sessions coded by ten experts and for
every transcript cut from the same videos. Folds never split a source and are stratified by
the client labels. Needs AnnoMI (see data/README.md); run once: the file is the truth.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

SEED = 20230314  # the date of the AnnoMI commit we use


def main() -> None:
    """Read AnnoMI, split its sources, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("annomi", type=Path, help="folder with AnnoMI-full.csv")
    folder = parser.parse_args().annomi
    with open(folder / "AnnoMI-full.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    url = {int(r["transcript_id"]): r["video_url"] for r in rows}
    coders: dict[int, set[str]] = {}
    for r in rows:
        coders.setdefault(int(r["transcript_id"]), set()).add(r["annotator_id"])
    panel_urls = {url[t] for t, who in coders.items() if len(who) > 1}
    source = {u: i for i, u in enumerate(dict.fromkeys(url[t] for t in sorted(url)))}

    client = [r for r in rows if r["interlocutor"] == "client" and r["video_url"] not in panel_urls]
    labels = np.array([r["client_talk_type"] for r in client])
    groups = np.array([source[r["video_url"]] for r in client])
    fold: dict[int, str] = {source[u]: "panel" for u in panel_urls}
    splitter = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=SEED)
    for k, (_, test) in enumerate(splitter.split(labels, labels, groups)):
        fold.update({int(g): str(k) for g in groups[test]})

    with open(Path(__file__).with_name("annomi_folds.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["transcript_id", "source", "fold"])
        for t in sorted(url):
            writer.writerow([t, source[url[t]], fold[source[url[t]]]])


if __name__ == "__main__":
    main()

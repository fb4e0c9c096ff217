"""Quality gates of data/dialogues/*.jsonl; exit status 1 where one is broken.

    python data/check_dialogues.py            # near-duplicates of AnnoMI are looked for where it is found

Gates: fields and types; dialogue ids unique; turns numbered from 1 and speakers in alternation;
codes valid, label that of the codes, every opinion kept, probabilities sum to 1;
no dialogue with more than 90% of client turns of one valence, and 45 to 65% neutral over the whole;
no two turns, here or in AnnoMI, that share half of their word trigrams (client turns of eight words or
more, therapist turns of twenty or more: a ruler question is the same in everybody's mouth); the
test part 12 to 18% of dialogues, and no target behaviour that is held out in training.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from changetalk.labels import LABELS, label_of_codes, parse_codes
from changetalk.text import normalise
from changetalk.training.datasets import annomi_folder, load_annomi

FOLDER: Final = Path(__file__).parent / "dialogues"
MOST_ALIKE: Final = 0.5
FEWEST_WORDS: Final = {"client": 8, "therapist": 20}  # practitioners have stock questions
MOST_OF_ONE_VALENCE: Final = 0.9
NEUTRAL: Final = (0.45, 0.65)
TEST_SHARE: Final = (0.12, 0.18)

Dialogue = dict[str, Any]


def main() -> None:
    """Check everything, print what is wrong."""
    dialogues = [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    problems = [problem for dialogue in dialogues for problem in form(dialogue)]
    problems += ids(dialogues) + balance(dialogues) + parts(dialogues)
    if not problems:
        problems += duplicates(dialogues)
    for problem in problems:
        print(problem)
    client = [turn for dialogue in dialogues for turn in dialogue["turns"] if turn["speaker"] == "client"]
    print(f"{len(dialogues):,} dialogues, {len(client):,} client turns: {len(problems)} problems")
    read = [turn["opinions"] for turn in client if "reader" in turn.get("opinions", {})]
    differ = [one for one in read if label_of(one["writer"]) != label_of(one["reader"])]
    settled = sum("third" in one for one in differ)
    print(
        f"{len(read):,} coded by a reader; differing from the writer: {len(differ):,}; settled: {settled:,}"
    )
    sys.exit(1 if problems else 0)


def form(dialogue: Dialogue) -> list[str]:
    """Check one dialogue's fields, alternation, codes and probabilities."""
    name = dialogue.get("dialogue", "?")
    wrong = [
        f"{name}: field {key!r} is missing or empty"
        for key in ("dialogue", "target", "behaviour", "writer", "origin", "part", "turns")
        if not dialogue.get(key)
    ]
    if wrong:
        return wrong
    for k, turn in enumerate(dialogue["turns"], 1):
        where = f"{name}, turn {turn.get('turn')}"
        if turn.get("turn") != k:
            wrong.append(f"{where}: is number {k}")
        if turn.get("speaker") not in ("client", "therapist") or not str(turn.get("text", "")).strip():
            wrong.append(f"{where}: no speaker or no text")
        if k > 1 and turn["speaker"] == dialogue["turns"][k - 2]["speaker"]:
            wrong.append(f"{where}: same speaker as before")
        if turn["speaker"] == "client":
            wrong += [f"{where}: {problem}" for problem in codes(turn)]
        elif {"label", "codes", "p"} & set(turn):
            wrong.append(f"{where}: codes on a therapist's turn")
    return wrong


def codes(turn: dict[str, Any]) -> list[str]:
    """Check a client turn's label, codes and probabilities."""
    wrong = []
    try:
        if label_of_codes(parse_codes(turn["codes"])) != turn["label"]:
            wrong.append(f"label {turn['label']} is not that of {turn['codes']}")
        for who, opinion in turn["opinions"].items():
            parse_codes(opinion["codes"])
            if abs(sum(opinion["p"]) - 1) > 0.001:
                wrong.append(f"the {who}'s probabilities sum to {sum(opinion['p']):.3f}")
    except (KeyError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]
    if len(turn["p"]) != len(LABELS) or min(turn["p"]) < 0 or abs(sum(turn["p"]) - 1) > 0.001:
        wrong.append(f"probabilities {turn['p']}")
    return wrong


def label_of(opinion: dict[str, Any]) -> str:
    """Return the label of an opinion's codes."""
    return label_of_codes(parse_codes(opinion["codes"]))


def ids(dialogues: list[Dialogue]) -> list[str]:
    """Check that no id occurs twice."""
    return [
        f"{name}: occurs {n} times" for name, n in Counter(d["dialogue"] for d in dialogues).items() if n > 1
    ]


def balance(dialogues: list[Dialogue]) -> list[str]:
    """Check the shares of labels, by dialogue and over all."""
    wrong = []
    every: Counter[str] = Counter()
    for dialogue in dialogues:
        labels = Counter(turn["label"] for turn in dialogue["turns"] if turn["speaker"] == "client")
        every += labels
        for label in ("change", "sustain"):
            if labels[label] > MOST_OF_ONE_VALENCE * labels.total():
                wrong.append(
                    f"{dialogue['dialogue']}: {labels[label]} of {labels.total()} client turns are {label}"
                )
    share = every["neutral"] / max(every.total(), 1)
    if not NEUTRAL[0] <= share <= NEUTRAL[1]:
        wrong.append(f"{share:.0%} of client turns are neutral")
    return wrong


def parts(dialogues: list[Dialogue]) -> list[str]:
    """Check the size of the test part, and that behaviours held out are held out."""
    test = [d for d in dialogues if d["part"] != "train"]
    wrong = []
    if not TEST_SHARE[0] <= len(test) / len(dialogues) <= TEST_SHARE[1]:
        wrong.append(f"the test part is {len(test)} of {len(dialogues)} dialogues")
    held_out = {d["behaviour"] for d in test if d["part"] == "test: behaviour"}
    leaks = [
        d["dialogue"] for d in dialogues if d["behaviour"] in held_out and d["part"] != "test: behaviour"
    ]
    return wrong + [f"{name}: its target behaviour is held out, but the dialogue is not" for name in leaks]


def duplicates(dialogues: list[Dialogue]) -> list[str]:
    """Look for turns that are nearly the same as another of ours or of AnnoMI."""
    turns = [(f"{d['dialogue']}, turn {t['turn']}", t) for d in dialogues for t in d["turns"]]
    names = [name for name, _ in turns]
    texts = [normalise(t["text"]) for _, t in turns]
    fewest = [FEWEST_WORDS[t["speaker"]] for _, t in turns]
    ours = len(texts)
    if annomi_folder() is not None:
        annomi = load_annomi(panel=True)
        names += [f"AnnoMI {s}, turn {t}" for s, t in zip(annomi["session"], annomi["turn"], strict=True)]
        texts += [normalise(text) for text in annomi["text"]]
        fewest += [FEWEST_WORDS[speaker] for speaker in annomi["speaker"]]
    else:
        print("AnnoMI is not here: near-duplicates of it were not looked for")
    long = [i for i, text in enumerate(texts) if len(text.split()) >= fewest[i]]
    counter = CountVectorizer(analyzer="word", ngram_range=(3, 3), binary=True, token_pattern=r"(?u)\S+")
    X = sparse.csr_matrix(counter.fit_transform([texts[i] for i in long]), dtype=np.float32)
    sizes = np.asarray(X.sum(axis=1)).ravel()
    wrong = []
    for start in range(0, sum(i < ours for i in long), 1000):
        shared = sparse.coo_matrix(X[start : start + 1000] @ X.T)
        a, b = shared.row + start, shared.col
        alike = shared.data / (sizes[a] + sizes[b] - shared.data)
        for i, j, value in zip(a, b, alike, strict=True):
            if i < j and value >= MOST_ALIKE and long[i] < ours:
                wrong.append(f"{names[long[i]]} and {names[long[j]]}: {value:.2f} alike")
    return wrong


if __name__ == "__main__":
    main()

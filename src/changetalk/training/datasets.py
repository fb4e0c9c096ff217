"""The data to train and test on, as pandas frames: AnnoMI, our codes of it, our own dialogues.

AnnoMI's words are not in this repository: `ANNOMI_HELP` says where they are. What is ours lies in
`data/` and is described in `data/README.md`. Every file is held to its SHA-256 before it is read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pandas as pd

from changetalk.errors import InputError
from changetalk.files import sha256
from changetalk.labels import LABELS
from changetalk.training.arrays import as_indices, as_labels
from changetalk.training.panel import coder_columns, majority_vote

ANNOMI_COMMIT: Final = "4293664"
ANNOMI_SHA256: Final = {
    "AnnoMI-simple.csv": "b178db3b0b9858a0fa4ed670dabeccd63e975ba67e141d7ae16f2e8214f78e61",
    "AnnoMI-full.csv": "3b60fec5e9d83cbb18ade0e412fb9afaef3b81724748a5d715f844bdd7432c9f",
}
ANNOMI_HELP: Final = (
    "AnnoMI, 133 expert-coded demonstrations of motivational interviewing, is not part of changetalk: "
    f"take AnnoMI-simple.csv and AnnoMI-full.csv from the public repository uccollab/AnnoMI at commit "
    f"{ANNOMI_COMMIT} and set CHANGETALK_ANNOMI to the folder that holds them"
)

_REPOSITORY: Final = Path(__file__).resolve().parents[3]
_P_COLUMNS: Final = [f"p_{label}" for label in LABELS]
_CHECKSUMS: Final = "checksums.json"
_KEYS: Final = ["session", "turn"]
_ABOUT: Final = ["behaviour", "field", "part", "channel", "writer"]
_ANNOMI_NAMES: Final = {
    "transcript_id": "session",
    "utterance_id": "turn",
    "interlocutor": "speaker",
    "utterance_text": "text",
    "topic": "target",
    "main_therapist_behaviour": "behaviour",
    "client_talk_type": "label",
}


def data_folder() -> Path:
    """Return the repository's `data/` folder.

    It is looked for in the environment variable CHANGETALK_DATA, then beside the source checkout
    this package runs from, then in the working directory. A wheel holds no training data.

    Raises
    ------
    InputError
        If there is none in these places.
    """
    given = os.environ.get("CHANGETALK_DATA")
    places = [Path(given)] if given else [_REPOSITORY / "data", Path("data")]
    for place in places:
        if (place / _CHECKSUMS).is_file():
            return place
    raise InputError(
        f"{places[-1]}: no changetalk data folder (it would hold {_CHECKSUMS}); "
        "set CHANGETALK_DATA to the folder data of a clone of the changetalk repository"
    )


def annomi_folder() -> Path | None:
    """Return the folder with AnnoMI's files, or None where there is none.

    The environment variable CHANGETALK_ANNOMI comes first and is taken at its word, so that a
    wrong one is an error in loading and not a silent None; then `../shared/annomi` beside the
    repository and beside the working directory.
    """
    given = os.environ.get("CHANGETALK_ANNOMI")
    if given:
        return Path(given)
    for root in (_REPOSITORY, Path.cwd()):
        place = root.parent / "shared" / "annomi"
        if (place / "AnnoMI-simple.csv").is_file():
            return place
    return None


def load_annomi(folder: str | os.PathLike[str] | None = None, *, panel: bool = False) -> pd.DataFrame:
    """Read AnnoMI's turns with their expert labels, folds and our codes.

    Parameters
    ----------
    folder : path-like, optional
        Where AnnoMI-simple.csv is; by default `annomi_folder()`.
    panel : bool, default False
        Whether to include the panel's seven sessions: the test set, which nothing may be fitted,
        tuned or chosen on.

    Returns
    -------
    pandas.DataFrame
        A row a turn, in AnnoMI's order, with a fresh index:

        - ``session`` (int), ``turn`` (int): AnnoMI's transcript_id and utterance_id;
        - ``speaker``: ``client`` or ``therapist``; ``text``; ``target``: the topic, stripped;
        - ``behaviour``: the therapist's, missing on client rows;
        - ``label``: the expert's, missing on therapist rows;
        - ``source`` (int): the video; ``fold``: ``0`` to ``4``, or ``panel``;
        - ``codes`` (MISC, ``;``-separated), ``p_change``, ``p_neutral``, ``p_sustain`` (float):
          the consensus of our passes of coding, made by a large language model; missing on
          therapist rows. `load_codes` has the passes.

    Raises
    ------
    InputError
        If AnnoMI or our data folder is missing, or a file is not the one this package knows.
    """
    turns = _read_annomi("AnnoMI-simple.csv", folder, list(_ANNOMI_NAMES)).rename(columns=_ANNOMI_NAMES)
    turns["target"] = turns["target"].str.strip()
    folds = _read_ours("annomi_folds.csv").rename(columns=_ANNOMI_NAMES)
    codes = load_codes()[[*_KEYS, "codes", *_P_COLUMNS]]
    turns = turns.merge(folds, on="session", how="left", validate="many_to_one")
    turns = turns.merge(codes, on=_KEYS, how="left", validate="one_to_one")
    return turns if panel else turns[turns["fold"] != "panel"].reset_index(drop=True)


def load_codes() -> pd.DataFrame:
    """Read our own codes of AnnoMI's client turns, pass by pass.

    Returns
    -------
    pandas.DataFrame
        A row a client turn (4,817): ``session``, ``turn`` (int); for each pass ``a``, ``b``, ``c``
        the columns ``label_a``, ``codes_a``, ``p_change_a``, ``p_neutral_a``, ``p_sustain_a`` and
        so on (pass C only where A and B differ in label); and the consensus under the same names
        without a letter. ``data/make_codes.py`` says how it is reached.

    Raises
    ------
    InputError
        As `load_dialogues`.
    """
    return _read_ours("annomi_codes.csv").rename(columns=_ANNOMI_NAMES)


def load_panel(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Read how each of the ten coders labelled the client turns of AnnoMI's seven panel sessions.

    The words are in ``load_annomi(panel=True)``, in the same order. The majority is the label
    most coders gave; of tied labels, the one given by the coder of the lowest id. That is how
    AnnoMI-simple.csv settles its ties, all ten of 212 turns.

    Parameters
    ----------
    folder : path-like, optional
        Where AnnoMI-full.csv is; by default `annomi_folder()`.

    Returns
    -------
    pandas.DataFrame
        A row a client turn (212): ``session`` (int), ``turn`` (int), ``source`` (int), ten columns
        ``coder_<id>`` with labels, ``majority``, and the vote shares ``share_change``,
        ``share_neutral``, ``share_sustain`` (float, summing to 1).

    Raises
    ------
    InputError
        As `load_annomi`.
    """
    columns = ["transcript_id", "utterance_id", "interlocutor", "annotator_id", "client_talk_type"]
    votes = _read_annomi("AnnoMI-full.csv", folder, columns).rename(columns=_ANNOMI_NAMES)
    votes = votes[votes["speaker"] == "client"]
    votes = votes[votes.groupby("session")["annotator_id"].transform("nunique") > 1]
    wide = votes.set_index([*_KEYS, "annotator_id"])["label"].unstack()  # noqa: PD010 - a label has no mean to pivot by
    frame = wide.add_prefix("coder_").rename_axis(columns=None).reset_index()
    folds = _read_ours("annomi_folds.csv").rename(columns=_ANNOMI_NAMES)
    frame.insert(2, "source", frame["session"].map(folds.set_index("session")["source"]))
    labels = as_indices(frame[coder_columns(frame)], "AnnoMI-full.csv")
    frame["majority"] = as_labels(majority_vote(labels))
    for index, name in enumerate(LABELS):
        frame[f"share_{name}"] = (labels == index).mean(axis=1)
    return frame


def load_dialogues(*, test: bool = False) -> pd.DataFrame:
    """Read our own dialogues, written and coded by a large language model.

    Parameters
    ----------
    test : bool, default False
        Whether to include the test part, which no model is trained on.

    Returns
    -------
    pandas.DataFrame
        A row a turn, file by file in alphabetical order, with a fresh index: ``session`` (the
        dialogue's id), ``turn`` (int), ``speaker`` (``client`` or ``therapist``), ``text``,
        ``target``, ``label``, ``codes`` (``;``-separated), ``p_change``, ``p_neutral``,
        ``p_sustain`` (float; like label and codes missing on therapist rows), ``behaviour`` (what
        kind of target), ``field`` (``anxiety``, ``depression``, ``other``), ``part`` (``train``,
        ``test: behaviour`` where no dialogue on that behaviour is in training, ``test: dialogue``),
        ``channel`` (how it was said or typed) and ``writer``.

    Raises
    ------
    InputError
        If the data folder is missing, or a file is not the one its checksum was taken of.
    """
    folder = data_folder()
    rows = []
    for path in sorted((folder / "dialogues").glob("*.jsonl")):
        _verify_ours(path, folder)
        with open(path, encoding="utf-8") as file:
            for dialogue in map(json.loads, file):
                if test or dialogue["part"] == "train":
                    rows += [_dialogue_row(dialogue, turn) for turn in dialogue["turns"]]
    columns = [*_KEYS, "speaker", "text", "target", "label", "codes", *_P_COLUMNS, *_ABOUT]
    return pd.DataFrame(rows, columns=columns)


def _dialogue_row(dialogue: dict[str, Any], turn: dict[str, Any]) -> dict[str, Any]:
    row = {"session": dialogue["dialogue"], "target": dialogue["target"]}
    row |= {key: dialogue[key] for key in _ABOUT}
    row |= {key: turn[key] for key in ("turn", "speaker", "text")}
    if turn["speaker"] == "client":
        row |= {"label": turn["label"], "codes": turn["codes"]}
        row |= dict(zip(_P_COLUMNS, turn["p"], strict=True))
    return row


def _read_annomi(name: str, folder: str | os.PathLike[str] | None, columns: list[str]) -> pd.DataFrame:
    found = annomi_folder() if folder is None else Path(folder)
    if found is None:
        raise InputError(f"{name}: not found; {ANNOMI_HELP}")
    path = found / name
    if not path.is_file():
        raise InputError(f"{path}: not found; {ANNOMI_HELP}")
    actual = sha256(path)
    if actual != ANNOMI_SHA256[name]:
        raise InputError(
            f"{path}: not the {name} of commit {ANNOMI_COMMIT} (SHA-256 expected {ANNOMI_SHA256[name]}, "
            f"found {actual}); {ANNOMI_HELP}"
        )
    # Only "n/a" is missing in AnnoMI: pandas' own list would also take what people say, such as "None".
    return pd.read_csv(
        path,
        encoding="utf-8",
        usecols=columns,
        keep_default_na=False,
        na_values={"main_therapist_behaviour": ["n/a"], "client_talk_type": ["n/a"]},
    )[columns]


def _read_ours(name: str) -> pd.DataFrame:
    folder = data_folder()
    _verify_ours(folder / name, folder)
    return pd.read_csv(folder / name, encoding="utf-8", dtype={"fold": "str"})


def _verify_ours(path: Path, folder: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: not found; restore it from the changetalk repository")
    with open(folder / _CHECKSUMS, encoding="utf-8") as file:
        expected = json.load(file).get(path.relative_to(folder).as_posix())
    actual = sha256(path)
    if actual != expected:
        raise InputError(
            f"{path}: SHA-256 expected {expected}, found {actual}; restore the file from the changetalk "
            "repository or, if the change is meant, run data/make_datasheet.py"
        )

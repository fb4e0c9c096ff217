"""The encoder's recipe: from raw data and published weights to fine-tuned weights, fold by fold.

In two steps. First the encoder learns from our own dialogues what change and sustain talk are: no
AnnoMI, so one run serves all folds. Then it learns AnnoMI's share of them, its talk and its experts'
habits, on AnnoMI with some of the dialogues mixed in, so that it does not forget. Each step leaves a
file of weights in the work folder and a checkpoint after each epoch: an interrupted run goes on.
The panel's sessions take no part: `load_annomi` leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from changetalk.context import FIELDS
from changetalk.errors import InputError
from changetalk.files import sha256
from changetalk.frames import client_talk
from changetalk.inputs import as_batch
from changetalk.labels import FOLLOW_NEUTRAL, LABELS, VALENCED_CODES, parse_codes
from changetalk.scorers.pieces import Pieces
from changetalk.training.architecture import BEHAVIOURS, PRETRAINED_SHA256
from changetalk.training.datasets import load_annomi, load_dialogues
from changetalk.training.finetune import Settings, Talk, finetune
from changetalk.training.mpnet import ClientTalkEncoder
from changetalk.training.recipes import EXPERT_SHARE

Floats = npt.NDArray[np.float64]

#: The first step, on dialogues, and the second, on AnnoMI.
GENERAL: Final = Settings(epochs=3, rate=5e-5, frozen=2)
SPECIFIC: Final = Settings(epochs=2, rate=5e-5, frozen=6)
#: Dialogues' turns in the second step, as a share of AnnoMI's.
REHEARSED: Final = 0.25
#: The one that trains on all folds.
FINAL: Final = "final"
FOLDS: Final = ("0", "1", "2", "3", "4")

_SHARES: Final = [f"p_{label}" for label in LABELS]
#: The first round's dialogues are the nearest to AnnoMI in length, and go into the second step.
_FIRST_ROUND: Final = "w"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Data and files of a run.

    Attributes
    ----------
    annomi, dialogues : Talk
        Client turns without the panel's and without the test part.
    about_annomi, about_dialogues : pandas.DataFrame
        Their rows in the data sets.
    pretrained, work : Path
    pieces : Pieces
    """

    annomi: Talk
    about_annomi: pd.DataFrame
    dialogues: Talk
    about_dialogues: pd.DataFrame
    pretrained: Path
    work: Path
    pieces: Pieces

    @classmethod
    def open(cls, pretrained: Path, work: Path) -> Workshop:
        """Load the data; check the pretrained weights.

        Parameters
        ----------
        pretrained : Path
            Folder filled by ``models/fetch_mpnet.py``.
        work : Path
            Folder for weights and checkpoints; made where there is none.

        Raises
        ------
        InputError
            If data or weights are missing or not those this package knows.
        """
        for name, digest in PRETRAINED_SHA256.items():
            if not (pretrained / name).is_file() or sha256(pretrained / name) != digest:
                raise InputError(
                    f"{pretrained / name}: missing, or not the expected file; "
                    "run models/fetch_mpnet.py to get the weights that the encoder starts from"
                )
        work.mkdir(parents=True, exist_ok=True)
        annomi, dialogues = _annomi(), _dialogues()
        pieces = Pieces.from_file(pretrained / "tokenizer.json")
        return cls(*annomi, *dialogues, pretrained, work, pieces)

    def general(self) -> Path:
        """Run the first step, where that is not done; return the file of its weights."""
        second = ~self.about_dialogues["writer"].str.startswith(_FIRST_ROUND).to_numpy()
        talk = self.dialogues.take(np.flatnonzero(second))
        return self._run("general", None, talk, GENERAL)

    def specific(self, fold: str, *, seed: int = 0) -> Path:
        """Run the second step, where that is not done, without a fold; return its weights' file.

        Parameters
        ----------
        fold : str
            ``0`` to ``4``; of `FINAL` nothing is left out.
        seed : int
        """
        rows = np.flatnonzero((self.about_annomi["fold"] != fold).to_numpy())
        first = self.about_dialogues["writer"].str.startswith(_FIRST_ROUND).to_numpy()
        random = np.random.default_rng(seed)
        more = random.choice(np.flatnonzero(~first), int(REHEARSED * len(self.annomi)), replace=False)
        talk = self.annomi.take(rows) + self.dialogues.take(np.concatenate([np.flatnonzero(first), more]))
        return self._run(f"fold_{fold}_{seed}", self.general(), talk, SPECIFIC)

    def model(self, weights: Path | None = None) -> ClientTalkEncoder:
        """Return the encoder with weights of a step, or as it was published."""
        model = ClientTalkEncoder.pretrained(self.pretrained)
        if weights is not None:
            model.load_state_dict(torch.load(weights, weights_only=True))
        return model.eval()

    def _run(self, name: str, start: Path | None, talk: Talk, settings: Settings) -> Path:
        done, checkpoint = self.work / f"{name}.pt", self.work / f"{name}.checkpoint"
        if not done.exists():
            torch.manual_seed(settings.seed)
            model = self.model(start)
            finetune(model, talk, self.pieces, settings, checkpoint, name=name)
            unfinished = done.with_suffix(".part")
            torch.save(model.state_dict(), unfinished)
            unfinished.replace(done)
            checkpoint.unlink()
        return done


def _annomi() -> tuple[Talk, pd.DataFrame]:
    turns = load_annomi()
    therapist = turns["behaviour"].where(turns["speaker"] == "therapist")
    turns["before_was"] = therapist.groupby(turns["session"]).ffill()
    frame = client_talk(turns).reset_index(drop=True)
    expert = (frame["label"].to_numpy()[:, None] == np.array(LABELS)).astype(np.float64)
    soft = EXPERT_SHARE * expert + (1 - EXPERT_SHARE) * _shares(frame)
    behaviour = frame["before_was"].map({name: k for k, name in enumerate(BEHAVIOURS)})
    known: npt.NDArray[np.int64] = behaviour.fillna(-1).to_numpy().astype(np.int64)
    return Talk(as_batch(frame[list(FIELDS)]), soft, _codes(frame), known, np.ones(len(frame))), frame


def _dialogues() -> tuple[Talk, pd.DataFrame]:
    frame = client_talk(load_dialogues()).reset_index(drop=True)
    n = len(frame)
    nothing = np.full(n, -1, dtype=np.int64)
    return Talk(as_batch(frame[list(FIELDS)]), _shares(frame), _codes(frame), nothing, np.ones(n)), frame


def _shares(frame: pd.DataFrame) -> Floats:
    p = frame[_SHARES].to_numpy(dtype=np.float64)
    shares: Floats = p / p.sum(axis=1, keepdims=True)
    return shares


def _codes(frame: pd.DataFrame) -> Floats:
    found = np.zeros((len(frame), len(VALENCED_CODES)))
    for row, cell in enumerate(frame["codes"]):
        for code in parse_codes(cell):
            if code != FOLLOW_NEUTRAL:
                found[row, VALENCED_CODES.index(code)] = 1.0
    return found

"""Fine-tuning an encoder: batches of about equal work, soft targets, checkpoints."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from changetalk.context import Batch
from changetalk.scorers.pieces import Pieces, Row, padded
from changetalk.training.mpnet import ClientTalkEncoder

Floats = npt.NDArray[np.float64]

_POOL: Final = 24  # batches' worth of rows sorted by length together
_MARKS: Final = str.maketrans("", "", '.,;:!?"')


@dataclass(frozen=True, slots=True)
class Talk:
    """Client talk to fine-tune on.

    Attributes
    ----------
    batch : Batch of n utterances
    soft : ndarray of float64, shape (n, 3)
        Soft labels, rows summing to 1.
    codes : ndarray of float64, shape (n, 16)
        Soft MISC codes, in the order of `VALENCED_CODES`; NaN where not coded.
    behaviour : ndarray of int64, shape (n,)
        Index in `mpnet.BEHAVIOURS` of the therapist's turn before; -1 where unknown.
    weight : ndarray of float64, shape (n,)
    """

    batch: Batch
    soft: Floats
    codes: Floats
    behaviour: npt.NDArray[np.int64]
    weight: Floats

    def __len__(self) -> int:
        return len(self.batch)

    def take(self, rows: npt.NDArray[np.intp]) -> Talk:
        """Return some of the utterances."""
        rest = (getattr(self, f.name)[rows] for f in dataclasses.fields(self)[1:])
        return Talk(self.batch.take(rows.tolist()), *rest)

    def __add__(self, other: Talk) -> Talk:
        rest = (
            np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in dataclasses.fields(self)[1:]
        )
        return Talk(self.batch + other.batch, *rest)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fine-tune.

    Attributes
    ----------
    epochs : int
    rate, head_rate : float
        Highest learning rates of the body and of what starts from nothing; they rise over the first
        tenth of the steps and fall to 0.
    frozen : int
        Lowest layers that are not trained; the embeddings never are.
    pieces : int
        Word pieces a batch, padding included.
    codes, behaviour : float
        Weights of the two other losses beside that of the labels.
    drop_before, drop_target, drop_marks : float
        Shares of rows that lose the turn before and what was said, the target, their punctuation.
    averaged : float
        Over this last share of the steps weights are averaged (Izmailov et al. 2018).
    seed : int
    """

    epochs: int = 3
    rate: float = 5e-5
    head_rate: float = 5e-4
    frozen: int = 0
    pieces: int = 1200
    codes: float = 0.3
    behaviour: float = 0.1
    drop_before: float = 0.2
    drop_target: float = 0.2
    drop_marks: float = 0.1
    averaged: float = 0.3
    seed: int = 0


def finetune(
    model: ClientTalkEncoder,
    talk: Talk,
    pieces: Pieces,
    settings: Settings,
    checkpoint: Path,
    *,
    name: str = "",
) -> None:
    """Fine-tune a model in place.

    Parameters
    ----------
    model : ClientTalkEncoder
    talk : Talk
    pieces : Pieces
    settings : Settings
    checkpoint : Path
        A file: the state after each epoch is written there, and an interrupted run goes on from
        it. It must be of the same model, talk and settings.
    name : str, optional
        For the progress bar.
    """
    torch.manual_seed(settings.seed)
    talk = talk.take(np.flatnonzero(talk.weight))  # a batch of rows without weight has no loss
    model.freeze(settings.frozen)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    fresh = {
        id(p) for part in (model.parts, model.label, model.codes, model.behaviour) for p in part.parameters()
    }
    groups = [
        {"params": [p for p in trained if id(p) not in fresh and p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in trained if id(p) not in fresh and p.ndim <= 1], "weight_decay": 0.0},
        {"params": [p for p in trained if id(p) in fresh], "weight_decay": 0.0},
    ]
    rates = [settings.rate, settings.rate, settings.head_rate]
    optimiser = torch.optim.AdamW(groups, fused=True)
    plans = [_plan(talk, pieces, settings, epoch) for epoch in range(settings.epochs)]
    total = sum(map(len, plans))
    average: list[Tensor] = []
    step = seen = first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        average, step, seen, first = state["average"], state["step"], state["seen"], state["epoch"]
        torch.set_rng_state(state["random"])
    with tqdm(total=total, initial=step, desc=name, mininterval=20) as bar:
        for epoch in range(first, settings.epochs):
            for rows, chosen in plans[epoch]:
                for group, rate in zip(optimiser.param_groups, rates, strict=True):
                    group["lr"] = rate * _schedule(step / total)
                loss = _loss(model, rows, pieces.padding, talk, chosen, settings)
                torch.autograd.backward(loss)
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                step += 1
                if step > (1 - settings.averaged) * total and step % 5 == 0:
                    seen += 1
                    _average(average, trained, seen)
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "average": average}
            state |= {"step": step, "seen": seen, "epoch": epoch + 1, "random": torch.get_rng_state()}
            _save(state, checkpoint)
    with torch.no_grad():
        for p, mean in zip(trained, average, strict=False):
            p.copy_(mean)
    model.eval()


def scores(
    model: ClientTalkEncoder, batch: Batch, pieces: Pieces, *, at_once: int = 4000
) -> tuple[Floats, Floats]:
    """Return label and code logits of utterances, float64 of shapes (n, 3) and (n, 16)."""
    rows = pieces.rows(batch)
    label, codes = np.zeros((len(rows), 3)), np.zeros((len(rows), model.codes.out_features))
    order = np.argsort([len(row) for row in rows], kind="stable")
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for chosen in _batches(order, rows, at_once):
            ids, parts = padded([rows[i] for i in chosen], pieces.padding)
            found = model(torch.from_numpy(ids), torch.from_numpy(parts))
            label[chosen], codes[chosen] = found[0].double().numpy(), found[1].double().numpy()
    return label, codes


def _plan(talk: Talk, pieces: Pieces, settings: Settings, epoch: int) -> list[tuple[list[Row], Any]]:
    """Lay out an epoch: what is dropped from which row, and which rows go together."""
    random = np.random.default_rng([settings.seed, epoch])
    n = len(talk)
    batch = talk.batch.take(range(n))
    for i in np.flatnonzero(random.random(n) < settings.drop_before):
        batch.before[i] = batch.said[i] = ""
    for i in np.flatnonzero(random.random(n) < settings.drop_target):
        batch.target[i] = ""
    for i in np.flatnonzero(random.random(n) < settings.drop_marks):
        batch.text[i], batch.before[i] = (t[i].translate(_MARKS) for t in (batch.text, batch.before))
    rows = pieces.rows(batch)
    lengths = np.array([len(row) for row in rows])
    order = random.permutation(n)
    pool = max(1, int(_POOL * settings.pieces / lengths.mean()))
    parts = [order[k : k + pool] for k in range(0, n, pool)]
    plan = [
        ([rows[i] for i in chosen], chosen)
        for part in parts
        for chosen in _batches(part[np.argsort(lengths[part], kind="stable")], rows, settings.pieces)
    ]
    return [plan[k] for k in random.permutation(len(plan))]


def _batches(order: npt.NDArray[np.intp], rows: Sequence[Row], pieces: int) -> Iterator[npt.NDArray[np.intp]]:
    """Cut rows sorted by length into runs of at most so many pieces, padding included."""
    start = 0
    for k in range(1, len(order) + 1):
        if k == len(order) or len(rows[order[k]]) * (k + 1 - start) > pieces:
            yield order[start:k]
            start = k


def _loss(
    model: ClientTalkEncoder, rows: list[Row], padding: int, talk: Talk, chosen: Any, settings: Settings
) -> Tensor:
    ids, parts = (torch.from_numpy(a) for a in padded(rows, padding))
    with torch.autocast("cpu", torch.bfloat16):
        label, codes, behaviour = model(ids, parts)
    weight = torch.from_numpy(talk.weight[chosen]).float()
    soft = torch.from_numpy(talk.soft[chosen]).float()
    rowwise = -(soft * functional.log_softmax(label, dim=1)).sum(dim=1)
    wanted = torch.from_numpy(talk.codes[chosen]).float()
    coded = ~wanted.isnan()
    each = functional.binary_cross_entropy_with_logits(codes, wanted.nan_to_num(), reduction="none")
    rowwise = rowwise + settings.codes * (each * coded).sum(dim=1)
    therapist = torch.from_numpy(talk.behaviour[chosen])
    therapist = torch.where((parts == 1).sum(dim=1) > 1, therapist, -1)  # dropped: nothing to tell it from
    said = functional.cross_entropy(behaviour, therapist.clamp(min=0), reduction="none")
    rowwise = rowwise + settings.behaviour * said * (therapist >= 0)
    return (weight * rowwise).sum() / weight.sum()


def _schedule(done: float, rise: float = 0.1) -> float:
    return done / rise if done < rise else (1 - done) / (1 - rise)


def _average(average: list[Tensor], trained: Sequence[Tensor], seen: int) -> None:
    with torch.no_grad():
        if not average:
            average += [p.detach().clone() for p in trained]
        for mean, p in zip(average, trained, strict=True):
            mean.add_((p - mean) / seen)


def _save(state: dict[str, Any], path: Path) -> None:
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    os.replace(unfinished, path)

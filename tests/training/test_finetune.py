"""Fine-tuning: it learns, it goes on after an interruption, and a run can be repeated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'changetalk[encoder]'")

from tokenizers import Tokenizer  # noqa: E402

from changetalk.context import Batch  # noqa: E402
from changetalk.scorers.pieces import Pieces  # noqa: E402
from changetalk.training import finetune as room  # noqa: E402
from changetalk.training.finetune import Settings, Talk, finetune, scores  # noqa: E402
from changetalk.training.mpnet import ClientTalkEncoder  # noqa: E402

SETTINGS = Settings(epochs=4, rate=3e-3, head_rate=3e-3, pieces=120, averaged=0.2)


@pytest.fixture(scope="module")
def pieces(encoders):
    return Pieces(Tokenizer.from_str(encoders.tokenizer()))


@pytest.fixture(scope="module")
def talk():
    batch, soft = Batch(), []
    for k in range(90):
        text = ("i want to quit", "it calms me", "we moved here in spring")[k % 3]
        batch.append(f"{text} {'abcdefg'[k % 7]}", "what brings you here ?", "", "drinking", 0.5)
        soft.append(np.eye(3)[(0, 2, 1)[k % 3]])
    codes = np.zeros((90, 16))
    codes[::3, 0] = 1
    codes[5] = np.nan
    return Talk(batch, np.array(soft), codes, np.arange(90) % 5 - 1, np.ones(90))


def fresh(encoders):
    torch.manual_seed(1)
    return ClientTalkEncoder(encoders.SHAPE)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_it_learns(encoders, pieces, talk, tmp_path):
    model = fresh(encoders)
    finetune(model, talk, pieces, SETTINGS, tmp_path / "c")
    label, codes = scores(model, talk.batch, pieces)
    assert (label.argmax(axis=1) == talk.soft.argmax(axis=1)).mean() > 0.95
    assert codes[::3, 0].min() > codes[1::3, 0].max()


def test_an_interrupted_run_ends_where_an_undisturbed_one_does(encoders, pieces, talk, tmp_path, monkeypatch):
    whole = fresh(encoders)
    finetune(whole, talk, pieces, SETTINGS, tmp_path / "whole")
    kept = room._save

    def stop_after_two(state, path):
        kept(state, path)
        if state["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(room, "_save", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        finetune(fresh(encoders), talk, pieces, SETTINGS, tmp_path / "cut")
    monkeypatch.setattr(room, "_save", kept)
    resumed = fresh(encoders)
    finetune(resumed, talk, pieces, SETTINGS, tmp_path / "cut")
    assert torch.allclose(weights(resumed), weights(whole), atol=1e-5)


def test_rows_without_weight_teach_nothing(encoders, pieces, talk, tmp_path):
    half = replace(talk, weight=(np.arange(90) % 3 != 0).astype(float))
    model = fresh(encoders)
    finetune(model, half, pieces, SETTINGS, tmp_path / "c")
    chosen = scores(model, talk.batch, pieces)[0].argmax(axis=1)
    assert (chosen == 0).mean() < 0.1


def test_every_row_is_in_an_epoch_once(pieces, talk):
    for epoch in range(3):
        plan = room._plan(talk, pieces, SETTINGS, epoch)
        assert sorted(k for _, chosen in plan for k in chosen) == list(range(90))
        assert all(max(map(len, rows)) * len(rows) <= SETTINGS.pieces for rows, _ in plan)


def test_what_is_dropped_differs_from_epoch_to_epoch_and_the_talk_stays_as_it_was(pieces, talk):
    before = list(talk.batch.before)
    totals = [
        sum(len(row) for rows, _ in room._plan(talk, pieces, SETTINGS, e) for row in rows) for e in (0, 1)
    ]
    assert totals[0] != totals[1]
    assert talk.batch.before == before


def test_scores_do_not_depend_on_the_order(encoders, pieces, talk):
    model = fresh(encoders)
    there, back = (
        scores(model, talk.batch, pieces)[0],
        scores(model, talk.batch.take(range(89, -1, -1)), pieces)[0],
    )
    assert np.abs(there - back[::-1]).max() < 0.05  # bfloat16

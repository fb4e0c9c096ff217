"""Made-up talk, labelled by a machine that errs and coded in part."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from changetalk.estimation import draw
from changetalk.labels import LABELS


def talk_of(n_sessions: int = 20, n_coded: int = 160, seed: int = 0, accuracy: float = 0.75) -> pd.DataFrame:
    """Return labelled talk with `human` and `sample_prob`; `truth` is what a human would say of all."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(n_sessions):
        share = rng.dirichlet([2, 5, 2])
        for k in range(int(rng.integers(15, 40))):
            truth = LABELS[rng.choice(3, p=share)]
            label = truth if rng.random() < accuracy else LABELS[rng.choice(3, p=[0.2, 0.7, 0.1])]
            rows.append((f"s{s}", "therapist", f"Question {k}.", None, None, "a" if s % 2 else "b"))
            rows.append((f"s{s}", "client", f"Answer {k}.", label, truth, "a" if s % 2 else "b"))
    names = ["session", "speaker", "text", "ct_label", "truth", "arm"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    drawn = draw(frame, n_coded, seed=seed)
    frame["human"] = pd.Series([None] * len(frame), dtype=object)
    frame.loc[drawn["row"], "human"] = frame["truth"][drawn["row"]]
    frame["sample_prob"] = np.nan
    frame.loc[drawn["row"], "sample_prob"] = drawn["sample_prob"].to_numpy()
    return frame


@pytest.fixture(scope="session")
def coded_talk() -> pd.DataFrame:
    """Twenty sessions, 160 utterances coded; must be copied before it is changed."""
    return talk_of()


@pytest.fixture(scope="session")
def coverage() -> ModuleType:
    """The benchmark's simulation."""
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("changetalk_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module

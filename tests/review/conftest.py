"""Labelled talk of our own to review."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

SAID = ("I want to stop.", "It calms me.", "On Monday.", "I might try.", "=SUM(1)", "- well, no")


def labelled_table(n_sessions: int = 4, n_turns: int = 6, seed: int = 0) -> pd.DataFrame:
    """Return sessions as `label` writes them, therapist and client in turn."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(n_sessions):
        for k in range(n_turns + s):
            rows.append({"session": f"00{s}", "speaker": "therapist", "text": f"Question {k} of {s}?"})
            p = rng.dirichlet([2, 3, 1])
            rows.append(
                {
                    "session": f"00{s}",
                    "speaker": "client",
                    "text": f"{SAID[k % len(SAID)]} ({s}, {k})",
                    "ct_label": ["change", "neutral", "sustain"][int(p.argmax())],
                    **dict(zip(("ct_p_change", "ct_p_neutral", "ct_p_sustain"), p, strict=True)),
                    "ct_confidence": p.max(),
                    "ct_model": "tiny 1 (abc)",
                }
            )
    frame = pd.DataFrame(rows)
    return frame.assign(target="quitting smoking", ct_label=frame["ct_label"].astype(object))


@pytest.fixture
def labelled() -> pd.DataFrame:
    """Four sessions of 6 to 9 client turns, labelled."""
    return labelled_table()

"""Made-up sessions with everything a report can show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

EVIL = '<script>window.broken = true</script><img src=x onerror=alert(1)> & "quotes"'

_SAID = (
    ("therapist", "What brings you here?", None, "question"),
    ("client", "My wife thinks I drink too much.", "neutral", None),
    ("therapist", "And what do you think?", None, "question"),
    ("client", "I like my beer after work.", "sustain", None),
    ("client", "But I do want to sleep better.", "change", None),
    ("therapist", "You want your nights back.", None, "reflection"),
    ("client", "Yes. I'm going to leave it out this week.", "change", None),
    ("therapist", "What would help you?", None, "question"),
    ("client", EVIL, "change", None),
    ("client", "It was on a Monday.", "neutral", None),
)  # fmt: skip


def made_up(name: str, said=_SAID) -> pd.DataFrame:
    """Return a session as `changetalk label` writes it, with codes, behaviours and times."""
    speaker, text, label, behaviour = zip(*said, strict=True)
    p = {"change": (0.7, 0.2, 0.1), "neutral": (0.15, 0.8, 0.05), "sustain": (0.1, 0.25, 0.65)}
    rows = np.array([p.get(each, (np.nan,) * 3) for each in label])
    return pd.DataFrame(
        {
            "session": name,
            "speaker": speaker,
            "start": np.arange(len(said)) * 65.0,
            "text": text,
            "target": "drinking less",
            "behaviour": behaviour,
            "codes": [{"change": "R+", "sustain": "D-; R+", "neutral": "FN"}.get(each) for each in label],
            "ct_label": pd.Series(label, dtype=object),
            **{f"ct_p_{each}": rows[:, k] for k, each in enumerate(p)},
            "ct_model": pd.Series([each and "tiny 1.2.3 (abcdef01)" for each in label], dtype=object),
        }
    )


@pytest.fixture
def one() -> pd.DataFrame:
    """A session."""
    return made_up("anna")


@pytest.fixture
def several() -> pd.DataFrame:
    """Three sessions, of a single client utterance the last."""
    return pd.concat([made_up("anna"), made_up("ben & co", _SAID[::-1]), made_up("short", _SAID[:2])])

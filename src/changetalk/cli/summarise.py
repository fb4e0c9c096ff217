"""`changetalk summarise`."""

from __future__ import annotations

import argparse
from typing import Final

from changetalk.cli.results import aligned, labelled_talk, write_frame
from changetalk.session.measures import MEASURES, summarise

# What fits a terminal; a file gets all.
_SHOWN: Final = {
    "session": "session",
    "n_client": "client",
    "n_change": "change",
    "n_neutral": "neutral",
    "n_sustain": "sustain",
    "pct_change_talk": "%CT",
    "slope": "slope",
    "decile_10": "final tenth",
}


def run(options: argparse.Namespace) -> int:
    """Write, or print, the measures of each session."""
    if options.measures:
        width = max(map(len, MEASURES))
        print("\n".join(f"{name:<{width}}  {what}" for name, what in MEASURES.items()))
        return 0
    frame = summarise(labelled_talk(options))
    if options.output:
        write_frame(frame, options.output)
        return 0
    print(aligned(frame[list(_SHOWN)].rename(columns=_SHOWN)))
    print(f"\n{frame.shape[1]} measures with -o FILE; changetalk summarise --measures says what each is")
    return 0

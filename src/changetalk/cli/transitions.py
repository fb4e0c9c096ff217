"""`changetalk transitions`."""

from __future__ import annotations

import argparse

from changetalk.cli.results import aligned, labelled_talk, write_frame
from changetalk.labelled import COLUMNS
from changetalk.session.transitions import transitions


def run(options: argparse.Namespace) -> int:
    """Write, or print, what follows what."""
    wanted = dict.fromkeys((options.given, options.target))
    talk = labelled_talk(options, keep=[name for name in wanted if name not in COLUMNS])
    frame = transitions(
        talk, given=options.given, target=options.target, lag=options.lag, by_session=options.by_session
    )
    if options.output:
        write_frame(frame, options.output)
        return 0
    short = {"adjusted_residual": "residual", "given_total": "total"}
    print(aligned(frame.rename(columns=short)))
    return 0

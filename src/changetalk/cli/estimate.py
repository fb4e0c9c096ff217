"""`changetalk estimate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from changetalk import review
from changetalk.cli.results import aligned, labelled_talk, write_frame
from changetalk.errors import InputError
from changetalk.estimation.estimates import estimate

_SHOWN: Final = {
    "of": "of", "measure": "measure", "coded": "coded", "naive": "naive", "value": "corrected",
    "low": "95% from", "high": "to", "p": "p",
}  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Correct the shares of talk by human codes of a random part; print a table and a paragraph."""
    if options.output and Path(options.output).resolve() == Path(options.coded).resolve():
        raise InputError(f"{options.output}: is the coded file itself; give the output another name")
    keep = [] if options.group is None else [options.group]
    talk = review.read(options.coded, labelled_talk(options, keep=keep))
    found = estimate(talk, groups=options.group, sessions_are="all" if options.these_sessions else "sample")
    frame = found.to_frame().astype(object)
    frame = frame.where(frame.notna(), None)
    if options.output:
        write_frame(frame, options.output)
    shown = frame[frame["level"] != "session"][list(_SHOWN)].rename(columns=_SHOWN)
    if not found.groups:
        shown = shown.drop(columns=["of", "p"])
    if options.output != "-":
        print(f"{aligned(shown, decimals=3)}\n\n{found.paragraph()}")
    return 0

"""`changetalk sample`."""

from __future__ import annotations

import argparse
from pathlib import Path

from changetalk.cli.results import labelled_talk
from changetalk.errors import InputError
from changetalk.estimation.design import draw
from changetalk.review import write
from changetalk.review.writing import SUFFIXES


def run(options: argparse.Namespace) -> int:
    """Draw utterances at random and write them for coding by hand."""
    if Path(options.output).suffix.lower() not in SUFFIXES:  # before all is read
        raise InputError(f"{options.output}: cannot be written for coding; use {', '.join(SUFFIXES)}")
    talk = labelled_talk(options, keep=[options.target_column] if options.target_column else [])
    drawn = draw(
        talk,
        options.number,
        seed=options.seed,
        turns=options.turns,
        target=options.target,
        target_column=options.target_column,
    )
    write(drawn, options.output, blind=not options.show_labels)
    print(
        f"{options.output}: {len(drawn)} of {int(talk['client'].sum())} client utterances, drawn at random "
        f"from {talk['session'].nunique()} sessions with probability {drawn['sample_prob'].iloc[0]:.4g}\n"
        f"Fill in the column 'code', leave the others, and then: changetalk estimate LABELLED --coded "
        f"{options.output}"
    )
    return 0

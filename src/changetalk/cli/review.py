"""`changetalk review`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from changetalk.cli.results import labelled_talk
from changetalk.errors import InputError
from changetalk.review import label_config, pick, write
from changetalk.review.writing import SUFFIXES


def run(options: argparse.Namespace) -> int:
    """Write the utterances that a person should code next."""
    suffix = Path(options.output).suffix.lower()
    if suffix not in SUFFIXES:  # before all is read
        raise InputError(f"{options.output}: cannot be written for coding; use {', '.join(SUFFIXES)}")
    talk = labelled_talk(options, keep=[options.target_column] if options.target_column else [])
    picked = pick(
        talk,
        options.number,
        share_random=options.share_random,
        seed=options.seed,
        turns=options.turns,
        target=options.target,
        target_column=options.target_column,
    )
    if not picked["target"].any():
        print(
            "changetalk: coders will not be told the target behaviour, as the talk does not say it; "
            "name its column with --target-column, or say it with --target",
            file=sys.stderr,
        )
    write(picked, options.output, blind=not options.show_labels)
    sessions, random = picked["session"].nunique(), int((picked["why"] == "random").sum())
    print(
        f"{options.output}: {len(picked)} utterances of {sessions} sessions, "
        f"{random} drawn at random, {len(picked) - random} uncertain"
    )
    if suffix == ".json":
        print(f"\nThe labelling interface for Label Studio:\n\n{label_config()}", end="")
    return 0

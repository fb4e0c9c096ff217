"""`changetalk report`."""

from __future__ import annotations

import argparse

from changetalk.cli.results import labelled_talk
from changetalk.errors import InputError
from changetalk.report.write import write_report


def run(options: argparse.Namespace) -> int:
    """Write a page a session, and of a folder an overview."""
    if options.output == "-":
        raise InputError("-o: a report is a file (report.html) or a folder (reports), not standard output")
    written = write_report(labelled_talk(options), options.output, target=options.target)
    sessions = len(written) - 1
    pages = f" and the pages of {sessions} sessions" if sessions else ""
    print(f"{written[0]}{pages}")
    return 0

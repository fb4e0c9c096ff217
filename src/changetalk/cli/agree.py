"""`changetalk agree`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

from changetalk.cli.results import aligned
from changetalk.errors import InputError
from changetalk.files import atomic_write
from changetalk.formats import open_source
from changetalk.labels import LABELS
from changetalk.reliability.compare import compare
from changetalk.reliability.reading import coded_columns
from changetalk.reliability.result import Pair


def run(options: argparse.Namespace) -> int:
    """Compare coders who have a column each in a table; print a table and a paragraph."""
    if options.output and Path(options.output).resolve() == Path(options.coded).resolve():
        raise InputError(f"{options.output}: is the input itself; give the output another name")
    with open_source(options.coded, format=options.format, sheet=options.sheet) as source:
        rows = list(source.rows())
        columns = list(zip(*rows, strict=True)) or [()] * len(source.columns)
        coded = coded_columns(
            dict(zip(source.columns, columns, strict=True)),
            options.coders,
            sessions=options.session,
            speaker=options.speaker,
            client=options.client,
            where=source.name,
            at=source.where,
        )
        for note in source.notes:
            print(f"changetalk: {source.name}: {note}", file=sys.stderr)
    found = compare(coded)
    frame = found.to_frame()
    shown = ["measure", "of", "n", "value", "low", "high", "band"]
    print(aligned(frame[shown].rename(columns={"low": "95% from", "high": "to"})))
    if len(found.pairs) == 1:
        print(f"\n{_confusion(found.pairs[0])}")
    print(f"\n{found.paragraph()}")
    if options.output:
        with atomic_write(options.output) as path:
            path.write_text(json.dumps(found.to_dict(), indent=1) + "\n", encoding="utf-8")
    return 0


def _confusion(pair: Pair) -> str:
    table = pd.DataFrame(pair.confusion, columns=list(LABELS))
    table.insert(0, f"{pair.first}, down; {pair.second}, across", list(LABELS))
    return aligned(table)

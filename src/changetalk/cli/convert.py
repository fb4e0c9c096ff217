"""`changetalk convert`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from changetalk.convert import convert_file


def run(options: argparse.Namespace) -> int:
    """Write a file in another format, and say what could not be carried over."""
    with tempfile.TemporaryDirectory(prefix="changetalk-") as scratch:
        path, name = Path(options.input), None
        if options.input == "-":
            path, name = Path(scratch) / "stdin", "<stdin>"
            with open(path, "wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        done = convert_file(
            path,
            options.output,
            format=options.source_format,
            output_format=options.to,
            sheet=options.sheet,
            codes=options.codes,
            by=options.by,
            client=options.client,
            name=name,
        )
    rows = f"{done.rows:,} row{'' if done.rows == 1 else 's'}"
    columns = f"{len(done.columns)} column{'' if len(done.columns) == 1 else 's'}"
    said = sys.stderr if options.output == "-" else sys.stdout
    print(f"{done.name}: {rows}, {columns} -> {options.output}", file=said)
    for note in done.notes:
        print(f"  {note}", file=said)
    return 0

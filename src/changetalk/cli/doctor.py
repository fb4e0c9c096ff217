"""`changetalk doctor`."""

from __future__ import annotations

import argparse

from changetalk.errors import ChangetalkError
from changetalk.loading import load, replay, shipped
from changetalk.versions import show_versions


def run(options: argparse.Namespace) -> int:
    """Print versions, check each model's hashes and replay its golden predictions."""
    show_versions()
    print()
    sick = False
    names = options.models or shipped()
    if not names:
        print("no model is shipped with this installation; install changetalk again")
        return 1
    for name in names:
        try:
            model = load(name)
            report = replay(name)
            sick |= not report.healthy
            print(f"{model.tag}: {report}")
        except ChangetalkError as error:
            sick = True
            print(error)
    print("\nsomething is wrong: see above" if sick else "\nall is well")
    return 1 if sick else 0

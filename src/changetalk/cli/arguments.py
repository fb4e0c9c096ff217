"""How the parts of the command are added to its parser."""

from __future__ import annotations

import argparse


def add_verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    module: str,
    summary: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """Add a verb, which `changetalk.cli.<module>` carries out, to the command."""
    verb = verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(module=module)
    return verb

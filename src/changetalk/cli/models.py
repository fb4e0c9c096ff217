"""`changetalk models`."""

from __future__ import annotations

import argparse

from changetalk.artefact import read_folder
from changetalk.loading import DEFAULT, model_card, model_path, shipped


def run(options: argparse.Namespace) -> int:
    """List the shipped models with their headline score, or print a card."""
    if options.card == "card":
        print(model_card(options.model).rstrip())
        return 0
    for name in [options.model] if options.model else shipped():
        manifest = read_folder(model_path(name))
        headline = manifest.scores.get("headline", "")
        print(f"{manifest.tag}{'  (default)' if name == DEFAULT else ''}\n  {headline}".rstrip())
    return 0

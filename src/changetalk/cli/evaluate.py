"""`changetalk evaluate`."""

from __future__ import annotations

import argparse
import json

from changetalk.files import atomic_write
from changetalk.labels import LABELS
from changetalk.loading import load
from changetalk.training.coded import CodedTalk, read_coded
from changetalk.training.evaluation import evaluate, format_table


def run(options: argparse.Namespace) -> int:
    """Score a model against the codes in a table."""
    model = load(options.model)
    talk = coded_talk(options)
    report = evaluate(talk.y, model.predict_proba(talk.X), model.predict(talk.X), groups=talk.groups)
    print(describe(talk))
    print()
    print(format_table({model.tag: report}))
    print("\ncoded as, down; labelled as, across")
    print(f"{'':<10}" + "".join(f"{label:>9}" for label in LABELS))
    for label, row in zip(LABELS, report.confusion, strict=True):
        print(f"{label:<10}" + "".join(f"{count:>9}" for count in row))
    if options.output:
        with atomic_write(options.output) as path:
            figures = {"model": model.tag, "sessions": len(set(talk.groups.tolist())), **report.to_dict()}
            path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def coded_talk(options: argparse.Namespace) -> CodedTalk:
    """Read the table that the command line names."""
    return read_coded(
        options.coded,
        client=options.client,
        target=options.target,
        text=options.text,
        speaker=options.speaker,
        session=options.session,
        target_column=options.target_column,
        label=options.label,
        format=options.format,
        sheet=options.sheet,
    )


def describe(talk: CodedTalk) -> str:
    """Say how much coded talk there is, of which kinds."""
    counts = ", ".join(f"{(talk.y == label).sum()} {label}" for label in LABELS)
    left_out = f"; {talk.uncoded} without a code left out" if talk.uncoded else ""
    sessions = len(set(talk.groups.tolist()))
    return f"{len(talk.y)} coded client utterances in {sessions} sessions ({counts}){left_out}"
